"""What RBAC policies do to the objects that they share (neutron.db.rbac_db_mixin, neutron.objects.rbac_db).

An object holds the projects that it is shared with, so that lists find what a caller sees by index: `shared` stands for
a policy for all projects ("*"), `shared_with` lists the projects of the others. A network is `external` as long as a
policy shows it to a project; `external_for` lists the projects, "*" among them.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.store.kinds import resource_options
from mopenstack.network.v2.common.rbac_policies_pb2 import RbacPolicy
from mopenstack.network.v2.refusals import RbacPolicyInUse

ALL_PROJECTS = "*"
ACTIONS = {
    "network": ("access_as_shared", "access_as_external"),
    "qos_policy": ("access_as_shared",),
    "security_group": ("access_as_shared",),
    "address_scope": ("access_as_shared",),
    "subnetpool": ("access_as_shared",),
    "address_group": ("access_as_shared",),
}
"""Object type -> what a policy can allow."""

USERS = {
    "qos_policy": tuple((kind, "qos_policy_id") for kind in ("network", "port", "floatingip", "router")),
    "security_group": (("port", "security_groups"),),
    "subnetpool": (("subnet", "subnetpool_id"),),
    "address_scope": (("subnetpool", "address_scope_id"),),
    "address_group": (("security_group_rule", "remote_address_group_id"),),
}
"""Object type -> (kind, field) of what uses such objects (get_bound_project_ids)."""


def shared_with_caller(call: Call, obj: Any) -> bool:
    """Whether an object that is not shared with all projects is shared with the caller's."""
    return not obj.shared and call.caller.project_id in obj.shared_with


async def share_with_all(call: Call, obj: Any, action: str) -> None:
    """The policy that setting an object's `shared` or `router:external` stands for."""
    policy = RbacPolicy(
        id=call.ids.uuid(),
        project_id=obj.project_id,
        object_type=resource_options(type(obj)).kind,
        object_id=obj.id,
        target_tenant=ALL_PROJECTS,
        action=action,
    )
    await call.tx.put(policy, fresh=True)
    # Counted as used, and never refused: Neutron asks for the quota where a request names a policy.
    await call.quota.give("network", policy.project_id, {"rbac_policy": -1})


async def unshare_with_all(call: Call, obj: Any, action: str) -> None:
    """The reverse of `share_with_all`."""
    for policy in await call.tx.query(RbacPolicy, object_id=obj.id, target_tenant=ALL_PROJECTS, action=action):
        await _drop(call, policy)


async def forget_policies(call: Call, object_id: str, **of: str) -> None:
    """Drop the policies of an object that is deleted, or those of one action."""
    for policy in await call.tx.query(RbacPolicy, object_id=object_id, **of):
        await _drop(call, policy)


async def _drop(call: Call, policy: RbacPolicy) -> None:
    await call.tx.delete(RbacPolicy, policy.id)
    await call.quota.give("network", policy.project_id, {"rbac_policy": 1})


async def check_unused(call: Call, object_type: str, object_id: str, target: str) -> None:
    """No project that loses an object may use it (RbacNeutronDbObjectMixin._validate_rbac_policy_delete).

    Of a policy for all projects the owner counts as well: Neutron looks at the users of the object alone.
    """
    policies = await call.tx.query(RbacPolicy, object_id=object_id, action="access_as_shared")
    targets = {policy.target_tenant for policy in policies}
    if target != ALL_PROJECTS and ALL_PROJECTS in targets:
        return
    users: set[str] = set()
    for kind, field in USERS.get(object_type, ()):
        owner = call.owner_of(kind)
        found = [] if owner is None else await call.tx.query(owner.message, **{field: object_id})
        users |= {user.project_id for user in found}
    lost = {target} & users if target != ALL_PROJECTS else users - targets
    if lost:
        raise RbacPolicyInUse(object_id=object_id, details=f"project_id={target}")


async def apply_policies(call: Call, message: type[Message], object_id: str) -> Any:
    """Write into an object what its policies say; the changed object."""
    policies = await call.tx.query(RbacPolicy, object_id=object_id)
    changed: Any = await call.tx.edit(message, object_id)
    targets = {policy.target_tenant for policy in policies if policy.action == "access_as_shared"}
    changed.shared = ALL_PROJECTS in targets
    del changed.shared_with[:]
    changed.shared_with.extend(sorted(targets - {ALL_PROJECTS}))
    if "external_for" in message.DESCRIPTOR.fields_by_name:
        _show_outside(changed, {policy.target_tenant for policy in policies if policy.action == "access_as_external"})
    await call.tx.put(changed)
    return changed


def _show_outside(network: Any, targets: set[str]) -> None:
    """What a network's policies make of it; they are a part of it (neutron.db.external_net_db, rbac_db_models)."""
    del network.external_for[:]
    network.external_for.extend(sorted(targets))
    network.revision_number += 1
    if targets and not network.external:
        network.is_default = False
    elif not targets:
        network.ClearField("is_default")
    network.external = bool(targets)


async def check_not_attached(call: Call, network: Any, target: str, instead: str = "") -> None:
    """No project whose router has a gateway on an external network loses it (_validate_ext_not_in_use_by_project)."""
    policies = await call.tx.query(RbacPolicy, object_id=network.id, action="access_as_external")
    allowed = {policy.target_tenant for policy in policies} - {target} | {instead}
    if target == ALL_PROJECTS and network.is_default:
        raise RbacPolicyInUse(object_id=network.id, details="Default external networks must be shared to everyone.")
    if ALL_PROJECTS in allowed:
        return
    owner, routers = call.owner_of("port"), call.owner_of("router")
    users = set()
    for port in await call.tx.query(owner.message, network_id=network.id):
        router = await routers.find(call, port.device_id) if port.device_owner == "network:router_gateway" else None
        if router is not None:
            users.add(router.project_id)
    if target in users or (target == ALL_PROJECTS and users - allowed):
        raise RbacPolicyInUse(
            object_id=network.id,
            details="There are routers attached to this network that depend on this policy for access.",
        )
