"""A port's addresses: the subnets that they come from, and their allocation (neutron.db.ipam_pluggable_backend).

`scope(subnet_id)` is the claims' scope of a subnet's addresses; they are released with their port, or by
`release` when the port gives one up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import bad_input
from mopenstack.core.network.core.addresses import (
    ROUTER_INTERFACE_OWNERS,
    ROUTER_INTERFACE_OWNERS_SNAT,
    claim_key,
    eui64,
    fits,
    is_eui64,
    parse_ip,
    parse_net,
    take_free,
)
from mopenstack.core.network.core.subnet_rules import is_automatic
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import (
    AllocationOnAutoAddressSubnet,
    BadResourceRequest,
    InvalidIpForNetwork,
    InvalidIpForSubnet,
    IpAddressAlreadyAllocated,
    IpAddressGenerationFailure,
    IpAddressGenerationFailureNoMatchingSubnet,
    SubnetNotFound,
)


@dataclass(frozen=True, slots=True)
class AddressRequest:
    """One address to allocate: `address` on the subnet, or a free one of the first subnet that has one."""

    subnets: Sequence[Subnet]
    address: str = ""


def scope(subnet_id: str) -> str:
    return f"address/{subnet_id}"


async def allocate(call: Call, port: Port, asked: Sequence[FixedIp] | None) -> list[FixedIp]:
    """Give a new port its addresses; `asked` None: one of each address family that the network has."""
    subnets = await call.tx.query(Subnet, network_id=port.network_id)
    if asked is None:
        requests = _one_of_each_family(_serving(port, subnets))
    else:
        requests = await address_requests(call, port, asked, subnets)
    requests += _automatic(port, subnets, ())  # also for a port that asks for none
    return [await _give(call, port, request) for request in requests]


async def change(call: Call, port: Port, kept: Sequence[FixedIp], asked: Sequence[FixedIp]) -> list[FixedIp]:
    """The addresses of a port whose list is replaced: what stays is kept, the rest is given back or given."""
    subnets = await call.tx.query(Subnet, network_id=port.network_id)
    by_id = {subnet.id: subnet for subnet in subnets}
    stay, add, gone = _compare(port, kept, asked, by_id)
    _check_may_move(port, [*add, *gone], by_id)
    for fixed in gone:
        await release(call, fixed)
    requests = await address_requests(call, port, add, subnets)
    handled = {fixed.subnet_id for fixed in (*stay, *gone)} | {request.subnets[0].id for request in requests}
    if asked:
        requests += _automatic(port, subnets, handled)
    return stay + [await _give(call, port, request) for request in requests]


def _check_may_move(port: Port, moved: Iterable[FixedIp], subnets: Mapping[str, Subnet]) -> None:
    """A router's ports keep their IPv4 addresses, for every caller (IP_UPDATE_NOT_ALLOWED_LIST of the L3 plugin)."""
    if port.device_owner not in ROUTER_INTERFACE_OWNERS_SNAT:
        return
    for fixed in moved:
        subnet = subnets.get(fixed.subnet_id)
        if "." in fixed.ip_address or (not fixed.ip_address and subnet is not None and subnet.ip_version == 4):
            raise BadResourceRequest(resource="ports", msg=f"IP updates for port {port.id} are not allowed")


async def release(call: Call, fixed: FixedIp) -> None:
    """Give one address back."""
    await call.tx.release(scope(fixed.subnet_id), fixed.ip_address)


async def give_automatic(call: Call, port: Port, subnet: Subnet) -> FixedIp:
    """The address that a port has on an automatic subnet."""
    return await _give(call, port, _automatic_request(port, subnet))


async def address_requests(
    call: Call, port: Port, asked: Iterable[FixedIp], subnets: Sequence[Subnet]
) -> list[AddressRequest]:
    """Find and check the subnets of requested addresses."""
    requests = []
    for fixed in asked:
        subnet = await _subnet_for(call, port, fixed, subnets)
        automatic = is_automatic(subnet)
        if fixed.ip_address:
            address = str(parse_ip(fixed.ip_address))
            net = parse_net(subnet.cidr)
            assert net is not None  # a stored subnet has a prefix
            own = not automatic or eui64(net, port.mac_address) == address
            if not own and port.device_owner not in ROUTER_INTERFACE_OWNERS:
                raise AllocationOnAutoAddressSubnet(ip=fixed.ip_address, subnet_id=subnet.id)
            requests.append(AddressRequest([subnet], address))
        elif not automatic or port.device_owner in ROUTER_INTERFACE_OWNERS_SNAT:
            requests.append(AddressRequest([subnet]))
    return requests


