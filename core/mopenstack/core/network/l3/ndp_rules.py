"""What NDP proxies ask of routers and their gateways (neutron.services.ndp_proxy.plugin)."""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.core.engine.call import Call
from mopenstack.core.network.core.addresses import parse_ip
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.ndp_proxies_pb2 import NdpProxy
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import (
    RouterGatewayInUseByNdpProxy,
    RouterGatewayNotValid,
    RouterInterfaceInUseByNdpProxy,
    RouterIPv6GatewayInUse,
)

FLAG = "enable_ndp_proxy"


def ipv6(fixed_ips: Iterable[FixedIp]) -> list[FixedIp]:
    """The IPv6 ones of a port's addresses."""
    return [fixed for fixed in fixed_ips if ":" in fixed.ip_address]


async def supported(call: Call, network_id: str) -> bool:
    """Whether an external network has what NDP proxies need: an IPv6 address scope with a subnet."""
    network = await call.tx.get(Network, network_id)
    if network is None or not network.ipv6_address_scope:
        return False
    return any(subnet.ip_version == 6 for subnet in await call.tx.query(Subnet, network_id=network_id))


async def check_new_router(call: Call, router: Router) -> None:
    """A new router proxies only if it is asked to and has a gateway that can."""
    if not router.enable_ndp_proxy:
        return
    if not router.HasField("external_gateway_info"):
        raise RouterGatewayNotValid(
            router_id=router.id, why="The request body not contain external gateway information"
        )
    network_id = router.external_gateway_info.network_id
    if not await supported(call, network_id):
        raise RouterGatewayNotValid(
            router_id=router.id,
            why=f"The external network {network_id} don't support IPv6 ndp proxy, "
            "the network has no IPv6 subnets or has no IPv6 address scope",
        )


async def check_router(call: Call, old: Router, new: Router, given: set[str]) -> None:
    """Any update that does not say otherwise lets a router proxy as soon as its gateway can."""
    unset = bool(old.gw_port_id) and not new.gw_port_id
    if FLAG in given and new.enable_ndp_proxy and unset:
        raise RouterGatewayNotValid(router_id=new.id, why="The router's external gateway will be unset")
    port = await call.tx.get(Port, new.gw_port_id) if new.gw_port_id else None
    able = port is not None and bool(ipv6(port.fixed_ips)) and await supported(call, port.network_id)
    if FLAG not in given:
        new.enable_ndp_proxy = able
    elif new.enable_ndp_proxy and not able:
        raise RouterGatewayNotValid(
            router_id=new.id,
            why="The router has no external gateway or the external gateway port has no IPv6 address "
            "or IPv6 address scope",
        )


async def check_gateway_free(call: Call, router: Router) -> None:
    """A gateway stays while proxies stand on it."""
    if await call.tx.count(NdpProxy, router_id=router.id):
        raise RouterGatewayInUseByNdpProxy(router_id=router.id)


async def check_gateway_change(call: Call, router: Router, asked: Iterable[FixedIp]) -> None:
    """A gateway of a router that proxies keeps an IPv6 address."""
    if not router.enable_ndp_proxy:
        return
    for fixed in asked:
        if ":" in fixed.ip_address:
            return
        subnet = await call.tx.get(Subnet, fixed.subnet_id) if fixed.subnet_id else None
        if subnet is not None and subnet.ip_version == 6:
            return
    raise RouterIPv6GatewayInUse(router_id=router.id)


async def check_interface_free(call: Call, router: Router, subnet_id: str) -> None:
    """An interface stays while a proxied address lies on its subnet."""
    for proxy in await call.tx.query(NdpProxy, router_id=router.id):
        port = await call.tx.get(Port, proxy.port_id)
        for fixed in ipv6(port.fixed_ips) if port is not None else ():
            if fixed.subnet_id == subnet_id and parse_ip(fixed.ip_address) == parse_ip(proxy.ip_address):
                raise RouterInterfaceInUseByNdpProxy(router_id=router.id, subnet_id=subnet_id)
