"""RBAC policies (neutron.db.rbac_db_mixin, neutron.extensions.rbac)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack.contract.faults import PolicyRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource, bad_input, sees_all
from mopenstack.core.network.common.rbac import ACTIONS, ALL_PROJECTS, apply_policies, check_not_attached, check_unused
from mopenstack.core.network.core.networks import copy_to_members
from mopenstack.network.v2.common import rbac_policies_pb2 as pb
from mopenstack.network.v2.common.rbac_policies_pb2 import RbacPolicy
from mopenstack.network.v2.core.address_scopes_pb2 import AddressScope
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnetpools_pb2 import Subnetpool
from mopenstack.network.v2.refusals import (
    DuplicateRbacPolicy,
    InvalidSharedSetting,
    RbacPolicyInUse,
    RbacPolicyNotFound,
)

RULES = ("", ":object_type", ":object_id", ":target_tenant", ":action")


class RbacPolicies(NeutronResource[RbacPolicy]):
    service = pb.DESCRIPTOR.services_by_name["RbacPolicies"]
    message = RbacPolicy
    not_found = RbacPolicyNotFound

    async def prepare(self, call: Call, obj: RbacPolicy, request: Any, given: set[str]) -> None:
        if obj.object_type not in ACTIONS or call.owner_of(obj.object_type) is None:
            raise bad_input(f"'{obj.object_type}' is not a valid RBAC object type")
        if obj.action not in ACTIONS[obj.object_type]:
            raise bad_input(
                f"Invalid action '{obj.action}' for object type '{obj.object_type}'. "
                f"Valid actions: {', '.join(ACTIONS[obj.object_type])}"
            )
        self._check_wildcard(call, obj, "create_rbac_policy", RULES)
        owner = call.owner_of(obj.object_type)
        shared = await owner.find(call, obj.object_id)
        if shared is None or not owner.visible(call, shared):
            raise bad_input(str(owner.not_found(id=obj.object_id)).rstrip("."))
        if not sees_all(call.caller) and shared.project_id != call.caller.project_id:
            noun = obj.object_type.replace("_", " ")
            raise bad_input(f"Only admins can manipulate policies on {noun}s they do not own")
        await self._check_new(call, obj)
        if isinstance(shared, Subnetpool):
            await self._check_scope(call, shared, obj.target_tenant)

    @staticmethod
    async def _check_scope(call: Call, pool: Subnetpool, target: str) -> None:
        """A project that is given a pool must have its address scope (SubnetPool.validate_rbac_policy_create)."""
        if not pool.address_scope_id:
            return
        scope = await call.tx.get(AddressScope, pool.address_scope_id)
        if scope is not None and not scope.shared and target not in scope.shared_with:
            why = (
                f"Failed to create RBAC policy on object {pool.id} because "
                "target project doesn't have access to associated address scope.."
            )
            raise bad_input(
                f'Callback neutron.objects.subnetpool.SubnetPool.validate_rbac_policy_change failed with "{why}"'
            )

    async def created(self, call: Call, obj: RbacPolicy, request: Any) -> None:
        await self._apply(call, obj)

    async def change(self, call: Call, old: RbacPolicy, new: RbacPolicy, request: Any, given: set[str]) -> None:
        self._check_wildcard(call, new, "update_rbac_policy", ("", ":target_tenant"))
        if new.target_tenant != old.target_tenant:
            await self._check_new(call, new)
            if new.target_tenant != ALL_PROJECTS or new.object_type == "network":
                await self._check_unused(call, old, new.target_tenant)

    async def changed(self, call: Call, old: RbacPolicy, new: RbacPolicy) -> None:
        await self._apply(call, new)

    async def remove(self, call: Call, obj: RbacPolicy) -> None:
        await self._check_unused(call, obj)

    async def discard(self, call: Call, obj: RbacPolicy) -> None:
        await super().discard(call, obj)
        await self._apply(call, obj)

    @staticmethod
    def _check_wildcard(call: Call, policy: RbacPolicy, rule: str, parts: Sequence[str]) -> None:
        if policy.target_tenant == ALL_PROJECTS and not call.caller.is_admin:
            raise PolicyRefused([f"{rule}{part}" for part in parts])

    @staticmethod
    async def _check_new(call: Call, policy: RbacPolicy) -> None:
        same = await call.tx.query(
            RbacPolicy, object_id=policy.object_id, target_tenant=policy.target_tenant, action=policy.action
        )
        if any(other.id != policy.id for other in same):
            raise DuplicateRbacPolicy()

    @staticmethod
    async def _apply(call: Call, policy: RbacPolicy) -> None:
        owner = call.owner_of(policy.object_type)
        if await call.tx.get(owner.message, policy.object_id) is None:
            return
        changed = await apply_policies(call, owner.message, policy.object_id)
        if isinstance(changed, Network):
            await copy_to_members(call, changed)

    @staticmethod
    async def _check_unused(call: Call, policy: RbacPolicy, instead: str = "") -> None:
        """No project that loses the network may have ports on it (ensure_no_project_ports_on_network)."""
        if policy.action != "access_as_shared":
            network = await call.tx.get(Network, policy.object_id)
            if network is not None:
                await check_not_attached(call, network, policy.target_tenant, instead)
            return
        if policy.object_type != "network":
            shared = await call.owner_of(policy.object_type).find(call, policy.object_id)
            if shared is not None and shared.project_id != policy.target_tenant:
                await check_unused(call, policy.object_type, policy.object_id, policy.target_tenant)
            return
        network = await call.tx.get(Network, policy.object_id)
        if network is None or policy.target_tenant == network.project_id:
            return
        others = await call.tx.query(RbacPolicy, object_id=network.id, action=policy.action)
        allowed = {one.target_tenant for one in others if one.id != policy.id} | {network.project_id, ""}
        if ALL_PROJECTS in allowed:
            return
        users = {port.project_id for port in await call.tx.query(Port, network_id=network.id)} - allowed
        if policy.target_tenant in (ALL_PROJECTS, *users) and users:
            why = str(InvalidSharedSetting(network=network.id))
            raise RbacPolicyInUse(
                object_id=network.id,
                details="Callback neutron.plugins.ml2.plugin.NeutronDbPluginV2.validate_network_rbac_policy_change "
                f'failed with "{why}"',
            )
