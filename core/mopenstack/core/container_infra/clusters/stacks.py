"""The stacks behind clusters. With the option container_infra.heat, and Heat, each is really there, with its servers.

The templates are those of the driver, cut down to what a cloud shows: the network of a cluster that is given none, and
its servers. What is a script in a server, or a load balancer, is left out.

Sources: HeatDriver of magnum/drivers/heat/driver.py; kubecluster.yaml of magnum/drivers/k8s_fedora_coreos_v1.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from mopenstack.container_infra.v1.cluster_templates_pb2 import ClusterTemplate
from mopenstack.container_infra.v1.clusters_pb2 import Cluster
from mopenstack.container_infra.v1.nodegroups_pb2 import NodeGroup
from mopenstack.contract.faults import Fault, NotServed
from mopenstack.contract.values import plain, to_value
from mopenstack.core.container_infra.clusters import nodes
from mopenstack.core.container_infra.lookups import value_of
from mopenstack.core.container_infra.options import HEAT
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller

STACKS = "mopenstack.orchestration.v1.Stacks"
LOOK_AGAIN = 1.0
"""Seconds after which a stack under way is looked at again."""
_ROLES = frozenset({"member", "reader"})
_MASTERS, _MINIONS = "kube_masters", "kube_minions"
_TEXT: dict[str, Any] = {"type": "string"}
_NETWORK: dict[str, Any] = {
    "fixed_network": {"type": "OS::Neutron::Net", "properties": {"name": {"get_param": "OS::stack_name"}}},
    "fixed_subnet": {
        "type": "OS::Neutron::Subnet",
        "properties": {
            "name": {"get_param": "OS::stack_name"},
            "network": {"get_resource": "fixed_network"},
            "cidr": {"get_param": "fixed_network_cidr"},
            "dns_nameservers": [{"get_param": "dns_nameserver"}],
        },
    },
    "extrouter": {
        "type": "OS::Neutron::Router",
        "properties": {"external_gateway_info": {"network": {"get_param": "external_network"}}},
    },
    "extrouter_inside": {
        "type": "OS::Neutron::RouterInterface",
        "properties": {"router": {"get_resource": "extrouter"}, "subnet": {"get_resource": "fixed_subnet"}},
    },
}


class StackFailed(Exception):
    """A stack that Heat refuses; the cluster or group has failed with it."""


def _asked(call: Call) -> bool:
    return call.cloud.options.get(HEAT.name) == "true"


async def create(call: Call, cluster: Cluster, groups: Iterable[NodeGroup]) -> str:
    """The id of a new stack of a cluster with its groups, or of a group that is added to it; raises StackFailed."""
    groups = list(groups)
    if not _asked(call):
        return call.ids.uuid()
    added = None if groups[0].is_default else groups[0]
    template = await call.tx.get(ClusterTemplate, cluster.cluster_template_id)
    network = cluster.fixed_network or await _network_of(call, cluster, added)
    parameters: dict[str, Any] = {f"number_of_{_role(one)}s": one.node_count for one in groups}
    if not network:
        parameters["external_network"] = template.external_network_id if template is not None else ""
        parameters["fixed_network_cidr"] = cluster.labels.get("fixed_network_cidr", nodes.CIDR)
        parameters["dns_nameserver"] = (template.dns_nameserver if template is not None else "") or "8.8.8.8"
    wish = {
        "stack_name": nodes.stack_name(cluster, added),
        "template": _template(cluster, groups, network),
        "parameters": parameters,
        "disable_rollback": True,
    }
    try:
        async with call.part():
            made = await call.ask(f"{STACKS}.CreateStack", wish=_values(wish))
    except NotServed:
        return call.ids.uuid()
    except Fault as refused:
        raise StackFailed(f"ERROR: {refused}") from None
    return str(getattr(made, "result", made).id)


async def _network_of(call: Call, cluster: Cluster, added: NodeGroup | None) -> str:
    """The network that the stack of a cluster made; empty for a cluster that has no stack yet."""
    found = await _show(call, cluster) if added is not None else None
    return str(_outputs(found).get("fixed_network") or "")


def _role(group: NodeGroup) -> str:
    return "master" if group.role == nodes.MASTER else "minion"


def _values(wish: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_value(value) for name, value in wish.items()}


def _template(cluster: Cluster, groups: Iterable[NodeGroup], network: str) -> dict[str, Any]:
    """The template of the stack of some groups; `network`: the one that is there already."""
    resources: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    if not network:
        resources.update(copy.deepcopy(_NETWORK))
        parameters.update(dict.fromkeys(("external_network", "fixed_network_cidr", "dns_nameserver"), _TEXT))
        outputs["fixed_network"] = {"value": {"get_resource": "fixed_network"}}
    for group in groups:
        role, name = _role(group), _MASTERS if group.role == nodes.MASTER else _MINIONS
        parameters[f"number_of_{role}s"] = {"type": "number"}
        parameters[f"{role}s_to_remove"] = {"type": "comma_delimited_list", "default": ""}
        host = "master" if role == "master" else "node"
        server = {
            "name": {"list_join": ["-", [{"get_param": "OS::stack_name"}, host, "%index%"]]},
            "image": value_of(group, "image_id"),
            "flavor": value_of(group, "flavor_id"),
            "key_name": value_of(cluster, "keypair"),
            "networks": [{"network": network or {"get_resource": "fixed_network"}}],
        }
        resources[name] = {
            "type": "OS::Heat::ResourceGroup",
            "depends_on": [] if network else ["extrouter_inside"],
            "properties": {
                "count": {"get_param": f"number_of_{role}s"},
                "removal_policies": [{"resource_list": {"get_param": f"{role}s_to_remove"}}],
                "resource_def": {
                    "type": "OS::Nova::Server",
                    "properties": {key: value for key, value in server.items() if value},
                },
            },
        }
        outputs[f"{name}_private"] = {"value": {"get_attr": [name, "first_address"]}}
    return {
        "heat_template_version": "2018-08-31",
        "description": "This template will boot a Kubernetes cluster with one or more minions.",
        "parameters": parameters,
        "resources": resources,
        "outputs": outputs,
    }


def _as_trustee(call: Call, cluster: Cluster) -> Call:
    """A call in the name of a cluster's own user, who acts for its owner."""
    project, user = cluster.project_id, cluster.user_id
    return call.elevated(Caller(user_id=user, project_id=project, roles=_ROLES, token=f"cluster {cluster.id}"))


