"""Tags of servers. Source: nova/api/openstack/compute/server_tags.py."""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_tags_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import Outcome
from mopenstack.core.compute.servers.server_create import check_tags, tag_fault
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer

TAGS_MAX = 50


class ServerTags(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerTags"]

    async def list_server_tags(self, call: Call, request: pb.ListServerTagsRequest) -> Result:
        return pb.ServerTagsResponse(tags=call.target.tags)

    async def replace_server_tags(self, call: Call, request: pb.ReplaceServerTagsRequest) -> Result:
        check_tags(request.tags)
        return pb.ServerTagsResponse(tags=await self._set(call, request.tags, "update tags"))

    async def delete_server_tags(self, call: Call, request: pb.ListServerTagsRequest) -> Result:
        await self._set(call, (), "delete tags")
        return EMPTY

    async def get_server_tag(self, call: Call, request: pb.ServerTagRequest) -> Result:
        if request.tag not in call.target.tags:
            raise refusals.ServerHasNoTag(id=call.target.id, tag=request.tag)
        return EMPTY

    async def add_server_tag(self, call: Call, request: pb.ServerTagRequest) -> Result | Outcome:
        LIFECYCLE.check(call, call.target, "update tag")
        why = tag_fault(request.tag)
        if why:
            raise refusals.BadTag(tag=request.tag, why=why)
        if len(call.target.tags) >= TAGS_MAX and request.tag not in call.target.tags:
            raise refusals.TooManyTags(limit=TAGS_MAX)
        if request.tag in call.target.tags:
            return EMPTY
        await self._set(call, [*call.target.tags, request.tag], "update tag")
        return Outcome("created", EMPTY)

    async def delete_server_tag(self, call: Call, request: pb.ServerTagRequest) -> Result:
        LIFECYCLE.check(call, call.target, "delete tag")
        if request.tag not in call.target.tags:
            raise refusals.InstanceHasNoTag(id=call.target.id, tag=request.tag)
        await self._set(call, [tag for tag in call.target.tags if tag != request.tag], "delete tag")
        return EMPTY

    async def _set(self, call: Call, tags: Iterable[str], action: str) -> list[str]:
        LIFECYCLE.check(call, call.target, action)
        server = await call.tx.edit(Server, call.target.id)
        del server.tags[:]
        server.tags.extend(sorted(set(tags)))
        await call.tx.put(server)
        return list(server.tags)
