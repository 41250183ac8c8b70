"""Volumes and snapshots through Nova. Source: nova/api/openstack/compute/volumes.py, snapshots.py."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import Message

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import volumes_pb2 as pb
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.contract.operations import enum_words
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.proxies import limited
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result, Servicer
from mopenstack.core.volume import snapshots
from mopenstack.core.volume.snapshots import SNAPSHOTS
from mopenstack.core.volume.volumes import sources, volumes
from mopenstack.core.volume.volumes.lifecycle import VOLUMES
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume, VolumeCreate

M = TypeVar("M", bound=Message)

_VOLUME_WORDS = enum_words(Volume.DESCRIPTOR.fields_by_name["status"])
_SNAPSHOT_WORDS = enum_words(Snapshot.DESCRIPTOR.fields_by_name["status"])


class Volumes(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Volumes"]

    async def list_volumes(self, call: Call, request: pb.ListVolumesRequest) -> Result:
        found = await _all(call, call.service(volumes.Volumes))
        return pb.ListVolumesResponse(volumes=[_volume(item) for item in limited(found, request.query)])

    async def list_volumes_detail(self, call: Call, request: pb.ListVolumesRequest) -> Result:
        return await self.list_volumes(call, request)

    async def get_volume(self, call: Call, request: pb.VolumeRequest) -> Result:
        return _volume(await _find_volume(call, request.volume_id))

    async def create_volume(self, call: Call, request: pb.CreateVolumeRequest) -> Result:
        body = request.volume
        if body.snapshot_id:
            await _find_snapshot(call, body.snapshot_id)
        wanted = VolumeCreate(
            size=body.size,
            snapshot_id=body.snapshot_id or None,
            volume_type=body.volume_type or None,
            availability_zone=body.availability_zone or None,
        )
        service = call.service(volumes.Volumes)
        source = await sources.resolve(call, wanted)
        made = await service.make(call, source, body.display_name, body.display_description, dict(body.metadata))
        location = f"{call.context.cloud_url}/compute/v2.1/os-volumes/{made.id}"
        return pb.CreateVolumeResponse(volume=_volume(made), location=location)

    async def delete_volume(self, call: Call, request: pb.VolumeRequest) -> Result:
        volume = await _find_volume(call, request.volume_id)
        await call.service(volumes.Volumes).begin_delete(call, volume.id)
        return EMPTY


class Snapshots(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Snapshots"]

    async def list_snapshots(self, call: Call, request: pb.ListSnapshotsRequest) -> Result:
        found = await _all(call, call.service(snapshots.Snapshots))
        return pb.ListSnapshotsResponse(snapshots=[_snapshot(item) for item in limited(found, request.query)])

    async def list_snapshots_detail(self, call: Call, request: pb.ListSnapshotsRequest) -> Result:
        return await self.list_snapshots(call, request)

    async def get_snapshot(self, call: Call, request: pb.SnapshotRequest) -> Result:
        return _snapshot(await _find_snapshot(call, request.snapshot_id))

    async def create_snapshot(self, call: Call, request: pb.CreateSnapshotRequest) -> Result:
        body = request.snapshot
        volume = await _find_volume(call, body.volume_id)
        VOLUMES.check(call, volume, "snapshot_attached" if body.force else "snapshot")
        service = call.service(snapshots.Snapshots)
        return _snapshot(await service.make(call, volume, body.display_name, body.display_description))

    async def delete_snapshot(self, call: Call, request: pb.SnapshotRequest) -> Result:
        snapshot = await _find_snapshot(call, request.snapshot_id)
        await SNAPSHOTS.begin(call, await call.tx.edit(Snapshot, snapshot.id), "delete")
        return EMPTY


async def _all(call: Call, servicer: ResourceServicer[M]) -> list[M]:
    """What the project has, in the service's own order."""
    found = [item for item in await servicer.candidates(call, common.Query()) if servicer.visible(call, item)]
    mine = [item for item in found if item.project_id == call.caller.project_id]  # type: ignore[attr-defined]
    page = servicer.listing.page(mine, common.Query(), None, refusals.MarkerNotFound)
    return list(page.items)  # type: ignore[arg-type]


async def _find_volume(call: Call, id: str) -> Volume:
    return await _find(call, call.service(volumes.Volumes), id, refusals.VolumeProxyNotFound(id=id))


async def _find_snapshot(call: Call, id: str) -> Snapshot:
    return await _find(call, call.service(snapshots.Snapshots), id, refusals.SnapshotProxyNotFound(id=id))


async def _find(call: Call, servicer: ResourceServicer[M], id: str, missing: Fault) -> M:
    try:
        return await servicer.fetch(call, id)
    except NotFound:
        raise missing from None


def _volume(volume: Volume) -> pb.Volume:
    shown = pb.Volume(
        id=volume.id,
        status=_VOLUME_WORDS[volume.status],
        size=volume.size,
        availability_zone=volume.availability_zone,
        created_at=volume.created_at,
        name=volume.name if volume.HasField("name") else None,
        description=volume.description if volume.HasField("description") else None,
        volume_type=volume.volume_type or None,
        snapshot_id=volume.snapshot_id if volume.HasField("snapshot_id") else None,
        metadata=volume.metadata,
    )
    attachment = shown.attachments.add()
    if volume.attachments:
        first = volume.attachments[0]
        attachment.id = attachment.volume_id = volume.id
        attachment.server_id, attachment.device = first.server_id, first.device
    return shown


def _snapshot(snapshot: Snapshot) -> pb.Snapshot:
    return pb.Snapshot(
        id=snapshot.id,
        volume_id=snapshot.volume_id,
        status=_SNAPSHOT_WORDS[snapshot.status],
        size=snapshot.size,
        created_at=snapshot.created_at,
        name=snapshot.name if snapshot.HasField("name") else None,
        description=snapshot.description if snapshot.HasField("description") else None,
    )
