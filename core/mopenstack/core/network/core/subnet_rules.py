"""What a subnet's attributes must be.

Source: neutron_lib.api.validators, db_base_plugin_v2._validate_subnet, ipam_backend_mixin.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from mopenstack.core.network.base import bad_input, invalid
from mopenstack.core.network.core.addresses import IPNetwork, Range, parse_ip, parse_net, usable
from mopenstack.network.v2.core.subnets_pb2 import AllocationPool, Subnet
from mopenstack.network.v2.refusals import (
    DnsNameServersExhausted,
    GatewayConflictWithAllocationPools,
    HostRoutesExhausted,
    InvalidAllocationPool,
    InvalidSubnetServiceType,
    OutOfBoundsAllocationPool,
    OverlappingAllocationPools,
)

NAMESERVERS_MAX, HOST_ROUTES_MAX = 5, 20
AUTOMATIC = ("slaac", "dhcpv6-stateless")
DEVICE_OWNER_PREFIXES = ("network:", "neutron:", *"compute:")
"""The letters of the last one stand for themselves: whatever begins with one of them is a service type.

Source: neutron_lib.api.validators.validate_subnet_service_types, which adds a text to a list.
"""


def is_automatic(subnet: Subnet) -> bool:
    """Whether ports give themselves their addresses on the subnet (ipv6_utils.is_auto_address_subnet)."""
    return subnet.ipv6_address_mode in AUTOMATIC or (
        not subnet.HasField("ipv6_address_mode") and subnet.ipv6_ra_mode in AUTOMATIC
    )


def check_values(subnet: Subnet, given: set[str]) -> None:
    """The shapes of lists, as the attribute map's validators check them before anything else."""
    if "cidr" in given and subnet.cidr and not _is_subnet(subnet.cidr):
        raise invalid("cidr", f"'{subnet.cidr}' is not a valid IP subnet")
    for pool in subnet.allocation_pools if "allocation_pools" in given else ():
        for address in (pool.start, pool.end):
            _check_address("allocation_pools", address)
    _check_nameservers(subnet.dns_nameservers if "dns_nameservers" in given else ())
    if "host_routes" in given:
        _check_routes(subnet)
        subnet.host_routes.sort(key=lambda route: (route.destination, route.nexthop))
    for service_type in subnet.service_types:
        if not service_type.startswith(DEVICE_OWNER_PREFIXES):
            raise InvalidSubnetServiceType(service_type=service_type)


def _is_subnet(text: str) -> bool:
    address, slash, _ = text.partition("/")
    return bool(slash) and parse_ip(address) is not None and parse_net(text) is not None


def _check_address(attribute: str, address: str) -> None:
    if parse_ip(address) is None:
        raise invalid(attribute, f"'{address}' is not a valid IP address")


def _check_nameservers(hosts: Sequence[str]) -> None:
    seen: set[str] = set()
    for host in hosts:
        if parse_ip(host) is None:
            raise invalid("dns_nameservers", f"'{host}' is not a valid nameserver. '{host}' is not a valid IP address")
        if host in seen:
            raise invalid("dns_nameservers", f"Duplicate nameserver '{host}'")
        seen.add(host)


def _check_routes(subnet: Subnet) -> None:
    seen: set[tuple[str, str]] = set()
    for route in subnet.host_routes:
        net = parse_net(route.destination)
        if net is None or str(net.network_address) != str(parse_ip(route.destination.partition("/")[0])):
            raise invalid("host_routes", f"'{route.destination}' is not a valid CIDR")
        if net.is_loopback:
            raise invalid("host_routes", f"'{route.destination}' is not a routable CIDR")
        _check_address("host_routes", route.nexthop)
        if (route.destination, route.nexthop) in seen:
            pair = {"destination": route.destination, "nexthop": route.nexthop}
            raise invalid("host_routes", f"Duplicate hostroute '{pair}'")
        seen.add((route.destination, route.nexthop))


def check(subnet: Subnet, given: set[str], *, creating: bool, had_dhcp: bool = False) -> None:
    """The rules between attributes; `cidr` may be empty still where a pool will give it."""
    net = parse_net(subnet.cidr) if subnet.cidr else None
    if net is not None:
        _check_version(subnet.ip_version, subnet.cidr, net.version, "cidr")
        if "enable_dhcp" in given or creating:
            _check_dhcp(subnet, net, had_dhcp)
    if subnet.gateway_ip and ("gateway_ip" in given):
        _check_gateway(subnet, net)
    label = "new subnet" if creating else subnet.id
    if len(subnet.dns_nameservers) > NAMESERVERS_MAX:
        raise DnsNameServersExhausted(subnet_id=label, quota=NAMESERVERS_MAX)
    for host in subnet.dns_nameservers:
        _check_version(subnet.ip_version, host, _version(host), "dns_nameserver")
    if len(subnet.host_routes) > HOST_ROUTES_MAX:
        raise HostRoutesExhausted(subnet_id=label, quota=HOST_ROUTES_MAX)
    for route in subnet.host_routes:
        _check_version(subnet.ip_version, route.nexthop, _version(route.nexthop), "nexthop")
        _check_version(subnet.ip_version, route.destination, _version(route.destination), "destination")
    _check_modes(subnet, net, given, creating)


