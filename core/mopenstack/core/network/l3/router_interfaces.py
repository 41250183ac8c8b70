"""What a router is attached to: interfaces on subnets (neutron.db.l3_db)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format
from mopenstack.core.network.core import device_ports
from mopenstack.core.network.core.addresses import ROUTER_INTERFACE_OWNERS, parse_ip, parse_net
from mopenstack.core.network.core.ports import Ports
from mopenstack.core.network.core.subnets import Subnets
from mopenstack.core.network.l3 import ndp_rules, router_routes
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.l3.port_forwardings_pb2 import PortForwarding
from mopenstack.network.v2.l3.routers_pb2 import Router, RouterInterfaceResponse
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    PortInUse,
    RouterInterfaceInUseByFloatingIp,
    RouterInterfaceInUseByRoute,
    RouterInterfaceNotFound,
    RouterInterfaceNotFoundForSubnet,
    SubnetMismatchForPort,
)

GATEWAY_OWNER = "network:router_gateway"


def bad_router(why: str) -> BadResourceRequest:
    """neutron_lib.exceptions.BadRequest of a router."""
    return BadResourceRequest(resource="router", msg=why)


def interface_owner(router: Router) -> str:
    """The device_owner of the router's interfaces."""
    if router.distributed:
        return "network:router_interface_distributed"
    return "network:ha_router_replicated_interface" if router.ha else "network:router_interface"


async def interfaces(call: Call, router_id: str) -> list[Port]:
    """The router's ports on inner networks, oldest first."""
    return [
        port for port in await device_ports.of_device(call, router_id) if port.device_owner in ROUTER_INTERFACE_OWNERS
    ]


# -- add


async def add(call: Call, router: Router, request: Any) -> RouterInterfaceResponse:
    """Attach a subnet, or a port without a device."""
    by_port, by_subnet = _asked(request)
    if by_port and by_subnet:
        raise bad_router("Cannot specify both subnet-id and port-id")
    if by_port:
        port, subnets = await _add_by_port(call, router, request.port_id)
    else:
        port, subnets = await _add_by_subnet(call, router, request.subnet_id)
    return _answer(router, port, subnets)


async def _add_by_port(call: Call, router: Router, port_id: str) -> tuple[Port, list[Subnet]]:
    port = await call.service(Ports).fetch(call, port_id)
    if port.device_id:
        raise PortInUse(port_id=port.id, net_id=port.network_id, device_id=port.device_id)
    if not port.fixed_ips:
        raise bad_router("Router port must have at least one fixed IP")
    subnets = [await call.service(Subnets).fetch(call.elevated(), fixed.subnet_id) for fixed in port.fixed_ips]
    for subnet in subnets:
        _check_address_mode(subnet)
    await _check_one_ipv6_port(call, router, port)
    await call.publish("before_attachment", "router", router, port.network_id)
    await check_overlap(call, router, subnets)
    if sum(subnet.ip_version == 4 for subnet in subnets) > 1:
        raise bad_router("Cannot have multiple IPv4 subnets on router port")
    return await device_ports.give(call, port, router.id, interface_owner(router), device_ports.HOST), subnets


async def _add_by_subnet(call: Call, router: Router, subnet_id: str) -> tuple[Port, list[Subnet]]:
    subnet = await call.service(Subnets).fetch(call, subnet_id)
    if not subnet.gateway_ip:
        raise bad_router("Subnet for router interface must have a gateway IP")
    _check_address_mode(subnet)
    caller = call.caller
    shared = caller.project_id in subnet.shared_with or subnet.shared
    if subnet.project_id != caller.project_id and not caller.is_admin and not shared:
        raise bad_router(
            f"Cannot add interface to router because subnet {subnet_id} is not owned by project making the request"
        )
    await call.publish("before_attachment", "router", router, subnet.network_id)
    await check_overlap(call, router, [subnet])
    fixed = FixedIp(subnet_id=subnet.id, ip_address=subnet.gateway_ip)
    known = await _ipv6_port(call, router, subnet.network_id) if subnet.ip_version == 6 else None
    if known is not None:
        return await device_ports.set_addresses(call, known, [*known.fixed_ips, fixed]), [subnet]
    port = Port(
        network_id=subnet.network_id,
        device_id=router.id,
        device_owner=interface_owner(router),
        host_id=device_ports.HOST,
        project_id=router.project_id,
    )
    return await device_ports.make(call, port, [fixed]), [subnet]


def _check_address_mode(subnet: Subnet) -> None:
    """Refuse a subnet that a router of another project advertises."""
    if subnet.ip_version == 6 and not subnet.HasField("ipv6_ra_mode") and subnet.HasField("ipv6_address_mode"):
        raise bad_router(
            f"IPv6 subnet {subnet.id} configured to receive RAs from an external router cannot be added to "
            "Neutron Router."
        )


async def check_overlap(call: Call, router: Router, new: Sequence[Subnet], *, gateway: bool = False) -> None:
    """Refuse subnets that the router has already or that overlap with one that it has.

    Several gateways may be on one external network.
    """
    new_ids = {subnet.id for subnet in new}
    known: dict[str, Subnet] = {}
    for port in await call.tx.query(Port, device_id=router.id):
        for fixed in port.fixed_ips:
            if fixed.subnet_id in new_ids and not (gateway and port.device_owner == GATEWAY_OWNER):
                raise bad_router(f"Router already has a port on subnet {fixed.subnet_id}")
            if port.device_owner != GATEWAY_OWNER:
                subnet = await call.tx.get(Subnet, fixed.subnet_id)
                if subnet is not None:
                    known[subnet.id] = subnet
        if port.device_owner == GATEWAY_OWNER:
            known |= {subnet.id: subnet for subnet in await call.tx.query(Subnet, network_id=port.network_id)}
    for old in known.values():
        for subnet in new:
            if not (gateway and old.id == subnet.id):
                _check_pair(old, subnet)


