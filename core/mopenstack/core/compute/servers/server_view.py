"""A server as it is shown: the stored one with the addresses and security groups of its ports.

Source: nova.api.openstack.compute.views.servers and nova.api.openstack.common.get_networks_for_instance.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.hosts.services import Services
from mopenstack.core.compute.servers.networking import ports_of
from mopenstack.core.engine.call import Call
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup


async def shown(call: Call, server: Server) -> Server:
    """A server as it is shown, kept for as long as what it is made of."""
    if server.vm_state == Server.VM_STATE_DELETED:
        return server  # it does not change any more
    return await call.tx.view(("server", server.id), lambda: view_of(call, server.id))


async def view_of(call: Call, id: str) -> Server:
    """The server with addresses, security groups and host status."""
    server = await call.tx.get(Server, id)
    assert server is not None
    shown = copy_of(server)
    shown.host_id = host_id(server)
    if server.HasField("user_data"):
        shown.rebuilt_user_data = server.user_data
    if server.vm_state == Server.VM_STATE_BUILDING:
        return shown
    shown.host_status = await _host_status(call, server.host)
    await _add_ports(call, shown, await ports_of(call, server))
    return shown


async def _host_status(call: Call, host: str) -> str:
    """The status of the compute service of a host (nova.compute.api.get_instance_host_status)."""
    if not host:
        return ""
    service = await call.service(Services).compute_of(call, host)
    if service is None:
        return ""
    return "DOWN" if service.forced_down else "MAINTENANCE" if service.status == "disabled" else "UP"


def host_id(server: Server, host: str = "") -> str:
    """The id of a host, by default the server's, for its project (nova.utils.generate_hostid)."""
    host = host or server.host
    return _host_id(server.project_id, host) if host else ""


@lru_cache(maxsize=10_000)
def _host_id(project_id: str, host: str) -> str:
    return hashlib.sha224(f"{project_id}{host}".encode()).hexdigest()


async def _add_ports(call: Call, shown: Server, ports: list[Port]) -> None:
    floating: dict[str, list[Server.Address]] = {}
    groups: dict[str, str] = {}
    for port in ports:
        network = await call.tx.get(Network, port.network_id)
        if network is None:
            continue
        label = shown.addresses[network.name].addresses
        for fixed_ip in port.fixed_ips:
            label.append(_address(fixed_ip.ip_address, "fixed", port))
        for found in await call.tx.query(Floatingip, port_id=port.id):
            floating.setdefault(network.name, []).append(_address(found.floating_ip_address, "floating", port))
        for group_id in port.security_groups:
            group = await call.tx.get(SecurityGroup, group_id)
            if group is not None:
                groups.setdefault(group.id, group.name)
    for name, addresses in floating.items():
        shown.addresses[name].addresses.extend(addresses)
    shown.security_groups.extend(Server.SecurityGroupName(name=name, id=id) for id, name in groups.items())


def _address(addr: str, kind: str, port: Port) -> Server.Address:
    return Server.Address(version=6 if ":" in addr else 4, addr=addr, type=kind, mac_addr=port.mac_address)
