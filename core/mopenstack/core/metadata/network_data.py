"""network_data.json: the links, networks and name servers of a guest.

Source: nova.virt.netutils.get_network_metadata.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from mopenstack.core.metadata.guest import Guest, Interface
from mopenstack.network.v2.core.subnets_pb2 import Subnet

_EXPOSED = frozenset(
    {"bridge", "ovs", "dvs", "hw_veb", "hyperv", "hostdev_physical", "macvtap", "vhostuser", "vrouter", "other", "tap"}
)
"""Kinds of interfaces that a guest is told of (nova.network.model.LEGACY_EXPOSED_VIF_TYPES); others are `phy`."""
_ANYWHERE = {4: "0.0.0.0", 6: "::"}  # noqa: S104  # a route, not an address to listen at


def network_data(guest: Guest) -> dict[str, Any] | None:
    """The document; None for a server without interfaces."""
    if not guest.interfaces:
        return None
    links: list[dict[str, Any]] = []
    networks: list[dict[str, Any]] = []
    services: list[dict[str, str]] = []
    for interface in guest.interfaces:
        firsts = {version: _first(interface, version) for version in (4, 6)}
        if not any(firsts.values()):
            continue
        link = _link(interface)
        links.append(link)
        for version, found in firsts.items():
            if found is not None:
                networks.append(_network(interface, *found, version, len(networks), link["id"]))
                services += [one for one in _name_servers(found[0]) if one not in services]
    return {"links": links, "networks": networks, "services": services}


def _first(interface: Interface, version: int) -> tuple[Subnet, str] | None:
    """The first subnet of a version, as Nova knows no more of them."""
    return next((one for one in interface.subnets if one[0].ip_version == version), None)


def _link(interface: Interface) -> dict[str, Any]:
    port = interface.port
    return {
        "id": f"tap{port.id[:11]}",
        "vif_id": port.id,
        "type": port.vif_type if port.vif_type in _EXPOSED else "phy",
        "mtu": None if interface.served else interface.network.mtu,
        "ethernet_mac_address": port.mac_address,
    }


def _network(
    interface: Interface, subnet: Subnet, address: str, version: int, number: int, link: str
) -> dict[str, Any]:
    found: dict[str, Any] = {"id": f"network{number}", "type": f"ipv{version}", "link": link}
    mode = subnet.ipv6_address_mode if subnet.HasField("ipv6_address_mode") else ""
    if mode:
        found["type"] += f"_{mode}"
    elif subnet.id in interface.served or subnet.enable_dhcp:
        return {**found, "type": f"ipv{version}_dhcp", "network_id": interface.network.id}
    routes = []
    if subnet.HasField("gateway_ip") and subnet.gateway_ip:
        anywhere = _ANYWHERE[version]
        routes.append({"network": anywhere, "netmask": anywhere, "gateway": subnet.gateway_ip})
    for route in subnet.host_routes:
        network = ipaddress.ip_network(route.destination)
        routes.append(
            {"network": str(network.network_address), "netmask": str(network.netmask), "gateway": route.nexthop}
        )
    return {
        **found,
        "ip_address": address,
        "netmask": str(ipaddress.ip_network(subnet.cidr).netmask),
        "routes": routes,
        "network_id": interface.network.id,
        "services": _name_servers(subnet),
    }


def _name_servers(subnet: Subnet) -> list[dict[str, str]]:
    return [{"type": "dns", "address": address} for address in subnet.dns_nameservers]
