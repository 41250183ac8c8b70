"""What happens to the ports of a server besides coming and going: addresses, and where they are bound.

After nova.network.neutron (add_fixed_ip_to_instance, remove_fixed_ip_from_instance, migrate_instance_finish).
"""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.networking import modify_port
from mopenstack.core.engine.call import Call
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import IpAddressGenerationFailure


async def add_fixed_ip(call: Call, port: Port) -> None:
    """One more address on a port; not of a subnet whose addresses follow from the port's own."""
    found = await call.tx.query(Subnet, network_id=port.network_id)
    subnets = sorted(found, key=lambda subnet: (subnet.ip_version, subnet.id))
    changed = await call.tx.edit(Port, port.id)
    changed.fixed_ips.add(subnet_id=subnets[0].id)
    try:
        await modify_port(call, changed, {"fixed_ips"})
    except IpAddressGenerationFailure:
        raise refusals.NoMoreFixedIps(network=port.network_id) from None


async def remove_fixed_ip(call: Call, port: Port, address: str) -> None:
    """Take an address from a port."""
    changed = await call.tx.edit(Port, port.id)
    left = [fixed for fixed in changed.fixed_ips if fixed.ip_address != address]
    del changed.fixed_ips[:]
    changed.fixed_ips.extend(left)
    await modify_port(call, changed, {"fixed_ips"})


async def move_ports(call: Call, server: Server, host: str) -> None:
    """A server's ports are bound where it runs."""
    for port in await call.tx.query(Port, device_id=server.id):
        moved = await call.tx.edit(Port, port.id)
        moved.host_id = host
        await modify_port(call, moved, {"host_id"})
