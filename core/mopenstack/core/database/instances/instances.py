"""Instances: list, show, update, delete (trove/instance/service.py); create is in creating.py."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.values import to_value
from mopenstack.core.database.backups.views import page_of
from mopenstack.core.database.configuration_rules import overrides_need_restart
from mopenstack.core.database.datastores.choices import datastore_of, of_version, version_of
from mopenstack.core.database.datastores.managers import templates
from mopenstack.core.database.instances import creating
from mopenstack.core.database.instances.lifecycle import INSTANCES
from mopenstack.core.database.instances.status import (
    check_available,
    check_loaded,
    condition_of,
    replicas_of,
    task_word,
)
from mopenstack.core.database.instances.views import newest_first, view
from mopenstack.core.database.pages import asked, by_marker, page
from mopenstack.core.database.quotas import SERVICE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.backups.backups_pb2 import Backup
from mopenstack.database.v1.clusters.clusters_pb2 import Cluster
from mopenstack.database.v1.configurations_pb2 import Configuration
from mopenstack.database.v1.datastores.datastores_pb2 import DatastoreVersion
from mopenstack.database.v1.instances import instances_pb2 as pb


class Instances(ResourceServicer[pb.Instance]):
    service = pb.DESCRIPTOR.services_by_name["Instances"]
    message = pb.Instance
    not_found = refusals.ResourceNotFound
    lifecycle = INSTANCES

    async def list_instances(self, call: Call, request: pb.ListInstancesRequest) -> Result:
        return await self._list(call, request, detail=False)

    async def list_instances_detail(self, call: Call, request: pb.ListInstancesRequest) -> Result:
        return await self._list(call, request, detail=True)

    async def _list(self, call: Call, request: pb.ListInstancesRequest, *, detail: bool) -> Result:
        clustered = asked(request.query, "include_clustered").lower() == "true"
        found = await call.tx.query(pb.Instance, project_id=call.caller.project_id)
        left = [one for one in found if clustered or not one.cluster_id]
        items, marker = by_marker(left, request.query, lambda one: one.id)
        return page([await view(call, one, detail=detail) for one in newest_first(items)], marker)

    async def create_instance(self, call: Call, request: pb.CreateInstanceRequest) -> Result:
        made = await creating.create(call, self, request.instance, set(request.mask.paths))
        return pb.InstanceResponse(instance=await view(call, made, new=True))

    async def get_instance(self, call: Call, request: pb.GetInstanceRequest) -> Result:
        return await view(call, call.target)

    async def list_instance_backups(self, call: Call, request: pb.ListInstanceBackupsRequest) -> Result:
        await check_loaded(call, call.target)
        found = await call.tx.query(Backup, instance_id=call.target.id)
        mine = [one for one in found if call.caller.is_admin or one.project_id == call.caller.project_id]
        return await page_of(call, mine, request.query)

    async def get_instance_configuration(self, call: Call, request: pb.GetInstanceConfigurationRequest) -> Result:
        instance: pb.Instance = call.target
        await check_loaded(call, instance)
        chosen = await of_version(call, instance.datastore_version_id)
        assert chosen is not None
        shown = pb.InstanceConfiguration()
        for name, value in _defaults(chosen.version, instance).items():
            shown.configuration.fields[name].CopyFrom(to_value(value))
        return shown

    # -- updates

    async def update_instance(self, call: Call, request: pb.UpdateInstanceRequest) -> Result:
        return await self._update(call, request)

    async def edit_instance(self, call: Call, request: pb.EditInstanceRequest) -> Result:
        return await self._update(call, request)

    async def _update(self, call: Call, request: Any) -> Result:
        asked_for, given = request.instance, {path.partition(".")[0] for path in request.mask.paths}
        if len(given - {"name"}) >= 2:
            raise refusals.BadRequest(why="Only one attribute (except 'name') is allowed to update.")
        await check_loaded(call, call.target)
        instance = await call.tx.edit(pb.Instance, call.target.id)
        if asked_for.name:
            instance.name = asked_for.name
        if given & {"replica_of", "slave_of"}:
            await check_available(call, instance)
            if not instance.replica_of:
                raise refusals.NotAReplica(id=instance.id)
            await INSTANCES.begin(call, instance, "detach")
        elif "configuration_id" in given or not given:
            await _set_configuration(call, instance, asked_for.configuration_id)
        elif "access" in given:
            await check_available(call, instance)
            instance.wanted_access.CopyFrom(asked_for.access)
            await INSTANCES.begin(call, instance, "update_access")
        elif "datastore_version" in given:
            version = await version_of(
                call, await datastore_of(call, await _datastore_id(call, instance)), asked_for.datastore_version
            )
            await check_available(call, instance)
            instance.wanted = version.id
            await INSTANCES.begin(call, instance, "upgrade")
        else:
            await self.save(call, instance)
        return EMPTY


async def _datastore_id(call: Call, instance: pb.Instance) -> str:
    version = await call.tx.get(DatastoreVersion, instance.datastore_version_id)
    return version.datastore_id if version is not None else ""


# -- configuration groups


async def _set_configuration(call: Call, instance: pb.Instance, id: str) -> None:
    if not id:
        await detach_configuration(call, instance)
        return
    if instance.configuration_id:
        raise refusals.ConfigurationAlreadyAttached(id=instance.id, configuration=instance.configuration_id)
    await _check_assignable(call, instance)
    group = await call.tx.get(Configuration, id)
    if group is None or not (call.caller.is_admin or group.project_id == call.caller.project_id):
        raise refusals.ConfigurationGroupNotFound(id=id)
    if group.datastore_version_id != instance.datastore_version_id:
        raise refusals.ConfigurationDatastoreMismatch(
            own=group.datastore_version_id, other=instance.datastore_version_id
        )
    instance.configuration_id = group.id
    await apply_configuration(call, instance, group)


async def detach_configuration(call: Call, instance: pb.Instance) -> None:
    """Take the configuration group of an instance (a private copy) away, if it has one; it is stored."""
    if not instance.configuration_id:
        await call.service(Instances).save(call, instance)
        return
    await _check_assignable(call, instance)
    group = await call.tx.get(Configuration, instance.configuration_id)
    instance.configuration_id = ""
    await apply_configuration(call, instance, group)


async def apply_configuration(call: Call, instance: pb.Instance, group: Configuration | None) -> None:
    """Store an instance (a private copy) whose configuration changed: it may need a restart."""
    restart = group is not None and await overrides_need_restart(call, group)
    call.stamp(instance.updated_at)
    await INSTANCES.force(call, instance, pb.Instance.RESTART_REQUIRED if restart else pb.Instance.NONE)


async def _check_assignable(call: Call, instance: pb.Instance) -> None:
    now = await condition_of(call, instance)
    if now.server != "ACTIVE":
        raise refusals.InvalidInstanceState(status=now.server)
    if instance.task != pb.Instance.NONE:
        raise refusals.InvalidInstanceState(status=task_word(instance.task))


def _defaults(version: DatastoreVersion, instance: pb.Instance) -> dict[str, Any]:
    """The default configuration of a datastore for the memory of an instance (trove/templates)."""
    found: dict[str, Any] = {}
    major = int(version.version.split(".")[0]) if version.version.split(".")[0].isdecimal() else 0
    for name, value, *unit in templates().get(version.manager, ()):
        if unit:
            amount = int(value * instance.ram / 512)
            found[name] = f"{amount}{unit[0]}" if unit[0] else amount
        elif value == "{server_id}":
            found[name] = int(instance.id.replace("-", "")[:7], 16)
        elif value == "{shared_buffers}":
            found[name] = f"{int((0.25 if instance.ram >= 3072 else 0.10) * instance.ram)}MB"
        elif value == "{effective_cache_size}":
            found[name] = f"{max(instance.ram - 512, 512)}MB"
        elif name != "default_authentication_plugin" or major < 9:
            found[name] = value
    return found


# -- deletes


@INSTANCES.prepares("delete")
async def prepare_delete(call: Call, instance: pb.Instance, request: Any) -> str | None:
    now = await condition_of(call, instance)
    if now.status == "BUILD":
        raise refusals.InstanceNotReadyForDelete(id=instance.id, status=now.status)
    if instance.cluster_id:
        cluster = await call.tx.get(Cluster, instance.cluster_id)
        if cluster is not None and cluster.task != Cluster.DELETING:
            raise refusals.ClusterInstanceOperation()
    if await replicas_of(call, instance.id):
        raise refusals.ReplicaSourceDelete()
    if instance.task == pb.Instance.DELETING:
        return ""
    await call.quota.give(SERVICE, instance.project_id, units_of(instance))
    instance.configuration_id = ""
    return None


def units_of(instance: pb.Instance) -> dict[str, int]:
    """What an instance takes of its project's quotas."""
    return {"instances": 1, "ram": instance.ram, "volumes": instance.volume_size}
