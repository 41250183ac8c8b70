"""The list of role assignments, as granted or effective. After keystone.api.role_assignments."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.identity.assignment import effective
from mopenstack.core.identity.assignment.effective import SYSTEM, Assignment
from mopenstack.core.identity.base import may_read_all
from mopenstack.core.identity.errors import refused
from mopenstack.identity.v3.assignment import grants_pb2, roles_pb2
from mopenstack.identity.v3.assignment import role_assignments_pb2 as pb2
from mopenstack.identity.v3.identity import groups_pb2, users_pb2
from mopenstack.identity.v3.resource import projects_pb2

_EXCLUSIVE = (
    ("domain_id", "project_id", "Specify a domain or project, not both"),
    ("domain_id", "system", "Specify system or domain, not both"),
    ("project_id", "system", "Specify system or project, not both"),
)


class RoleAssignments(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["RoleAssignments"]

    async def list_role_assignments(self, call: Call, request: pb2.ListRoleAssignmentsRequest) -> Result:
        own = call.caller.domain_id
        if not may_read_all(call) and not (own and "reader" in call.caller.roles):
            raise refused("identity:list_role_assignments")
        _check(request)
        if own and not may_read_all(call) and _on(request, "include_subtree"):
            project = await call.tx.get(projects_pb2.Project, request.project_id)
            if project is None or project.domain_id != own:
                raise refused("identity:list_role_assignments_for_tree")
        found = await (self._effective if _on(request, "effective") else self._direct)(call, request)
        if own:
            found = [item for item in found if await self._domain_of(call, item) == own]
        view = _View(call, names=_on(request, "include_names"))
        return Page([await view.show(item) for item in found])

    async def _direct(self, call: Call, request: pb2.ListRoleAssignmentsRequest) -> list[Assignment]:
        targets = await self._targets(call, request)
        found = []
        for grant in sorted(await self._grants(call, request), key=lambda grant: grant.id):
            if request.role_id and grant.role_id != request.role_id:
                continue
            if targets is not None and grant.target_id not in targets:
                continue
            if request.HasField("inherited_to") and grant.inherited != (request.inherited_to == "projects"):
                continue
            found.append(effective.direct(grant))
        return found

    async def _effective(self, call: Call, request: pb2.ListRoleAssignmentsRequest) -> list[Assignment]:
        """System assignments are no part of effective lists."""
        if request.user_id:
            assignments = await effective.grants_of(call, request.user_id)
        else:
            assignments = await effective.members_assignments(call, await call.tx.scan(grants_pb2.Grant))
        if request.HasField("inherited_to"):
            wanted = request.inherited_to == "projects"
            assignments = [item for item in assignments if item.inherited == wanted]
        assignments = [item for item in assignments if item.target_id != SYSTEM]
        assignments = await effective.expand_inherited(call, assignments)
        targets = await self._targets(call, request)
        if targets is not None:
            assignments = [item for item in assignments if item.target_id in targets]
        found = []
        for item in await effective.with_implied(call, assignments):
            role = await call.tx.get(roles_pb2.Role, item.role_id)
            if role is None or role.domain_id or (request.role_id and role.id != request.role_id):
                continue
            found.append(item)
        return found

    @staticmethod
    async def _grants(call: Call, request: pb2.ListRoleAssignmentsRequest) -> list[grants_pb2.Grant]:
        for name in ("user_id", "group_id", "role_id"):
            value = getattr(request, name)
            if value:
                return await call.tx.query(grants_pb2.Grant, **{name: value})
        return await call.tx.scan(grants_pb2.Grant)

    @staticmethod
    async def _targets(call: Call, request: pb2.ListRoleAssignmentsRequest) -> set[str] | None:
        """The ids that the scope filters leave; None for all."""
        if request.system == "all":
            return {SYSTEM}
        if request.domain_id:
            return {request.domain_id}
        if not request.project_id:
            return None
        found = {request.project_id}
        if _on(request, "include_subtree"):
            found.update(await effective.descendant_ids(call, request.project_id))
        return found

    @staticmethod
    async def _domain_of(call: Call, item: Assignment) -> str:
        if item.on_domain:
            return item.target_id
        project = await call.tx.get(projects_pb2.Project, item.target_id)
        return project.domain_id if project is not None else ""


def _check(request: pb2.ListRoleAssignmentsRequest) -> None:
    for one, other, text in _EXCLUSIVE:
        if getattr(request, one) and getattr(request, other):
            raise BadRequest(text)
    if request.user_id and request.group_id:
        pairs = [("user.id", request.user_id), ("group.id", request.group_id)]
        raise BadRequest(
            f"ImmutableMultiDict({pairs}) is valid under each of "
            "{'required': ['group.id']}, {'required': ['user.id']}"
        )
    if _on(request, "include_subtree") and not request.project_id:
        raise BadRequest("'scope.project.id' is a dependency of 'include_subtree'")
    if _on(request, "effective"):
        if request.group_id:
            raise BadRequest("Combining effective and group filter will always result in an empty list.")
        if request.inherited_to == "projects" and request.domain_id:
            raise BadRequest("Combining effective, domain and inherited filters will always result in an empty list.")


def _on(request: Any, name: str) -> bool:
    return bool(request.HasField(name) and getattr(request, name) not in ("0", "false", "False"))


class _View:
    """Assignments as the list shows them."""

    def __init__(self, call: Call, *, names: bool) -> None:
        self._call, self._names = call, names

    async def show(self, item: Assignment) -> pb2.RoleAssignment:
        shown = pb2.RoleAssignment()
        await self._scope(item, shown.scope)
        if item.user_id:
            await self._named(shown.user, users_pb2.User, item.user_id)
        else:
            await self._named(shown.group, groups_pb2.Group, item.group_id)
        await self._named(shown.role, roles_pb2.Role, item.role_id)
        self._links(item, shown.links)
        return shown

    async def _scope(self, item: Assignment, scope: pb2.RoleAssignment.Scope) -> None:
        if item.target_id == SYSTEM:
            scope.system.all = True
        elif item.on_domain:
            await self._named(scope.domain, projects_pb2.Project, item.target_id)
        else:
            await self._named(scope.project, projects_pb2.Project, item.target_id)
        if item.inherited or item.via_target:
            scope.inherited_to = "projects"

    async def _named(self, entity: pb2.RoleAssignment.Entity, message: Any, id: str) -> None:
        entity.id = id
        if not self._names:
            return
        found: Any = await self._call.tx.get(message, id)
        if found is None:
            return
        entity.name = found.name
        if found.domain_id:
            domain = await self._call.tx.get(projects_pb2.Project, found.domain_id)
            entity.domain.id = found.domain_id
            entity.domain.name = domain.name if domain is not None else ""

    def _links(self, item: Assignment, links: pb2.RoleAssignment.Links) -> None:
        """The grant behind it, the membership that brings it, and the role that implies it.

        Paths, since no template of one link covers the twelve that a grant may have.
        """
        target = item.via_target or item.target_id
        on_domain = item.via_domain if item.via_target else item.on_domain
        path = "/system" if target == SYSTEM else f"/{'domains' if on_domain else 'projects'}/{target}"
        group = item.via_group or item.group_id
        path += f"/groups/{group}" if group else f"/users/{item.user_id}"
        path += f"/roles/{item.prior_role or item.role_id}"
        if item.inherited or item.via_target:
            path = f"/OS-INHERIT{path}/inherited_to_projects"
        links.assignment = path
        if item.via_group:
            links.membership = f"/groups/{item.via_group}/users/{item.user_id}"
        if item.prior_role:
            links.prior_role = f"/prior_role/{item.role_id}/implies/{item.prior_role}"
