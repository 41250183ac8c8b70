"""The network over which the agents of a project's HA routers watch each other (neutron.db.l3_hamode_db).

It comes with the project's first HA router and goes with the last one, belongs to no project, and each HA router has a
port on it for each of its agents, of which there is one.
"""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.network.core import device_ports
from mopenstack.core.network.core.networks import Networks
from mopenstack.core.network.core.subnets import Subnets
from mopenstack.network.v2.core.networks_pb2 import CreateNetworkRequest, Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import CreateSubnetRequest, Subnet
from mopenstack.network.v2.l3.routers_pb2 import Router

OWNER = "network:router_ha_interface"
CIDR = "169.254.192.0/18"


async def join(call: Call, router: Router) -> None:
    """Give a new HA router its port."""
    network = await _network(call, router.project_id) or await _make(call.elevated(), router.project_id)
    port = Port(
        name=f"HA port tenant {router.project_id}",
        network_id=network.id,
        device_id=router.id,
        device_owner=OWNER,
        host_id=device_ports.HOST,
    )
    await device_ports.make(call, port)


async def leave(call: Call, router: Router) -> None:
    """Take a router's port away, and the network where it was the last one on it."""
    for port in await device_ports.of_device(call, router.id):
        if port.device_owner == OWNER:
            await device_ports.drop(call, port.id)
    network = await _network(call, router.project_id)
    if network is not None and not await call.tx.count(Port, network_id=network.id):
        await call.service(Networks).discard(call.elevated(), network)


async def _network(call: Call, project_id: str) -> Network | None:
    found = await call.tx.query(Network, name=f"HA network tenant {project_id}")
    return next((network for network in found if network.ha), None)


async def _make(call: Call, project_id: str) -> Network:
    """In the cloud's own name."""
    fresh = Network(name=f"HA network tenant {project_id}")
    made = await call.service(Networks).insert(call, fresh, CreateNetworkRequest(), {"name"})
    network = await call.tx.edit(Network, made.id)
    network.ha = True
    await call.tx.put(network)
    subnet = Subnet(name=f"HA subnet tenant {project_id}", network_id=network.id, ip_version=4, cidr=CIDR)
    given = {"name", "network_id", "ip_version", "cidr", "enable_dhcp", "gateway_ip"}
    await call.service(Subnets).insert(call, subnet, CreateSubnetRequest(subnet=subnet), given)
    return network
