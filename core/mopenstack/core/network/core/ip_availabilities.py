"""Used and available addresses of networks (neutron.db.network_ip_availability_db and ..._details_db)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.computed import ComputedServicer
from mopenstack.core.engine.listing import fold_of, folded, listing
from mopenstack.core.network.base import sees_all
from mopenstack.network.v2.core import network_ip_availabilities_pb2 as pb
from mopenstack.network.v2.core.network_ip_availabilities_pb2 import NetworkIpAvailability
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import HttpNotFound

IP_VERSION = "ip_version"
"""A filter of subnets: networks without one of that version are left out."""


class NetworkIpAvailabilities(ComputedServicer[NetworkIpAvailability]):
    service = pb.DESCRIPTOR.services_by_name["NetworkIpAvailabilities"]
    message = NetworkIpAvailability
    not_found = HttpNotFound

    async def candidates(self, call: Call, query: common.Query) -> Iterable[NetworkIpAvailability]:
        if not _allowed(call):
            return []
        filters = {item.key: list(item.values) for item in query.filters}
        found = []
        for network in await _networks(call, filters):
            shown = await _availability(call, network, filters.get(IP_VERSION, ()))
            if shown is not None:
                found.append(shown)
        return _ordered(found, query)

    async def find(self, call: Call, id: str) -> NetworkIpAvailability | None:
        network = await call.tx.get(Network, id) if _allowed(call) else None
        return None if network is None else await _availability(call, network, ())


def _allowed(call: Call) -> bool:
    return sees_all(call.caller) or "service" in call.caller.roles


async def _networks(call: Call, filters: dict[str, list[str]]) -> list[Network]:
    named = filters.get("network_id")
    if named is not None:
        found = [await call.tx.get(Network, id) for id in dict.fromkeys(named)]
        networks = [network for network in found if network is not None]
    else:
        networks = list(await call.tx.scan(Network))
    fold = fold_of(call.cloud)
    facts: dict[str, Callable[[Network], str]] = {
        "network_name": lambda one: one.name,
        "project_id": lambda one: one.project_id,
        "tenant_id": lambda one: one.project_id,
    }
    for key, fact in facts.items():
        if key in filters:
            wanted = folded(filters[key], fold)
            networks = [network for network in networks if fold(fact(network)) in wanted]
    return networks


def _ordered(found: list[NetworkIpAvailability], query: common.Query) -> list[NetworkIpAvailability]:
    for item in reversed(query.sort):
        if item.key in listing(NetworkIpAvailability).sortable():
            found.sort(key=lambda one: one.network_id, reverse=item.descending)
    return found


async def _availability(call: Call, network: Network, versions: Iterable[str]) -> NetworkIpAvailability | None:
    """One network's numbers; None where no subnet is of the versions that were asked for."""
    shown = NetworkIpAvailability(
        network_id=network.id, network_name=network.name, project_id=network.project_id, used_ips=0
    )
    wanted = set(versions)
    subnets = [
        subnet
        for subnet in await call.tx.query(Subnet, network_id=network.id)
        if not wanted or str(subnet.ip_version) in wanted
    ]
    if wanted and not subnets:
        return None
    used: dict[str, list[int]] = {subnet.id: [] for subnet in subnets}
    for port in await call.tx.query(Port, network_id=network.id):
        for fixed in port.fixed_ips:
            if fixed.subnet_id in used:
                used[fixed.subnet_id].append(int(ipaddress.ip_address(fixed.ip_address)))
    totals = [0, 0, 0]
    details = shown.ip_availability_details
    for subnet in sorted(subnets, key=lambda one: one.id):
        total, in_subnet, in_pools = _add(shown, subnet, used[subnet.id])
        totals = [totals[0] + total, totals[1] + in_subnet, totals[2] + in_pools]
    shown.total_ips, details.total_ips_in_subnet, details.total_ips_in_allocation_pool = map(str, totals)
    details.SetInParent()
    return shown


def _add(shown: NetworkIpAvailability, subnet: Subnet, used: list[int]) -> tuple[int, int, int]:
    """Add a subnet's numbers; (addresses to give away, of the subnet, of its pools)."""
    net = ipaddress.ip_network(subnet.cidr, strict=False)
    pools = [(int(ipaddress.ip_address(p.start)), int(ipaddress.ip_address(p.end))) for p in subnet.allocation_pools]
    in_pools = sum(last - first + 1 for first, last in pools)
    # The network's and the broadcast address are left out here, and not of a subnet without pools below.
    in_subnet = net.num_addresses - (2 if net.version == 4 else 0)
    total = in_pools if pools else net.num_addresses
    used_in_pools = sum(first <= address <= last for address in used for first, last in pools)
    one = shown.subnet_ip_availability.add(
        subnet_id=subnet.id,
        ip_version=subnet.ip_version,
        cidr=subnet.cidr,
        subnet_name=subnet.name,
        used_ips=len(used),
        total_ips=str(total),
    )
    for details in (one.ip_availability_details, shown.ip_availability_details):
        details.used_ips_in_subnet += len(used)
        details.used_ips_in_allocation_pool += used_in_pools
    one.ip_availability_details.total_ips_in_subnet = str(in_subnet)
    one.ip_availability_details.total_ips_in_allocation_pool = str(in_pools)
    shown.used_ips += len(used)
    return total, in_subnet, in_pools
