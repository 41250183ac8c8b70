"""Snapshots of volumes. Source: cinder/api/v3/snapshots.py, contrib/snapshot_actions.py, volume/api.py."""

from __future__ import annotations

import re
from typing import Any, cast

from mopenstack.contract.faults import BadRequest, Fault
from mopenstack.contract.operations import enum_words
from mopenstack.contract.values import whole_number
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle, in_state
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


def refuse(action: Action, snapshot: Snapshot) -> Fault:
    """The one rule that snapshots have; force waives the state alone."""
    if action.name == "force_delete":
        return InvalidSnapshot(why="Snapshot  must not be part of a group.")
    return InvalidSnapshot(why="Snapshot status must be available or error and must not be part of a group.")


def in_group_snapshot(call: Call, snapshot: Snapshot, action: Action) -> Fault | None:
    """A snapshot goes only with its group snapshot."""
    return refuse(action, snapshot) if snapshot.group_snapshot_id and action.name in REMOVALS else None


REMOVALS = ("delete", "force_delete", "unmanage")
SNAPSHOTS: Lifecycle[Snapshot] = Lifecycle(
    Snapshot,
    (
        Action("create", frozenset({Snapshot.CREATING})),  # to available, or to error
        Action(
            "delete",
            frozenset({Snapshot.AVAILABLE, Snapshot.ERROR}),
            interim=Snapshot.DELETING,
            error=Snapshot.ERROR_DELETING,
        ),
        Action("force_delete", frozenset(WORDS), interim=Snapshot.DELETING, error=Snapshot.ERROR_DELETING),
        Action("unmanage", frozenset({Snapshot.AVAILABLE, Snapshot.ERROR}), interim=Snapshot.UNMANAGING),
        Action("reset_status", frozenset(WORDS), seconds=0, cancels=True),
        Action("update_status", frozenset(WORDS), seconds=0, cancels=True),
    ),
    refuse,
    error=Snapshot.ERROR,
    guards=(in_group_snapshot, in_state),
)


class Snapshots(CinderResource[Snapshot]):
    service = pb2.DESCRIPTOR.services_by_name["Snapshots"]
    message = Snapshot
    not_found = SnapshotNotFound
    lifecycle = SNAPSHOTS
    resource = "snapshot"
    simple = ("status", "volume_id", "name", "metadata")

    # -- hooks

    async def prepare(self, call: Call, obj: Snapshot, request: Any, given: set[str]) -> None:
        if not isinstance(request, pb2.CreateSnapshotRequest):
            return  # made by `make`
        body = request.snapshot
        check_metadata(body.metadata)
        volume = await call.service(Volumes).fetch(call, body.volume_id if body.HasField("volume_id") else "None")
        await scheduling.refuse_frozen(call, volume.host)
        in_use_too = call.at_least(SNAPSHOT_IN_USE_SINCE)
        if in_use_too and body.HasField("force") and not body.force:
            raise BadRequest(FORCE_IS_GONE)
        VOLUMES.check(call, volume, "snapshot_attached" if body.force or in_use_too else "snapshot")
        assign(obj, "name", text(body, "name", "display_name"))
        assign(obj, "description", text(body, "description"))
        await self._take(call, obj, volume)

    async def change(
        self, call: Call, old: Snapshot, new: Snapshot, request: pb2.UpdateSnapshotRequest, given: set[str]
    ) -> None:
        body = request.snapshot
        if given & {"name", "display_name"}:
            assign(new, "name", text(body, "name", "display_name"))
        if given & {"description", "display_description"}:
            assign(new, "description", text(body, "description", "display_description"))

    async def created(self, call: Call, obj: Snapshot, request: Any) -> None:
        await SNAPSHOTS.enter(call, obj, "create")

    async def remove(self, call: Call, obj: Snapshot) -> None:
        volume = await call.tx.get(Volume, obj.volume_id)
        if volume is not None:
            await quotas.give(call, obj.project_id, quotas.units(volume.volume_type, snapshots=1, gigabytes=obj.size))

    # -- what other resources and services call

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
        snapshot = Snapshot(metadata=metadata, source_name=source_name)
        assign(snapshot, "group_snapshot_id", group_snapshot_id or None)
        assign(snapshot, "name", name)
        assign(snapshot, "description", description)
        await self._take(call, snapshot, volume)
        return await self.insert(call, snapshot)

    @staticmethod
    async def _take(call: Call, snapshot: Snapshot, volume: Volume) -> None:
        """Take the quota, and what a new snapshot has of its volume."""
        project = call.caller.project_id
        await quotas.take(call, project, quotas.units(volume.volume_type, snapshots=1, gigabytes=volume.size))
        snapshot.volume_id, snapshot.size = volume.id, volume.size
        snapshot.volume_type_id, snapshot.availability_zone = volume.volume_type_id, volume.availability_zone
        snapshot.status, snapshot.progress, snapshot.consumes_quota = Snapshot.CREATING, "0%", True
        snapshot.project_id, snapshot.user_id = project, call.caller.user_id


@SNAPSHOTS.prepares("delete", "force_delete", unchecked=True)
async def _prepare_delete(call: Call, snapshot: Snapshot, request: pb2.DeleteSnapshotRequest) -> None:
    volume = await call.tx.get(Volume, snapshot.volume_id)
    await scheduling.refuse_frozen(call, volume.host if volume is not None else "")


@SNAPSHOTS.prepares("reset_status")
async def _reset_status(call: Call, snapshot: Snapshot, request: pb2.ResetSnapshotStatusRequest) -> None:
    status = request.reset_status.status
    if status.lower() not in NUMBERS:
        raise ParameterRefused(f"Snapshot status: {status} is invalid, valid statuses are: {VALID}.")
    snapshot.status = cast("Snapshot.Status", NUMBERS[status.lower()])


@SNAPSHOTS.prepares("update_status")
async def _update_status(call: Call, snapshot: Snapshot, request: pb2.UpdateSnapshotStatusRequest) -> None:
    """What a hypervisor's driver reports: only a snapshot being created or deleted has anything to report."""
    status, progress = request.update.status, request.update.progress.string_value
    now = WORDS[snapshot.status]
    if now not in REPORTED:
        raise BadRequest(f"Snapshot status {now} not allowed for update_snapshot_status")
    if status not in REPORTED[now]:
        raise BadRequest(f"Provided snapshot status {status} not allowed for snapshot with status {now}.")
    if progress and not (re.fullmatch(r"\d+%", progress) and whole_number(progress[:-1]) <= 100):
        raise InvalidInput(why="progress must be an integer percentage between 0 and 100")
    snapshot.status = cast("Snapshot.Status", NUMBERS[status])
    snapshot.progress = progress or snapshot.progress


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
