"""Grants of roles on projects, domains and the system, also those that projects inherit.

Source: keystone.assignment.core, keystone.api._shared, keystone.common.policies.grant.
"""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.associations import Association, Ends
from mopenstack.core.engine.call import Call
from mopenstack.core.identity import errors
from mopenstack.core.identity.assignment.effective import SYSTEM
from mopenstack.core.identity.assignment.roles import MANAGED_IN_DOMAINS
from mopenstack.core.identity.base import may_read_all
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.assignment import grants_pb2 as pb2
from mopenstack.identity.v3.assignment.roles_pb2 import Role

_INHERITED = pb2.DESCRIPTOR.services_by_name["InheritedGrants"].full_name


def _inherited(call: Call) -> bool:
    return call.operation is not None and call.operation.service == _INHERITED


def _grant(call: Call, request: pb2.GrantRequest) -> pb2.Grant:
    actor, target = request.user_id or request.group_id, request.domain_id or request.project_id or SYSTEM
    inherited = _inherited(call)
    return pb2.Grant(
        id=f"{actor}:{target}:{request.role_id}" + (":inherited" if inherited else ""),
        user_id=request.user_id,
        group_id=request.group_id,
        target_id=target,
        role_id=request.role_id,
        inherited=inherited,
        on_domain=bool(request.domain_id),
    )


async def _permit(call: Call, request: Any, ends: Ends) -> None:
    """Admins; to look, readers of the system too; within their own domain its readers, and managers of few roles."""
    caller, operation = call.caller, call.operation
    assert operation is not None
    managing = operation.routes[0].verb in ("PUT", "DELETE")
    if caller.is_admin or (not managing and may_read_all(call)):
        return
    role = ends.get("role_id")
    domains = {ends[name].domain_id for name in ("user_id", "group_id", "project_id") if name in ends}
    if request.domain_id:
        domains.add(request.domain_id)
    on_system = not request.project_id and not request.domain_id
    if caller.domain_id and domains == {caller.domain_id} and not on_system:
        if managing and "manager" in caller.roles and role is not None and role.name in MANAGED_IN_DOMAINS:
            return
        own_role = role is None or role.domain_id in ("", caller.domain_id)
        if not managing and "reader" in caller.roles and own_role:
            return
    raise errors.refused(operation.options.policy.name)


async def _check_domains(call: Call, grant: pb2.Grant, ends: Ends) -> None:
    role, project = ends["role_id"], ends.get("project_id")
    if role.domain_id and project is not None and project.domain_id != role.domain_id:
        raise refusals.DomainSpecificRoleMismatch(role_id=role.id, project_id=project.id)


def _missing(call: Call, grant: pb2.Grant) -> Exception:
    actor = grant.user_id or grant.group_id
    return refusals.RoleAssignmentNotFound(role_id=grant.role_id, actor_id=actor, target_id=grant.target_id)


async def _roles(call: Call, ends: Ends) -> list[Role]:
    """The roles of one user or group on one target."""
    actor = {name: ends[name].id for name in ("user_id", "group_id") if name in ends}
    target = next((ends[name].id for name in ("domain_id", "project_id") if name in ends), SYSTEM)
    grants = await call.tx.query(pb2.Grant, **actor, target_id=target)
    found = [await call.tx.get(Role, grant.role_id) for grant in grants if grant.inherited == _inherited(call)]
    return [role for role in found if role is not None]


ROLE_ASSIGNMENTS = Association(
    pb2.Grant,
    {"role_id": "role", "domain_id": "domain", "project_id": "project", "user_id": "user", "group_id": "group"},
    make=_grant,
    permit=_permit,
    add=_check_domains,
    missing=_missing,
    partners={"role_id": _roles},
)
