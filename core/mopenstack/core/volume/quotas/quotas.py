"""Cinder's quotas: of volumes, snapshots and gigabytes, each also per volume type (`volumes_<type>`).

Source: cinder/quota.py, quota_utils.py. DevStack's limits as recorded: none but for backups and groups.
"""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.volume.base import SERVICE
from mopenstack.volume.v3.refusals import (
    BackupLimitExceeded,
    GroupLimitExceeded,
    SnapshotLimitExceeded,
    VolumeBackupSizeExceedsAvailableQuota,
    VolumeLimitExceeded,
    VolumeSizeExceedsAvailableQuota,
    VolumeSizeExceedsLimit,
)

DEFAULTS = {
    "volumes": 10,
    "per_volume_gigabytes": -1,
    "snapshots": 10,
    "gigabytes": 1000,
    "backups": 10,
    "backup_gigabytes": 1000,
    "groups": 10,
}
PER_TYPE = ("volumes", "gigabytes", "snapshots")

LIMIT_FAULTS = {"snapshots": SnapshotLimitExceeded, "backups": BackupLimitExceeded, "groups": GroupLimitExceeded}


def refuse(over: Over) -> Fault:
    """Gigabytes are named first, whatever else is too much (quota_utils.process_reserve_over_quota)."""
    name = next((name for name in over.resources if "gigabytes" in name), over.resources[0])
    if "gigabytes" in name:
        fault = VolumeBackupSizeExceedsAvailableQuota if name == "backup_gigabytes" else VolumeSizeExceedsAvailableQuota
        return fault(name=name, requested=over.asked[name], quota=over.limits[name], consumed=over.used[name])
    limit = next((LIMIT_FAULTS[kind] for kind in LIMIT_FAULTS if name.startswith(kind)), VolumeLimitExceeded)
    return limit(allowed=over.limits[name], name=name)


QUOTAS = QuotaSet(SERVICE, DEFAULTS, refuse)


def units(type_name: str, *, volumes: int = 0, snapshots: int = 0, gigabytes: int = 0) -> dict[str, int]:
    """What to take or give: each resource under its own name and under the type's."""
    counts = {"volumes": volumes, "snapshots": snapshots, "gigabytes": gigabytes}
    whole = {name: count for name, count in counts.items() if count}
    return whole | {f"{name}_{type_name}": count for name, count in whole.items()}


def of_type(type_name: str, *, volumes: int = 0, snapshots: int = 0, gigabytes: int = 0) -> dict[str, int]:
    """The type's own units alone: what a retype moves."""
    every = units(type_name, volumes=volumes, snapshots=snapshots, gigabytes=gigabytes)
    return {name: count for name, count in every.items() if name not in PER_TYPE}


async def check_size(call: Call, project_id: str, size: int) -> None:
    """Refuse a volume larger than per_volume_gigabytes allows."""
    limit = (await call.quota.limits(SERVICE, project_id))["per_volume_gigabytes"]
    if 0 <= limit < size:
        raise VolumeSizeExceedsLimit(size=size, limit=limit)


async def take(call: Call, project_id: str, taken: dict[str, int]) -> None:
    """Take units in the project's name, or raise the refusal."""
    await call.quota.take(SERVICE, project_id, taken)


async def give(call: Call, project_id: str, returned: dict[str, int]) -> None:
    """Give units back."""
    await call.quota.give(SERVICE, project_id, returned)
