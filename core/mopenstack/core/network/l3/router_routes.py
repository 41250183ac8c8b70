"""Extra routes of a router (neutron.db.extraroute_db)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import invalid
from mopenstack.core.network.core.addresses import IPNetwork, parse_ip, parse_net
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3.routers_pb2 import Router
from mopenstack.network.v2.refusals import InvalidRoutes

Route = tuple[str, str]
"""Destination and next hop."""


def pairs(routes: Iterable[Any]) -> list[Route]:
    """The routes of a message."""
    return [(route.destination, route.nexthop) for route in routes]


def check_values(routes: Sequence[Route]) -> None:
    """What neutron_lib's validate_hostroutes refuses."""
    seen: set[Route] = set()
    for destination, nexthop in routes:
        net = parse_net(destination)
        if net is None or str(net.network_address) != str(parse_ip(destination.partition("/")[0])):
            raise invalid("routes", f"'{destination}' is not a valid CIDR")
        if parse_ip(nexthop) is None:
            raise invalid("routes", f"'{nexthop}' is not a valid IP address")
        if (destination, nexthop) in seen:
            raise invalid("routes", f"Duplicate hostroute '{_dict((destination, nexthop))}'")
        seen.add((destination, nexthop))


async def check_reachable(call: Call, router_id: str, routes: Sequence[Route], extra: Iterable[Subnet] = ()) -> None:
    """Refuse a next hop that no port of the router reaches, or that is the router itself."""
    if not routes:
        return
    nets: list[IPNetwork] = [net for subnet in extra if (net := parse_net(subnet.cidr)) is not None]
    own = set()
    for port in await call.tx.query(Port, device_id=router_id):
        for fixed in port.fixed_ips:
            subnet = await call.tx.get(Subnet, fixed.subnet_id)
            net = parse_net(subnet.cidr) if subnet is not None else None
            if net is not None:
                nets.append(net)
            own.add(parse_ip(fixed.ip_address))
    for _, nexthop in routes:
        address = parse_ip(nexthop)
        if address is None or not any(address in net for net in nets):
            raise InvalidRoutes(routes=_dicts(routes), why="the nexthop is not connected with router")
        if address in own:
            raise InvalidRoutes(routes=_dicts(routes), why="the nexthop is used by router")


def write(router: Router, routes: Iterable[Route]) -> None:
    """Store routes in the order in which the database gives them back, each once."""
    del router.routes[:]
    for destination, nexthop in sorted(set(routes)):
        router.routes.add(destination=destination, nexthop=nexthop)


def uses(router: Router, subnet: Subnet) -> bool:
    """Whether a route's next hop lies on the subnet."""
    net = parse_net(subnet.cidr)
    return net is not None and any(parse_ip(route.nexthop) in net for route in router.routes)


def _dict(route: Route) -> dict[str, str]:
    return {"destination": route[0], "nexthop": route[1]}


def _dicts(routes: Iterable[Route]) -> list[dict[str, str]]:
    return [_dict(route) for route in routes]
