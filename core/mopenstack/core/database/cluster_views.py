"""Clusters as they are shown (trove/cluster/views.py)."""

from __future__ import annotations

from mopenstack.core.database.datastores.choices import of_version
from mopenstack.core.database.instances import views
from mopenstack.core.engine.call import Call
from mopenstack.database.v1.clusters import clusters_pb2 as pb
from mopenstack.database.v1.instances.instances_pb2 import Instance

TASKS = {
    pb.Cluster.NONE: (1, "No tasks for the cluster."),
    pb.Cluster.BUILDING: (2, "Building the initial cluster."),
    pb.Cluster.DELETING: (3, "Deleting the cluster."),
    pb.Cluster.GROWING_CLUSTER: (5, "Increasing the size of the cluster."),
    pb.Cluster.SHRINKING_CLUSTER: (6, "Decreasing the size of the cluster."),
    pb.Cluster.UPGRADING_CLUSTER: (7, "Upgrading the cluster to new version."),
    pb.Cluster.RESTARTING_CLUSTER: (8, "Restarting the cluster."),
    pb.Cluster.UPDATING_CLUSTER: (9, "Updating cluster configuration."),
}
"""Task -> its number and description (trove/cluster/tasks.py)."""


async def view(call: Call, cluster: pb.Cluster, *, servers: bool = True, managed: bool = False) -> pb.ClusterView:
    """A cluster as the caller sees it, with what its servers say where `servers`."""
    viewer = call.caller.project_id
    what = await of_version(call, cluster.datastore_version_id)
    number, description = TASKS[cluster.task]
    shown = pb.ClusterView(
        id=cluster.id,
        name=cluster.name,
        task={"id": number, "name": pb.Cluster.Task.Name(cluster.task), "description": description},
        created=cluster.created_at,
        updated=cluster.updated_at,
        locality=cluster.locality,
        configuration=cluster.configuration_id,
        viewer=viewer,
    )
    shown.datastore.SetInParent()
    if what is not None:
        shown.datastore.type, shown.datastore.version = what.datastore.name, what.version.name
    for one in sorted(await call.tx.query(Instance, cluster_id=cluster.id), key=lambda one: one.id):
        member = shown.instances.add(id=one.id, name=one.name, type=one.type, viewer=viewer)
        if servers:
            seen = await views.view(call, one)
            member.status = seen.status
            member.volume.size = one.volume_size
            member.flavor.id, member.flavor.viewer = one.flavor_id, viewer
            member.ip.extend(seen.addresses)
            shown.ip.extend(seen.addresses)
    if managed:
        shown.tenant_id, shown.deleted = cluster.project_id, False
    return shown
