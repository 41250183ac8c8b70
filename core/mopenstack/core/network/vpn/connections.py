"""IPsec connections between sites (neutron_vpnaas.db.vpn.vpn_db, vpn_validator.VpnReferenceValidator)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.core.addresses import parse_ip
from mopenstack.core.network.vpn.endpoint_groups import EndpointGroups
from mopenstack.core.network.vpn.policies import Ikepolicies, Ipsecpolicies
from mopenstack.core.network.vpn.services import (
    STEPS,
    Vpnservices,
    check_connected,
    check_settled,
    refuse,
    settled,
)
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import (
    ExternalNetworkHasNoSubnet,
    InvalidEndpointGroup,
    IPsecSiteConnectionDpdIntervalValueError,
    IPsecSiteConnectionMtuError,
    IPsecSiteConnectionNotFound,
    IpsecValidationFailure,
    MissingPeerCidrs,
    MissingRequiredEndpointGroup,
    MixedIpVersionsForIpSecConnection,
    MixedIpVersionsForIpSecEndpoints,
    MixedIpVersionsForPeerCidrs,
    PeerCidrsInvalid,
    VpnPeerAddressNotResolved,
    WrongEndpointGroupType,
)
from mopenstack.network.v2.vpn import ipsec_site_connections_pb2 as pb
from mopenstack.network.v2.vpn.endpoint_groups_pb2 import EndpointGroup
from mopenstack.network.v2.vpn.ipsec_site_connections_pb2 import IpsecSiteConnection
from mopenstack.network.v2.vpn.vpnservices_pb2 import Vpnservice

CONNECTIONS: Lifecycle[IpsecSiteConnection] = Lifecycle(IpsecSiteConnection, STEPS, refuse, error="ERROR")
MTU_MIN = {4: 68, 6: 1280}
DPD_ACTION, DPD_INTERVAL, DPD_TIMEOUT = "hold", 30, 120


@CONNECTIONS.on("create")
async def _up(call: Call, obj: IpsecSiteConnection) -> None:
    obj.status = settled(obj)


class IpsecSiteConnections(NeutronResource[IpsecSiteConnection]):
    service = pb.DESCRIPTOR.services_by_name["IpsecSiteConnections"]
    message = IpsecSiteConnection
    not_found = IPsecSiteConnectionNotFound
    seen_by = "member"
    lifecycle = CONNECTIONS

    async def prepare(self, call: Call, obj: IpsecSiteConnection, request: Any, given: set[str]) -> None:
        obj.route_mode, obj.auth_mode = "static", "psk"
        policy = await call.service(Ipsecpolicies).fetch(call, obj.ipsecpolicy_id)
        if policy.transform_protocol == "ah-esp":
            raise IpsecValidationFailure(resource="IPsec Policy", key="transform_protocol", value="ah-esp")
        service = await call.service(Vpnservices).fetch(call, obj.vpnservice_id)
        await call.service(Ikepolicies).fetch(call, obj.ikepolicy_id)
        _complete_dpd(obj, DPD_ACTION, DPD_INTERVAL, DPD_TIMEOUT)
        await self._check(call, obj, service)
        _check_peer(obj, service)
        obj.status = "PENDING_CREATE"

    async def created(self, call: Call, obj: IpsecSiteConnection, request: Any) -> None:
        await CONNECTIONS.begin(call, await call.tx.edit(IpsecSiteConnection, obj.id), "create")

    async def change(
        self, call: Call, old: IpsecSiteConnection, new: IpsecSiteConnection, request: Any, given: set[str]
    ) -> None:
        service = await call.service(Vpnservices).fetch(call, new.vpnservice_id)
        _complete_dpd(new, old.dpd.action, old.dpd.interval, old.dpd.timeout)
        await self._check(call, new, service)
        if "peer_address" in given:
            _check_peer(new, service)
        check_settled(old)
        new.status = settled(new)

    async def _check(self, call: Call, obj: IpsecSiteConnection, service: Vpnservice) -> None:
        _check_combination(obj, service)
        if obj.local_ep_group_id:
            local, peer = await self._group_versions(call, obj, service)
        else:
            subnet = await call.tx.get(Subnet, service.subnet_id)
            local = subnet.ip_version if subnet is not None else 4
            peer = _one(_versions(obj.peer_cidrs), MixedIpVersionsForPeerCidrs())
        if local != peer:
            raise MixedIpVersionsForIpSecConnection()
        if obj.dpd.timeout <= obj.dpd.interval:
            raise IPsecSiteConnectionDpdIntervalValueError(attr="dpd_timeout")
        if obj.mtu and obj.mtu < MTU_MIN[local]:
            raise IPsecSiteConnectionMtuError(mtu=obj.mtu, version=local)

    @staticmethod
    async def _group_versions(call: Call, obj: IpsecSiteConnection, service: Vpnservice) -> tuple[int, int]:
        """The IP versions of the local subnets and of the peer's prefixes."""
        local = await call.service(EndpointGroups).fetch(call, obj.local_ep_group_id)
        peer = await call.service(EndpointGroups).fetch(call, obj.peer_ep_group_id)
        _check_type(local, "subnet")
        found = [subnet for id in local.endpoints if (subnet := await call.tx.get(Subnet, id)) is not None]
        for subnet in found:
            await check_connected(call, service.router_id, subnet.id)
        ours = _one({subnet.ip_version for subnet in found}, MixedIpVersionsForIpSecEndpoints(group=local.id))
        _check_type(peer, "cidr")
        return ours, _one(_versions(peer.endpoints), MixedIpVersionsForIpSecEndpoints(group=peer.id))


