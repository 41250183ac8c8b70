"""Metadata of servers. Source: nova/api/openstack/compute/server_metadata.py."""

from __future__ import annotations

from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_metadata_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.networking import schema_refusal
from mopenstack.core.compute.servers.server_create import check_metadata, check_metadata_quota
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection


async def _change(call: Call, server: Server, before: dict[str, str], request: Any) -> None:
    if isinstance(request, pb.ServerMetadataItemRequest):
        LIFECYCLE.check(call, call.target, "delete metadata")
        return
    item = isinstance(request, pb.UpdateServerMetadataItemRequest)
    given = dict(sorted((request.meta if item else request.metadata).items()))
    if item and len(given) > 1:
        raise schema_refusal("meta", given, f"{given!r} has too many properties")
    check_metadata(given)
    if item and request.key not in given:
        raise refusals.MetadataMismatch()
    if item:
        LIFECYCLE.check(call, call.target, "update metadata")
    await check_metadata_quota(call, server.metadata)


def _missing(call: Call, server: Server, key: str) -> Exception:
    return refusals.MetadataItemNotFound()


METADATA = Collection("server", "metadata", change=_change, missing=_missing)
