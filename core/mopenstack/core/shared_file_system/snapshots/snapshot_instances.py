"""Instances of snapshots, and the paths by which they are mounted. Source: "
"manila/api/v2/share_snapshot_instances.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system.base import RESETTABLE, ManilaResource, asked, new_status
from mopenstack.core.shared_file_system.snapshots.snapshots import SNAPSHOTS
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.snapshots import snapshot_instances_pb2 as pb2
from mopenstack.shared_file_system.v2.snapshots.snapshot_instances_pb2 import SnapshotExportLocation, SnapshotInstance
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot


class SnapshotInstances(ManilaResource[SnapshotInstance]):
    service = pb2.DESCRIPTOR.services_by_name["SnapshotInstances"]
    message = SnapshotInstance
    not_found = refusals.SnapshotInstanceNotFound

    async def reset_snapshot_instance_status(
        self, call: Call, request: pb2.ResetSnapshotInstanceStatusRequest
    ) -> Result:
        status = new_status(request, RESETTABLE)
        snapshot = await call.tx.get(Snapshot, call.target.snapshot_id)
        if call.target.main and snapshot is not None:
            await SNAPSHOTS.force(call, copy_of(snapshot), status)
        new = await call.tx.edit(SnapshotInstance, call.target.id)
        new.status = status
        call.stamp(new.updated_at)
        await call.tx.put(new)
        return EMPTY

    async def candidates(self, call: Call, query: common.Query) -> Iterable[SnapshotInstance]:
        id = asked(query, "snapshot_id")
        return await (call.tx.query(SnapshotInstance, snapshot_id=id) if id else call.tx.scan(SnapshotInstance))

    async def view(self, call: Call, obj: SnapshotInstance) -> Message:
        """The status of the main instance is the snapshot's."""
        snapshot = await call.tx.get(Snapshot, obj.snapshot_id) if obj.main else None
        if snapshot is None or snapshot.status == obj.status:
            return obj
        shown = copy_of(obj)
        shown.status = snapshot.status
        return shown


class SnapshotExportLocations(ManilaResource[SnapshotExportLocation]):
    service = pb2.DESCRIPTOR.services_by_name["SnapshotExportLocations"]
    message = SnapshotExportLocation
    not_found = refusals.SnapshotExportLocationNotFound

    async def list_snapshot_export_locations(self, call: Call, request: Any) -> Result:
        return self._listed(call, await call.tx.query(SnapshotExportLocation, snapshot_id=call.target.id))

    async def get_snapshot_export_location(self, call: Call, request: pb2.SnapshotExportLocationRequest) -> Result:
        return await self._one(call, request.export_location_id, "snapshot_id")

    async def list_snapshot_instance_export_locations(self, call: Call, request: Any) -> Result:
        found = await call.tx.query(SnapshotExportLocation, share_snapshot_instance_id=call.target.id)
        return self._listed(call, found)

    async def get_snapshot_instance_export_location(
        self, call: Call, request: pb2.SnapshotInstanceExportLocationRequest
    ) -> Result:
        return await self._one(call, request.export_location_id, "share_snapshot_instance_id")

    @staticmethod
    async def _one(call: Call, id: str, field: str) -> Result:
        found = await call.tx.get(SnapshotExportLocation, id)
        if found is None or getattr(found, field) != call.target.id:
            raise refusals.SnapshotExportLocationNotFound()
        if found.is_admin_only and not call.caller.is_admin:
            raise refusals.SnapshotExportLocationNotFound()
        return pb2.SnapshotExportLocationResponse(share_snapshot_export_location=found)

    @staticmethod
    def _listed(call: Call, found: Iterable[SnapshotExportLocation]) -> Result:
        shown = [one for one in found if call.caller.is_admin or not one.is_admin_only]
        ordered = sorted(shown, key=lambda one: one.place)
        return pb2.ListSnapshotExportLocationsResponse(share_snapshot_export_locations=ordered)
