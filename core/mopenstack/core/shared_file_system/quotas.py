"""Manila's quotas: of projects, and within them of users and share types. Source: manila/quota.py, share/api.py."""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.shared_file_system.base import SERVICE
from mopenstack.shared_file_system.v2 import refusals

DEFAULTS = {
    "shares": 50,
    "gigabytes": 1000,
    "snapshots": 50,
    "snapshot_gigabytes": 1000,
    "share_networks": 10,
    "share_groups": 50,
    "share_group_snapshots": 50,
    "share_replicas": 100,
    "replica_gigabytes": 1000,
    "per_share_gigabytes": -1,
    "backups": 10,
    "backup_gigabytes": 1000,
    "encryption_keys": 100,
}
ORDER = (
    "gigabytes", "shares", "encryption_keys", "replica_gigabytes", "share_replicas", "snapshot_gigabytes", "snapshots",
    "share_networks", "share_groups", "share_group_snapshots", "backup_gigabytes", "backups",
)  # fmt: skip
"""Which of several resources that are too many is told of."""


def refuse(over: Over) -> Fault:
    """What Manila says of the first resource that is too much."""
    name = next(one for one in ORDER if one in over.resources)
    limit, used, requested = over.limits.get(name, -1), over.used[name], over.asked[name]
    classes: dict[str, type[Fault]] = {
        "gigabytes": refusals.ShareSizeExceedsAvailableQuota,
        "shares": refusals.ShareLimitExceeded,
        "encryption_keys": refusals.EncryptionKeysLimitExceeded,
        "replica_gigabytes": refusals.ShareReplicaSizeExceedsAvailableQuota,
        "share_replicas": refusals.ShareReplicasLimitExceeded,
        "snapshot_gigabytes": refusals.SnapshotSizeExceedsAvailableQuota,
        "snapshots": refusals.SnapshotLimitExceeded,
        "share_networks": refusals.ShareNetworksLimitExceeded,
        "share_groups": refusals.ShareGroupsLimitExceeded,
        "share_group_snapshots": refusals.ShareGroupSnapshotsLimitExceeded,
        "backup_gigabytes": refusals.BackupSizeExceedsAvailableQuota,
        "backups": refusals.BackupLimitExceeded,
    }
    return classes[name](limit=limit, used=used, requested=requested)


QUOTAS = QuotaSet(SERVICE, DEFAULTS, refuse)


def _parts(user_id: str, type_id: str) -> list[str]:
    return [f"user_id={user_id}"] * bool(user_id) + [f"share_type={type_id}"] * bool(type_id)


async def take(call: Call, project_id: str, user_id: str, type_id: str, **units: int) -> None:
    """Take units for a project, for the user and for the share type; raises the refusal, and nothing is taken."""
    for part in _parts(user_id, type_id):
        own = await call.quota.own_limits(SERVICE, f"{project_id}/{part}") or {}
        used = {name: await call.quota.used(SERVICE, project_id, f"{name}@{part}") for name in units}
        over = tuple(name for name in units if 0 <= own.get(name, -1) < used[name] + units[name] and units[name] > 0)
        if over:
            raise refuse(Over(project_id, over, units, used, own))
    await call.quota.take(SERVICE, project_id, units)
    for part in _parts(user_id, type_id):
        await call.quota.take(SERVICE, project_id, {f"{name}@{part}": count for name, count in units.items()})


async def give(call: Call, project_id: str, user_id: str, type_id: str, **units: int) -> None:
    """Give units back."""
    await call.quota.give(SERVICE, project_id, units)
    for part in _parts(user_id, type_id):
        await call.quota.give(SERVICE, project_id, {f"{name}@{part}": count for name, count in units.items()})


async def check_size(call: Call, project_id: str, size: int) -> None:
    """Refuse a share larger than per_share_gigabytes allows."""
    limit = (await call.quota.limits(SERVICE, project_id))["per_share_gigabytes"]
    if 0 <= limit < size:
        raise refusals.ShareSizeExceedsLimit(size=size, limit=limit)
