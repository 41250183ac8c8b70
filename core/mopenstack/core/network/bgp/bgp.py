"""BGP speakers and peers (neutron_dynamic_routing.db.bgp_db): what a speaker would advertise, without a daemon."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.events import subscribes
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.core.networks import Networks
from mopenstack.core.network.l3 import router_interfaces
from mopenstack.network.v2.bgp import bgp_pb2 as pb
from mopenstack.network.v2.bgp.bgp_pb2 import AdvertisedRoute, BgpPeer, BgpSpeaker
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnetpools_pb2 import Subnetpool
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import (
    BgpPeerNotFound,
    BgpSpeakerNetworkBindingError,
    BgpSpeakerNetworkNotAssociated,
    BgpSpeakerNotFound,
    BgpSpeakerPeerNotAssociated,
    DuplicateBgpPeerIpException,
    InvalidBgpPeerMd5Authentication,
)


class BgpPeers(NeutronResource[BgpPeer]):
    service = pb.DESCRIPTOR.services_by_name["BgpPeers"]
    message = BgpPeer
    not_found = BgpPeerNotFound
    seen_by = "admin"

    async def prepare(self, call: Call, obj: BgpPeer, request: Any, given: set[str]) -> None:
        if obj.auth_type == "md5" and not obj.password:
            raise InvalidBgpPeerMd5Authentication()

    async def remove(self, call: Call, obj: BgpPeer) -> None:
        await _leave(call, "peers", obj.id)


class BgpSpeakers(NeutronResource[BgpSpeaker]):
    service = pb.DESCRIPTOR.services_by_name["BgpSpeakers"]
    message = BgpSpeaker
    not_found = BgpSpeakerNotFound
    seen_by = "admin"

    async def get_advertised_routes(self, call: Call, request: Any) -> Message:
        return pb.ListAdvertisedRoutesResponse(advertised_routes=await advertised_routes(call, call.target))


async def advertised_routes(call: Call, speaker: BgpSpeaker) -> list[AdvertisedRoute]:
    """What a speaker tells its peers: floating IPs and projects' subnets behind its gateway networks."""
    routes: list[AdvertisedRoute] = []
    for network_id in speaker.networks:
        network = await call.tx.get(Network, network_id)
        if network is None or not network.external:
            continue
        if speaker.advertise_floating_ip_host_routes and speaker.ip_version == 4:
            routes += [route async for route in _host_routes(call, network)]
        if speaker.advertise_tenant_networks:
            routes += [route async for route in _project_routes(call, network, speaker)]
    return routes


async def _add_peer(call: Call, speaker: BgpSpeaker, before: list[str], request: Any) -> None:
    peer = await call.service(BgpPeers).fetch(call, request.bgp_peer_id)
    for known_id in before:
        known = await call.tx.get(BgpPeer, known_id)
        if known is not None and known.peer_ip == peer.peer_ip:
            raise DuplicateBgpPeerIpException(bgp_speaker_id=speaker.id, peer_ip=peer.peer_ip, bgp_peer_id=peer.id)


def _no_peer(call: Call, speaker: BgpSpeaker, peer_id: str) -> Exception:
    return BgpSpeakerPeerNotAssociated(bgp_peer_id=peer_id, bgp_speaker_id=speaker.id)


async def _add_network(call: Call, speaker: BgpSpeaker, before: list[str], request: Any) -> None:
    network = await call.service(Networks).fetch(call, request.network_id)
    for other in await call.tx.query(BgpSpeaker, networks=network.id):
        if other.ip_version == speaker.ip_version:
            raise BgpSpeakerNetworkBindingError(network_id=network.id, bgp_speaker_id=other.id)


def _no_network(call: Call, speaker: BgpSpeaker, network_id: str) -> Exception:
    return BgpSpeakerNetworkNotAssociated(network_id=network_id, bgp_speaker_id=speaker.id)


PEERS = Collection("bgp_speaker", "peers", added=_add_peer, missing=_no_peer)
NETWORKS = Collection("bgp_speaker", "networks", added=_add_network, missing=_no_network)


@subscribes("before_delete", "network")
async def _network_removed(call: Call, network: Network) -> None:
    """A gateway network leaves its speakers."""
    await _leave(call, "networks", network.id)


async def _leave(call: Call, field: str, id: str) -> None:
    """Take a peer or a network out of every speaker."""
    for speaker in await call.tx.query(BgpSpeaker, **{field: id}):
        changed = await call.tx.edit(BgpSpeaker, speaker.id)
        getattr(changed, field).remove(id)
        await call.tx.put(changed)


async def _next_hop(call: Call, router: Router | None, network: Network, version: int) -> str:
    """The router's address on the network."""
    port = await call.tx.get(Port, router.gw_port_id) if router is not None and router.gw_port_id else None
    if port is None or port.network_id != network.id:
        return ""
    return next((fixed.ip_address for fixed in port.fixed_ips if (":" in fixed.ip_address) == (version == 6)), "")


async def _host_routes(call: Call, network: Network) -> AsyncIterator[AdvertisedRoute]:
    for fip in await call.tx.query(Floatingip, floating_network_id=network.id):
        router = await call.tx.get(Router, fip.router_id) if fip.port_id else None
        hop = await _next_hop(call, router, network, 4)
        if hop:
            yield AdvertisedRoute(destination=f"{fip.floating_ip_address}/32", next_hop=hop)


async def _project_routes(call: Call, network: Network, speaker: BgpSpeaker) -> AsyncIterator[AdvertisedRoute]:
    """Inner subnets of the external network's address scope: only their addresses mean the same outside."""
    scope = await _scope(call, network.id, speaker.ip_version)
    gateways = await call.tx.query(Port, network_id=network.id) if scope else []
    for gateway in gateways:
        router = await call.tx.get(Router, gateway.device_id)
        hop = await _next_hop(call, router, network, speaker.ip_version)
        if router is None or not hop:
            continue
        for port in await router_interfaces.interfaces(call, router.id):
            for fixed in port.fixed_ips:
                subnet = await call.tx.get(Subnet, fixed.subnet_id)
                if subnet is not None and await _scope_of(call, subnet, speaker.ip_version) == scope:
                    yield AdvertisedRoute(destination=subnet.cidr, next_hop=hop)


async def _scope(call: Call, network_id: str, version: int) -> str:
    for subnet in await call.tx.query(Subnet, network_id=network_id):
        scope = await _scope_of(call, subnet, version)
        if scope:
            return scope
    return ""


async def _scope_of(call: Call, subnet: Subnet, version: int) -> str:
    if subnet.ip_version != version or not subnet.subnetpool_id:
        return ""
    pool = await call.tx.get(Subnetpool, subnet.subnetpool_id)
    return pool.address_scope_id if pool is not None else ""