def _complete_dpd(obj: IpsecSiteConnection, action: str, interval: int, timeout: int) -> None:
    dpd = obj.dpd
    dpd.action = dpd.action or action
    dpd.interval = dpd.interval if dpd.HasField("interval") else interval
    dpd.timeout = dpd.timeout if dpd.HasField("timeout") else timeout


def _check_combination(obj: IpsecSiteConnection, service: Vpnservice) -> None:
    """A service with a subnet goes with peer prefixes, one without goes with two endpoint groups."""
    groups = {"local": obj.local_ep_group_id, "peer": obj.peer_ep_group_id}
    if service.subnet_id:
        if not obj.peer_cidrs:
            raise MissingPeerCidrs()
        given = [which for which, id in groups.items() if id]
        if given:
            raise InvalidEndpointGroup(which=" and ".join(given), suffix="s" if len(given) > 1 else "")
        return
    if obj.peer_cidrs:
        raise PeerCidrsInvalid()
    missing = [which for which, id in groups.items() if not id]
    if missing:
        raise MissingRequiredEndpointGroup(which=" and ".join(missing), suffix="s" if len(missing) > 1 else "")


def _check_type(group: EndpointGroup, expected: str) -> None:
    if group.type != expected:
        raise WrongEndpointGroupType(group_type=group.type, which=group.id, expected=expected)


def _check_peer(obj: IpsecSiteConnection, service: Vpnservice) -> None:
    """The peer is reached from an address of its own version; no name is resolved in a cloud without a resolver."""
    address = parse_ip(obj.peer_address)
    if address is None:
        raise VpnPeerAddressNotResolved(peer_address=obj.peer_address)
    if not (service.external_v6_ip if address.version == 6 else service.external_v4_ip):
        raise ExternalNetworkHasNoSubnet(router_id=service.router_id, ip_version=f"IPv{address.version}")


def _versions(prefixes: Iterable[str]) -> set[int]:
    return {ipaddress.ip_network(prefix, strict=False).version for prefix in prefixes}


def _one(versions: set[int], mixed: Exception) -> int:
    if len(versions) > 1:
        raise mixed
    return next(iter(versions), 4)
