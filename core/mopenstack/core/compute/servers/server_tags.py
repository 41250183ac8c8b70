"""Tags of servers. Source: nova/api/openstack/compute/server_tags.py."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_tags_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.server_create import check_tags, tag_fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection

TAGS_MAX = 50


async def _change(
    call: Call, server: Server, before: list[str], request: pb.ReplaceServerTagsRequest | pb.ServerTagRequest
) -> None:
    if isinstance(request, pb.ReplaceServerTagsRequest):
        check_tags(request.tags)
    elif isinstance(request, pb.ServerTagRequest) and request.tag in server.tags:
        why = tag_fault(request.tag)
        if why:
            raise refusals.BadTag(tag=request.tag, why=why)
        if len(server.tags) > max(TAGS_MAX, len(before)):
            raise refusals.TooManyTags(limit=TAGS_MAX)


def _missing(call: Call, server: Server, tag: str) -> Exception:
    shown = call.operation is not None and call.operation.method == "GetServerTag"
    return (refusals.ServerHasNoTag if shown else refusals.InstanceHasNoTag)(id=server.id, tag=tag)


TAGS = Collection("server", "tags", change=_change, missing=_missing, touches=False, ordered=True)
