"""Subnet pools (neutron.ipam.subnet_alloc, neutron.db.db_base_plugin_v2)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.network.base import NeutronResource, bad_input, invalid, sees_all
from mopenstack.core.network.common.rbac import forget_policies
from mopenstack.core.network.core.address_scopes import AddressScopes
from mopenstack.core.network.core.addresses import IPNetwork, compact, parse_net, subtract
from mopenstack.network.v2.core import subnetpools_pb2 as pb
from mopenstack.network.v2.core.subnetpools_pb2 import Subnetpool, SubnetpoolBody
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import (
    AddressScopePrefixConflict,
    BadResourceRequest,
    EmptySubnetPoolPrefixList,
    HttpBadRequest,
    IllegalSubnetPoolIpVersionAssociationToAddressScope,
    IllegalSubnetPoolPrefixBounds,
    IllegalSubnetPoolPrefixUpdate,
    IllegalSubnetPoolUpdate,
    MaxPrefixSubnetAllocationError,
    MinPrefixSubnetAllocationError,
    NetworkAddressScopeAffinityError,
    NotAuthorized,
    PrefixVersionMismatch,
    RequestFailed,
    SubnetAllocationError,
    SubnetPoolDeleteError,
    SubnetPoolNotFound,
    SubnetPoolQuotaExceeded,
)

LENGTHS = {"default_prefixlen": "default_length", "min_prefixlen": "min_length", "max_prefixlen": "max_length"}
"""A prefix length as a text -> the same as a number."""
MIN_LENGTH = {4: 8, 6: 64}
MAX_LENGTH = {4: 32, 6: 128}
QUOTA_UNIT = {4: 32, 6: 64}
"""A pool's quota counts /32 prefixes of IPv4 and /64 prefixes of IPv6."""


