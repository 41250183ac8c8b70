"""Dependencies that a template does not write: Heat finds them by comparing properties of its resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mopenstack.core.orchestration.resource_types.base import Resource


def network(properties: Mapping[str, Any]) -> Any:
    """The network of a subnet or port."""
    return properties.get("network") or properties.get("network_id")


def subnet(properties: Mapping[str, Any]) -> Any:
    """The subnet of a router interface or fixed IP."""
    return properties.get("subnet") or properties.get("subnet_id")


def subnets_of(others: Sequence[Resource], wanted: Any) -> list[str]:
    """The subnets that are on a network."""
    return [one.name for one in _of(others, "OS::Neutron::Subnet") if wanted and network(one.properties) == wanted]


def interfaces_of(others: Sequence[Resource], wanted: Any) -> list[str]:
    """The router interfaces that are on a router."""
    return [
        one.name
        for one in _of(others, "OS::Neutron::RouterInterface")
        if wanted and (one.properties.get("router") or one.properties.get("router_id")) == wanted
    ]


def gateways_of(others: Sequence[Resource], wanted: Any) -> list[str]:
    """The routers whose gateway is on a network."""
    found = [
        one.name
        for one in _of(others, "OS::Neutron::Router")
        if wanted and (one.properties.get("external_gateway_info") or {}).get("network") == wanted
    ]
    old = _of(others, "OS::Neutron::RouterGateway")
    return found + [one.name for one in old if wanted and network(one.properties) == wanted]


def interfaces_below(others: Sequence[Resource], port: Any) -> list[str]:
    """The router interfaces on the subnets of a port, which is told by its id, or by its name while it has none."""
    ports = [one for one in _of(others, "OS::Neutron::Port") if port and port in (one.physical_id, one.name)]
    if not ports:
        return []
    fixed = [subnet(one) for one in ports[0].properties.get("fixed_ips") or ()]
    on_network = set(subnets_of(others, network(ports[0].properties)))
    on_network |= {one.physical_id for one in others if one.name in on_network and one.physical_id}
    wanted = {one for one in fixed if one} or on_network
    return [one.name for one in _of(others, "OS::Neutron::RouterInterface") if subnet(one.properties) in wanted]


def _of(others: Sequence[Resource], wanted: str) -> Iterator[Resource]:
    return (one for one in others if one.type == wanted)
