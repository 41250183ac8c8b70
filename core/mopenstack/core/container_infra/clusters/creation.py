"""What a new cluster is made of: the request, completed by its template (ClustersController._post)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.cluster_templates_pb2 import ClusterTemplate
from mopenstack.container_infra.v1.clusters_pb2 import Cluster
from mopenstack.container_infra.v1.nodegroups_pb2 import NodeGroup
from mopenstack.core.container_infra import drivers, lookups
from mopenstack.core.container_infra.base import made_up_name, next_row
from mopenstack.core.container_infra.clusters.groups import MASTER, WORKER
from mopenstack.core.container_infra.clusters.nodes import NODES_MAX
from mopenstack.core.engine.call import Call

OF_TEMPLATE = ("master_flavor_id", "flavor_id", "fixed_network", "fixed_subnet")
SWITCHES = ("floating_ip_enabled", "master_lb_enabled")
FORGOTTEN = ("id", "row", "status", "status_reason", "stack_id", "api_address")
"""What a request may say of a cluster, and the conductor sets anew."""


def check_kind(call: Call, template: ClusterTemplate, asked: Cluster) -> None:
    """Refuse a cluster that no driver makes, before the policy is asked (magnum.api.validation)."""
    drivers.find_driver(call, template.server_type, lookups.value_of(template, "cluster_distro"), template.coe, None)
    drivers.check_storage(template, asked.docker_volume_size or drivers.volume_size(template))
    drivers.check_master_count(asked.master_count)


async def complete(call: Call, cluster: Cluster, template: ClusterTemplate, given: Collection[str]) -> None:
    """Give a new cluster what its request leaves to the template, and check it all."""
    cluster.cluster_template_id = template.id
    if not cluster.HasField("keypair") and template.HasField("keypair_id"):
        cluster.keypair = template.keypair_id
    _label(cluster, template)
    for name in SWITCHES:
        if name not in given:
            setattr(cluster, name, getattr(template, name))
    for name in OF_TEMPLATE:
        value = lookups.value_of(template, name)
        if not getattr(cluster, name) and value is not None:
            setattr(cluster, name, value)
    if not cluster.docker_volume_size and template.HasField("docker_volume_size"):
        cluster.docker_volume_size = template.docker_volume_size
    asked = [lookups.value_of(cluster, name) for name in ("flavor_id", "master_flavor_id")]
    await lookups.check_root_volume(call, cluster.labels, *asked)
    await lookups.check_resources(call, template, cluster)
    if cluster.master_count > 1 and not cluster.master_lb_enabled:
        raise refusals.InvalidParameterValue(err="master_count must be 1 when master_lb_enabled is False")
    for name in FORGOTTEN:
        cluster.ClearField(name)
    cluster.id = call.take_id() or call.ids.uuid()
    cluster.name = cluster.name or made_up_name(call, "cluster")
    cluster.status = "CREATE_IN_PROGRESS"
    cluster.user_id = call.caller.user_id
    cluster.row = await next_row(call, "cluster")


def _label(cluster: Cluster, template: ClusterTemplate) -> None:
    """Its own labels, or those of the template, or both."""
    own = dict(cluster.labels)
    if own and not cluster.merge_labels:
        return
    cluster.labels.clear()
    cluster.labels.update({**template.labels, **own})
    cluster.ClearField("merge_labels")


async def default_groups(call: Call, cluster: Cluster, template: ClusterTemplate) -> list[NodeGroup]:
    """The groups of masters and of workers that a cluster is made with (_get_nodegroup_object)."""
    made = []
    for role in (MASTER, WORKER):
        values: dict[str, Any] = {
            "id": call.ids.uuid(),
            "row": await next_row(call, "nodegroup"),
            "name": f"default-{role}",
            "cluster_id": cluster.id,
            "project_id": cluster.project_id,
            "labels": dict(cluster.labels),
            "image_id": template.image_id,
            "node_count": cluster.master_count if role == MASTER else cluster.node_count,
            "role": role,
            "is_default": True,
            "status": "CREATE_IN_PROGRESS",
            "flavor_id": lookups.value_of(cluster, "master_flavor_id" if role == MASTER else "flavor_id"),
            "docker_volume_size": cluster.docker_volume_size or None,
        }
        if role == WORKER:
            values["min_node_count"] = _least(cluster)
        group = NodeGroup(**{name: value for name, value in values.items() if value is not None})
        call.stamp(group.created_at)
        made.append(group)
    return made


def _least(cluster: Cluster) -> int:
    """The label min_node_count, as far as it is one."""
    text = cluster.labels.get("min_node_count", "")
    return min(int(text), NODES_MAX) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
