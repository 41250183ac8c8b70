"""What a share must not have when it goes, and what goes with it. Source: `API.delete` of manila/share/api.py."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.shared_file_system import quotas
from mopenstack.core.shared_file_system.shares.states import BUSY, IDLE, SHARES
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.groups.share_group_snapshots_pb2 import ShareGroupSnapshot
from mopenstack.shared_file_system.v2.shares.resource_locks_pb2 import ResourceLock
from mopenstack.shared_file_system.v2.shares.share_backups_pb2 import ShareBackup
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share
from mopenstack.shared_file_system.v2.snapshots.snapshots_pb2 import Snapshot

STATUSES = "('available', 'error', 'inactive')"


async def check_locks(call: Call, share: Share, action: str = "delete") -> None:
    """Refuse what a lock of the share forbids."""
    locks = await call.tx.query(ResourceLock, resource_id=share.id)
    ids = [lock.id for lock in locks if lock.resource_action == action]
    if ids:
        raise refusals.ForbiddenNow(f"Resource lock/s [{', '.join(ids)}] prevent {action} action.")


def check_busy(share: Share, refusal: type[refusals.ShareIsBusy | refusals.ShareIsBusyForChange]) -> None:
    """Refuse a share that is being migrated."""
    if share.task_state in BUSY:
        raise refusal(why=f"Share {share.id} is busy as part of an active task: {share.task_state}")


async def check_alone(call: Call, share: Share, doing: str) -> None:
    """Refuse a share that has replicas, snapshots or backups."""
    if share.has_replicas:
        raise refusals.Conflicting(f"Share {share.id} has replicas. Remove the replicas before {doing} the share.")
    snapshots = await call.tx.count(Snapshot, share_id=share.id)
    if snapshots:
        raise refusals.InvalidShareForChange(why=f"Share still has {snapshots} dependent snapshots")
    backups = await call.tx.count(ShareBackup, share_id=share.id)
    if backups:
        raise refusals.InvalidShareForChange(why=f"Share still has {backups} dependent backups")
    members = (
        sum(
            one.share_id == share.id
            for snapshot in await call.tx.query(ShareGroupSnapshot, share_group_id=share.share_group_id)
            for one in snapshot.members
        )
        if share.share_group_id
        else 0
    )
    if members:
        raise refusals.InvalidShareForChange(why=f"Share still has {members} dependent share group snapshot members")


async def begin(call: Call, share: Share, row: str) -> None:
    """Check a delete, and begin it; one that no back end knows is gone at once."""
    await check_locks(call, share)
    if row == "delete" and share.status not in IDLE:
        raise refusals.InvalidShareForChange(why=f"Share status must be one of {STATUSES}")
    await check_alone(call, share, "deleting")
    check_busy(share, refusals.ShareIsBusyForChange)
    if not share.host:
        await discard(call, share)
    else:
        await SHARES.begin(call, copy_of(share), row)


async def discard(call: Call, share: Share) -> None:
    """The share is gone with all that hangs on it; others forget it."""
    for key in ("__affinity_same_host", "__affinity_different_host"):
        for id in filter(None, share.metadata.get(key, "").split(",")):
            if await call.tx.get(Share, id) is None:
                continue
            other = await call.tx.edit(Share, id)
            left = [one for one in other.metadata.get(key, "").split(",") if one and one != share.id]
            if left:
                other.metadata[key] = ",".join(left)
            else:
                other.metadata.pop(key, None)
            await call.tx.put(other)
    for lock in await call.tx.query(ResourceLock, resource_id=share.id):
        await call.tx.delete(ResourceLock, lock.id)
    await call.owner_of("share").discard(call, share)


async def give_quota(call: Call, share: Share) -> None:
    """Give back what a share took."""
    units = {"shares": 1, "gigabytes": share.size}
    if share.replication_type:
        units |= {"share_replicas": 1, "replica_gigabytes": share.size}
    if share.encryption_key_ref:
        units["encryption_keys"] = 1
    await quotas.give(call, share.project_id, share.user_id, share.share_type_id, **units)
