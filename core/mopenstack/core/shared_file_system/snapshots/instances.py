"""What each instance of a share has of a snapshot. Source: the dummy driver's paths."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.shared_file_system.base import AVAILABLE
from mopenstack.core.shared_file_system.shares.export_locations import ADDRESSES, SERVED
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.snapshots.snapshot_instances_pb2 import SnapshotExportLocation, SnapshotInstance
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot


async def add_instance(call: Call, snapshot: Snapshot, instance: ShareInstance, *, main: bool) -> SnapshotInstance:
    """The snapshot on one instance of its share."""
    made = SnapshotInstance(id=call.ids.uuid(), snapshot_id=snapshot.id, share_id=snapshot.share_id, main=main)
    made.share_instance_id, made.project_id = instance.id, snapshot.project_id
    made.status, made.progress = ("creating", "0%") if main else (AVAILABLE, "100%")
    call.stamp(made.created_at)
    await call.tx.put(made, fresh=True)
    return made


async def export(call: Call, snapshot: Snapshot, instance: SnapshotInstance, *, served: bool) -> None:
    """The paths by which an instance of a snapshot is mounted."""
    path = instance.provider_location
    for place, address in enumerate(SERVED if served else ADDRESSES):
        found = SnapshotExportLocation(
            id=call.ids.uuid(), path=f"{address}:{path}", snapshot_id=snapshot.id, place=place
        )
        found.share_snapshot_instance_id, found.is_admin_only = instance.id, place == 0
        found.project_id = snapshot.project_id
        call.stamp(found.created_at)
        call.stamp(found.updated_at)
        await call.tx.put(found, fresh=True)


def path_of(snapshot: Snapshot, instance: SnapshotInstance) -> str:
    """Where the driver keeps a snapshot."""
    return "/path/to/fake/snapshot/" + f"snapshot_{snapshot.id}_{instance.id}".replace("-", "_")


async def drop_instances(call: Call, share_instance_id: str) -> None:
    """An instance of a share goes, and with it what it had of snapshots."""
    for found in await call.tx.query(SnapshotInstance, share_instance_id=share_instance_id):
        for location in await call.tx.query(SnapshotExportLocation, share_snapshot_instance_id=found.id):
            await call.tx.delete(SnapshotExportLocation, location.id)
        await call.tx.delete(SnapshotInstance, found.id)
