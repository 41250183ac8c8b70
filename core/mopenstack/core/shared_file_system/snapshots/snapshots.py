"""Snapshots of shares. Source: manila/api/v2/share_snapshots.py, manila/share/api.py."""

from __future__ import annotations

from typing import Any, ClassVar

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.shared_file_system import quotas
from mopenstack.core.shared_file_system.base import (
    AVAILABLE,
    CREATING,
    DELETING,
    ERROR,
    RESETTABLE,
    TRANSITIONAL,
    ManilaResource,
    assign,
    check_given_metadata,
    check_metadata,
    check_text,
    drop,
    given,
    new_status,
    no_such_item,
    text,
)
from mopenstack.core.shared_file_system.shares import removal
from mopenstack.core.shared_file_system.shares.shares import own
from mopenstack.core.shared_file_system.shares.states import ANY
from mopenstack.core.shared_file_system.snapshots import instances
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots import snapshots_pb2 as pb2
from mopenstack.shared_file_system.v2.snapshots.snapshot_instances_pb2 import SnapshotInstance
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot

METADATA_SINCE, SERVERS_SINCE = 73, 49


def _refuse(action: Action, snapshot: Snapshot) -> Fault:
    return refusals.InvalidShareSnapshot(why="Share Snapshot status must be one of ('available', 'error')")


SNAPSHOTS: Lifecycle[Snapshot] = Lifecycle(
    Snapshot,
    (
        Action("create", frozenset({CREATING}), to=AVAILABLE, seconds=2),
        Action("manage", frozenset({"manage_starting"}), seconds=1, error="manage_error"),
        Action("unmanage", ANY - TRANSITIONAL, interim="unmanage_starting", seconds=1, error="unmanage_error"),
        Action("delete", frozenset({AVAILABLE, ERROR}), interim=DELETING, seconds=2, error="error_deleting"),
        Action("force_delete", ANY, interim=DELETING, seconds=2, error="error_deleting", cancels=True),
        Action("reset_status", ANY, seconds=0, cancels=True),
    ),
    _refuse,
    error=ERROR,
)


