"""Members: with whom an image is shared, and whether they took it (glance.api.v2.image_members)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Forbidden
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.core.image import errors
from mopenstack.core.image.images.images import Images, member_key
from mopenstack.core.image.images.states import Image
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2
from mopenstack.image.v2.images import members_pb2 as pb

MEMBERS_MAX = 128
STATUSES = ("pending", "accepted", "rejected")


class Members(ResourceServicer[pb.Member]):
    service = pb.DESCRIPTOR.services_by_name["Members"]
    message = pb.Member

    async def list_members(self, call: Call, request: pb.ListMembersRequest) -> Result:
        image = await self._image(call, request.image_id)
        try:
            _shared(image)
        except refusals.NotShared as fault:
            reason = f": {fault.text}"
            raise refusals.MembersForbidden(verb="list", image_id=image.id, reason=reason) from None
        answer = pb.ListMembersResponse(schema="/v2/schemas/members")
        if not await self._is_party(call, image):
            raise errors.NotAuthorized("get_members")
        found = await call.tx.query(pb.Member, image_id=image.id)
        found.sort(key=lambda member: (member.created_at.seconds, member.created_at.nanos, member.id))
        answer.members.extend(found)
        return answer

    async def create_member(self, call: Call, request: pb.CreateMemberRequest) -> Result:
        member_id = _member_id(request)
        image = await self._image(call, request.image_id)
        self._for_members(image, "create")
        call.service(Images).check_owner(call, image, "add_member")
        if await self._find(call, image.id, member_id) is not None:
            raise refusals.MemberDuplicate(member_id=member_id, image_id=image.id)
        count = await call.tx.count(pb.Member, image_id=image.id)
        if count >= MEMBERS_MAX:
            raise refusals.MemberLimit(id=image.id, attempted=count + 1, maximum=MEMBERS_MAX)
        member = pb.Member(id=member_key(image.id, member_id), member_id=member_id, image_id=image.id)
        member.status, member.schema = "pending", "/v2/schemas/member"
        return await self.insert(call, member)

    async def get_member(self, call: Call, request: pb.GetMemberRequest) -> Result:
        image = await self._image(call, request.image_id)
        try:
            _shared(image)
        except refusals.NotShared as fault:
            raise refusals.MemberHidden(fault.text) from None
        return await self._member(call, image, request.member_id)

    async def update_member(self, call: Call, request: pb.UpdateMemberRequest) -> Result:
        if not request.HasField("status"):
            raise refusals.BadMember("Status not specified")
        status = plain(request.status)
        image = await self._image(call, request.image_id)
        self._for_members(image, "update")
        member = await self._member(call, image, request.member_id)
        if not call.caller.is_admin and call.caller.project_id != member.member_id:
            raise errors.NotAuthorized("modify_member")
        if status not in STATUSES:
            raise refusals.BadMember('Incorrect request: Status must be "pending", "accepted" or "rejected".')
        new = await call.tx.edit(pb.Member, member.id)
        new.status = status
        await self.save(call, new)
        return new

    async def delete_member(self, call: Call, request: pb.DeleteMemberRequest) -> Result:
        image = await self._image(call, request.image_id)
        self._for_members(image, "delete")
        member = await self._member(call, image, request.member_id)
        call.service(Images).check_owner(call, image, "delete_member")
        await self.discard(call, member)
        return EMPTY

    # -- inside

    async def _image(self, call: Call, image_id: str) -> images_pb2.Image:
        try:
            return await call.service(Images).fetch(call, image_id)
        except refusals.ImageNotFound:
            raise refusals.ImageOfPartNotFound(id=image_id) from None

    @staticmethod
    def _for_members(image: images_pb2.Image, verb: str) -> None:
        try:
            _shared(image)
        except Forbidden:
            raise refusals.MembersForbidden(verb=verb, image_id=image.id, reason=".") from None

    async def _is_party(self, call: Call, image: images_pb2.Image) -> bool:
        project = call.caller.project_id
        if call.caller.is_admin or image.project_id == project:
            return True
        return await call.service(Images).membership(call, image.id, project) is not None

    async def _find(self, call: Call, image_id: str, member_id: str) -> pb.Member | None:
        return await call.service(Images).membership(call, image_id, member_id)

    async def _member(self, call: Call, image: images_pb2.Image, member_id: str) -> pb.Member:
        member = await self._find(call, image.id, member_id)
        mine = call.caller.is_admin or call.caller.project_id in (image.project_id, member_id)
        if member is None or not mine:
            raise refusals.MemberMissing(member_id=member_id, image_id=image.id)
        return member


def _shared(image: images_pb2.Image) -> None:
    if image.visibility != Image.SHARED:
        raise refusals.NotShared()


def _member_id(request: pb.CreateMemberRequest) -> str:
    if not request.HasField("member"):
        raise refusals.BadMember("Member to be added not specified")
    value: Any = plain(request.member)
    if not value:
        raise refusals.BadMember("Member can't be empty")
    return str(value)
