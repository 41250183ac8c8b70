"""What the actions of instances ask before they begin (trove/instance/models.py)."""

from __future__ import annotations

from typing import Any

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.database.flavors import flavor_of
from mopenstack.core.database.instances.creating import check_size, last
from mopenstack.core.database.instances.lifecycle import INSTANCES
from mopenstack.core.database.instances.status import RUNNING, check_available, check_loaded, replicas_of
from mopenstack.core.database.quotas import SERVICE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Servicer
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.backups.backups_pb2 import Backup
from mopenstack.database.v1.instances import instance_actions_pb2 as pb
from mopenstack.database.v1.instances.instances_pb2 import Instance


class InstanceActions(Servicer):
    service = pb.DESCRIPTOR.services_by_name["InstanceActions"]


@INSTANCES.prepares("restart")
async def prepare_restart(call: Call, instance: Instance, request: Any) -> None:
    await check_available(call, instance)
    if instance.cluster_id and not call.caller.is_admin:
        raise refusals.ClusterInstanceOperation()


@INSTANCES.prepares("resize")
async def prepare_resize(call: Call, instance: Instance, request: pb.ResizeInstanceRequest) -> str:
    """A volume, if one is asked for, else a flavor."""
    if request.resize.HasField("volume"):
        return await _resize_volume(call, instance, request.resize.volume.size)
    flavor_id = last(request.resize.flavor_id)
    await check_available(call, instance)
    if instance.cluster_id:
        raise refusals.ClusterInstanceOperation()
    if instance.flavor_id == flavor_id:
        raise refusals.SameFlavor(id=flavor_id)
    flavor = await flavor_of(call, flavor_id)
    if flavor.ephemeral:
        raise refusals.LocalStorageNotSupported()
    await call.quota.take(SERVICE, instance.project_id, {"ram": flavor.ram - instance.ram})
    instance.wanted = f"{flavor.id} {flavor.ram}"
    return "resize_flavor"


async def _resize_volume(call: Call, instance: Instance, size: int) -> str:
    if instance.cluster_id:
        raise refusals.ClusterInstanceOperation()
    await check_loaded(call, instance)
    if size <= instance.volume_size:
        raise refusals.NewVolumeTooSmall(size=instance.volume_size)
    check_size(size)
    await check_available(call, instance)
    replicas = await replicas_of(call, instance.id)
    for one in replicas:
        await check_available(call, one)
    for one in (instance, *replicas):
        await call.quota.take(SERVICE, instance.project_id, {"volumes": size - one.volume_size})
    for one in replicas:
        copy = await call.tx.edit(Instance, one.id)
        copy.wanted = str(size)
        await INSTANCES.begin(call, copy, "resize_volume")
    instance.wanted = str(size)
    return "resize_volume"


@INSTANCES.prepares("promote")
async def prepare_promote(call: Call, instance: Instance, request: Any) -> None:
    await check_available(call, instance)
    if not instance.replica_of:
        raise refusals.NotAReplica(id=instance.id)
    source = await call.tx.get(Instance, instance.replica_of)
    for one in [source] if source is not None else []:
        await _begin_to_follow(call, one.id, "follow")
    for one in await replicas_of(call, instance.replica_of):
        if one.id != instance.id:
            await _begin_to_follow(call, one.id, "follow")


@INSTANCES.prepares("eject")
async def prepare_eject(call: Call, instance: Instance, request: Any) -> None:
    """A guest reports as long as its server runs."""
    replicas = await replicas_of(call, instance.id)
    if not replicas:
        raise refusals.NotAReplicaSource(id=instance.id)
    server = await call.tx.get(Server, instance.server_id)
    if server is not None and server.status == Server.ACTIVE and instance.service == Instance.HEALTHY:
        raise refusals.ReplicaSourceAlive(id=instance.id)
    for one in replicas:
        await _begin_to_follow(call, one.id, "follow")


async def _begin_to_follow(call: Call, id: str, row: str) -> None:
    await INSTANCES.begin(call, await call.tx.edit(Instance, id), row)


@INSTANCES.prepares("reset_status", "reset_task")
async def fail_backups(call: Call, instance: Instance, request: Any) -> None:
    for backup in await call.tx.query(Backup, instance_id=instance.id):
        if backup.state in RUNNING:
            copy = await call.tx.edit(Backup, backup.id)
            copy.state = Backup.FAILED
            call.stamp(copy.updated_at)
            await call.tx.unschedule("database_backup", copy.id)
            await call.tx.put(copy)


@INSTANCES.prepares("migrate")
async def prepare_migrate(call: Call, instance: Instance, request: Any) -> None:
    await check_available(call, instance)
    instance.wanted = request.migrate.host


@INSTANCES.prepares("rebuild")
async def prepare_rebuild(call: Call, instance: Instance, request: Any) -> None:
    await check_loaded(call, instance)
    instance.wanted = request.rebuild.image_id
