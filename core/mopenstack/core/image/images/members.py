"""Members: the projects that an image is shared with, and whether they accepted it (glance.api.v2.image_members)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.image.images.images import Images, member_key
from mopenstack.core.image.images.states import Image
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2
from mopenstack.image.v2.images import members_pb2 as pb

MEMBERS_MAX = 128
STATUSES = ("pending", "accepted", "rejected")


class Members(ChildServicer[pb.Member]):
    service = pb.DESCRIPTOR.services_by_name["Members"]
    message = pb.Member
    page_max: ClassVar[int | None] = None

    async def refusal(self, call: Call, request: Any, rules: Sequence[str]) -> Exception:
        """Only shared images have members, and only members can be changed, whoever asks."""
        image = call.target
        if isinstance(request, pb.ListMembersRequest):
            self._check_list(image)
        else:
            self._check_verb(call, image)
        refused = Images.hiding(call, rules)
        of_one = isinstance(request, pb.UpdateMemberRequest | pb.DeleteMemberRequest)
        if not of_one or not isinstance(refused, PolicyRefused):
            return refused
        member = await call.service(Images).membership(call, image.id, request.member_id)
        return self.absent(call, request.member_id) if member is None else refused

    async def before(self, call: Call, request: Any) -> None:
        if isinstance(request, pb.CreateMemberRequest):
            _member_id(request)
        if isinstance(request, pb.UpdateMemberRequest) and not request.HasField("new_status"):
            raise refusals.BadMember("Status not specified")

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.Member]:
        image = call.target
        self._check_list(image)
        if not await self._is_party(call, image):
            raise PolicyRefused(["get_members"])
        return await super().candidates(call, query)

    async def child(self, call: Call, parent_id: str, id: str) -> pb.Member | None:
        """A membership of a shared image, for the image's owner and the member."""
        image = call.target
        self._check_verb(call, image)
        member = await call.service(Images).membership(call, image.id, id)
        mine = call.caller.is_admin or call.caller.project_id in (image.project_id, id)
        return member if mine else None

    @staticmethod
    def _check_list(image: images_pb2.Image) -> None:
        if image.visibility != Image.SHARED:
            reason = f": {refusals.NotShared.message}"
            raise refusals.MembersForbidden(verb="list", image_id=image.id, reason=reason)

    @staticmethod
    def _check_verb(call: Call, image: images_pb2.Image) -> None:
        verb = call.operation.handler.partition("_")[0] if call.operation is not None else ""
        if image.visibility != Image.SHARED and verb == "get":
            raise refusals.MemberHidden(refusals.NotShared.message)
        _check_shared(image, verb)

    def absent(self, call: Call, id: str) -> Exception:
        return refusals.MemberMissing(member_id=id, image_id=call.target.id)

    async def prepare(self, call: Call, obj: pb.Member, request: Any, given: set[str]) -> None:
        image, member_id = call.target, _member_id(request)
        _check_shared(image, "create")
        call.service(Images).check_owner(call, image, "add_member")
        if await call.service(Images).membership(call, image.id, member_id) is not None:
            raise refusals.MemberDuplicate(member_id=member_id, image_id=image.id)
        count = await call.tx.count(pb.Member, image_id=image.id)
        if count >= MEMBERS_MAX:
            raise refusals.MemberLimit(id=image.id, attempted=count + 1, maximum=MEMBERS_MAX)
        await super().prepare(call, obj, request, given)
        obj.id, obj.member_id, obj.status = member_key(image.id, member_id), member_id, "pending"

    async def change(self, call: Call, old: pb.Member, new: pb.Member, request: Any, given: set[str]) -> None:
        if not call.caller.is_admin and call.caller.project_id != old.member_id:
            raise PolicyRefused(["modify_member"])
        status = plain(request.new_status)
        if status not in STATUSES:
            raise refusals.BadMember('Incorrect request: Status must be "pending", "accepted" or "rejected".')
        new.status = status

    async def remove(self, call: Call, obj: pb.Member) -> None:
        image = await call.tx.get(images_pb2.Image, obj.image_id)
        assert image is not None, "an image takes its members along"
        call.service(Images).check_owner(call, image, "delete_member")

    @staticmethod
    async def _is_party(call: Call, image: images_pb2.Image) -> bool:
        project = call.caller.project_id
        if call.caller.is_admin or image.project_id == project:
            return True
        return await call.service(Images).membership(call, image.id, project) is not None


def _check_shared(image: images_pb2.Image, verb: str) -> None:
    if image.visibility != Image.SHARED:
        raise refusals.MembersForbidden(verb=verb, image_id=image.id, reason=".")


def _member_id(request: pb.CreateMemberRequest) -> str:
    if not request.HasField("member"):
        raise refusals.BadMember("Member to be added not specified")
    value: Any = plain(request.member)
    if not value:
        raise refusals.BadMember("Member can't be empty")
    return str(value)
