"""What a server is told of itself: everything that its metadata is made of, read at once.

Source: nova.api.metadata.base.InstanceMetadata.__init__.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.networking import ports_of, zone_of
from mopenstack.core.engine.call import Call
from mopenstack.core.metadata.options import DHCP_DOMAIN, VENDORDATA
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup

_DHCP = "network:dhcp"


@dataclass(slots=True)
class Interface:
    """A port of the server, its network, and those subnets of it that have an address of the port."""

    port: Port
    network: Network
    subnets: list[tuple[Subnet, str]] = field(default_factory=list)
    """Each with the port's first address in it."""
    served: set[str] = field(default_factory=set)
    """The ids of subnets that a DHCP port answers."""


@dataclass(slots=True)
class Guest:
    """A server and what belongs to it."""

    server: Server
    hostname: str
    zone: str
    interfaces: list[Interface]
    floating_ips: list[str]
    security_groups: list[str]
    vendordata: str
    """A JSON object."""

    @property
    def user_data(self) -> bytes | None:
        return base64.b64decode(self.server.user_data) if self.server.HasField("user_data") else None

    @property
    def fixed_ips(self) -> list[str]:
        """The IPv4 addresses."""
        return [
            address for interface in self.interfaces for subnet, address in interface.subnets if subnet.ip_version == 4
        ]


async def guest_of(call: Call, server: Server) -> Guest:
    """Everything that a server's metadata is made of."""
    domain = call.cloud.option(DHCP_DOMAIN)
    interfaces, floating, groups = [], [], dict[str, str]()
    for port in await ports_of(call, server):
        network = await call.tx.get(Network, port.network_id)
        if network is None:
            continue
        interfaces.append(await _interface(call, port, network))
        floating += [one.floating_ip_address for one in await call.tx.query(Floatingip, port_id=port.id)]
        for id in port.security_groups:
            group = await call.tx.get(SecurityGroup, id)
            if group is not None:
                groups[id] = group.name
    return Guest(
        server=server,
        hostname=f"{server.hostname}.{domain}" if domain else server.hostname,
        zone=zone_of(server),
        interfaces=interfaces,
        floating_ips=floating,
        security_groups=list(groups.values()),
        vendordata=call.cloud.option(VENDORDATA),
    )


async def _interface(call: Call, port: Port, network: Network) -> Interface:
    found = Interface(port, network)
    addresses: dict[str, str] = {}
    for fixed in port.fixed_ips:
        addresses.setdefault(fixed.subnet_id, fixed.ip_address)
    for id, address in addresses.items():
        subnet = await call.tx.get(Subnet, id)
        if subnet is not None:
            found.subnets.append((subnet, address))
    for other in await call.tx.query(Port, network_id=network.id, device_owner=_DHCP):
        found.served.update(fixed.subnet_id for fixed in other.fixed_ips)
    return found