async def _subnet_for(call: Call, port: Port, fixed: FixedIp, subnets: Sequence[Subnet]) -> Subnet:
    if not subnets:
        raise bad_input("IP allocation requires subnets for network")
    address = parse_ip(fixed.ip_address) if fixed.ip_address else None
    if fixed.subnet_id:
        subnet = next((item for item in subnets if item.id == fixed.subnet_id), None)
        if subnet is None:
            if await call.tx.get(Subnet, fixed.subnet_id) is None:
                raise SubnetNotFound(id=fixed.subnet_id)
            raise bad_input(
                f"Failed to create port on network {port.network_id}, because fixed_ips included "
                f"invalid subnet {fixed.subnet_id}"
            )
        net = parse_net(subnet.cidr)
        if address is not None and (net is None or not fits(net, address, port.device_owner)):
            raise InvalidIpForSubnet(ip_address=fixed.ip_address)
        return subnet
    if address is None:
        raise bad_input("IP allocation requires subnet_id or ip_address")
    for subnet in subnets:
        net = parse_net(subnet.cidr)
        if net is not None and fits(net, address, port.device_owner):
            return subnet
    raise InvalidIpForNetwork(ip_address=fixed.ip_address)


def _serving(port: Port, subnets: Sequence[Subnet]) -> list[Subnet]:
    """The subnets that serve the port's owner, those made for it first."""
    found = [subnet for subnet in subnets if not subnet.service_types or port.device_owner in subnet.service_types]
    if subnets and not found:
        raise IpAddressGenerationFailureNoMatchingSubnet(network_id=port.network_id, service_type=port.device_owner)
    return sorted(found, key=lambda subnet: not subnet.service_types)


def _one_of_each_family(subnets: Sequence[Subnet]) -> list[AddressRequest]:
    v4 = [subnet for subnet in subnets if subnet.ip_version == 4]
    v6 = [subnet for subnet in subnets if subnet.ip_version == 6 and not is_automatic(subnet)]
    return [AddressRequest(family) for family in (v4, v6) if family]


def _automatic(port: Port, subnets: Iterable[Subnet], handled: Iterable[str]) -> list[AddressRequest]:
    if port.device_owner in ROUTER_INTERFACE_OWNERS_SNAT:
        return []
    skip = set(handled)
    return [_automatic_request(port, item) for item in subnets if is_automatic(item) and item.id not in skip]


def _automatic_request(port: Port, subnet: Subnet) -> AddressRequest:
    net = parse_net(subnet.cidr)
    assert net is not None  # a stored subnet has a prefix
    return AddressRequest([subnet], eui64(net, port.mac_address))


async def _give(call: Call, port: Port, request: AddressRequest) -> FixedIp:
    if request.address:
        subnet = request.subnets[0]
        if not await call.tx.take(scope(subnet.id), request.address, port):
            raise IpAddressAlreadyAllocated(ip=request.address, subnet_id=subnet.id)
        return FixedIp(subnet_id=subnet.id, ip_address=request.address)
    for subnet in request.subnets:
        ranges = [(int(parse_ip(pool.start) or 0), int(parse_ip(pool.end) or 0)) for pool in subnet.allocation_pools]
        number = await take_free(call, scope(subnet.id), ranges, port, ipv=subnet.ip_version)
        if number is not None:
            return FixedIp(subnet_id=subnet.id, ip_address=claim_key(number, subnet.ip_version))
    raise IpAddressGenerationFailure(net_id=port.network_id)


def _compare(
    port: Port, kept: Sequence[FixedIp], asked: Sequence[FixedIp], subnets: dict[str, Subnet]
) -> tuple[list[FixedIp], list[FixedIp], list[FixedIp]]:
    """(stay, add, gone) of a replaced list (_get_changed_ips_for_port)."""
    left = {fixed.ip_address: fixed for fixed in kept}
    stay: list[FixedIp] = []
    add: list[FixedIp] = []
    gone: list[FixedIp] = []
    for fixed in asked:
        if not fixed.ip_address:
            continue
        same = left.pop(str(parse_ip(fixed.ip_address)), None)
        (add if same is None else stay).append(fixed if same is None else same)
    by_subnet: defaultdict[str, list[FixedIp]] = defaultdict(list)
    for fixed in left.values():
        by_subnet[fixed.subnet_id].append(fixed)
    for fixed in asked:
        if fixed.ip_address:
            continue
        mine = by_subnet.get(fixed.subnet_id)
        if not mine:
            add.append(fixed)
        elif is_eui64(mine[-1].ip_address):
            add.append(fixed)
            gone.append(mine.pop())
        else:
            stay.append(mine.pop())
    required = port.device_owner in ROUTER_INTERFACE_OWNERS_SNAT
    for fixed in [fixed for rest in by_subnet.values() for fixed in rest]:
        subnet = subnets.get(fixed.subnet_id)
        # An automatic address stays for as long as the port has any.
        (gone if required or subnet is None or not is_automatic(subnet) else stay).append(fixed)
    return stay, add, gone
