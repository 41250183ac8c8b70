"""The nodes of clusters: addresses, names, and what the cluster says of itself through them.

Nodes have addresses in the fixed network that each cluster of the driver has for itself, 10.0.0.0/24 unless the label
fixed_network_cidr says otherwise.

Sources: magnum/drivers/heat/k8s_template_def.py, magnum/drivers/common/k8s_monitor.py, kubecluster.yaml of
magnum/drivers/k8s_fedora_coreos_v1.
"""

from __future__ import annotations

import base64
import ipaddress
import uuid
from collections.abc import Iterator, Mapping, Sequence

from mopenstack.container_infra.v1.cluster_templates_pb2 import ClusterTemplate
from mopenstack.container_infra.v1.clusters_pb2 import Cluster
from mopenstack.container_infra.v1.nodegroups_pb2 import NodeGroup
from mopenstack.core.container_infra.clusters.groups import MASTER as MASTER
from mopenstack.core.container_infra.clusters.groups import groups_of
from mopenstack.core.container_infra.drivers import CONTAINER_VERSION, KUBERNETES_VERSION
from mopenstack.core.engine.call import Call

CIDR = "10.0.0.0/24"
FIRST_HOST = 4
"""Below are the router and the DHCP servers."""
NODES_MAX = 1000
"""Of a group: heat.conf, max_resources_per_stack."""
_NO_ROOM = (
    "Resource CREATE failed: IpAddressGenerationFailureClient: resources.{name}: No more IP addresses available on "
    "network {network}."
)
_TOO_MANY = "ERROR: Maximum resources per stack exceeded."


async def provide(call: Call, cluster: Cluster, group: NodeGroup, real: Sequence[str] | None = None) -> str:
    """Give a private copy of a group an address for each node; why that fails, or empty.

    `real`: the addresses of its servers, if it has any.
    """
    if group.node_count > NODES_MAX:
        return _TOO_MANY
    kept = list(group.node_addresses if real is None else real)[: group.node_count]
    taken = {
        address for one in await groups_of(call, cluster.id) if one.id != group.id for address in one.node_addresses
    }
    free = _addresses(cluster.labels, taken | set(kept))
    while len(kept) < group.node_count:
        address = next(free, None)
        if address is None:
            return _NO_ROOM.format(name=f"{group.name}.resources.{len(kept)}", network=cluster.fixed_network or "fixed")
        kept.append(address)
    del group.node_addresses[:]
    group.node_addresses.extend(kept)
    if group.role == MASTER and group.is_default:
        await _note_api(call, cluster, kept[0])
    return ""


def _addresses(labels: Mapping[str, str], taken: set[str]) -> Iterator[str]:
    network = _network(labels.get("fixed_network_cidr", CIDR))
    for host in range(FIRST_HOST, network.num_addresses - 1):
        address = str(network[host])
        if address not in taken:
            yield address


def _network(cidr: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(cidr, strict=False)
    except ValueError:
        return ipaddress.IPv4Network(CIDR)


async def _note_api(call: Call, cluster: Cluster, address: str) -> None:
    """Where the API of the cluster is, and what runs there."""
    template = await call.tx.get(ClusterTemplate, cluster.cluster_template_id)
    plain = template is not None and template.tls_disabled
    port = (template.apiserver_port if template is not None else 0) or (8080 if plain else 6443)
    cluster.api_address = f"{'http' if plain else 'https'}://{address}:{port}"
    cluster.coe_version = cluster.labels.get("kube_tag", KUBERNETES_VERSION)
    cluster.container_version = CONTAINER_VERSION


def note(cluster: Cluster, groups: Sequence[NodeGroup]) -> None:
    """Counts and addresses of a cluster's nodes."""
    workers = [group for group in groups if group.role != MASTER]
    masters = [group for group in groups if group.role == MASTER]
    cluster.node_count = min(sum(group.node_count for group in workers), 2**31 - 1)
    cluster.master_count = sum(group.node_count for group in masters)
    del cluster.node_addresses[:], cluster.master_addresses[:]
    cluster.node_addresses.extend(address for group in workers for address in group.node_addresses)
    cluster.master_addresses.extend(address for group in masters for address in group.node_addresses)


def report(cluster: Cluster, groups: Sequence[NodeGroup]) -> None:
    """What the monitor finds of a cluster that runs: every node is ready."""
    cluster.health_status = "HEALTHY"
    cluster.health_status_reason.clear()
    cluster.health_status_reason["api"] = "ok"
    for group in groups:
        for name in names(cluster, group):
            cluster.health_status_reason[f"{name}.Ready"] = "True"


def names(cluster: Cluster, group: NodeGroup) -> list[str]:
    """The host names of a group's nodes."""
    role = "master" if group.role == MASTER else "node"
    prefix = stack_name(cluster, None if group.is_default else group)
    return [f"{prefix}-{role}-{number}" for number in range(len(group.node_addresses))]


def stack_name(cluster: Cluster, group: NodeGroup | None = None) -> str:
    """The name of the stack of a cluster, or of a group that was added (HeatDriver._create_stack)."""
    name = cluster.name[:30] if group is None else f"{cluster.name[:20]}-{group.name[:9]}"
    name = "".join(
        one for one in name.replace("_", "-").replace(".", "-") if one.isascii() and (one.isalnum() or one == "-")
    )
    source = cluster.id if group is None else group.id
    short = base64.b32encode(uuid.UUID(source).bytes)[:12].decode()
    return f"{name}-{short}".lower()
