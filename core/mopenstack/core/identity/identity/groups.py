"""Groups of users. After keystone.identity.core and keystone.api.groups."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.associations import Association, Ends
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer, check_domain_unchanged, domain_of
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.identity import groups_pb2 as pb2
from mopenstack.identity.v3.identity import users_pb2
from mopenstack.identity.v3.resource.projects_pb2 import Project


class Groups(IdentityServicer[pb2.Group]):
    service = pb2.DESCRIPTOR.services_by_name["Groups"]
    message = pb2.Group
    pages = "markers"
    not_found = refusals.GroupNotFound
    unique = "domain_id"
    not_found_before_policy = frozenset({"DeleteGroup"})

    def name_taken(self, obj: Any, *, renamed: bool) -> Fault:
        where = "" if renamed else f" at domain ID {obj.domain_id}"
        return errors.duplicate("group", f"Duplicate entry found with name {obj.name}{where}")

    async def complete(self, call: Call, obj: pb2.Group, request: Any, given: set[str]) -> None:
        obj.domain_id = domain_of(call, obj.domain_id)
        if not call.caller.is_admin and call.caller.domain_id != obj.domain_id:
            raise errors.refused("identity:create_group")
        await call.service(Projects).domain(call, obj.domain_id)

    async def revise(self, call: Call, old: pb2.Group, new: pb2.Group, request: Any, given: set[str]) -> None:
        check_domain_unchanged(old, new)

    async def refine(self, call: Call, found: list[pb2.Group], query: common.Query) -> list[pb2.Group]:
        if call.caller.domain_id and not call.caller.system:
            return [group for group in found if group.domain_id == call.caller.domain_id]
        return found


@subscribes("before_delete", "domain")
async def delete_groups(call: Call, domain: Project) -> None:
    for group in await call.tx.query(pb2.Group, domain_id=domain.id):
        await call.service(Groups).discard(call, group)


async def _check_user_domain(call: Call, request: Any, ends: Ends) -> None:
    """Members of a group are managed by admins, and within their own domain by those of the domain."""
    caller, user = call.caller, ends.get("user_id")
    if user is not None and not caller.is_admin and not caller.system and caller.domain_id != user.domain_id:
        assert call.operation is not None
        raise errors.refused(call.operation.options.policy.name)


def _missing(call: Call, member: pb2.Membership) -> Exception:
    return refusals.MembershipNotFound(user_id=member.user_id, group_id=member.group_id)


def _in_own_domain(call: Call, user: users_pb2.User) -> bool:
    return call.caller.domain_id in ("", user.domain_id)


MEMBERS = Association(
    pb2.Membership,
    {"group_id": "group", "user_id": "user"},
    permit=_check_user_domain,
    missing=_missing,
    sees=_in_own_domain,
    filters=True,
)
