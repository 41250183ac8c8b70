"""VPN services: routers as VPN gateways (neutron_vpnaas.services.vpn.plugin, base_ipsec.BaseIPsecVPNDriver)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.common.flavors import NetworkFlavors
from mopenstack.core.network.core.addresses import ROUTER_INTERFACE_OWNERS
from mopenstack.core.network.l3.router_interfaces import interfaces
from mopenstack.core.network.l3.routers import Routers
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import (
    InvalidVpnServiceType,
    RouterInUse,
    RouterIsNotExternal,
    SubnetInUseByIPsecSiteConnection,
    SubnetInUseByVpnService,
    SubnetIsNotConnectedToRouter,
    VpnServiceInUse,
    VpnServiceNotFound,
    VpnStateInvalidToUpdate,
)
from mopenstack.network.v2.vpn import vpnservices_pb2 as pb
from mopenstack.network.v2.vpn.endpoint_groups_pb2 import EndpointGroup
from mopenstack.network.v2.vpn.ipsec_site_connections_pb2 import IpsecSiteConnection
from mopenstack.network.v2.vpn.vpnservices_pb2 import Vpnservice


def refuse(action: Action, obj: Any) -> Fault:
    return VpnStateInvalidToUpdate(id=obj.id, state=obj.status)


STEPS = (Action("create", frozenset({"PENDING_CREATE"}), interim="PENDING_CREATE", seconds=2.0),)
"""The agent sets a new service or connection up; admin_state_up decides whether it is ACTIVE or DOWN."""
SERVICES: Lifecycle[Vpnservice] = Lifecycle(Vpnservice, STEPS, refuse, error="ERROR")


@SERVICES.on("create")
async def _up(call: Call, obj: Vpnservice) -> None:
    obj.status = settled(obj)


def settled(obj: Any) -> str:
    """The status of what the agent has dealt with."""
    return "ACTIVE" if obj.admin_state_up else "DOWN"


def check_settled(obj: Any) -> None:
    """Refuse to change what the agent has not dealt with (VPNPluginDb.assert_update_allowed)."""
    if obj.status.startswith("PENDING_"):
        raise VpnStateInvalidToUpdate(id=obj.id, state=obj.status)


class Vpnservices(NeutronResource[Vpnservice]):
    service = pb.DESCRIPTOR.services_by_name["Vpnservices"]
    message = Vpnservice
    not_found = VpnServiceNotFound
    seen_by = "member"
    lifecycle = SERVICES

    async def prepare(self, call: Call, obj: Vpnservice, request: Any, given: set[str]) -> None:
        if obj.flavor_id:
            flavor = await call.service(NetworkFlavors).fetch(call, obj.flavor_id)
            if flavor.service_type != "VPN":
                raise InvalidVpnServiceType(service_type=flavor.service_type)
        router = await call.service(Routers).fetch(call, obj.router_id)
        gateway = await call.tx.get(Port, router.gw_port_id) if router.gw_port_id else None
        if gateway is None:
            raise RouterIsNotExternal(router_id=router.id)
        if obj.subnet_id:
            await check_connected(call, router.id, obj.subnet_id)
        for fixed in gateway.fixed_ips:
            field = "external_v6_ip" if ":" in fixed.ip_address else "external_v4_ip"
            if not obj.HasField(field):
                setattr(obj, field, fixed.ip_address)
        obj.status = "PENDING_CREATE"

    async def created(self, call: Call, obj: Vpnservice, request: Any) -> None:
        await SERVICES.begin(call, await call.tx.edit(Vpnservice, obj.id), "create")

    async def change(self, call: Call, old: Vpnservice, new: Vpnservice, request: Any, given: set[str]) -> None:
        check_settled(old)
        new.status = settled(new)

    async def remove(self, call: Call, obj: Vpnservice) -> None:
        if await call.tx.count(IpsecSiteConnection, vpnservice_id=obj.id):
            raise VpnServiceInUse(vpnservice_id=obj.id)


async def check_connected(call: Call, router_id: str, subnet_id: str) -> None:
    """Refuse a subnet that the router is not on."""
    ports = await interfaces(call, router_id)
    if not any(fixed.subnet_id == subnet_id for port in ports for fixed in port.fixed_ips):
        raise SubnetIsNotConnectedToRouter(subnet_id=subnet_id, router_id=router_id)


# -- what routers ask


async def check_router(call: Call, router_id: str) -> None:
    """A router that is a VPN gateway keeps its gateway and stays."""
    found = await call.tx.query(Vpnservice, router_id=router_id)
    if found:
        plural = "s" if len(found) > 1 else ""
        ids = ",".join(one.id for one in found)
        raise RouterInUse(router_id=router_id, why=f"is currently used by VPN service{plural} ({ids})")


@subscribes("before_delete", "router")
async def _router_removed(call: Call, router: Router) -> None:
    await check_router(call, router.id)


@subscribes("before_delete", "port")
async def _interface_removed(call: Call, port: Port) -> None:
    """An interface on a subnet that a VPN reaches stays."""
    if port.device_owner == "network:router_gateway":
        await check_router(call, port.device_id)
    if port.device_owner not in ROUTER_INTERFACE_OWNERS:
        return
    for service in await call.tx.query(Vpnservice, router_id=port.device_id):
        for fixed in port.fixed_ips:
            await _check_subnet(call, service, fixed.subnet_id)


async def _check_subnet(call: Call, service: Vpnservice, subnet_id: str) -> None:
    if service.subnet_id == subnet_id:
        raise SubnetInUseByVpnService(subnet_id=subnet_id, vpnservice_id=service.id)
    for connection in await call.tx.query(IpsecSiteConnection, vpnservice_id=service.id):
        group = await call.tx.get(EndpointGroup, connection.local_ep_group_id)
        if group is not None and subnet_id in group.endpoints:
            raise SubnetInUseByIPsecSiteConnection(subnet_id=subnet_id, ipsec_site_connection_id=connection.id)
