"""Groups of users. After keystone.identity.core and keystone.api.groups."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer, check_domain_unchanged, domain_of, may_on_nothing, page_of
from mopenstack.core.identity.resource.deletion import forget_group
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.identity import groups_pb2 as pb2
from mopenstack.identity.v3.identity import users_pb2


class Groups(IdentityServicer[pb2.Group]):
    service = pb2.DESCRIPTOR.services_by_name["Groups"]
    message = pb2.Group
    not_found = refusals.GroupNotFound
    unique = "domain_id"
    absence_told = frozenset({"DeleteGroup"})

    def name_taken(self, obj: Any, *, renamed: bool) -> Fault:
        where = "" if renamed else f" at domain ID {obj.domain_id}"
        return errors.duplicate("group", f"Duplicate entry found with name {obj.name}{where}")

    async def complete(self, call: Call, obj: pb2.Group, request: Any, given: set[str]) -> None:
        from mopenstack.core.identity.resource.projects import Projects

        obj.domain_id = domain_of(call, obj.domain_id)
        if not call.caller.is_admin and call.caller.domain_id != obj.domain_id:
            raise errors.refused("identity:create_group")
        await call.service(Projects).domain(call, obj.domain_id)

    async def revise(self, call: Call, old: pb2.Group, new: pb2.Group, request: Any, given: set[str]) -> None:
        check_domain_unchanged(old, new)

    async def remove(self, call: Call, obj: pb2.Group) -> None:
        await forget_group(call, obj.id)

    async def refine(self, call: Call, found: list[pb2.Group], query: common.Query) -> list[pb2.Group]:
        if call.caller.domain_id and not call.caller.system:
            return [group for group in found if group.domain_id == call.caller.domain_id]
        return found

    # -- members

    async def list_group_users(self, call: Call, request: pb2.ListGroupUsersRequest) -> Result:
        members = await call.tx.query(pb2.Membership, group_id=request.group_id)
        found = [await call.tx.get(users_pb2.User, member.user_id) for member in members]
        own = call.caller.domain_id
        return page_of([user for user in found if user is not None and own in ("", user.domain_id)], request.query)

    async def add_group_user(self, call: Call, request: pb2.GroupUserRequest) -> Result:
        await self._user(call, request)
        id = _id(request)
        if await call.tx.get(pb2.Membership, id) is None:
            await call.tx.put(pb2.Membership(id=id, group_id=request.group_id, user_id=request.user_id), fresh=True)
        return EMPTY

    async def check_group_user(self, call: Call, request: pb2.GroupUserRequest) -> Result:
        await self._user(call, request)
        await self._member(call, request)
        return EMPTY

    async def remove_group_user(self, call: Call, request: pb2.GroupUserRequest) -> Result:
        await self._user(call, request)
        await self._member(call, request)
        await call.tx.delete(pb2.Membership, _id(request))
        return EMPTY

    @staticmethod
    async def _member(call: Call, request: pb2.GroupUserRequest) -> None:
        if await call.tx.get(pb2.Membership, _id(request)) is None:
            raise refusals.MembershipNotFound(user_id=request.user_id, group_id=request.group_id)

    @staticmethod
    async def _user(call: Call, request: pb2.GroupUserRequest) -> users_pb2.User:
        user = await call.tx.get(users_pb2.User, request.user_id)
        caller = call.caller
        if user is None and call.operation is not None and not may_on_nothing(call, call.operation):
            raise errors.refused(call.operation.options.policy.name)
        if user is None:
            raise refusals.UserNotFound(id=request.user_id)
        if not caller.is_admin and not caller.system and caller.domain_id != user.domain_id:
            assert call.operation is not None
            raise errors.refused(call.operation.options.policy.name)
        return user


def _id(request: pb2.GroupUserRequest) -> str:
    return f"{request.group_id}:{request.user_id}"