class Snapshots(ManilaResource[Snapshot]):
    service = pb2.DESCRIPTOR.services_by_name["Snapshots"]
    message = Snapshot
    not_found = refusals.SnapshotNotFound
    lifecycle = SNAPSHOTS
    counted_since = 79
    own_filters: ClassVar[tuple[str, ...] | None] = (
        "name", "status", "share_id", "size", "name~", "description~", "description", "metadata",
    )  # fmt: skip

    # -- the RPCs

    async def create_snapshot(self, call: Call, request: pb2.CreateSnapshotRequest) -> Result:
        body = request.snapshot
        share = await call.tx.get(Share, body.share_id)
        mine = share is not None and (call.caller.is_admin or share.project_id == call.caller.project_id)
        if share is None or not (mine or share.is_public):
            raise refusals.ShareNotThere()
        if not share.snapshot_support:
            raise refusals.Unprocessable(
                f"Snapshots cannot be created for share '{share.id}' since it does not have that capability."
            )
        if share.is_soft_deleted:
            raise refusals.ForbiddenNow(
                f"Snapshots cannot be created for share '{share.id}' since it has been soft deleted."
            )
        name, description = text(body, "name", "display_name"), text(body, "description", "display_description")
        check_text(name, "name")
        check_text(description, "description")
        own(call, share, "share:create_snapshot")
        check_metadata(body.metadata)
        if share.status != AVAILABLE:
            raise refusals.InvalidShare(why=f"Source share status must be {AVAILABLE}")
        removal.check_busy(share, refusals.ShareIsBusy)
        return await self.make(call, share, name, description, dict(body.metadata))

    async def make(
        self, call: Call, share: Share, name: str | None, description: str | None, metadata: dict[str, str]
    ) -> Snapshot:
        """A new snapshot of a share, within the quota of the caller's project."""
        project, user = call.caller.project_id, call.caller.user_id
        await quotas.take(call, project, user, share.share_type_id, snapshots=1, snapshot_gigabytes=share.size)
        snapshot = _of(call, share)
        snapshot.status, snapshot.size, snapshot.progress = CREATING, share.size, "0%"
        snapshot.metadata.update(metadata)
        assign(snapshot, "name", name)
        assign(snapshot, "description", description)
        snapshot = await self.insert(call, snapshot)
        for instance in await call.tx.query(ShareInstance, share_id=share.id):
            if instance.main or instance.replica_state:
                await instances.add_instance(call, snapshot, instance, main=instance.main)
        await SNAPSHOTS.enter(call, snapshot, "create")
        return snapshot

    async def manage_snapshot(self, call: Call, request: pb2.ManageSnapshotRequest) -> Result:
        if not request.HasField("snapshot"):
            raise refusals.Unprocessable("Snapshot entity not found in request body.")
        body = request.snapshot
        for name in ("share_id", "provider_location"):
            check_parameter(
                name, given(getattr(body, name)), getattr(body, name).WhichOneof("kind"), refusals.Unprocessable
            )
        location = str(given(body.provider_location))
        share = await call.tx.get(Share, str(given(body.share_id)))
        if share is None:
            raise refusals.ShareOfSnapshotNotFound(id=given(body.share_id))
        if share.is_soft_deleted:
            raise refusals.ForbiddenNow(
                f"Can not manage snapshot for share '{share.id}' since it has been soft deleted."
            )
        if share.has_replicas:
            raise refusals.InvalidShareConflict(
                why=f"Share {share.id} has replicas. Snapshots of this share cannot currently be managed until all "
                "replicas are removed"
            )
        for other in await call.tx.query(Snapshot, share_id=share.id):
            if location in (other.provider_location, other.wanted_location):
                raise refusals.InvalidSnapshotConflict(
                    why=f"A share snapshot {other.id} is already managed for provider location {location}."
                )
        snapshot = _of(call, share)
        snapshot.status, snapshot.progress = "manage_starting", "0%"
        snapshot.provider_location = snapshot.wanted_location = location
        snapshot.metadata.update(body.metadata)
        assign(snapshot, "name", text(body, "display_name", "name"))
        assign(snapshot, "description", text(body, "display_description", "description"))
        snapshot = await self.insert(call, snapshot)
        for instance in await call.tx.query(ShareInstance, share_id=share.id):
            if instance.main:
                await instances.add_instance(call, snapshot, instance, main=True)
        await SNAPSHOTS.enter(call, snapshot, "manage")
        return snapshot

    async def update_snapshot(self, call: Call, request: pb2.UpdateSnapshotRequest) -> Result:
        body, paths = request.snapshot, set(request.mask.paths)
        check_text(body.display_name, "display_name")
        check_text(body.display_description, "display_description")
        new = await call.tx.edit(Snapshot, call.target.id)
        for field in ("name", "description"):
            if f"display_{field}" in paths:
                assign(new, field, text(body, f"display_{field}"))
        await self.save(call, new)
        return new

    async def delete_snapshot(self, call: Call, request: Any) -> Result:
        await SNAPSHOTS.begin(call, copy_of(call.target), "delete")
        return EMPTY

    async def reset_snapshot_status(self, call: Call, request: pb2.ResetSnapshotStatusRequest) -> Result:
        await SNAPSHOTS.force(call, copy_of(call.target), new_status(request, RESETTABLE))
        return EMPTY

    async def force_delete_snapshot(self, call: Call, request: Any) -> Result:
        await SNAPSHOTS.begin(call, copy_of(call.target), "force_delete")
        return EMPTY

    async def unmanage_snapshot(self, call: Call, request: Any) -> Result:
        snapshot = call.target
        share = await call.tx.get(Share, snapshot.share_id)
        if share is not None and share.share_server_id and not call.at_least(SERVERS_SINCE):
            raise refusals.ForbiddenNow(
                "Operation 'unmanage_snapshot' is not supported for snapshots of shares that are created with share "
                "servers (created with share-networks)."
            )
        if share is not None and share.has_replicas:
            raise refusals.Conflicting(
                f"Share {share.id} has replicas. Snapshots of this share cannot currently be unmanaged until all "
                "replicas are removed."
            )
        if snapshot.status in TRANSITIONAL:
            raise refusals.ForbiddenNow(
                f"Snapshot with transitional state cannot be unmanaged. Snapshot '{snapshot.id}' is in "
                f"'{snapshot.status}' state."
            )
        await SNAPSHOTS.begin(call, copy_of(snapshot), "unmanage")
        return EMPTY

    # -- hooks

    async def list(self, call: Call, request: Any) -> Result:
        gone = [] if call.at_least(36) else ["name~", "description~", "description"]
        drop(request.query, [*gone, *([] if call.at_least(METADATA_SINCE) else ["metadata"])])
        return await super().list(call, request)

    async def remove(self, call: Call, obj: Snapshot) -> None:
        if obj.HasField("size"):
            await quotas.give(
                call, obj.project_id, obj.user_id, obj.share_type_id, snapshots=1, snapshot_gigabytes=obj.size
            )


