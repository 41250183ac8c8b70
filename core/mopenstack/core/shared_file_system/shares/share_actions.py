"""Actions on shares: size, status, recycle bin, snapshots. Source: manila/api/v2/shares.py, manila/share/api.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import Outcome
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import quotas
from mopenstack.core.shared_file_system.base import AVAILABLE, ManilaServicer, boolean, given, not_allowed
from mopenstack.core.shared_file_system.shares import removal
from mopenstack.core.shared_file_system.shares.create import check_provisioning
from mopenstack.core.shared_file_system.shares.shares import SOFT_DELETED, own
from mopenstack.core.shared_file_system.shares.states import IDLE, SHARES, SHRINKABLE
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares import share_actions_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot
from mopenstack.shared_file_system.v2.types.share_types_pb2 import StoredShareType

RECYCLED = 7 * 24 * 3600
"""manila.conf's soft_deleted_share_retention_time, in seconds."""
FORCE_SINCE = 64


class ShareActions(ManilaServicer):
    service = pb2.DESCRIPTOR.services_by_name["ShareActions"]
    experimental: ClassVar[Mapping[str, tuple[int, int]]] = {"ResetShareTaskState": (22, 10_000)}

    async def extend_share(self, call: Call, request: pb2.ExtendShareRequest) -> Result:
        share, size = call.target, request.extend.new_size
        force = given(request.extend.force)
        forced = force is not None and boolean(force, f"Invalid boolean force : {force}")
        _not_recycled(share, "extend")
        own(call, share, "share:extend")
        if forced and not call.caller.is_admin:
            raise not_allowed("share:force_extend")
        if share.status != AVAILABLE:
            raise refusals.InvalidShare(
                why=f"Share {share.id} status must be '{AVAILABLE}' to extend, but current status is: {share.status}"
            )
        removal.check_busy(share, refusals.ShareIsBusy)
        if size <= share.size:
            raise refusals.InvalidInput(
                why=f"New size for extend must be greater than current size. (current: {share.size}, extended: {size})"
            )
        await quotas.check_size(call, share.project_id, size)
        kind = await call.tx.get(StoredShareType, share.share_type_id)
        check_provisioning(kind, size, "admin-extend" if call.caller.is_admin else "extend")
        units = {"gigabytes": size - share.size}
        if share.replication_type:
            units["replica_gigabytes"] = len(await call.tx.query(ShareInstance, share_id=share.id)) * units["gigabytes"]
        try:
            await quotas.take(call, share.project_id, share.user_id, share.share_type_id, **units)
        except refusals.ShareSizeExceedsAvailableQuota:
            raise refusals.ExtendExceedsQuota() from None
        new = copy_of(share)
        new.previous_size = size
        await SHARES.begin(call, new, "extend")
        return EMPTY

    async def shrink_share(self, call: Call, request: pb2.ShrinkShareRequest) -> Result:
        share, size = call.target, request.shrink.new_size
        _not_recycled(share, "shrink")
        own(call, share, "share:shrink")
        if share.status not in SHRINKABLE:
            raise refusals.InvalidShare(
                why=f"Share {share.id} status must in (available, shrinking_possible_data_loss_error) to shrink, but "
                f"current status is: {share.status}"
            )
        removal.check_busy(share, refusals.ShareIsBusy)
        if size >= share.size or size <= 0:
            raise refusals.InvalidInput(
                why="New size for shrink must be less than current size and greater than 0 (current: "
                f"{share.size}, new: {size})"
            )
        check_provisioning(await call.tx.get(StoredShareType, share.share_type_id), size, "shrink")
        new = copy_of(share)
        new.previous_size = size
        await SHARES.begin(call, new, "shrink")
        return EMPTY

    async def reset_share_status(self, call: Call, request: pb2.ResetShareStatusRequest) -> Result:
        if not request.reset_status.HasField("status"):
            raise refusals.Refused("Must specify 'status'")
        if call.target.is_soft_deleted:
            raise refusals.ForbiddenNow(f"status cannot be reset for share '{call.target.id}' {SOFT_DELETED}.")
        await SHARES.force(call, copy_of(call.target), request.reset_status.status)
        return EMPTY

    async def reset_share_task_state(self, call: Call, request: pb2.ResetShareTaskStateRequest) -> Result:
        if "task_state" not in request.mask.paths:
            raise refusals.Refused("Must specify 'task_state'")
        if call.target.is_soft_deleted:
            raise refusals.ForbiddenNow(f"task state cannot be reset for share '{call.target.id}' {SOFT_DELETED}.")
        new = await call.tx.edit(Share, call.target.id)
        if request.reset_task_state.task_state:
            new.task_state = request.reset_task_state.task_state
        else:
            new.ClearField("task_state")
        await call.tx.put(new)
        return EMPTY

    async def force_delete_share(self, call: Call, request: Any) -> Result:
        await removal.begin(call, call.target, "force_delete")
        return EMPTY

    async def soft_delete_share(self, call: Call, request: Any) -> Result:
        share = call.target
        own(call, share, "share:get")
        await removal.check_locks(call, share)
        if share.is_soft_deleted:
            raise refusals.InvalidShareForChange(why="The share has been soft deleted already")
        if share.status not in IDLE:
            raise refusals.InvalidShareForChange(why=f"Share status must be one of {removal.STATUSES}")
        await removal.check_alone(call, share, "soft deleting")
        removal.check_busy(share, refusals.ShareIsBusyForChange)
        new = await call.tx.edit(Share, share.id)
        new.is_soft_deleted = True
        call.stamp(new.scheduled_to_be_deleted_at, call.time + RECYCLED)
        await call.tx.put(new)
        return EMPTY

    async def restore_share(self, call: Call, request: Any) -> Result | Outcome:
        share = call.target
        own(call, share, "share:get")
        if not share.is_soft_deleted:
            return Outcome("not_deleted", EMPTY)
        if share.status in ("deleting", "error_deleting"):
            raise refusals.ForbiddenNow(
                f"Share {share.id} is being deleted or has suffered an error during deletion, cannot be restored."
            )
        new = await call.tx.edit(Share, share.id)
        new.is_soft_deleted = False
        new.ClearField("scheduled_to_be_deleted_at")
        await call.tx.put(new)
        return EMPTY

    async def revert_share(self, call: Call, request: pb2.RevertShareRequest) -> Result:
        share, id = call.target, request.revert.snapshot_id
        snapshot = await call.tx.get(Snapshot, id)
        if snapshot is None or not (call.caller.is_admin or snapshot.project_id == call.caller.project_id):
            raise refusals.SnapshotOfRevertNotFound(id=id)
        own(call, share, "share:get")
        await _check_revert(call, share, snapshot)
        if snapshot.size > share.size:
            more = snapshot.size - share.size
            await quotas.take(call, share.project_id, share.user_id, share.share_type_id, gigabytes=more)
        await _set_snapshot(call, snapshot.id, "restoring")
        new = copy_of(share)
        new.pending_id = snapshot.id
        await SHARES.begin(call, new, "revert")
        return EMPTY


