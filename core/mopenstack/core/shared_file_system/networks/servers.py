"""What other resources ask of share servers: those of a network, and a new one. Source: manila/share/manager.py."""

from __future__ import annotations

import json
from collections.abc import Iterable

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.shared_file_system import backends
from mopenstack.core.shared_file_system.base import ZONE
from mopenstack.core.shared_file_system.networks.states import ACTIVE, SERVERS
from mopenstack.core.store.transaction import copy_of
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.groups.share_groups_pb2 import ShareGroup
from mopenstack.shared_file_system.v2.networks.security_services_pb2 import SecurityService
from mopenstack.shared_file_system.v2.networks.share_network_subnets_pb2 import ShareNetworkSubnet
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.networks.share_servers_pb2 import ShareServer
from mopenstack.shared_file_system.v2.shares.share_instances_pb2 import ShareInstance
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

ALLOCATION = '[{"primary_public_ip": "10.0.0.10", "secondary_public_ip": "10.0.0.11"}]'
"""What the driver says of the addresses of a share server."""
SECURITY = ("name", "ou", "domain", "server", "dns_ip", "user", "type", "password", "default_ad_site")


async def of_network(call: Call, network_id: str) -> list[ShareServer]:
    """The share servers of a share network."""
    return list(await call.tx.query(ShareServer, share_network_id=network_id))


async def of_subnets(call: Call, subnets: Iterable[ShareNetworkSubnet]) -> list[ShareServer]:
    """The share servers that are on any of these subnets."""
    found: dict[str, ShareServer] = {}
    for subnet in subnets:
        for server in await of_network(call, subnet.share_network_id):
            if subnet.id in server.share_network_subnet_ids:
                found[server.id] = server
    return list(found.values())


async def shares_of(call: Call, server_id: str) -> list[Message]:
    """The shares, and instances beside the main ones, of a share server."""
    others = [one for one in await call.tx.query(ShareInstance, share_server_id=server_id) if not one.main]
    return [*await call.tx.query(Share, share_server_id=server_id), *others]


async def groups_of(call: Call, server_id: str) -> int:
    """How many share groups a share server has."""
    return await call.tx.count(ShareGroup, share_server_id=server_id)


async def drop_servers(call: Call, subnets: Iterable[ShareNetworkSubnet], what: str) -> None:
    """The share servers of subnets go with them; refused where Manila cannot tell what they export."""
    subnets = list(subnets)
    for subnet in subnets:
        if not all(one.is_auto_deletable for one in await of_subnets(call, [subnet])):
            raise refusals.Conflicting(
                "The service cannot determine if there are any non-managed shares on the "
                f"{what.format(id=subnet.id)} it cannot be deleted. Please contact the cloud administrator to rectify."
            )
    for server in await of_subnets(call, subnets):
        await call.tx.delete(ShareServer, server.id)


async def serve(call: Call, network_id: str, backend: backends.Backend, key: str = "") -> ShareServer:
    """The share server of a network on a back end: one that is there, or a new one; its subnets are known then."""
    for server in await of_network(call, network_id):
        if server.host == backend.host and server.status == ACTIVE and server.encryption_key_ref == key:
            return server
    network = await call.tx.get(ShareNetwork, network_id)
    server = ShareServer(id=call.ids.uuid(), status=ACTIVE, host=backend.host, is_auto_deletable=True)
    server.share_network_id, server.identifier = network_id, server.id
    server.network_allocation_update_support = True
    server.project_id = network.project_id if network is not None else ""
    if key:
        server.encryption_key_ref = key
    server.backend_details.update(server_id=server.id, service_ip="10.0.0.12", username="fake_username")
    server.backend_details["subnet_allocations"] = ALLOCATION
    for id in network.security_service_ids if network is not None else ():
        service = await call.tx.get(SecurityService, id)
        if service is not None:
            server.backend_details[f"security_service_{service.type}"] = _details(service)
    subnets = await call.tx.query(ShareNetworkSubnet, share_network_id=network_id)
    near = [one for one in subnets if one.availability_zone == ZONE]
    for subnet in near or [one for one in subnets if not one.availability_zone]:
        server.share_network_subnet_ids.append(subnet.id)
        await _allocate(call, subnet)
    call.stamp(server.created_at)
    call.stamp(server.updated_at)
    await call.tx.put(server, fresh=True)
    return server


def _details(service: SecurityService) -> str:
    """A security service as the driver keeps it."""
    return json.dumps({name: getattr(service, name) or None for name in SECURITY})


async def _allocate(call: Call, subnet: ShareNetworkSubnet) -> None:
    """What the network plugin tells of a subnet once a share server is on it."""
    edited = await call.tx.edit(ShareNetworkSubnet, subnet.id)
    edited.cidr, edited.gateway, edited.ip_version, edited.mtu = "10.0.0.0/24", "10.0.0.1", 4, 1500
    call.stamp(edited.updated_at)
    await call.tx.put(edited)


async def change_servers(call: Call, servers: Iterable[ShareServer]) -> None:
    """Share servers follow a change of their network."""
    for server in servers:
        await SERVERS.begin(call, copy_of(server), "change")