class Subnetpools(NeutronResource[Subnetpool]):
    service = pb.DESCRIPTOR.services_by_name["Subnetpools"]
    message = Subnetpool
    not_found = SubnetPoolNotFound

    # -- create

    async def prepare(self, call: Call, obj: Subnetpool, request: Any, given: set[str]) -> None:
        body: SubnetpoolBody = request.subnetpool
        prefixes = checked_prefixes(body.prefixes)
        obj.ip_version = prefixes[0].version
        _set_prefixes(obj, compact(prefixes))
        self._set_lengths(obj, body)
        if obj.is_default:
            await self._check_default(call, obj)
        await self.check_scope(call, obj)

    @staticmethod
    def _set_lengths(obj: Subnetpool, body: SubnetpoolBody) -> None:
        """Take the given bounds, complete the others, refuse what does not fit together."""
        asked = {name: int(getattr(obj, text)) for text, name in LENGTHS.items() if getattr(obj, text)}
        asked |= {name: getattr(body, name) for name in LENGTHS.values() if body.HasField(name)}
        version = obj.ip_version
        least, most = asked.get("min_length", MIN_LENGTH[version]), asked.get("max_length", MAX_LENGTH[version])
        usual = asked.get("default_length", least)
        obj.min_length, obj.max_length, obj.default_length = least, most, usual
        for text, name in LENGTHS.items():
            setattr(obj, text, str(getattr(obj, name)))
        _in_order("min_prefixlen", least, "max_prefixlen", most, least <= most)
        _in_order("max_prefixlen", most, "ip_version_max", MAX_LENGTH[version], most <= MAX_LENGTH[version])
        _in_order("default_prefixlen", usual, "min_prefixlen", least, usual >= least)
        _in_order("default_prefixlen", usual, "max_prefixlen", most, usual <= most)

    @staticmethod
    async def _check_default(call: Call, obj: Subnetpool) -> None:
        if await default_pool(call, obj.ip_version) is not None:
            raise bad_input(
                "A default subnetpool for this IP family has already been set. Only one default may exist per IP family"
            )

    async def check_scope(self, call: Call, obj: Subnetpool) -> None:
        if not obj.HasField("address_scope_id"):
            return
        scope = await call.service(AddressScopes).fetch(call, obj.address_scope_id)
        if scope.ip_version != obj.ip_version:
            raise IllegalSubnetPoolIpVersionAssociationToAddressScope(
                subnetpool_id=obj.id, address_scope_id=obj.address_scope_id, ip_version=scope.ip_version
            )
        mine = [ipaddress.ip_network(prefix) for prefix in obj.prefixes]
        for other in await call.tx.query(Subnetpool, address_scope_id=obj.address_scope_id):
            theirs = [ipaddress.ip_network(prefix) for prefix in other.prefixes]
            if other.id != obj.id and any(a.overlaps(b) for a in mine for b in theirs if a.version == b.version):
                raise AddressScopePrefixConflict()

    # -- update

    async def change(self, call: Call, old: Subnetpool, new: Subnetpool, request: Any, given: set[str]) -> None:
        body: SubnetpoolBody = request.subnetpool
        self._set_lengths(new, body)
        if "prefixes" in given:
            prefixes = checked_prefixes(body.prefixes)
            kept = [ipaddress.ip_network(prefix) for prefix in old.prefixes]
            if subtract(kept, compact(prefixes)):
                raise IllegalSubnetPoolPrefixUpdate(msg="Existing prefixes must be a subset of the new prefixes")
            _set_prefixes(new, compact(prefixes))
        if new.is_default and not old.is_default:
            await self._check_default(call, new)
        await self._check_owned_scope(call, old)
        if "address_scope_id" in given or "prefixes" in given:
            await self.check_scope(call, new)
        if old.address_scope_id != new.address_scope_id:
            await self._check_affinity(call, new)

    @staticmethod
    async def _check_owned_scope(call: Call, old: Subnetpool) -> None:
        """A pool in a shared scope of another project stays as it is."""
        if not old.HasField("address_scope_id") or call.caller.is_admin:
            return
        scope = await call.service(AddressScopes).fetch(call, old.address_scope_id)
        if scope.project_id != call.caller.project_id:
            raise IllegalSubnetPoolUpdate(
                why=f"subnetpool {old.id} cannot be updated when associated with shared address scope {scope.id}"
            )

    @staticmethod
    async def _check_affinity(call: Call, new: Subnetpool) -> None:
        for subnet in await call.tx.query(Subnet, subnetpool_id=new.id):
            for other in await call.tx.query(Subnet, network_id=subnet.network_id):
                if other.ip_version == new.ip_version and other.subnetpool_id != new.id:
                    raise NetworkAddressScopeAffinityError()

    async def onboard_network_subnets(self, call: Call, request: Any) -> pb.OnboardNetworkSubnetsResponse:
        """A network's subnets become the pool's, their prefixes too (neutron.extensions.subnet_onboard)."""
        if not request.network_id:
            raise bad_input("network_id must be specified.")
        network = await call.owner_of("network").fetch(call, request.network_id)
        if not sees_all(call.caller) and network.project_id != call.caller.project_id:
            raise NotAuthorized()
        pool: Subnetpool = await call.tx.edit(Subnetpool, call.target.id)
        used = [parse_net(subnet.cidr) for subnet in await call.tx.query(Subnet, subnetpool_id=pool.id)]
        found = [one for one in await call.tx.query(Subnet, network_id=network.id) if one.ip_version == pool.ip_version]
        added: list[IPNetwork] = []
        for subnet in found:
            net = ipaddress.ip_network(subnet.cidr)
            if any(other is not None and other.overlaps(net) for other in used):
                raise IllegalSubnetPoolUpdate(
                    why=f"Onboarding subnet {subnet.id}: {subnet.cidr} conflicts with allocated prefixes "
                    f"in subnet pool {pool.id}"
                )
            added.append(net)
        _set_prefixes(pool, compact([*map(ipaddress.ip_network, pool.prefixes), *added]))
        await self.check_scope(call, pool)
        await self.save(call, pool)
        for subnet in found:
            changed = await call.tx.edit(Subnet, subnet.id)
            changed.subnetpool_id = pool.id
            await call.owner_of("subnet").save(call, changed)
        if found and pool.HasField("address_scope_id"):
            changed_network = await call.tx.edit(type(network), network.id)
            setattr(changed_network, f"ipv{pool.ip_version}_address_scope", pool.address_scope_id)
            await call.tx.put(changed_network)
        answer = pb.OnboardNetworkSubnetsResponse()
        for subnet in found:
            answer.subnets.add(id=subnet.id, cidr=subnet.cidr)
        return answer

    # -- delete

    async def remove(self, call: Call, obj: Subnetpool) -> None:
        if await call.tx.query(Subnet, subnetpool_id=obj.id):
            raise SubnetPoolDeleteError(why="Subnet pool has existing allocations")
        await forget_policies(call, obj.id)


async def _add_prefixes(call: Call, pool: Subnetpool, before: list[str], request: Any) -> None:
    """Source: neutron.extensions.subnetpool_prefix_ops."""
    added = checked_prefixes(_asked_prefixes(request))
    if any(net.version != pool.ip_version for net in added):
        raise PrefixVersionMismatch()
    _set_prefixes(pool, compact([*map(ipaddress.ip_network, before), *added]))
    await call.service(Subnetpools).check_scope(call, pool)