async def _check_revert(call: Call, share: Share, snapshot: Snapshot) -> None:
    if share.is_soft_deleted:
        raise refusals.ForbiddenNow(f"Share '{share.id} cannot revert to snapshot, {SOFT_DELETED}.")
    if not share.revert_to_snapshot_support:
        raise refusals.Refused(
            f"Share {share.id} may not be reverted to snapshot {snapshot.id}, because the share does not have that "
            "capability."
        )
    if snapshot.share_id != share.id:
        raise refusals.Refused(f"Snapshot {snapshot.id} is not associated with share {share.id}.")
    if share.status != AVAILABLE:
        raise refusals.Conflicting(
            f"Share {share.id} is in '{share.status}' state, but it must be in '{AVAILABLE}' state to be reverted to a "
            "snapshot."
        )
    if snapshot.status != AVAILABLE:
        raise refusals.Conflicting(
            f"Snapshot {snapshot.id} is in '{snapshot.status}' state, but it must be in '{AVAILABLE}' state to be "
            "restored."
        )
    removal.check_busy(share, refusals.ShareIsBusy)
    others = await call.tx.query(Snapshot, share_id=share.id)
    latest = max(others, key=lambda one: (one.created_at.seconds, one.created_at.nanos))
    if latest.id != snapshot.id:
        raise refusals.Conflicting(
            f"Snapshot {snapshot.id} may not be restored because it is not the most recent snapshot of share "
            f"{share.id}. Currently the latest snapshot is {latest.id}."
        )
    if share.access_rules_status != "active":
        raise refusals.Conflicting(
            f"Snapshot {snapshot.id} belongs to a share {share.id} which has access rules that are not active."
        )


def _not_recycled(share: Share, what: str) -> None:
    if share.is_soft_deleted:
        raise refusals.ForbiddenNow(f"Cannot {what} share '{share.id}' {SOFT_DELETED}.")


async def _set_snapshot(call: Call, id: str, status: str) -> Snapshot:
    snapshot = await call.tx.edit(Snapshot, id)
    snapshot.status = status
    await call.tx.put(snapshot)
    return snapshot


@SHARES.on("revert")
async def _reverted(call: Call, share: Share) -> None:
    """The share is as it was; so is its size."""
    if await call.tx.get(Snapshot, share.pending_id) is not None:
        snapshot = await _set_snapshot(call, share.pending_id, AVAILABLE)
        if snapshot.size < share.size:
            less = share.size - snapshot.size
            await quotas.give(call, share.project_id, share.user_id, share.share_type_id, gigabytes=less)
        share.size = snapshot.size
    share.pending_id = ""


@SHARES.fails("revert")
async def _not_reverted(call: Call, share: Share, why: str) -> None:
    if await call.tx.get(Snapshot, share.pending_id) is not None:
        await _set_snapshot(call, share.pending_id, AVAILABLE)
    share.pending_id = ""
