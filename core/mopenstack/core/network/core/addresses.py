"""Addresses out of pools: arithmetic of prefixes and pools, and the allocation of what must be unique.

An address, a MAC and a segmentation id are claims: rows with a unique key, so that two transactions
can never take the same one, on however many cores. A free one is found by trying, not by scanning:
candidates are drawn at random from a window at the beginning of the pool that widens with each miss,
so the cost does not grow with the size of the pool or of the subnet (neutron.ipam.drivers draws from a
window of the first free addresses as well, after reading them all).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from functools import lru_cache

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Range = tuple[int, int]
"""First and last number, both included."""

WINDOW = 256
"""Where the first draws fall: low addresses first, as a reader of a small test expects."""
DRAWS = 4
"""Draws before the window widens."""
WIDER = 8
PARSED_MAX = 4096
"""Addresses and prefixes that are kept parsed: most requests ask for those of the same few subnets."""


async def take_free(call: Call, scope: str, ranges: Sequence[Range], owner: Message, *, ipv: int = 0) -> int | None:
    """Claim a number of the ranges for the owner; None when all are taken.

    The claim's key is the number, or the address that it stands for where `ipv` is 4 or 6.
    """
    total = sum(last - first + 1 for first, last in ranges)
    window = min(WINDOW, total)
    while total:
        for _ in range(DRAWS):
            number = _at(ranges, call.ids.below(window))
            if await call.tx.take(scope, claim_key(number, ipv), owner):
                return number
        if window == total:
            break
        window = min(window * WIDER, total)
    return await _sweep(call, scope, ranges, owner, ipv)


def claim_key(number: int, ipv: int) -> str:
    """How a claim spells a number: an address in its canonical form."""
    if ipv == 4:
        return str(ipaddress.IPv4Address(number))
    return str(ipaddress.IPv6Address(number)) if ipv == 6 else str(number)


async def _sweep(call: Call, scope: str, ranges: Sequence[Range], owner: Message, ipv: int) -> int | None:
    """The last resort of a nearly full pool: read what is taken, try the rest in order."""
    taken = set(await call.tx.claims(scope))
    for first, last in ranges:
        for number in range(first, last + 1):
            key = claim_key(number, ipv)
            if key not in taken and await call.tx.take(scope, key, owner):
                return number
    return None


def _at(ranges: Sequence[Range], place: int) -> int:
    for first, last in ranges:
        size = last - first + 1
        if place < size:
            return first + place
        place -= size
    raise IndexError(place)


# -- arithmetic


@lru_cache(PARSED_MAX)
def parse_ip(text: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@lru_cache(PARSED_MAX)
def parse_net(text: str) -> IPNetwork | None:
    """A prefix with its length; host bits are allowed and dropped."""
    if "/" not in text:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def usable(net: IPNetwork) -> Range:
    """First and last address that a pool of the subnet may hold (ipam.utils.generate_pools)."""
    first, last = int(net.network_address), int(net.broadcast_address)
    if first == last:
        return first, last
    if net.version == 4:
        return (first + 1, last - 1) if net.prefixlen <= 30 else (first, last)
    return first + 1, last


def default_pools(net: IPNetwork, gateway: IPAddress | None) -> list[Range]:
    """The whole subnet around its gateway."""
    first, last = usable(net)
    place = int(gateway) if gateway is not None and gateway.version == net.version else -1
    if not first <= place <= last or first == last:
        return [(first, last)]
    return [part for part in ((first, place - 1), (place + 1, last)) if part[0] <= part[1]]


def fits(net: IPNetwork, address: IPAddress, owner: str = "") -> bool:
    """Whether a port may have the address on the subnet (ipam.utils.check_subnet_ip)."""
    if address.version != net.version or address not in net:
        return False
    if net.version == 4:
        return address not in (net.network_address, net.broadcast_address)
    return owner == "" or owner in ROUTER_PORT_OWNERS or address != net.network_address


def eui64(net: IPNetwork, mac: str) -> str:
    """The address that an interface with the MAC gives itself (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    interface = bytes((octets[0] ^ 2,)) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return str(ipaddress.IPv6Address(int(net.network_address) | int.from_bytes(interface, "big")))


def is_eui64(address: str) -> bool:
    """Whether an address looks as if made from a MAC (ipv6_utils.is_eui64_address)."""
    found = parse_ip(address)
    return found is not None and found.version == 6 and (int(found) >> 24) & 0xFFFF == 0xFFFE


def subtract(whole: Sequence[IPNetwork], taken: Sequence[IPNetwork]) -> list[IPNetwork]:
    """What is left of prefixes, longest first and then by address, as pools hand prefixes out."""
    left: list[IPNetwork] = list(whole)
    for hole in taken:
        left = [part for net in left for part in _without(net, hole)]
    return sorted(left, key=lambda net: (-net.prefixlen, int(net.network_address)))


def _without(net: IPNetwork, hole: IPNetwork) -> Iterator[IPNetwork]:
    if net.version != hole.version or not net.overlaps(hole):
        yield net
    elif hole.prefixlen > net.prefixlen:
        yield from net.address_exclude(hole)  # type: ignore[arg-type]  # one version, or they would not overlap


def compact(prefixes: Sequence[IPNetwork]) -> list[IPNetwork]:
    """Overlapping and adjacent prefixes as one."""
    return list(ipaddress.collapse_addresses(prefixes))  # type: ignore[type-var]  # all of one version


ROUTER_INTERFACE_OWNERS = (
    "network:router_interface",
    "network:ha_router_replicated_interface",
    "network:router_interface_distributed",
)
ROUTER_INTERFACE_OWNERS_SNAT = (*ROUTER_INTERFACE_OWNERS, "network:router_centralized_snat")
ROUTER_PORT_OWNERS = (*ROUTER_INTERFACE_OWNERS_SNAT, "network:router_gateway")
AUTO_DELETE_PORT_OWNERS = ("network:dhcp", "network:distributed", "network:floatingip_agent_gateway")
