"""Members of workflows (mistral/api/controllers/v2/member.py, mistral.db.v2.sqlalchemy.api)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer
from mopenstack.core.store import Taken
from mopenstack.core.workflow.base import is_uuid
from mopenstack.core.workflow.definitions.workflows import Workflows
from mopenstack.workflow.v2 import members_pb2 as pb
from mopenstack.workflow.v2 import refusals


class Members(ResourceServicer[pb.Member]):
    service = pb.DESCRIPTOR.services_by_name["Members"]
    message = pb.Member
    not_found = refusals.MemberNotFound
    stamps_update = False

    async def before(self, call: Call, request: Any) -> None:
        if not is_uuid(request.workflow_id):
            raise refusals.WorkflowError(why="Only support UUID as resource identifier in resource sharing feature.")

    async def list_members(self, call: Call, request: pb.ListMembersRequest) -> Result:
        project = call.caller.project_id
        found: list[pb.Member] = [
            one
            for one in await call.tx.query(pb.Member, resource_id=request.workflow_id)
            if project in (one.project_id, one.member_id)
        ]
        return pb.ListMembersResponse(members=_ordered(found))

    async def create_member(self, call: Call, request: pb.CreateMemberRequest) -> Result:
        if not request.member_id:
            raise refusals.WorkflowError(why="Member id must be provided.")
        workflow = await call.service(Workflows).look(call, request.workflow_id)
        if workflow.scope != "private":
            raise refusals.WorkflowError(why="Only private resource could be shared.")
        member = pb.Member(
            id=call.ids.uuid(),
            resource_id=workflow.id,
            resource_type="workflow",
            project_id=call.caller.project_id,
            member_id=request.member_id,
            status="pending",
        )
        try:
            await call.tx.claim("workflow_member", f"{workflow.id}/{request.member_id}", member)
        except Taken:
            raise refusals.DuplicateMember(resource_id=workflow.id, member_id=request.member_id) from None
        made = await self.insert(call, member)
        written = pb.WrittenMember(created_at=made.created_at)
        for name in ("id", "resource_id", "resource_type", "project_id", "member_id", "status"):
            setattr(written, name, getattr(made, name))
        return written

    async def _look(self, call: Call, workflow_id: str, member_id: str, *projects: str) -> pb.Member:
        """A member whose sides, by name, are the caller's project; raises MemberNotFound."""
        for one in await call.tx.query(pb.Member, resource_id=workflow_id):
            if one.member_id == member_id and call.caller.project_id in [getattr(one, name) for name in projects]:
                return one
        raise refusals.MemberNotFound(resource_id=workflow_id, member_id=member_id)

    async def get_member(self, call: Call, request: pb.GetMemberRequest) -> Result:
        return await self._look(call, request.workflow_id, request.member_id, "project_id", "member_id")

    async def update_member(self, call: Call, request: pb.UpdateMemberRequest) -> Result:
        if not request.status:
            raise refusals.WorkflowError(why="Status must be provided.")
        old = await self._look(call, request.workflow_id, request.member_id, "member_id")
        new = await call.tx.edit(pb.Member, old.id)
        new.status = request.status
        await self.save(call, new)
        return new

    async def delete_member(self, call: Call, request: pb.DeleteMemberRequest) -> Result:
        await self.discard(call, await self._look(call, request.workflow_id, request.member_id, "project_id"))
        return EMPTY


def _ordered(found: list[pb.Member]) -> list[pb.Member]:
    return sorted(found, key=lambda one: one.created_at.ToMicroseconds())
