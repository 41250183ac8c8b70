"""NDP proxies (neutron.services.ndp_proxy.plugin); what they ask of routers is in ndp_rules."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.core import device_ports
from mopenstack.core.network.core.addresses import parse_ip
from mopenstack.core.network.core.ports import Ports
from mopenstack.core.network.l3.ndp_rules import ipv6
from mopenstack.core.network.l3.routers import Routers
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.l3 import ndp_proxies_pb2 as pb
from mopenstack.network.v2.l3.ndp_proxies_pb2 import NdpProxy
from mopenstack.network.v2.refusals import (
    AddressScopeConflict,
    BadResourceRequest,
    InvalidAddress,
    NdpProxyNotFound,
    PortUnreachableRouter,
    RouterNdpProxyNotEnable,
)


class NdpProxies(NeutronResource[NdpProxy]):
    service = pb.DESCRIPTOR.services_by_name["NdpProxies"]
    message = NdpProxy
    not_found = NdpProxyNotFound

    async def prepare(self, call: Call, obj: NdpProxy, request: Any, given: set[str]) -> None:
        port = await call.service(Ports).fetch(call, obj.port_id)
        inner = [one for one in await device_ports.of_device(call, obj.router_id) if one.network_id == port.network_id]
        if not inner:
            raise PortUnreachableRouter(router_id=obj.router_id, port_id=obj.port_id)
        router = await call.service(Routers).fetch(call, obj.router_id)
        if not router.gw_port_id or not router.enable_ndp_proxy:
            raise RouterNdpProxyNotEnable(router_id=router.id)
        obj.ip_address = self._address(obj, port, [fixed for one in inner for fixed in ipv6(one.fixed_ips)])
        outside = await call.tx.get(Network, router.external_gateway_info.network_id)
        inside = await call.tx.get(Network, port.network_id)
        scopes = [network.ipv6_address_scope or None if network is not None else None for network in (outside, inside)]
        if scopes[0] != scopes[1]:
            raise AddressScopeConflict(ext_address_scope=scopes[0], internal_address_scope=scopes[1])
        obj.revision_number = 0

    @staticmethod
    def _address(obj: NdpProxy, port: Port, router_ips: list[FixedIp]) -> str:
        """The address to proxy: the named one, or the first that the router reaches."""
        mine = ipv6(port.fixed_ips)
        if not mine:
            raise BadResourceRequest(
                resource="ndp_proxy", msg=f"Requested port {port.id} must allocate one IPv6 address at least"
            )
        reached = {fixed.subnet_id for fixed in router_ips}
        if not obj.ip_address:
            for fixed in mine:
                if fixed.subnet_id in reached:
                    return fixed.ip_address
            raise PortUnreachableRouter(port_id=port.id, router_id=obj.router_id)
        for fixed in mine:
            if parse_ip(fixed.ip_address) == parse_ip(obj.ip_address):
                if fixed.subnet_id not in reached:
                    why = f"This address cannot reach the router {obj.router_id}"
                    raise InvalidAddress(address=obj.ip_address, why=why)
                return str(parse_ip(obj.ip_address))
        raise InvalidAddress(address=obj.ip_address, why=f"This address not belong to the port {port.id}")


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    """A proxy goes with its port."""
    for proxy in await call.tx.query(NdpProxy, port_id=port.id):
        await call.service(NdpProxies).discard(call, proxy)