async def _remove_prefixes(call: Call, pool: Subnetpool, before: list[str], request: Any) -> None:
    """What subnets use stays."""
    gone = checked_prefixes(_asked_prefixes(request))
    used = [parse_net(subnet.cidr) for subnet in await call.tx.query(Subnet, subnetpool_id=pool.id)]
    if any(net is not None and net.version == out.version and net.overlaps(out) for net in used for out in gone):
        raise IllegalSubnetPoolPrefixUpdate(msg="One or more the prefixes to be removed is in use by a subnet.")
    _set_prefixes(pool, compact(subtract([ipaddress.ip_network(prefix) for prefix in before], gone)))


PREFIXES = Collection("subnetpool", "prefixes", added=_add_prefixes, removed=_remove_prefixes)


async def default_pool(call: Call, version: int) -> Subnetpool | None:
    """The pool that serves `use_default_subnetpool`."""
    found = await call.tx.query(Subnetpool, is_default=True)
    return next((pool for pool in found if pool.ip_version == version), None)


async def pool_for(call: Call, pool_id: str, cidr: str) -> Subnetpool:
    """The pool of a subnet's create; without a cidr Neutron fails without words on one that there is not."""
    try:
        return await call.service(Subnetpools).fetch(call, pool_id)
    except SubnetPoolNotFound:
        if cidr:
            raise
        raise RequestFailed() from None


async def prefix_from_pool(
    call: Call, pool: Subnetpool, subnet: Subnet, wanted: IPNetwork | None, length: int | None
) -> IPNetwork:
    """A free prefix of the pool: the wanted one, or the first of the wanted length."""
    if subnet.ip_version != pool.ip_version:
        why = f"Cannot allocate IPv{subnet.ip_version} subnet from IPv{pool.ip_version} subnet pool"
        raise BadResourceRequest(resource="subnets", msg=why)
    size = wanted.prefixlen if wanted is not None else int(pool.default_prefixlen) if length is None else length
    if size > MAX_LENGTH[pool.ip_version]:
        anywhere = ipaddress.IPv4Address(0) if pool.ip_version == 4 else ipaddress.IPv6Address(0)
        raise HttpBadRequest(f"invalid IPNetwork {anywhere}/{size}")
    if size > int(pool.max_prefixlen):
        raise MaxPrefixSubnetAllocationError(prefixlen=size, max_prefixlen=pool.max_prefixlen)
    if size < int(pool.min_prefixlen):
        raise MinPrefixSubnetAllocationError(prefixlen=size, min_prefixlen=pool.min_prefixlen)
    allocated = await call.tx.query(Subnet, subnetpool_id=pool.id)
    _check_quota(pool, subnet, size, allocated)
    taken = [net for other in allocated if (net := parse_net(other.cidr)) is not None]
    left = subtract([ipaddress.ip_network(prefix) for prefix in pool.prefixes], taken)
    if wanted is not None:
        if any(wanted.subnet_of(net) for net in left):  # type: ignore[arg-type]  # all of the pool's version
            return wanted
        raise SubnetAllocationError(why="Cannot allocate requested subnet from the available set of prefixes")
    for net in left:
        if size >= net.prefixlen:
            return type(net)((net.network_address, size))
    raise SubnetAllocationError(why=f"Insufficient prefix space to allocate subnet size /{size}")


def _check_quota(pool: Subnetpool, subnet: Subnet, length: int, allocated: Sequence[Subnet]) -> None:
    if not pool.default_quota:
        return
    unit = QUOTA_UNIT[pool.ip_version]
    lengths = [int(other.cidr.partition("/")[2]) for other in allocated if other.project_id == subnet.project_id]
    if sum(2.0 ** (unit - size) for size in (*lengths, length)) > pool.default_quota:
        raise SubnetPoolQuotaExceeded()


def checked_prefixes(prefixes: Sequence[str]) -> list[IPNetwork]:
    """A pool's prefixes, all valid and of one version."""
    if not prefixes:
        raise EmptySubnetPoolPrefixList()
    found = []
    for prefix in prefixes:
        net = parse_net(prefix)
        if net is None:
            raise invalid("prefixes", f"'{prefix}' is not a valid IP subnet")
        found.append(net)
    if len({net.version for net in found}) > 1:
        raise PrefixVersionMismatch()
    return found


def _asked_prefixes(request: Any) -> Sequence[str]:
    if not request.prefixes:
        raise HttpBadRequest("Request body contains invalid data")
    return list(request.prefixes)


def _set_prefixes(obj: Subnetpool, nets: Sequence[IPNetwork]) -> None:
    del obj.prefixes[:]
    obj.prefixes.extend(str(net) for net in nets)


def _in_order(kind: str, value: int, base: str, base_value: int, holds: bool) -> None:
    if not holds:
        raise IllegalSubnetPoolPrefixBounds(
            prefix_type=kind, prefixlen=value, base_prefix_type=base, base_prefixlen=base_value
        )