def _of(call: Call, share: Share) -> Snapshot:
    """What a snapshot has of its share."""
    snapshot = Snapshot(share_id=share.id, share_size=share.size, share_proto=share.share_proto)
    snapshot.share_type_id = share.share_type_id
    snapshot.project_id, snapshot.user_id = call.caller.project_id, call.caller.user_id
    return snapshot


def check_parameter(name: str, value: Any, kind: str | None, refusal: type[Fault]) -> None:
    """Refuse a parameter that is absent, empty or no text."""
    if kind is None:
        raise refusal(f"Required parameter {name} not found.")
    if not value:
        raise refusal(f"Required parameter {name} is empty.")
    if not isinstance(value, str):
        raise refusal(f"Parameter {name} must be a string.")


async def _main(call: Call, snapshot: Snapshot) -> SnapshotInstance | None:
    found = [one for one in await call.tx.query(SnapshotInstance, snapshot_id=snapshot.id) if one.main]
    return await call.tx.edit(SnapshotInstance, found[0].id) if found else None


async def _settle(call: Call, snapshot: Snapshot) -> None:
    """The snapshot is on the back end, and may be mounted."""
    instance = await _main(call, snapshot)
    share = await call.tx.get(Share, snapshot.share_id)
    snapshot.progress = "100%"
    if instance is None or share is None:
        return
    if not snapshot.provider_location:
        snapshot.provider_location = instances.path_of(snapshot, instance)
    instance.status, instance.progress = AVAILABLE, "100%"
    instance.provider_location = snapshot.provider_location
    call.stamp(instance.updated_at)
    await call.tx.put(instance)
    if share.mount_snapshot_support:
        await instances.export(call, snapshot, instance, served=bool(share.share_server_id))


@SNAPSHOTS.on("create")
async def _created(call: Call, snapshot: Snapshot) -> None:
    await _settle(call, snapshot)


@SNAPSHOTS.on("manage")
async def _managed(call: Call, snapshot: Snapshot) -> None:
    """A snapshot that the driver does not know is in error."""
    snapshot.wanted_location = ""
    share = await call.tx.get(Share, snapshot.share_id)
    if share is None or "snapshot_" not in snapshot.provider_location:
        snapshot.status = "manage_error"
        return
    snapshot.status, snapshot.size = AVAILABLE, 1
    await quotas.take(
        call, snapshot.project_id, snapshot.user_id, snapshot.share_type_id, snapshots=1, snapshot_gigabytes=1
    )
    await _settle(call, snapshot)


@SNAPSHOTS.on("delete", "force_delete", "unmanage")
async def _deleted(call: Call, snapshot: Snapshot) -> None:
    await call.service(Snapshots).discard(call, snapshot)


METADATA = Collection("share_snapshot", "metadata", check=check_given_metadata, missing=no_such_item)


class SnapshotMetadata(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["SnapshotMetadata"]
