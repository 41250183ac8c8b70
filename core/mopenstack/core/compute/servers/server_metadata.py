"""Metadata of servers. Source: nova/api/openstack/compute/server_metadata.py."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_metadata_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.networking import schema_refusal
from mopenstack.core.compute.servers.server_create import check_metadata, check_metadata_quota
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer


class ServerMetadata(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerMetadata"]

    async def list_server_metadata(self, call: Call, request: pb.ListServerMetadataRequest) -> Result:
        return pb.ServerMetadataResponse(metadata=dict(call.target.metadata))

    async def create_server_metadata(self, call: Call, request: pb.ServerMetadataRequest) -> Result:
        check_metadata(request.metadata)
        kept = await self._set(call, {**call.target.metadata, **request.metadata})
        return pb.ServerMetadataResponse(metadata=kept)

    async def replace_server_metadata(self, call: Call, request: pb.ServerMetadataRequest) -> Result:
        check_metadata(request.metadata)
        return pb.ServerMetadataResponse(metadata=await self._set(call, dict(request.metadata)))

    async def get_server_metadata_item(self, call: Call, request: pb.ServerMetadataItemRequest) -> Result:
        if request.key not in call.target.metadata:
            raise refusals.MetadataItemNotFound()
        return pb.ServerMetadataItemResponse(meta={request.key: call.target.metadata[request.key]})

    async def update_server_metadata_item(self, call: Call, request: pb.UpdateServerMetadataItemRequest) -> Result:
        meta = dict(sorted(request.meta.items()))
        if len(meta) > 1:
            raise schema_refusal("meta", meta, f"{meta!r} has too many properties")
        check_metadata(meta)
        if request.key not in meta:
            raise refusals.MetadataMismatch()
        await self._set(call, {**call.target.metadata, **meta})
        return pb.ServerMetadataItemResponse(meta=meta)

    async def delete_server_metadata_item(self, call: Call, request: pb.ServerMetadataItemRequest) -> Result:
        if request.key not in call.target.metadata:
            raise refusals.MetadataItemNotFound()
        left = {key: value for key, value in call.target.metadata.items() if key != request.key}
        await self._set(call, left, "delete metadata")
        return EMPTY

    async def _set(self, call: Call, metadata: Mapping[str, str], action: str = "update metadata") -> dict[str, str]:
        LIFECYCLE.check(call, call.target, action)
        await check_metadata_quota(call, metadata)
        server = await call.tx.edit(Server, call.target.id)
        server.metadata.clear()
        server.metadata.update(metadata)
        call.stamp(server.updated_at)
        await call.tx.put(server)
        return dict(metadata)
