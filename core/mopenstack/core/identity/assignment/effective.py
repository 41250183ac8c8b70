"""Effective role assignments: groups expanded, inheritance followed, implied roles added.

After keystone.assignment.core. A grant on a domain does not hold for its projects unless it is inherited,
and an inherited one holds only below its target.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mopenstack.core.engine.call import Call
from mopenstack.identity.v3.assignment.grants_pb2 import Grant
from mopenstack.identity.v3.assignment.roles_pb2 import ImpliedRole, Role
from mopenstack.identity.v3.identity.groups_pb2 import Membership
from mopenstack.identity.v3.resource.projects_pb2 import Project

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One effective assignment of a user, and where it comes from."""

    user_id: str
    group_id: str  # only of assignments that were not expanded
    target_id: str
    on_domain: bool
    role_id: str
    inherited: bool = False  # a grant as it stands: for what is below the target
    via_group: str = ""
    via_target: str = ""  # where the inherited grant is
    via_domain: bool = False
    prior_role: str = ""


def direct(grant: Grant) -> Assignment:
    """A grant as it stands."""
    return Assignment(
        grant.user_id, grant.group_id, grant.target_id, grant.on_domain, grant.role_id, inherited=grant.inherited
    )


async def groups_of(call: Call, user_id: str) -> list[str]:
    return [membership.group_id for membership in await call.tx.query(Membership, user_id=user_id)]


async def grants_of(call: Call, user_id: str) -> list[Assignment]:
    """The user's grants and those of their groups, as assignments of the user."""
    found = [direct(grant) for grant in await call.tx.query(Grant, user_id=user_id)]
    for group in await groups_of(call, user_id):
        for grant in await call.tx.query(Grant, group_id=group):
            found.append(replace(direct(grant), user_id=user_id, group_id="", via_group=group))
    return found


async def members_assignments(call: Call, grants: Iterable[Grant]) -> list[Assignment]:
    """Grants with those of groups turned into one a member."""
    found: list[Assignment] = []
    for grant in grants:
        if not grant.group_id:
            found.append(direct(grant))
            continue
        for member in await call.tx.query(Membership, group_id=grant.group_id):
            found.append(replace(direct(grant), user_id=member.user_id, group_id="", via_group=grant.group_id))
    return found


async def ancestor_ids(call: Call, project_id: str) -> list[str]:
    """The ids above a project, up to its domain."""
    found: list[str] = []
    project = await call.tx.get(Project, project_id)
    while project is not None and project.parent_id:
        found.append(project.parent_id)
        project = await call.tx.get(Project, project.parent_id)
    return found


async def descendant_ids(call: Call, id: str) -> list[str]:
    """The ids of all projects below a project or a domain."""
    found: list[str] = []
    level = [id]
    while level:
        children = [child.id for parent in level for child in await call.tx.query(Project, parent_id=parent)]
        found += children
        level = children
    return found


async def expand_inherited(call: Call, assignments: Iterable[Assignment]) -> list[Assignment]:
    """Inherited assignments become one on every project below their target."""
    found: list[Assignment] = []
    for item in assignments:
        if not item.inherited:
            found.append(item)
            continue
        for project in await descendant_ids(call, item.target_id):
            found.append(
                replace(
                    item,
                    target_id=project,
                    on_domain=False,
                    inherited=False,
                    via_target=item.target_id,
                    via_domain=item.on_domain,
                )
            )
    return found


async def with_implied(call: Call, assignments: Iterable[Assignment]) -> list[Assignment]:
    """Beside each assignment those of the roles that its role implies, directly or not."""
    found = list(assignments)
    seen = {(_place(item), item.role_id) for item in found}
    pending = list(found)
    while pending:
        item = pending.pop()
        for rule in await call.tx.query(ImpliedRole, prior_role_id=item.role_id):
            implied = replace(item, role_id=rule.implied_role_id, prior_role=item.role_id)
            key = (_place(item), implied.role_id)
            if key not in seen:
                seen.add(key)
                found.append(implied)
                pending.append(implied)
    return found


def _place(item: Assignment) -> tuple[str, ...]:
    return item.user_id, item.group_id, item.target_id, item.via_group, item.via_target


async def expanded_roles(call: Call, role_ids: Iterable[str], *, of_domains: bool = False) -> list[Role]:
    """Roles among these and those that they imply. Domain roles only imply, unless they are asked for."""
    pending = list(dict.fromkeys(role_ids))
    seen = set(pending)
    found: list[Role] = []
    while pending:
        id = pending.pop(0)
        role = await call.tx.get(Role, id)
        if role is None:
            continue
        if of_domains or not role.domain_id:
            found.append(role)
        for rule in await call.tx.query(ImpliedRole, prior_role_id=id):
            if rule.implied_role_id not in seen:
                seen.add(rule.implied_role_id)
                pending.append(rule.implied_role_id)
    return found


async def roles_on(call: Call, user_id: str, target_id: str, *, of_domains: bool = False) -> list[Role]:
    """The user's roles on a project, a domain or the system."""
    above = [] if target_id == SYSTEM else await ancestor_ids(call, target_id)
    held = [
        item.role_id
        for item in await grants_of(call, user_id)
        if (item.target_id == target_id and not item.inherited) or (item.inherited and item.target_id in above)
    ]
    return await expanded_roles(call, held, of_domains=of_domains)


async def projects_of(call: Call, user_id: str) -> list[Project]:
    """The enabled and disabled projects that the user has a role on, by id."""
    ids: set[str] = set()
    for item in await grants_of(call, user_id):
        if item.inherited:
            ids.update(await descendant_ids(call, item.target_id))
        elif not item.on_domain and item.target_id != SYSTEM:
            ids.add(item.target_id)
    found = [await call.tx.get(Project, id) for id in sorted(ids)]
    return [project for project in found if project is not None and not project.is_domain]


async def domains_of(call: Call, user_id: str) -> list[Project]:
    """The domains that the user has a role on, by id."""
    ids = {item.target_id for item in await grants_of(call, user_id) if item.on_domain and not item.inherited}
    found = [await call.tx.get(Project, id) for id in sorted(ids)]
    return [project for project in found if project is not None and project.is_domain]
