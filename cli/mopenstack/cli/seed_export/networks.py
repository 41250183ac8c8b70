"""What the network service of a cloud offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mopenstack.cli.seed_export.names import Item, call, item
from mopenstack.cli.seed_export.source import Source

NETWORK = "network"
MTU_MAX = {"flat": 1500, "vlan": 1500, "local": 1500, "gre": 1458, "vxlan": 1450, "geneve": 1442}
"""Of a network's type, on the physical networks of 1500 that mopenstack has."""
VLAN_NETWORKS = ("public", "physnet1")
"""The physical networks that carry VLANs in mopenstack."""
KINDS = (
    ("CreateAddressScope", "address_scope", "/v2.0/address-scopes", "address_scopes", ()),
    ("CreateSubnetpool", "subnetpool", "/v2.0/subnetpools", "subnetpools", ()),
    (
        *("CreateNetwork", "network", "/v2.0/networks", "networks"),
        ("availability_zone_hints", "segments", "qos_policy_id", "vlan_transparent"),
    ),
    ("CreateSubnet", "subnet", "/v2.0/subnets", "subnets", ("segment_id",)),
    (
        *("CreateRouter", "router", "/v2.0/routers", "routers"),
        ("flavor_id", "availability_zone_hints", "distributed", "ha"),
    ),
)
"""RPC, object, path and key of a list, and what of its objects refers to things that a seed does not have."""


def network(source: Source) -> Iterator[Item]:
    """Agents, address scopes, pools, networks with their subnets, and routers with their interfaces."""
    agents = source.list(NETWORK, "/v2.0/agents", "agents") or []
    for agent in sorted(agents, key=lambda one: (one["agent_type"], one["host"], one["binary"])):
        keys = ("agent_type", "binary", "topic", "host", "availability_zone", "configurations")
        yield item(NETWORK, "RegisterAgent", {"agent": {key: agent[key] for key in keys if agent.get(key)}})
    flat, subnets = 0, set[str]()
    for method, key, path, plural, without in KINDS:
        for shown in source.list(NETWORK, path, plural) or ():
            left_out = ("project_id", "tenant_id", *without)
            document = {name: value for name, value in shown.items() if name not in left_out}
            if key == "network":
                flat += _network(source, document, flat)
            elif key == "router" and (gateway := document.get("external_gateway_info")):
                document["external_gateway_info"] = _gateway(gateway, subnets)
            elif key == "subnet":
                subnets.add(shown["id"])
                if document.get("ip_version") == 4:
                    document = {name: value for name, value in document.items() if not name.startswith("ipv6_")}
            project = shown.get("project_id") or shown.get("tenant_id")
            yield call(NETWORK, method, key, document, nulls=("gateway_ip",), id=shown["id"], project=project)
    ports = source.list(NETWORK, "/v2.0/ports?device_owner=network:router_interface", "ports") or []
    for router, subnet, project in sorted(
        (port["device_id"], fixed["subnet_id"], str(port.get("project_id") or ""))
        for port in ports
        for fixed in port.get("fixed_ips") or ()
    ):
        yield item(NETWORK, "AddRouterInterface", {"router_id": router, "subnet_id": subnet}, project=project)


def _gateway(gateway: Any, subnets: set[str]) -> dict[str, Any]:
    """A router's gateway, with its addresses where their subnets may be seen."""
    addresses = gateway.get("external_fixed_ips") or []
    known = all(address.get("subnet_id") in subnets for address in addresses)
    found = {key: gateway[key] for key in ("network_id", "enable_snat") if key in gateway}
    return {**found, "external_fixed_ips": addresses} if known else found


def _network(source: Source, document: dict[str, Any], flat: int) -> bool:
    """Make a network one that mopenstack can have; returns whether it is external and of a type that is not shown."""
    external = bool(document.get("router:external"))
    if not external:
        document.pop("is_default", None)
    hidden = external and not document.get("provider:network_type")
    if hidden:
        document |= {"provider:network_type": "flat", "provider:physical_network": f"public{flat or ''}"}
    kind, name = document.get("provider:network_type") or "geneve", document["id"]
    physical = document.get("provider:physical_network")
    if kind == "vlan" and physical not in VLAN_NETWORKS:
        document["provider:physical_network"] = VLAN_NETWORKS[1]
        source.notes.append(f"network: the physical network {physical} of {name} is {VLAN_NETWORKS[1]} in the seed")
    if document.get("mtu", 0) > MTU_MAX.get(kind, 0):
        source.notes.append(f"network: the MTU of {name}, {document.pop('mtu')}, is more than {kind} has here")
    return hidden
