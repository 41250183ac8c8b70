"""Snapshots of volumes. Source: cinder/api/v3/snapshots.py, contrib/snapshot_actions.py, volume/api.py."""

from __future__ import annotations

import re
from typing import Any, cast

from mopenstack.contract.faults import BadRequest, Fault
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.lifecycle import Action, Lifecycle
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.volume.base import CinderResource, assign, text
from mopenstack.core.volume.hosts import scheduling
from mopenstack.core.volume.quotas import quotas
from mopenstack.core.volume.volumes.lifecycle import VOLUMES
from mopenstack.core.volume.volumes.metadata import check_metadata
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3 import snapshots_pb2 as pb2
from mopenstack.volume.v3.refusals import InvalidInput, InvalidSnapshot, ParameterRefused, SnapshotNotFound
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes.manageable_pb2 import StorageObject
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

SNAPSHOT_IN_USE_SINCE = 66
FORCE_IS_GONE = (
    "Since microversion 3.66 the 'force' flag is invalid for this request. For backward compatability, however, when "
    "the 'force' flag is passed with a value evaluating to True, it is silently ignored."
)
WORDS = enum_words(Snapshot.DESCRIPTOR.fields_by_name["status"])
NUMBERS = {word: number for number, word in WORDS.items()}
VALID = (
    "error", "available", "creating", "deleting", "deleted", "updating", "error_deleting", "unmanaging", "backing-up",
    "restoring",
)  # fmt: skip
"""cinder.objects.fields.SnapshotStatus.ALL, in its order."""
REPORTED = {"creating": ("creating", "available", "error"), "deleting": ("deleting", "error_deleting")}
"""Status -> what a hypervisor's driver may report for it."""


def refuse(action: Action, _snapshot: Snapshot) -> Fault:
    """The one state rule that snapshots have; force waives the state alone."""
    if action.name == "force_delete":
        return InvalidSnapshot(why="Snapshot  must not be part of a group.")
    return InvalidSnapshot(why="Snapshot status must be available or error and must not be part of a group.")


SNAPSHOTS: Lifecycle[Snapshot] = Lifecycle(
    Snapshot,
    (
        Action("create", frozenset({Snapshot.CREATING})),  # to available, or to error
        Action("delete", frozenset({Snapshot.AVAILABLE, Snapshot.ERROR}), interim=Snapshot.DELETING),
        Action("force_delete", frozenset(WORDS), interim=Snapshot.DELETING),
        Action("unmanage", frozenset({Snapshot.AVAILABLE, Snapshot.ERROR}), interim=Snapshot.UNMANAGING),
    ),
    refuse,
)