async def _show(call: Call, cluster: Cluster, group: NodeGroup | None = None) -> Any:
    """The stack of a cluster, or of a group that was added to it, as Heat shows it, or None."""
    added = None if group is None or group.is_default else group
    stack_id = (cluster if added is None else added).stack_id
    if not _asked(call) or not stack_id:
        return None
    values = {"stack_name": nodes.stack_name(cluster, added), "stack_id": stack_id}
    try:
        found = await _as_trustee(call, cluster).ask(f"{STACKS}.GetStack", **values)
    except Fault:
        return None
    return getattr(found, "result", found)


def _outputs(found: Any) -> dict[str, Any]:
    listed = plain(found.outputs) if found is not None and found.HasField("outputs") else None
    return {one["output_key"]: one.get("output_value") for one in listed or ()}


class Look:
    """What a stack is found to be: under way, failed for a reason, or done with the addresses of its servers."""

    def __init__(self, found: Any) -> None:
        status = found.stack_status if found is not None else ""
        self.is_busy = status.endswith("_IN_PROGRESS")
        self.failure = found.stack_status_reason if status.endswith("_FAILED") else ""
        self._outputs = _outputs(found) if found is not None and not self.is_busy else {}

    def addresses(self, group: NodeGroup) -> list[str] | None:
        """Those of a group's servers; None where there is no stack that tells them."""
        found = self._outputs.get(f"{_MASTERS if group.role == nodes.MASTER else _MINIONS}_private")
        return [str(one) for one in found if one] if isinstance(found, list) else None


async def look(call: Call, cluster: Cluster, group: NodeGroup | None = None) -> Look:
    """What the stack of a cluster, or of a group that was added to it, is found to be."""
    return Look(await _show(call, cluster, group))


async def resize(call: Call, cluster: Cluster, group: NodeGroup, gone: Iterable[str] = ()) -> None:
    """Have the stack of a group have as many servers as its private copy says, without some of those that there are."""
    found = await _show(call, cluster, group)
    if found is None:
        return
    role = _role(group)
    parameters = {f"number_of_{role}s": group.node_count, f"{role}s_to_remove": ",".join(gone)}
    wish = _values({"parameters": parameters, "disable_rollback": True})
    where = {"stack_name": found.stack_name, "stack_id": found.id}
    async with call.part():
        await _as_trustee(call, cluster).ask(f"{STACKS}.PatchStack", **where, wish=wish)


async def delete(call: Call, cluster: Cluster, group: NodeGroup | None = None) -> None:
    """Delete the stack of a cluster, or of a group that was added to it, unless that is under way."""
    found = await _show(call, cluster, group)
    if found is None or found.stack_status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"):
        return
    where = {"stack_name": found.stack_name, "stack_id": found.id}
    await _as_trustee(call, cluster).ask(f"{STACKS}.DeleteStack", **where)
