"""Firewall groups, and the default one of each project (neutron_fwaas.services.firewall.fwaas_plugin_v2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.network.base import NeutronResource, asked_project
from mopenstack.core.network.core.addresses import ROUTER_INTERFACE_OWNERS
from mopenstack.core.network.core.ports import Ports
from mopenstack.core.network.fwaas.policies import DEFAULT_NAMES, FirewallPolicies
from mopenstack.core.network.fwaas.rules import FirewallRules
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.fwaas import firewall_groups_pb2 as pb
from mopenstack.network.v2.fwaas.firewall_groups_pb2 import FirewallGroup
from mopenstack.network.v2.fwaas.firewall_policies_pb2 import FirewallPolicy
from mopenstack.network.v2.fwaas.firewall_rules_pb2 import FirewallRule
from mopenstack.network.v2.refusals import (
    FirewallDefaultObjectUpdateRestricted,
    FirewallDefaultParameterExists,
    FirewallGroupCannotRemoveDefault,
    FirewallGroupInUse,
    FirewallGroupNotFound,
    FirewallGroupPortInUse,
    FirewallGroupPortInvalid,
    FirewallGroupPortNotSupported,
    FirewallPolicyConflict,
)

DEFAULT = "default"
DEFAULT_SCOPE = "network/default_firewall_group"
"""Claims: project -> its default group."""
DEFAULT_RULES = (("ingress", "deny"), ("egress", "allow"))
DRIVER = "openvswitch"
RESERVED = {"resource_type": "Firewall Group"}
POLICIES = ("ingress_firewall_policy_id", "egress_firewall_policy_id")
FIXED = ("name", "description", "admin_state_up", *POLICIES)
"""Attributes of a default group that only an admin may change; its name never changes."""


class FirewallGroups(NeutronResource[FirewallGroup]):
    service = pb.DESCRIPTOR.services_by_name["FirewallGroups"]
    message = FirewallGroup
    not_found = FirewallGroupNotFound

    async def candidates(self, call: Call, query: common.Query) -> Iterable[FirewallGroup]:
        project = asked_project(query) or call.caller.project_id
        if project and (call.caller.is_admin or project == call.caller.project_id):
            await self.default_group(call, project)
        return await super().candidates(call, query)

    async def prepare(self, call: Call, obj: FirewallGroup, request: Any, given: set[str]) -> None:
        await self._check_policies(call, obj)
        await self._check_ports(call, obj)
        if request is not None:
            if obj.name == DEFAULT:
                raise FirewallDefaultParameterExists(name=DEFAULT, **RESERVED)
            await self.default_group(call, obj.project_id)
        _set_status(obj)

    async def change(self, call: Call, old: FirewallGroup, new: FirewallGroup, request: Any, given: set[str]) -> None:
        await self._check_policies(call, new)
        if "ports" in given:
            await self._check_ports(call, new)
        if "name" in given and new.name == DEFAULT:
            raise FirewallDefaultParameterExists(name=DEFAULT, **RESERVED)
        if old.name == DEFAULT and given & set(("name",) if call.caller.is_admin else FIXED):
            raise FirewallDefaultObjectUpdateRestricted(resource_id=old.id, **RESERVED)
        _set_status(new)

    async def remove(self, call: Call, obj: FirewallGroup) -> None:
        if obj.ports:
            raise FirewallGroupInUse(firewall_id=obj.id)
        if obj.name == DEFAULT and not call.caller.is_admin:
            raise FirewallGroupCannotRemoveDefault()

    async def discard(self, call: Call, obj: FirewallGroup) -> None:
        await super().discard(call, obj)
        if obj.name != DEFAULT:
            return
        for name in POLICIES:
            policy = await call.tx.get(FirewallPolicy, getattr(obj, name))
            if policy is not None:
                await call.service(FirewallPolicies).discard(call, policy)

    @staticmethod
    async def _check_policies(call: Call, group: FirewallGroup) -> None:
        for name in POLICIES:
            id = getattr(group, name)
            if not id:
                group.ClearField(name)
                continue
            policy = await call.service(FirewallPolicies).fetch(call, id)
            if policy.project_id != group.project_id and not policy.shared:
                raise FirewallPolicyConflict(firewall_policy_id=id)

    @staticmethod
    async def _check_ports(call: Call, group: FirewallGroup) -> None:
        """Ports of routers and of servers, each in one group only."""
        for id in group.ports:
            port = await call.service(Ports).fetch(call, id)
            if port.device_owner in ROUTER_INTERFACE_OWNERS:
                continue
            if not port.device_owner.startswith("compute:"):
                raise FirewallGroupPortInvalid(port_id=id)
            if port.vif_type in ("unbound", "binding_failed"):
                raise FirewallGroupPortNotSupported(driver_name=DRIVER, port_id=id)
        taken = [
            id
            for id in group.ports
            if any(other.id != group.id for other in await call.tx.query(FirewallGroup, ports=id))
        ]
        if taken:
            raise FirewallGroupPortInUse(port_ids=taken)

    # -- the default group

    async def default_group(self, call: Call, project_id: str) -> None:
        """Make the project's default group when it is first asked for."""
        if await call.tx.claimed(DEFAULT_SCOPE, project_id) is not None:
            return
        elevated = call.elevated()
        group = FirewallGroup(
            id=call.ids.uuid(),
            name=DEFAULT,
            project_id=project_id,
            description="Default firewall group",
            admin_state_up=True,
        )
        await call.tx.claim(DEFAULT_SCOPE, project_id, group)
        for (direction, action), field, name in zip(DEFAULT_RULES, POLICIES, DEFAULT_NAMES, strict=True):
            policy = FirewallPolicy(
                name=name, project_id=project_id, description=f"{direction.capitalize()} firewall policy"
            )
            for version in (4, 6):
                rule = FirewallRule(
                    name=f"{name} ipv{version}",
                    description=f"default {direction} rule for IPv{version}",
                    project_id=project_id,
                    ip_version=version,
                    action=action,
                    enabled=True,
                )
                policy.firewall_rules.append((await call.service(FirewallRules).insert(elevated, rule)).id)
            setattr(group, field, (await call.service(FirewallPolicies).insert(elevated, policy)).id)
        await self.insert(elevated, group)


def _set_status(group: FirewallGroup) -> None:
    """What the agents report at once: nothing to guard, guarding, or told not to."""
    if not group.ports:
        group.status = "INACTIVE"
    else:
        group.status = "ACTIVE" if group.admin_state_up else "DOWN"


@subscribes("before_delete", "port")
async def leave_group(call: Call, port: Port) -> None:
    """A port that goes leaves its group."""
    for group in await call.tx.query(FirewallGroup, ports=port.id):
        changed = copy_of(group)
        changed.ports.remove(port.id)
        _set_status(changed)
        await call.tx.put(changed)
