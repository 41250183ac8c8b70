"""Extend, retype and migrate: changes of a volume that depend on the space of its pool.

Source: cinder/volume/api.py `extend`, `retype`, `migrate_volume`; scheduler/manager.py; volume/manager.py.
A change that was accepted and fails leaves the volume as it was, and a user message where cinder writes one.
"""

from __future__ import annotations

from google.protobuf.struct_pb2 import Value

from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import FALSE_WORDS
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import assign
from mopenstack.core.volume.hosts import scheduling
from mopenstack.core.volume.messages import Action, Detail, Messages
from mopenstack.core.volume.quotas import quotas
from mopenstack.core.volume.types.type_encryption import encryption_of
from mopenstack.core.volume.types.types import Types, check_provisioning, front_end_qos, is_multiattach
from mopenstack.core.volume.volumes.attachments import Attachments
from mopenstack.core.volume.volumes.encryption_keys import as_owner, drop_key, new_key
from mopenstack.core.volume.volumes.lifecycle import VOLUMES, WORDS, refuse, status_number
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.volume.v3.refusals import InvalidHost, InvalidInput, InvalidVolume, VolumeSizeExceedsAvailableQuota
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from mopenstack.volume.v3.volumes import volume_changes_pb2 as pb2
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

EXTEND_IN_USE_SINCE = 42
CLUSTER_SINCE = 16
REPLICATED = ("enabled", "enabling", "disabling", "failing-over", "failed-over")