def _version(text: str) -> int:
    found = parse_ip(text.partition("/")[0])
    return found.version if found else 0


def _check_version(expected: int, text: str, version: int, name: str) -> None:
    if version != expected:
        raise bad_input(f"{name} '{text}' does not match the ip_version '{expected}'")


def _check_dhcp(subnet: Subnet, net: IPNetwork, had_dhcp: bool) -> None:
    if not subnet.enable_dhcp or had_dhcp:
        return
    if net.prefixlen > (30 if net.version == 4 else 126):
        raise bad_input("Subnet has a prefix length that is incompatible with DHCP service enabled")
    if net.is_multicast:
        raise bad_input("Multicast IP subnet is not supported if enable_dhcp is True")
    if net.is_loopback:
        raise bad_input("Loopback IP subnet is not supported if enable_dhcp is True")
    if net.version == 4 and int(net.network_address) == 0:
        raise bad_input("First IP '0.0.0.0' of network is not supported if enable_dhcp is True.")


def _check_gateway(subnet: Subnet, net: IPNetwork | None) -> None:
    gateway = parse_ip(subnet.gateway_ip)
    if gateway is None:
        return
    _check_version(subnet.ip_version, subnet.gateway_ip, gateway.version, "gateway_ip")
    if net is not None and net.version == 4 and gateway in (net.network_address, net.broadcast_address):
        raise bad_input("Gateway is not valid on subnet")


def _check_modes(subnet: Subnet, net: IPNetwork | None, given: set[str], creating: bool) -> None:
    ra_mode, address_mode = subnet.ipv6_ra_mode, subnet.ipv6_address_mode
    if subnet.ip_version == 4:
        for name, value in (("ipv6_ra_mode", ra_mode), ("ipv6_address_mode", address_mode)):
            if value:
                raise bad_input(f"{name} is not valid when ip_version is 4")
        return
    if not ra_mode and not address_mode:
        return
    if not creating:
        if "enable_dhcp" in given and not subnet.enable_dhcp:
            raise bad_input("Cannot disable enable_dhcp with ipv6 attributes set")
        return
    if not subnet.enable_dhcp:
        raise bad_input("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False")
    if ra_mode and address_mode and ra_mode != address_mode:
        raise bad_input(
            f"ipv6_ra_mode set to '{ra_mode}' with ipv6_address_mode set to '{address_mode}' is not valid. "
            "If both attributes are set, they must be the same value"
        )
    check_automatic_length(subnet, net)


def check_automatic_length(subnet: Subnet, net: IPNetwork | None) -> None:
    """Refuse an automatic subnet whose prefix leaves no room for an EUI-64 interface id."""
    if net is not None and net.version == 6 and is_automatic(subnet) and net.prefixlen != 64:
        raise bad_input(
            f"Invalid CIDR {subnet.cidr} for IPv6 address mode. OpenStack uses the EUI-64 address format, "
            "which requires the prefix to be /64"
        )


def checked_pools(net: IPNetwork, pools: Sequence[AllocationPool]) -> list[Range]:
    """Allocation pools as number ranges; refuses what does not lie in the subnet or overlaps."""
    spans = []
    first, last = usable(net)
    for pool in pools:
        start, end = parse_ip(pool.start), parse_ip(pool.end)
        if start is None or end is None or start.version != end.version or int(start) > int(end):
            raise InvalidAllocationPool(pool={"start": pool.start, "end": pool.end})
        if start.version != net.version:
            raise InvalidAllocationPool(pool=f"{start}-{end}")
        if int(start) < first or int(end) > last:
            raise OutOfBoundsAllocationPool(pool=f"{start}-{end}", subnet_cidr=net)
        spans.append((int(start), int(end), f"{start}-{end}"))
    for left, right in itertools.combinations(spans, 2):
        if left[0] <= right[1] and right[0] <= left[1]:
            raise OverlappingAllocationPools(pool_1=left[2], pool_2=right[2], subnet_cidr=net)
    return [(start, end) for start, end, _ in spans]


def check_gateway_outside(gateway: str, pools: Sequence[AllocationPool]) -> None:
    """Refuse a gateway that a pool might hand out."""
    place = parse_ip(gateway)
    for pool in pools:
        start, end = parse_ip(pool.start), parse_ip(pool.end)
        if place is not None and start is not None and end is not None and int(start) <= int(place) <= int(end):
            raise GatewayConflictWithAllocationPools(ip_address=gateway, pool=f"{pool.start}-{pool.end}")