class Snapshots(CinderResource[Snapshot]):
    service = pb2.DESCRIPTOR.services_by_name["Snapshots"]
    message = Snapshot
    not_found = SnapshotNotFound
    lifecycle = SNAPSHOTS
    resource = "snapshot"
    simple = ("status", "volume_id", "name", "metadata")

    async def create_snapshot(self, call: Call, request: pb2.CreateSnapshotRequest) -> Result:
        body = request.snapshot
        check_metadata(body.metadata)
        volume = await call.service(Volumes).fetch(call, body.volume_id if body.HasField("volume_id") else "None")
        await scheduling.refuse_frozen(call, volume.host)
        in_use_too = call.at_least(SNAPSHOT_IN_USE_SINCE)
        if in_use_too and body.HasField("force") and not body.force:
            raise BadRequest(FORCE_IS_GONE)
        VOLUMES.check(call, volume, "snapshot_attached" if body.force or in_use_too else "snapshot")
        name, description = text(body, "name", "display_name"), text(body, "description")
        return await self.make(call, volume, name, description, body.metadata)

    async def update_snapshot(self, call: Call, request: pb2.UpdateSnapshotRequest) -> Result:
        body, given = request.snapshot, envelope(request)[1]
        snapshot = await call.tx.edit(Snapshot, call.target.id)
        if given & {"name", "display_name"}:
            assign(snapshot, "name", text(body, "name", "display_name"))
        if given & {"description", "display_description"}:
            assign(snapshot, "description", text(body, "description", "display_description"))
        await self.save(call, snapshot)
        return snapshot

    async def delete_snapshot(self, call: Call, request: pb2.DeleteSnapshotRequest) -> Result:
        await self.begin_delete(call, "delete")
        return EMPTY

    async def force_delete_snapshot(self, call: Call, request: pb2.DeleteSnapshotRequest) -> Result:
        await self.begin_delete(call, "force_delete")
        return EMPTY

    async def reset_snapshot_status(self, call: Call, request: pb2.ResetSnapshotStatusRequest) -> Result:
        status = request.reset_status.status
        if status.lower() not in NUMBERS:
            raise ParameterRefused(f"Snapshot status: {status} is invalid, valid statuses are: {VALID}.")
        await self._set_status(call, status.lower())
        return EMPTY

    async def update_snapshot_status(self, call: Call, request: pb2.UpdateSnapshotStatusRequest) -> Result:
        """What a hypervisor's driver reports: only a snapshot being created or deleted has anything to report."""
        status, progress = request.update.status, request.update.progress.string_value
        now = WORDS[call.target.status]
        if now not in REPORTED:
            raise BadRequest(f"Snapshot status {now} not allowed for update_snapshot_status")
        if status not in REPORTED[now]:
            raise BadRequest(f"Provided snapshot status {status} not allowed for snapshot with status {now}.")
        if progress and not (re.fullmatch(r"\d+%", progress) and int(progress[:-1]) <= 100):
            raise InvalidInput(why="progress must be an integer percentage between 0 and 100")
        await self._set_status(call, status, progress)
        return EMPTY

    # -- hooks

    async def created(self, call: Call, obj: Snapshot, request: Any) -> None:
        await call.tx.schedule(obj, "create", call.cloud.due(SNAPSHOTS.actions["create"].seconds))

    async def remove(self, call: Call, obj: Snapshot) -> None:
        volume = await call.tx.get(Volume, obj.volume_id)
        if volume is not None:
            await quotas.give(call, obj.project_id, quotas.units(volume.volume_type, snapshots=1, gigabytes=obj.size))

    # -- what other resources and services call

    async def begin_delete(self, call: Call, action: str) -> None:
        """Start the delete (or unmanage) of the snapshot that the path names; raises InvalidSnapshot."""
        snapshot = await call.tx.edit(Snapshot, call.target.id)
        volume = await call.tx.get(Volume, snapshot.volume_id)
        if action != "unmanage":
            await scheduling.refuse_frozen(call, volume.host if volume is not None else "")
        if snapshot.group_snapshot_id:
            raise refuse(SNAPSHOTS.actions[action], snapshot)
        await SNAPSHOTS.begin(call, snapshot, action)

    async def make(
        self,
        call: Call,
        volume: Volume,
        name: str | None,
        description: str | None = None,
        metadata: Any = None,
        *,
        group_snapshot_id: str = "",
        source_name: str = "",
    ) -> Snapshot:
        """A new snapshot in `creating`; takes its quota. Nova's createImage of a volume-backed server calls it.

        `source_name` is the logical volume that it is managed from.
        """
        project = call.caller.project_id
        await quotas.take(call, project, quotas.units(volume.volume_type, snapshots=1, gigabytes=volume.size))
        snapshot = Snapshot(
            volume_id=volume.id,
            status=Snapshot.CREATING,
            size=volume.size,
            metadata=metadata,
            user_id=call.caller.user_id,
            project_id=project,
            consumes_quota=True,
            progress="0%",
            volume_type_id=volume.volume_type_id,
            availability_zone=volume.availability_zone,
            source_name=source_name,
        )
        assign(snapshot, "group_snapshot_id", group_snapshot_id or None)
        assign(snapshot, "name", name)
        assign(snapshot, "description", description)
        return await self.insert(call, snapshot)

    async def _set_status(self, call: Call, status: str, progress: str = "") -> None:
        snapshot = await call.tx.edit(Snapshot, call.target.id)
        snapshot.status = cast("Snapshot.Status", NUMBERS[status])
        if progress:
            snapshot.progress = progress
        await self.save(call, snapshot)
        await call.tx.unschedule("snapshot", snapshot.id)


@SNAPSHOTS.on("create")
async def _created(call: Call, snapshot: Snapshot) -> None:
    """One that is managed is in error if its pool has nothing under the name."""
    name, snapshot.source_name = snapshot.source_name, ""
    if name:
        left = await call.tx.get(StorageObject, name)
        if left is None or not left.origin:
            snapshot.status = Snapshot.ERROR
            return
        await call.tx.delete(StorageObject, name)
    snapshot.progress, snapshot.status = "100%", Snapshot.AVAILABLE


@SNAPSHOTS.on("delete", "force_delete")
async def _deleted(call: Call, snapshot: Snapshot) -> None:
    await call.service(Snapshots).discard(call, snapshot)
