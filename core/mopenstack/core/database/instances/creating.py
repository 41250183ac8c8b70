"""The create of an instance, or of replicas of one (trove/instance/service.py, trove/instance/models.py)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault, NotFound
from mopenstack.core.database.datastores.choices import Chosen, chosen, image_of, of_version
from mopenstack.core.database.flavors import flavor_of
from mopenstack.core.database.instances import nested
from mopenstack.core.database.instances.lifecycle import INSTANCES
from mopenstack.core.database.instances.status import check_available
from mopenstack.core.database.module_rules import auto_applied, check_modules, modules_of
from mopenstack.core.database.quotas import SERVICE
from mopenstack.core.database.service_user import Failed, ask
from mopenstack.core.database.users.databases import all_databases
from mopenstack.core.database.users.names import ANYWHERE, check_databases, check_users
from mopenstack.core.database.users.users import all_users
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import ResourceServicer
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.backups.backups_pb2 import Backup
from mopenstack.database.v1.configurations_pb2 import Configuration
from mopenstack.database.v1.instances import instances_pb2 as pb
from mopenstack.database.v1.links_pb2 import Nic
from mopenstack.network.v2.core.subnets_pb2 import GetSubnetRequest

Keeper = ResourceServicer[pb.Instance]

VOLUME_MAX = 10
"""trove.conf: max_accepted_volume_size, in GB."""
LOCALITIES = ("affinity", "soft-affinity", "anti-affinity", "soft-anti-affinity")


async def create(call: Call, keeper: Keeper, asked: pb.InstanceCreate, given: set[str]) -> pb.Instance:
    """Make an instance, or as many replicas as are asked for; the last of them."""
    source = await _source(call, asked, given)
    if source is not None:
        found = await of_version(call, source.datastore_version_id)
        assert found is not None
        what = found
    else:
        what = await chosen(call, asked.datastore)
    image_id = await image_of(call, what.version.image_id, what.version.image_tags.split(","))
    names = check_databases(what.manager, asked.databases)
    check_users(what.manager, asked.users, names)
    if source is not None and (asked.databases or asked.users):
        raise refusals.ReplicaWithUsersOrDatabases()
    nic = await _nic(call, asked, source)
    if asked.locality and asked.locality not in LOCALITIES:
        words = "', '".join(LOCALITIES)
        raise refusals.BadRequest(why=f"Invalid locality '{asked.locality}'. Must be one of ['{words}']")
    flavor = await flavor_of(call, source.flavor_id if source is not None else last(asked.flavor_id))
    instance = pb.Instance(
        name=asked.name,
        flavor_id=flavor.id,
        ram=flavor.ram,
        datastore_version_id=what.version.id,
        image_id=image_id,
        region=asked.region_name or call.cloud.region_name,
        availability_zone=asked.availability_zone,
        locality=asked.locality,
    )
    size_of(instance, asked.volume if asked.HasField("volume") else None, source)
    if nic is not None:
        instance.nic.CopyFrom(nic)
    if asked.HasField("access"):
        instance.access.CopyFrom(asked.access)
    if asked.HasField("restore_point"):
        backup = await _backup(call, asked.restore_point.backup_id, what, instance.volume_size)
        instance.backup_id = backup.id
        instance.databases.extend(one for one in backup.databases if one.name not in names)
        known = {(one.name, one.host or ANYWHERE) for one in asked.users}
        instance.users.extend(one for one in backup.users if (one.name, one.host) not in known)
    if asked.HasField("configuration_id"):
        instance.configuration_id = await _configuration(call, last(asked.configuration_id))
    if source is not None:
        if not what.manager.replicates:
            raise refusals.ReplicationNotSupported(datastore=what.datastore.name)
        await check_available(call, source)
        instance.replica_of, instance.server_group_id = source.id, source.server_group_id
        instance.databases.extend(await all_databases(call, source.id))
        instance.users.extend(await all_users(call, source.id))
    instance.databases.extend(asked.databases)
    instance.users.extend(asked.users)
    await give_modules(call, instance, what, [one.id for one in asked.modules])
    number = asked.replica_count if source is not None and asked.HasField("replica_count") else 1
    return await make(call, keeper, instance, number)


async def make(call: Call, keeper: Keeper, instance: pb.Instance, number: int = 1) -> pb.Instance:
    """Store so many instances like a new one, and begin to build them; the last of them."""
    units = {"instances": number, "ram": number * instance.ram, "volumes": number * instance.volume_size}
    await call.quota.take(SERVICE, call.caller.project_id, units)
    if instance.locality and not instance.server_group_id and not instance.cluster_id:
        instance.server_group_id = await group_for(call, instance.name, instance.locality)
    made = instance
    for index in range(number):
        one = pb.Instance()
        one.CopyFrom(instance)
        if number > 1:
            one.name += f"-{index + 1}"
        one.task, one.service, one.user_id = pb.Instance.BUILDING, pb.Instance.NEW, call.caller.user_id
        call.stamp(one.service_updated_at)
        made = await keeper.insert(call, one)
        await INSTANCES.begin(call, await call.tx.edit(pb.Instance, made.id), "build")
    return await keeper.fetch(call, made.id)


async def group_for(call: Call, name: str, locality: str) -> str:
    """The server group of a locality; the refusal of Nova, where it has no room for one."""
    try:
        return await nested.make_server_group(call, name, locality)
    except Failed as failed:
        raise refusals.BadRequest(why=failed.text) from None
    except Fault as fault:
        raise refusals.BadRequest(why=fault.text) from None


def last(reference: str) -> str:
    """The ID at the end of an address."""
    return reference.rstrip("/").rpartition("/")[2] or reference


async def _source(call: Call, asked: pb.InstanceCreate, given: set[str]) -> pb.Instance | None:
    if not asked.replica_of:
        if asked.HasField("replica_count") and asked.replica_count > 1:
            raise refusals.BadRequest(
                why=f"Replica count only valid when creating replicas. Cannot create {asked.replica_count} instances."
            )
        return None
    for name, word in (
        ("flavor_id", "flavor"),
        ("datastore", "datastore"),
        ("volume", "volume"),
        ("locality", "locality"),
    ):
        if name in given and (name != "datastore" or asked.datastore.ByteSize()):
            raise refusals.BadRequest(why=f"Cannot specify {word} when creating replicas.")
    source = await call.tx.get(pb.Instance, asked.replica_of)
    if source is None or not (call.caller.is_admin or source.project_id == call.caller.project_id):
        raise refusals.ResourceNotFound(id=asked.replica_of)
    if source.replica_of:
        raise refusals.ReplicaOfReplica(id=source.id)
    return source


def size_of(instance: pb.Instance, volume: Any, source: pb.Instance | None = None) -> None:
    """Give a new instance the size and type of its volume."""
    if source is not None:
        instance.volume_size = source.volume_size
        if source.HasField("volume_type"):
            instance.volume_type = source.volume_type
        return
    if volume is None:
        raise refusals.VolumeSizeNotSpecified()
    check_size(volume.size)
    instance.volume_size = volume.size
    if volume.HasField("type"):
        instance.volume_type = volume.type


def check_size(size: int) -> None:
    if size > VOLUME_MAX:
        raise refusals.VolumeTooBig(size=size)


async def _nic(call: Call, asked: pb.InstanceCreate, source: pb.Instance | None) -> Nic | None:
    if not asked.nics:
        return None
    nic = Nic()
    nic.CopyFrom(asked.nics[0])
    if source is not None and nic.ip_address:
        raise refusals.BadRequest(why="Cannot specify IP address when creating replicas.")
    network_id = nic.network_id or nic.net_id
    if not network_id and not nic.subnet_id:
        raise refusals.NetworkNotProvided(resource="network or subnet")
    if not nic.subnet_id and nic.ip_address:
        raise refusals.NetworkNotProvided(resource="subnet")
    if nic.subnet_id:
        request = GetSubnetRequest(subnet_id=nic.subnet_id)
        try:
            subnet = await ask(call, "mopenstack.network.v2.Subnets.GetSubnet", request)
        except NotFound as fault:
            raise refusals.BadRequest(why=fault.text) from None
        if network_id and subnet.network_id != network_id:
            raise refusals.SubnetNotInNetwork(subnet_id=nic.subnet_id, network_id=network_id)
        network_id = subnet.network_id
    nic.network_id, nic.net_id = network_id, ""
    return nic


async def _backup(call: Call, id: str, what: Chosen, size: int) -> Backup:
    backup = await call.tx.get(Backup, id)
    if backup is None or not (call.caller.is_admin or backup.project_id == call.caller.project_id):
        raise refusals.ResourceNotFound(id=id)
    if backup.state not in (Backup.COMPLETED, Backup.RESTORED):
        raise refusals.BackupNotComplete(id=id, state=Backup.State.Name(backup.state))
    if backup.size > size:
        raise refusals.BackupTooLarge(backup_size=backup.size, disk_size=size)
    of = await of_version(call, backup.datastore_version_id)
    if of is not None and of.datastore.name != what.datastore.name:
        raise refusals.BackupDatastoreMismatch(datastore1=of.datastore.name, datastore2=what.datastore.name)
    return backup


async def _configuration(call: Call, id: str) -> str:
    if not id:
        return ""
    group = await call.tx.get(Configuration, id)
    if group is None or not (call.caller.is_admin or group.project_id == call.caller.project_id):
        raise refusals.ConfigurationNotFound(id=id)
    return id


async def give_modules(call: Call, instance: pb.Instance, what: Chosen, ids: list[str]) -> None:
    """Give a new instance the modules that are asked for, and those that every one gets."""
    modules = await modules_of(call, ids)
    modules += [one for one in await auto_applied(call, what) if one.id not in ids]
    check_modules(modules, what)
    for module in modules:
        instance.modules[module.id] = module.md5