def _check_pair(old: Subnet, new: Subnet) -> None:
    one, other = parse_net(old.cidr), parse_net(new.cidr)
    if one is not None and other is not None and one.version == other.version and one.overlaps(other):
        raise bad_router(f"Cidr {new.cidr} of subnet {new.id} overlaps with cidr {old.cidr} of subnet {old.id}")


def _has_ipv6(port: Port) -> bool:
    return any(":" in fixed.ip_address for fixed in port.fixed_ips)


async def _ipv6_port(call: Call, router: Router, network_id: str) -> Port | None:
    found = await interfaces(call, router.id)
    return next((port for port in found if port.network_id == network_id and _has_ipv6(port)), None)


async def _check_one_ipv6_port(call: Call, router: Router, port: Port) -> None:
    if not _has_ipv6(port):
        return
    other = await _ipv6_port(call, router, port.network_id)
    if other is not None and other.id != port.id:
        raise bad_router(
            f"Router already contains IPv6 port {other.id} belonging to network id {other.network_id}. "
            "Only one IPv6 port from the same network subnet can be connected to a router."
        )


# -- remove


async def remove(call: Call, router: Router, request: Any) -> RouterInterfaceResponse:
    """Detach by port, by subnet, or by both where they agree."""
    by_port, _ = _asked(request)
    if by_port:
        port, subnets = await _remove_by_port(call, router, request.port_id, request.subnet_id)
    else:
        port, subnets = await _remove_by_subnet(call, router, request.subnet_id)
    return _answer(router, port, subnets)


async def _remove_by_port(call: Call, router: Router, port_id: str, subnet_id: str) -> tuple[Port, list[Subnet]]:
    port = next((port for port in await interfaces(call, router.id) if port.id == port_id), None)
    if port is None:
        raise RouterInterfaceNotFound(router_id=router.id, port_id=port_id)
    ids = [fixed.subnet_id for fixed in port.fixed_ips]
    if subnet_id and subnet_id not in ids:
        raise SubnetMismatchForPort(port_id=port_id, subnet_id=subnet_id)
    subnets = [await call.service(Subnets).fetch(call.elevated(), id) for id in ids]
    for subnet in subnets:
        await _check_unused(call, router, subnet)
    await device_ports.drop(call, port.id)
    return port, subnets


async def _remove_by_subnet(call: Call, router: Router, subnet_id: str) -> tuple[Port, list[Subnet]]:
    subnet = await call.service(Subnets).fetch(call, subnet_id)
    ports = [port for port in await interfaces(call, router.id) if port.network_id == subnet.network_id]
    if ports:
        await _check_unused(call, router, subnet)
    for port in ports:
        rest = [fixed for fixed in port.fixed_ips if fixed.subnet_id != subnet_id]
        if len(rest) == len(port.fixed_ips):
            continue
        if rest:
            await device_ports.set_addresses(call, port, rest)
        else:
            await device_ports.drop(call, port.id)
        return port, [subnet]
    raise RouterInterfaceNotFoundForSubnet(router_id=router.id, subnet_id=subnet_id)


async def _check_unused(call: Call, router: Router, subnet: Subnet) -> None:
    """A subnet stays attached while a route or a floating IP goes over it."""
    await ndp_rules.check_interface_free(call, router, subnet.id)
    if router_routes.uses(router, subnet):
        raise RouterInterfaceInUseByRoute(router_id=router.id, subnet_id=subnet.id)
    net = parse_net(subnet.cidr)
    inner: list[tuple[str, str]] = [
        (item.fixed_ip_address, item.port_id) for item in await call.tx.query(Floatingip, router_id=router.id)
    ]
    forwardings = await call.tx.query(PortForwarding, router_id=router.id)
    inner += [(item.internal_ip_address, item.internal_port_id) for item in forwardings]
    for address, port_id in inner:
        if not address or net is None or parse_ip(address) not in net:
            continue
        port = await call.tx.get(Port, port_id)
        if port is not None and any(fixed.subnet_id == subnet.id for fixed in port.fixed_ips):
            raise RouterInterfaceInUseByFloatingIp(router_id=router.id, subnet_id=subnet.id)


# -- common


def _asked(request: Any) -> tuple[bool, bool]:
    by_port, by_subnet = request.HasField("port_id"), request.HasField("subnet_id")
    if not by_port and not by_subnet:
        raise bad_router("Either subnet_id or port_id must be specified")
    for given, value in ((by_port, request.port_id), (by_subnet, request.subnet_id)):
        if given and not is_format("uuid", value):
            raise bad_router(f"'{value}' is not a valid UUID")
    return by_port, by_subnet


def _answer(router: Router, port: Port, subnets: Sequence[Subnet]) -> RouterInterfaceResponse:
    return RouterInterfaceResponse(
        id=router.id,
        project_id=port.project_id,
        port_id=port.id,
        network_id=port.network_id,
        subnet_id=subnets[-1].id,
        subnet_ids=[subnet.id for subnet in subnets],
    )
