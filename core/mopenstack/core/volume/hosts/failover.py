"""Replicated volumes, and back ends that fail over to their target and back.

Source: cinder/volume/api.py `failover`, cinder/volume/manager.py `failover` and `finish_failover`.
"""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.hosts.replication import TARGET, replicates
from mopenstack.core.volume.hosts.scheduling import IS_TRUE, Pool, pool_named
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.volume.v3.hosts.services_pb2 import ServiceState
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

FAILBACK = "default"
"""The target that a fail over back to the primary names."""
NOT_REPLICATED = ("", "disabled", "not-capable")


async def begin(call: Call, volume: Volume) -> None:
    """What the driver says of a new volume, a private copy."""
    if not _replicates(call, volume.host):
        return
    kind = await call.tx.get(VolumeType, volume.volume_type_id)
    if kind is not None and kind.extra_specs.get("replication_enabled") == IS_TRUE:
        volume.replication_status = "enabled"


def status_of(call: Call, host: str, state: ServiceState) -> str:
    """The replication status of the service of a host."""
    return state.replication_status or ("enabled" if _replicates(call, host) else "disabled")


def _replicates(call: Call, host: str) -> bool:
    pool = pool_named(host)
    return pool is not None and replicates(call, pool.backend)


async def fail_over(call: Call, pool: Pool, state: ServiceState, wanted: str) -> None:
    """Fail a pool over to a target, or back; `state` is a private copy. A target that there is none of changes nothing.

    What is not replicated is lost when it fails over, and stays so.
    """
    back = wanted == FAILBACK
    if wanted not in ("", FAILBACK, TARGET) or back != bool(state.active_backend_id):
        return
    state.replication_status = "enabled" if back else "failed-over"
    state.active_backend_id = "" if back else TARGET
    state.disabled = state.frozen if back else True
    state.disabled_reason = ("frozen" if state.frozen else "") if back else "failed-over"
    await call.tx.put(state)
    groups: set[str] = set()
    for volume in await call.tx.scan(Volume):
        if volume.host != pool.name or (back and volume.replication_status in NOT_REPLICATED):
            continue
        changed = copy_of(volume)
        if volume.replication_status in NOT_REPLICATED:
            changed.status, changed.replication_status = Volume.ERROR, "not-capable"
            for snapshot in await call.tx.query(Snapshot, volume_id=volume.id):
                lost = copy_of(snapshot)
                lost.status = Snapshot.ERROR
                await call.tx.put(lost)
        else:
            changed.replication_status = state.replication_status
            groups.add(volume.group_id)
        await call.tx.put(changed)
    for id in sorted(groups):
        group = await call.tx.get(Group, id) if id else None
        if group is not None and group.replication_status not in NOT_REPLICATED:
            led = copy_of(group)
            led.replication_status = state.replication_status
            await call.tx.put(led)