class VolumeChanges(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["VolumeChanges"]

    async def complete_volume_extend(self, call: Call, request: pb2.CompleteVolumeExtendRequest) -> Result:
        """What Nova says of the extend of an attached volume, before it is due here."""
        volume = await call.tx.edit(Volume, call.target.id)
        if not volume.pending_size:
            raise InvalidVolume(why="Required volume admin metadata is malformed or missing.")
        if not _failed(request.completion.error):
            scheduled = await call.tx.scheduled(volume)
            await VOLUMES.complete(call, volume.id, scheduled[0] if scheduled else "extend")
            return EMPTY
        await _undo_extend(call, volume)
        volume.status = Volume.ERROR_EXTENDING
        await call.tx.unschedule("volume", volume.id)
        await call.service(Volumes).save(call, volume)
        await call.service(Messages).tell(
            call, volume.project_id, volume.id, Action.EXTEND, Detail.EXTEND_FAILED, volume.request_id
        )
        return EMPTY

    async def complete_volume_migration(self, call: Call, request: pb2.CompleteVolumeMigrationRequest) -> Result:
        """What Nova says once it has swapped one volume for another; moves the attachments."""
        volume = call.target
        other = await call.service(Volumes).fetch(call, request.completion.new_volume)
        if volume.migration_status or other.migration_status:
            if not volume.migration_status:
                raise InvalidVolume(why="Source volume not mid-migration.")
            if not other.migration_status:
                raise InvalidVolume(why="Destination volume not mid-migration.")
            raise InvalidVolume(
                why=f"Destination has migration_status {other.migration_status}, expected target:{volume.id}."
            )
        if not _failed(request.completion.error):
            attachments = call.service(Attachments)
            for item in await attachments.of_volume(call, volume.id):
                await attachments.drop(call, item.id)
                fresh = copy_of(await call.service(Volumes).fetch(call, other.id))
                await attachments.attach_at_once(call, fresh, item.instance, item.host_name, item.mountpoint, "rw")
        return pb2.CompletedVolumeMigrationResponse(save_volume_id=other.id)


@VOLUMES.prepares("extend", unchecked=True)
async def _extend(call: Call, volume: Volume, request: pb2.ExtendVolumeRequest) -> str:
    size = request.extend.new_size
    if size <= volume.size:
        raise InvalidInput(
            why=f"New size for extend must be greater than current size. (current: {volume.size}, extended: {size})."
        )
    check_provisioning(await call.tx.get(VolumeType, volume.volume_type_id), size)
    in_use = call.at_least(EXTEND_IN_USE_SINCE) and volume.status == Volume.IN_USE
    name = "extend_attached" if in_use else "extend"
    VOLUMES.check(call, volume, name)
    await quotas.check_size(call, call.caller.project_id, size)
    try:
        await quotas.take(call, volume.project_id, _gigabytes(volume, size))
    except VolumeSizeExceedsAvailableQuota as error:
        raise VolumeSizeExceedsAvailableQuota(**{**error.facts, "name": "gigabytes"}) from None
    pool = scheduling.pool_named(volume.host)
    volume.pending_host = ""
    if pool is not None and await scheduling.take(call, pool, size - volume.size):
        volume.pending_host = volume.host
    volume.pending_size, volume.request_id = size, call.context.request_id
    if in_use:
        held = await call.service(Attachments).of_volume(call, volume.id)
        await call.publish("extending", "volume", volume, [item.instance for item in held if item.instance])
    return name


@VOLUMES.prepares("retype", unchecked=True)
async def _retype(call: Call, volume: Volume, request: pb2.RetypeVolumeRequest) -> None:
    wanted = await call.service(Types).by_name_or_id(call.elevated(), request.retype.new_type)
    check_provisioning(wanted, volume.size)
    if is_multiattach(wanted) != volume.multiattach and volume.status != Volume.AVAILABLE:
        raise InvalidInput(
            why="Invalid volume_type passed, retypes affecting multiattach are only allowed on available volumes, "
            f"the specified volume however currently has a status of: {WORDS[volume.status]}."
        )
    if is_multiattach(wanted) and await encryption_of(call, wanted.id) is not None:
        raise InvalidInput(why="Retype requested both encryption and multi-attach, which is not supported.")
    row = VOLUMES.check(call, volume, "retype")
    front_end_differs = volume.status == Volume.IN_USE and await _front_end(
        call, volume.volume_type_id
    ) != await _front_end(call, wanted.id)
    if volume.volume_type_id == wanted.id or front_end_differs:
        raise refuse(row, volume)
    await quotas.take(call, volume.project_id, await _units(call, volume, wanted.name))
    await quotas.give(call, volume.project_id, await _units(call, volume, volume.volume_type))
    volume.pending_type_id, volume.previous_status = wanted.id, WORDS[volume.status]
    volume.pending_host = await _retype_host(call, volume, wanted, request.retype.migration_policy)
    volume.multiattach = is_multiattach(wanted)


async def _retype_host(call: Call, volume: Volume, wanted: VolumeType, policy: str) -> str:
    """The pool where the volume can have the type: its own, or with the policy another one; "" for none."""
    pools = await scheduling.candidates(call, wanted.extra_specs)
    if volume.host in [pool.name for pool in pools]:
        return volume.host
    if policy != "on-demand" or await call.tx.count(Snapshot, volume_id=volume.id):
        return ""
    for pool in pools:
        if await scheduling.take(call, pool, volume.size):
            return pool.name
    return ""


async def _front_end(call: Call, type_id: str) -> str:
    """The id of the QoS specs of a type that a hypervisor enforces; empty: none."""
    qos = await front_end_qos(call, type_id)
    return qos.id if qos is not None else ""


@VOLUMES.prepares("migrate", unchecked=True)
async def _migrate(call: Call, volume: Volume, request: pb2.MigrateVolumeRequest) -> str:
    body = request.migrate
    clustered = call.at_least(CLUSTER_SINCE)
    if bool(body.host) == bool(body.cluster and clustered):
        raise InvalidInput(
            why="One and only one of cluster and host must be set." if clustered else "Host field is missing."
        )
    pool = scheduling.pool_named(body.host)
    if pool is None or (await scheduling.service_state(call, pool)).disabled:
        raise InvalidHost(why=f"No available service named '{body.cluster or body.host}'")
    row = VOLUMES.check(
        call, volume, "migrate_locked" if body.lock_volume and volume.status == Volume.AVAILABLE else "migrate"
    )
    if (
        volume.replication_status in REPLICATED
        or body.host in (volume.host, volume.host.partition("#")[0])
        or await call.tx.count(Snapshot, volume_id=volume.id)
    ):
        raise refuse(row, volume)
    kind = await call.tx.get(VolumeType, volume.volume_type_id)
    possible = kind is None or scheduling.fits(call, pool, kind.extra_specs)
    volume.pending_host = pool.name if possible and await scheduling.take(call, pool, volume.size) else ""
    volume.previous_status = WORDS[volume.status]
    _set_migration(volume, "migrating" if volume.pending_host else "starting")
    return row.name


def _failed(error: Value) -> bool:
    """Whether a completion says that something went wrong: true, or any text but the words for false."""
    found = plain(error)
    return bool(found) and str(found).lower() not in FALSE_WORDS


def _gigabytes(volume: Volume, size: int) -> dict[str, int]:
    return quotas.units(volume.volume_type, gigabytes=size - volume.size)


async def _units(call: Call, volume: Volume, type_name: str) -> dict[str, int]:
    """The type's quota that a volume and its snapshots take."""
    snapshots = await call.tx.query(Snapshot, volume_id=volume.id)
    gigabytes = volume.size + sum(snapshot.size for snapshot in snapshots)
    return quotas.of_type(type_name, volumes=1, snapshots=len(snapshots), gigabytes=gigabytes)


def _set_migration(volume: Volume, status: str) -> None:
    volume.migration_status = volume.migstat = status


async def _undo_extend(call: Call, volume: Volume) -> None:
    await quotas.give(call, volume.project_id, _gigabytes(volume, volume.pending_size))
    await scheduling.give(call, volume.pending_host, volume.pending_size - volume.size)
    volume.pending_size, volume.pending_host = 0, ""


@VOLUMES.on("extend", "extend_attached")
async def _extended(call: Call, volume: Volume) -> None:
    """A pool without the space leaves the volume as it was, and tells its project."""
    if not volume.pending_host:
        await _undo_extend(call, volume)
        await call.service(Messages).tell(
            call, volume.project_id, volume.id, Action.EXTEND, Detail.NO_BACKEND, volume.request_id
        )
        return
    volume.size, volume.pending_size, volume.pending_host = volume.pending_size, 0, ""


@VOLUMES.fails("extend", "extend_attached")
async def _not_extended(call: Call, volume: Volume, why: str) -> None:
    """The space is given back, and the project told."""
    await _undo_extend(call, volume)
    await call.service(Messages).tell(
        call, volume.project_id, volume.id, Action.EXTEND, Detail.EXTEND_FAILED, volume.request_id
    )


@VOLUMES.fails("retype")
async def _not_retyped(call: Call, volume: Volume, why: str) -> None:
    await _leave_pending(call, volume)
    await _retyped(call, volume)


@VOLUMES.fails("migrate", "migrate_locked")
async def _not_migrated(call: Call, volume: Volume, why: str) -> None:
    await _leave_pending(call, volume)
    await _migrated(call, volume)


async def _leave_pending(call: Call, volume: Volume) -> None:
    """Give back the room in the pool that a change was to lead to."""
    if volume.pending_host not in ("", volume.host):
        await scheduling.give(call, volume.pending_host, volume.size)
    volume.pending_host = ""


@VOLUMES.on("retype")
async def _retyped(call: Call, volume: Volume) -> None:
    wanted = await call.tx.get(VolumeType, volume.pending_type_id)
    if wanted is not None and volume.pending_host:
        if volume.pending_host != volume.host:
            await scheduling.give(call, volume.host, volume.size)
            volume.host = volume.pending_host
            _set_migration(volume, "success")
        volume.volume_type, volume.volume_type_id = wanted.name, wanted.id
        volume.encrypted = await encryption_of(call, wanted.id) is not None
        await drop_key(as_owner(call, volume), volume.encryption_key_id)
        assign(volume, "encryption_key_id", await new_key(as_owner(call, volume), wanted) or None)
    elif wanted is not None:
        await quotas.give(call, volume.project_id, await _units(call, volume, wanted.name))
        back = await _units(call, volume, volume.volume_type)  # the type's own units: nothing refuses them now
        await quotas.give(call, volume.project_id, {name: -count for name, count in back.items()})
        old = await call.tx.get(VolumeType, volume.volume_type_id)
        volume.multiattach = old is not None and is_multiattach(old)
    volume.status = status_number(volume.previous_status)
    volume.previous_status = volume.pending_type_id = volume.pending_host = ""


@VOLUMES.on("migrate", "migrate_locked")
async def _migrated(call: Call, volume: Volume) -> None:
    """A place that will not do leaves the volume where it is, and the migration in error."""
    if volume.pending_host:
        await scheduling.give(call, volume.host, volume.size)
        volume.host = volume.pending_host
    _set_migration(volume, "success" if volume.pending_host else "error")
    if volume.status == Volume.MAINTENANCE:
        volume.status = status_number(volume.previous_status)
    volume.previous_status = volume.pending_host = ""
