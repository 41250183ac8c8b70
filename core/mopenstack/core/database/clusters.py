"""Clusters of instances (trove/cluster, trove/common/strategies/cluster/experimental/galera_common/api.py)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.database.cluster_views import view
from mopenstack.core.database.datastores.choices import Chosen, chosen, datastore_of, image_of, of_version, version_of
from mopenstack.core.database.flavors import flavor_of
from mopenstack.core.database.instances import creating
from mopenstack.core.database.instances import views as instance_views
from mopenstack.core.database.instances.instances import Instances, apply_configuration
from mopenstack.core.database.instances.lifecycle import INSTANCES
from mopenstack.core.database.instances.nested import delete_server_group
from mopenstack.core.database.pages import by_marker, page
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.clusters import clusters_pb2 as pb
from mopenstack.database.v1.configurations_pb2 import Configuration
from mopenstack.database.v1.instances.instances_pb2 import DeleteInstanceRequest, Instance

LOCALITIES = ("affinity", "anti-affinity")
IDLE, ANY = frozenset({pb.Cluster.NONE}), frozenset(number for number in pb.Cluster.Task.values() if number)


def _refuse(action: Any, cluster: pb.Cluster) -> Fault:
    return refusals.ClusterTaskUnderWay(task=pb.Cluster.Task.Name(cluster.task))


def _row(name: str, interim: int, seconds: float) -> Action:
    return Action(name, IDLE, interim=interim, to=pb.Cluster.NONE, seconds=seconds)


CLUSTERS: Lifecycle[pb.Cluster] = Lifecycle(
    pb.Cluster,
    (
        Action(
            "build",
            frozenset({pb.Cluster.BUILDING}),
            interim=pb.Cluster.BUILDING,
            to=pb.Cluster.NONE,
            seconds=90,
        ),
        _row("grow", pb.Cluster.GROWING_CLUSTER, 90),
        _row("shrink", pb.Cluster.SHRINKING_CLUSTER, 30),
        _row("restart", pb.Cluster.RESTARTING_CLUSTER, 30),
        _row("upgrade", pb.Cluster.UPGRADING_CLUSTER, 120),
        Action("reset", ANY, to=pb.Cluster.NONE, seconds=0, cancels=True),
        Action("delete", IDLE | {pb.Cluster.DELETING}, interim=pb.Cluster.DELETING, seconds=30),
    ),
    _refuse,
    state="task",
    error=pb.Cluster.NONE,
)


class Clusters(ResourceServicer[pb.Cluster]):
    service = pb.DESCRIPTOR.services_by_name["Clusters"]
    message = pb.Cluster
    not_found = refusals.ClusterNotFound
    lifecycle = CLUSTERS

    async def list_clusters(self, call: Call, request: pb.ListClustersRequest) -> Result:
        found = await call.tx.query(pb.Cluster, project_id=call.caller.project_id)
        items, marker = by_marker(found, request.query, lambda one: one.id)
        return page([await view(call, one, servers=False) for one in items], marker)

    async def create_cluster(self, call: Call, request: pb.CreateClusterRequest) -> Result:
        wanted = request.cluster
        what = await chosen(call, wanted.datastore)
        if not what.manager.clusters:
            raise refusals.ClustersNotSupported(datastore=what.datastore.name, version=what.version.name)
        if wanted.locality and wanted.locality not in LOCALITIES:
            words = "', '".join(LOCALITIES)
            raise refusals.BadRequest(why=f"Invalid locality '{wanted.locality}'. Must be one of ['{words}']")
        if len(wanted.instances) < what.manager.clusters:
            raise refusals.ClusterTooSmall(number=what.manager.clusters)
        cluster = pb.Cluster(
            name=wanted.name,
            task=pb.Cluster.BUILDING,
            datastore_version_id=what.version.id,
            locality=wanted.locality,
            configuration_id=wanted.configuration_id,
            next_number=int(call.time),
        )
        made = await self.insert(call, cluster)
        await self._add(call, made, what, wanted.instances)
        await CLUSTERS.begin(call, await call.tx.edit(pb.Cluster, made.id), "build")
        return await view(call, await self.fetch(call, made.id), servers=False)

    async def _add(
        self, call: Call, cluster: pb.Cluster, what: Chosen, wanted: Iterable[pb.ClusterInstanceCreate]
    ) -> None:
        """Make instances of a cluster, alike in flavor, volume and network; all or none."""
        nodes = list(wanted)
        if len({creating.last(one.flavor_id) for one in nodes}) > 1:
            raise refusals.ClusterFlavorsNotEqual()
        if not all(one.HasField("volume") for one in nodes):
            raise refusals.ClusterVolumeSizeRequired()
        if len({one.volume.size for one in nodes}) > 1:
            raise refusals.ClusterVolumeSizesNotEqual()
        if len({one.nics[0].net_id or one.nics[0].network_id if one.nics else "" for one in nodes}) > 1:
            raise refusals.ClusterNetworksNotEqual()
        image_id = await image_of(call, what.version.image_id, what.version.image_tags.split(","))
        copy = await call.tx.edit(pb.Cluster, cluster.id)
        group_id = await creating.group_for(call, cluster.name, cluster.locality) if cluster.locality else ""
        for node in nodes:
            flavor = await flavor_of(call, creating.last(node.flavor_id))
            instance = Instance(
                name=node.name or f"{cluster.name}-member-{copy.next_number}",
                flavor_id=flavor.id,
                ram=flavor.ram,
                datastore_version_id=what.version.id,
                image_id=image_id,
                region=node.region_name or call.cloud.region_name,
                availability_zone=node.availability_zone,
                cluster_id=cluster.id,
                type="member",
                configuration_id=cluster.configuration_id,
                server_group_id=group_id,
            )
            copy.next_number += 1
            creating.size_of(instance, node.volume)
            if node.nics:
                instance.nic.CopyFrom(node.nics[0])
            await creating.give_modules(call, instance, what, [one.id for one in node.modules])
            await creating.make(call, call.service(Instances), instance)
        await call.tx.put(copy)

    async def get_cluster(self, call: Call, request: pb.GetClusterRequest) -> Result:
        return await view(call, call.target)

    async def get_cluster_instance(self, call: Call, request: pb.GetClusterInstanceRequest) -> Result:
        instance = await call.tx.get(Instance, request.instance_id)
        if instance is None or instance.cluster_id != call.target.id:
            raise refusals.ResourceNotFound(id=request.instance_id)
        return await instance_views.view(call, instance)

    # -- actions

    async def grow_cluster(self, call: Call, request: pb.GrowClusterRequest) -> Result:
        CLUSTERS.check(call, call.target, "grow")
        await self._add(call, call.target, await _of(call, call.target), request.grow)
        return await self._begin(call, "grow")

    async def shrink_cluster(self, call: Call, request: pb.ShrinkClusterRequest) -> Result:
        CLUSTERS.check(call, call.target, "shrink")
        members = await members_of(call, call.target.id)
        doomed = {one.id for one in request.shrink}
        unknown = doomed - {one.id for one in members}
        if unknown:
            raise refusals.ResourceNotFound(id=min(unknown))
        if len(members) - len(doomed) < 1:
            raise refusals.ClusterLeftEmpty()
        for one in members:
            if one.id in doomed:
                copy = await call.tx.edit(Instance, one.id)
                copy.cluster_id = ""
                await call.tx.put(copy)
                await _delete(call, copy.id)
        return await self._begin(call, "shrink")

    async def restart_cluster(self, call: Call, request: pb.RestartClusterRequest) -> Result:
        CLUSTERS.check(call, call.target, "restart")
        for one in await members_of(call, call.target.id):
            await INSTANCES.begin(call, await call.tx.edit(Instance, one.id), "restart")
        return await self._begin(call, "restart")

    async def upgrade_cluster(self, call: Call, request: pb.UpgradeClusterRequest) -> Result:
        CLUSTERS.check(call, call.target, "upgrade")
        what = await _of(call, call.target)
        version = await version_of(call, await datastore_of(call, what.datastore.id), request.upgrade.datastore_version)
        for one in await members_of(call, call.target.id):
            copy = await call.tx.edit(Instance, one.id)
            copy.wanted = version.id
            await INSTANCES.begin(call, copy, "upgrade")
        cluster = await call.tx.edit(pb.Cluster, call.target.id)
        cluster.datastore_version_id = version.id
        await call.tx.put(cluster)
        return await self._begin(call, "upgrade")

    async def reset_cluster_status(self, call: Call, request: pb.ResetClusterStatusRequest) -> Result:
        for one in await members_of(call, call.target.id):
            await INSTANCES.transition(call, await call.tx.edit(Instance, one.id), "reset_status", request)
        return await self._begin(call, "reset")

    async def attach_cluster_configuration(self, call: Call, request: pb.AttachClusterConfigurationRequest) -> Result:
        CLUSTERS.check(call, call.target, "restart")
        id = request.configuration_attach.configuration_id
        group = await call.tx.get(Configuration, id)
        if group is None or not (call.caller.is_admin or group.project_id == call.caller.project_id):
            raise refusals.ConfigurationNotFound(id=id)
        return await self._configure(call, group, id)

    async def detach_cluster_configuration(self, call: Call, request: pb.DetachClusterConfigurationRequest) -> Result:
        CLUSTERS.check(call, call.target, "restart")
        group = await call.tx.get(Configuration, call.target.configuration_id)
        return await self._configure(call, group, "")

    async def _configure(self, call: Call, group: Configuration | None, id: str) -> Result:
        """Give all members a group, or none."""
        for one in await members_of(call, call.target.id):
            copy = await call.tx.edit(Instance, one.id)
            copy.configuration_id = id
            await apply_configuration(call, copy, group)
        cluster = await call.tx.edit(pb.Cluster, call.target.id)
        cluster.configuration_id = id
        await self.save(call, cluster)
        return await view(call, cluster, servers=False)

    async def _begin(self, call: Call, row: str) -> Result:
        await CLUSTERS.begin(call, await call.tx.edit(pb.Cluster, call.target.id), row)
        return await view(call, await self.fetch(call, call.target.id), servers=False)

    # -- for administrators

    async def list_managed_clusters(self, call: Call, request: pb.ListManagedClustersRequest) -> Result:
        found = sorted(await call.tx.scan(pb.Cluster), key=lambda one: one.id)
        return pb.ListManagedClustersResponse(clusters=[await view(call, one, managed=True) for one in found])

    async def get_managed_cluster(self, call: Call, request: pb.GetManagedClusterRequest) -> Result:
        return await view(call, call.target, managed=True)

    async def reset_cluster_task(self, call: Call, request: pb.ResetClusterTaskRequest) -> Result:
        await CLUSTERS.begin(call, await call.tx.edit(pb.Cluster, call.target.id), "reset")
        return EMPTY


async def members_of(call: Call, cluster_id: str) -> list[Instance]:
    """The instances of a cluster, by ID."""
    return sorted(await call.tx.query(Instance, cluster_id=cluster_id), key=lambda one: one.id)


async def _of(call: Call, cluster: pb.Cluster) -> Chosen:
    what = await of_version(call, cluster.datastore_version_id)
    assert what is not None
    return what


async def _delete(call: Call, id: str) -> None:
    await call.invoke("mopenstack.database.v1.Instances.DeleteInstance", DeleteInstanceRequest(instance_id=id))


@CLUSTERS.prepares("delete")
async def prepare_delete(call: Call, cluster: pb.Cluster, request: Any) -> str | None:
    """The instances are deleted while the cluster is."""
    if cluster.task == pb.Cluster.DELETING:
        return ""
    cluster.task = pb.Cluster.DELETING
    await call.tx.put(cluster)
    for one in await members_of(call, cluster.id):
        await _delete(call, one.id)
    return None


@CLUSTERS.on("delete")
async def deleted(call: Call, cluster: pb.Cluster) -> None:
    """What is left of its instances goes with it."""
    groups = {one.server_group_id for one in await members_of(call, cluster.id) if one.server_group_id}
    for one in await members_of(call, cluster.id):
        under_way = await call.tx.scheduled(one)
        if under_way is not None:
            await INSTANCES.complete(call, one.id, under_way[0])
    for id in groups:
        await delete_server_group(call, id)
    await call.owner_of("database_cluster").discard(call.elevated(), cluster)
