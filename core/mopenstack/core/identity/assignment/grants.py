"""Grants of roles on projects, domains and the system. After keystone.assignment.core and keystone.api._shared."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.identity import errors
from mopenstack.core.identity.assignment.effective import SYSTEM
from mopenstack.core.identity.assignment.roles import MANAGED_IN_DOMAINS, Roles
from mopenstack.core.identity.base import may_read_all, page_of
from mopenstack.core.identity.identity.groups import Groups
from mopenstack.core.identity.identity.users import Users
from mopenstack.core.identity.resource.deletion import forget_grant
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.assignment import grants_pb2 as pb2
from mopenstack.identity.v3.assignment import roles_pb2
from mopenstack.identity.v3.identity.groups_pb2 import Group
from mopenstack.identity.v3.identity.users_pb2 import User
from mopenstack.identity.v3.resource.projects_pb2 import Project


class _GrantServicer(Servicer):
    """The four things that can be done with grants of one sort."""

    inherited = False

    async def _list(self, call: Call, request: pb2.ListGrantsRequest) -> Result:
        target = await self._target(call, request)
        await self._actor(call, request)
        await _permit(call, request, None)
        actor = {"user_id": request.user_id} if request.user_id else {"group_id": request.group_id}
        grants = await call.tx.query(pb2.Grant, **actor, target_id=target)
        ids = [grant.role_id for grant in grants if grant.inherited == self.inherited]
        found = [await call.tx.get(roles_pb2.Role, id) for id in ids]
        return page_of([role for role in found if role is not None], request.query)

    async def _check(self, call: Call, request: pb2.GrantRequest) -> Result:
        await self._find(call, request, managing=False)
        return EMPTY

    async def _add(self, call: Call, request: pb2.GrantRequest) -> Result:
        role = await call.service(Roles).lookup(call, request.role_id)
        target = await self._target(call, request)
        await self._actor(call, request)
        await _permit(call, request, role, managing=True)
        project = await call.service(Projects).find(call, request.project_id) if request.project_id else None
        if role.domain_id and project is not None and project.domain_id != role.domain_id:
            raise refusals.DomainSpecificRoleMismatch(role_id=role.id, project_id=project.id)
        await put_grant(
            call, role.id, target, user_id=request.user_id, group_id=request.group_id,
            on_domain=bool(request.domain_id), inherited=self.inherited,
        )  # fmt: skip
        return EMPTY

    async def _revoke(self, call: Call, request: pb2.GrantRequest) -> Result:
        await forget_grant(call, await self._find(call, request, managing=True))
        return EMPTY

    async def _find(self, call: Call, request: pb2.GrantRequest, *, managing: bool) -> pb2.Grant:
        role = await call.service(Roles).lookup(call, request.role_id)
        target = await self._target(call, request)
        await self._actor(call, request)
        await _permit(call, request, role, managing=managing)
        actor = request.user_id or request.group_id
        grant = await call.tx.get(pb2.Grant, grant_id(actor, target, request.role_id, inherited=self.inherited))
        if grant is None:
            raise refusals.RoleAssignmentNotFound(role_id=request.role_id, actor_id=actor, target_id=target)
        return grant

    @staticmethod
    async def _target(call: Call, request: Any) -> str:
        if request.domain_id:
            return (await call.service(Projects).domain(call, request.domain_id)).id
        if request.project_id:
            return (await call.service(Projects).lookup(call, request.project_id)).id
        return SYSTEM

    @staticmethod
    async def _actor(call: Call, request: Any) -> None:
        if request.user_id:
            await call.service(Users).lookup(call, request.user_id)
        else:
            await call.service(Groups).lookup(call, request.group_id)


async def _permit(call: Call, request: Any, role: roles_pb2.Role | None, *, managing: bool = False) -> None:
    """Admins; to look, readers of the system too; within their own domain its readers, and managers of few roles.

    Source: keystone.common.policies.grant, whose checks ask for the domains of actor, target and role.
    """
    caller = call.caller
    if caller.is_admin or (not managing and may_read_all(call)):
        return
    actor = await call.tx.get(User, request.user_id) if request.user_id else None
    group = await call.tx.get(Group, request.group_id) if request.group_id else None
    project = await call.tx.get(Project, request.project_id) if request.project_id else None
    domains = {one.domain_id for one in (actor, group, project) if one is not None}
    if request.domain_id:
        domains.add(request.domain_id)
    on_system = not request.project_id and not request.domain_id
    if caller.domain_id and domains == {caller.domain_id} and not on_system:
        if managing and "manager" in caller.roles and role is not None and role.name in MANAGED_IN_DOMAINS:
            return
        own_role = role is None or role.domain_id in ("", caller.domain_id)
        if not managing and "reader" in caller.roles and own_role:
            return
    assert call.operation is not None
    raise errors.refused(call.operation.options.policy.name)


class Grants(_GrantServicer):
    service = pb2.DESCRIPTOR.services_by_name["Grants"]
    list_grants = _GrantServicer._list
    check_grant = _GrantServicer._check
    add_grant = _GrantServicer._add
    revoke_grant = _GrantServicer._revoke


class InheritedGrants(_GrantServicer):
    service = pb2.DESCRIPTOR.services_by_name["InheritedGrants"]
    inherited = True
    list_inherited_grants = _GrantServicer._list
    check_inherited_grant = _GrantServicer._check
    add_inherited_grant = _GrantServicer._add
    revoke_inherited_grant = _GrantServicer._revoke


class SystemGrants(_GrantServicer):
    service = pb2.DESCRIPTOR.services_by_name["SystemGrants"]
    list_user_system_grants = _GrantServicer._list
    list_group_system_grants = _GrantServicer._list
    check_user_system_grant = _GrantServicer._check
    check_group_system_grant = _GrantServicer._check
    add_user_system_grant = _GrantServicer._add
    add_group_system_grant = _GrantServicer._add
    revoke_user_system_grant = _GrantServicer._revoke
    revoke_group_system_grant = _GrantServicer._revoke


def grant_id(actor_id: str, target_id: str, role_id: str, *, inherited: bool = False) -> str:
    return f"{actor_id}:{target_id}:{role_id}" + (":inherited" if inherited else "")


async def put_grant(
    call: Call,
    role_id: str,
    target_id: str,
    *,
    user_id: str = "",
    group_id: str = "",
    on_domain: bool = False,
    inherited: bool = False,
) -> None:
    """Grant a role; once more does nothing."""
    id = grant_id(user_id or group_id, target_id, role_id, inherited=inherited)
    if await call.tx.get(pb2.Grant, id) is None:
        grant = pb2.Grant(
            id=id, user_id=user_id, group_id=group_id, target_id=target_id, role_id=role_id,
            inherited=inherited, on_domain=on_domain,
        )  # fmt: skip
        await call.tx.put(grant, fresh=True)
