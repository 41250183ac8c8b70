"""Changes of the ports of a server: addresses, and the host that they are bound to.

After nova.network.neutron (add_fixed_ip_to_instance, remove_fixed_ip_from_instance, migrate_instance_finish).
"""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.networking import ports_of, update_port
from mopenstack.core.engine.call import Call
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import IpAddressGenerationFailure


async def add_fixed_ip(call: Call, port: Port) -> None:
    """Add an address to a port, of the first subnet of its network; raises NoMoreFixedIps."""
    found = await call.tx.query(Subnet, network_id=port.network_id)
    subnets = sorted(found, key=lambda subnet: (subnet.ip_version, subnet.id))
    try:
        await update_port(call, port.id, fixed_ips=[*port.fixed_ips, FixedIp(subnet_id=subnets[0].id)])
    except IpAddressGenerationFailure:
        raise refusals.NoMoreFixedIps(network=port.network_id) from None


async def remove_fixed_ip(call: Call, port: Port, address: str) -> None:
    """Remove an address from a port."""
    left = [fixed for fixed in port.fixed_ips if fixed.ip_address != address]
    await update_port(call, port.id, fixed_ips=left)


async def move_ports(call: Call, server: Server, host: str) -> None:
    """Bind the ports of a server to another host."""
    for port in await ports_of(call, server):
        await update_port(call, port.id, host_id=host)
