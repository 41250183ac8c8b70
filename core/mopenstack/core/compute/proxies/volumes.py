"""Volumes and snapshots through Nova. Source: nova/api/openstack/compute/volumes.py, snapshots.py."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import volumes_pb2 as pb
from mopenstack.contract.faults import NotFound
from mopenstack.contract.operations import enum_words
from mopenstack.core.compute.proxies import limited, listed
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.volume.v3 import snapshots_pb2
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes import volumes_pb2
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

CINDER = "mopenstack.volume.v3"
MICROVERSION = 0
"""Nova asks for 3.0: a snapshot of a volume in use needs `force`."""

_VOLUME_WORDS = enum_words(Volume.DESCRIPTOR.fields_by_name["status"])
_SNAPSHOT_WORDS = enum_words(Snapshot.DESCRIPTOR.fields_by_name["status"])


class Volumes(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Volumes"]

    async def list_volumes(self, call: Call, request: pb.ListVolumesRequest) -> Result:
        found = await listed(call, f"{CINDER}.Volumes.ListVolumesDetail", volumes_pb2.ListVolumesRequest())
        return pb.ListVolumesResponse(volumes=[_volume(item) for item in limited(found, request.query)])

    list_volumes_detail = list_volumes

    async def get_volume(self, call: Call, request: pb.VolumeRequest) -> Result:
        return _volume(await _find_volume(call, request.volume_id))

    async def create_volume(self, call: Call, request: pb.CreateVolumeRequest) -> Result:
        body, create = request.volume, volumes_pb2.CreateVolumeRequest()
        if body.snapshot_id:
            await _find_snapshot(call, body.snapshot_id)
            create.volume.snapshot_id = body.snapshot_id
        if body.volume_type:
            create.volume.volume_type = body.volume_type
        if body.availability_zone:
            create.volume.availability_zone = body.availability_zone
        create.volume.size = body.size
        create.volume.metadata.update(body.metadata)
        create.volume.name, create.volume.description = body.display_name, body.display_description
        return _volume(await call.invoke(f"{CINDER}.Volumes.CreateVolume", create, microversion=MICROVERSION))

    async def delete_volume(self, call: Call, request: pb.VolumeRequest) -> Result:
        volume = await _find_volume(call, request.volume_id)
        delete = volumes_pb2.DeleteVolumeRequest(volume_id=volume.id)
        await call.invoke(f"{CINDER}.Volumes.DeleteVolume", delete, microversion=MICROVERSION)
        return EMPTY


class Snapshots(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Snapshots"]

    async def list_snapshots(self, call: Call, request: pb.ListSnapshotsRequest) -> Result:
        found = await listed(call, f"{CINDER}.Snapshots.ListSnapshotsDetail", snapshots_pb2.ListSnapshotsRequest())
        return pb.ListSnapshotsResponse(snapshots=[_snapshot(item) for item in limited(found, request.query)])

    list_snapshots_detail = list_snapshots

    async def get_snapshot(self, call: Call, request: pb.SnapshotRequest) -> Result:
        return _snapshot(await _find_snapshot(call, request.snapshot_id))

    async def create_snapshot(self, call: Call, request: pb.CreateSnapshotRequest) -> Result:
        body, create = request.snapshot, snapshots_pb2.CreateSnapshotRequest()
        create.snapshot.volume_id = (await _find_volume(call, body.volume_id)).id
        create.snapshot.force = body.force
        create.snapshot.name, create.snapshot.description = body.display_name, body.display_description
        return _snapshot(await call.invoke(f"{CINDER}.Snapshots.CreateSnapshot", create, microversion=MICROVERSION))

    async def delete_snapshot(self, call: Call, request: pb.SnapshotRequest) -> Result:
        snapshot = await _find_snapshot(call, request.snapshot_id)
        delete = snapshots_pb2.DeleteSnapshotRequest(snapshot_id=snapshot.id)
        await call.invoke(f"{CINDER}.Snapshots.DeleteSnapshot", delete, microversion=MICROVERSION)
        return EMPTY


async def _find_volume(call: Call, id: str) -> Volume:
    try:
        found: Volume = await call.invoke(f"{CINDER}.Volumes.GetVolume", volumes_pb2.GetVolumeRequest(volume_id=id))
    except NotFound:
        raise refusals.VolumeProxyNotFound(id=id) from None
    return found


async def _find_snapshot(call: Call, id: str) -> Snapshot:
    try:
        found: Snapshot = await call.invoke(
            f"{CINDER}.Snapshots.GetSnapshot", snapshots_pb2.GetSnapshotRequest(snapshot_id=id)
        )
    except NotFound:
        raise refusals.SnapshotProxyNotFound(id=id) from None
    return found


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
