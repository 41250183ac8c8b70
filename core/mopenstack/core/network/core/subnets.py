"""Subnets (neutron.db.db_base_plugin_v2, neutron.db.ipam_backend_mixin, neutron.services.segments)."""

from __future__ import annotations

import ipaddress
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.network.base import NeutronResource, bad_input
from mopenstack.core.network.core import subnet_rules as rules
from mopenstack.core.network.core.addresses import (
    AUTO_DELETE_PORT_OWNERS,
    ROUTER_INTERFACE_OWNERS,
    IPNetwork,
    Range,
    default_pools,
    parse_ip,
    parse_net,
)
from mopenstack.core.network.core.networks import COPIED, IPV4_MTU_MIN, IPV6_MTU_MIN, Networks
from mopenstack.core.network.core.subnetpools import default_pool, pool_for, prefix_from_pool
from mopenstack.network.v2.core import subnets_pb2 as pb
from mopenstack.network.v2.core.networks_pb2 import Network
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.segments_pb2 import Segment
from mopenstack.network.v2.core.subnetpools_pb2 import Subnetpool
from mopenstack.network.v2.core.subnets_pb2 import AllocationPool, Subnet
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    GatewayIpInUse,
    HttpBadRequest,
    InvalidNetworkMtu,
    NetworkAddressScopeAffinityError,
    NetworkIdsDontMatch,
    NetworkSubnetPoolAffinityError,
    SegmentNotFound,
    SubnetInUse,
    SubnetNotFound,
    SubnetsNotAllAssociatedWithSegments,
)

REQUEST_ONLY = ("prefixlen", "use_default_subnetpool")


class Subnets(NeutronResource[Subnet]):
    service = pb.DESCRIPTOR.services_by_name["Subnets"]
    message = Subnet
    not_found = SubnetNotFound

    async def before(self, call: Call, request: Any) -> None:
        await super().before(call, request)
        if call.operation is not None and call.operation.method == "CreateSubnet":
            # The policy asks for the network's owner, which the request does not say.
            body = request.subnet
            network = await call.service(Networks).fetch(call, body.network_id)
            body.network_project_id = network.project_id

    # -- create

    async def prepare(self, call: Call, obj: Subnet, request: Any, given: set[str]) -> None:
        rules.check_values(obj, given)
        network = await call.service(Networks).fetch(call, obj.network_id)
        pool_id = await self._pool_id(call, obj)
        rules.check(obj, given, creating=True)
        self._check_mtu(network, obj)
        siblings = await call.tx.query(Subnet, network_id=network.id)
        pool = await pool_for(call, pool_id, obj.cidr) if pool_id else None
        net = await self._take_prefix(call, obj, pool)
        self._finish(obj, net, given)
        self._check_siblings(obj, net, siblings)
        await self._check_pools_agree(call, obj, pool, siblings)
        await self._check_segment(call, obj, siblings)
        copy_fields(network, obj, COPIED)
        obj.network_project_id = network.project_id

    async def created(self, call: Call, obj: Subnet, request: Any) -> None:
        network = await call.tx.edit(Network, obj.network_id)
        network.subnets.append(obj.id)
        network.l2_adjacency = not obj.HasField("segment_id") and network.l2_adjacency
        if obj.subnetpool_id:
            pool = await call.tx.get(Subnetpool, obj.subnetpool_id)
            if pool is not None and pool.HasField("address_scope_id"):
                setattr(network, f"ipv{obj.ip_version}_address_scope", pool.address_scope_id)
        network.revision_number += 1
        await call.tx.put(network)

    @staticmethod
    async def _pool_id(call: Call, obj: Subnet) -> str:
        """The pool that the prefix comes from, if any; the create's rules about it."""
        if obj.cidr and obj.HasField("prefixlen"):
            raise BadResourceRequest(resource="subnets", msg="cidr and prefixlen must not be supplied together")
        pool_id = obj.subnetpool_id
        if obj.use_default_subnetpool:
            if pool_id:
                raise BadResourceRequest(
                    resource="subnets", msg="subnetpool_id and use_default_subnetpool cannot both be specified"
                )
            net = parse_net(obj.cidr)
            version = net.version if net else obj.ip_version
            pool = await default_pool(call, version)
            if pool is None:
                raise BadResourceRequest(resource="subnets", msg=f"No default subnetpool found for IPv{version}")
            pool_id = pool.id
        if not pool_id and not obj.cidr:
            raise BadResourceRequest(resource="subnets", msg="a subnetpool must be specified in the absence of a cidr")
        if pool_id and not obj.cidr and obj.allocation_pools:
            raise BadResourceRequest(
                resource="subnets", msg="allocation_pools allowed only for specific subnet requests."
            )
        return pool_id

    @staticmethod
    async def _take_prefix(call: Call, obj: Subnet, pool: Subnetpool | None) -> IPNetwork:
        wanted = parse_net(obj.cidr) if obj.cidr else None
        if pool is not None:
            length = obj.prefixlen if obj.HasField("prefixlen") else None
            if wanted is None and obj.gateway_ip:
                wanted = parse_net(f"{obj.gateway_ip}/{pool.default_prefixlen if length is None else length}")
            net = await prefix_from_pool(call, pool, obj, wanted, length)
            obj.subnetpool_id = pool.id
        else:
            assert wanted is not None  # checked before
            net = wanted
        obj.cidr = str(net)
        rules.check_automatic_length(obj, net)
        return net

    @staticmethod
    def _check_mtu(network: Network, obj: Subnet) -> None:
        least = IPV4_MTU_MIN if obj.ip_version == 4 else IPV6_MTU_MIN
        if network.mtu and network.mtu < least:
            raise InvalidNetworkMtu(net_id=network.id, mtu=least)

    @staticmethod
    def _check_siblings(obj: Subnet, net: IPNetwork, siblings: list[Subnet]) -> None:
        if net.prefixlen == 0:
            raise bad_input("0 is not allowed as CIDR prefix length")
        for other in siblings:
            taken = parse_net(other.cidr)
            if taken is not None and taken.version == net.version and taken.overlaps(net):
                raise bad_input(
                    f"Requested subnet with cidr: {net} for network: {obj.network_id} overlaps with another subnet"
                )

    @staticmethod
    async def _check_pools_agree(call: Call, obj: Subnet, pool: Subnetpool | None, siblings: list[Subnet]) -> None:
        same = [other for other in siblings if other.ip_version == obj.ip_version]
        scope = ""
        for other in same:
            theirs = await call.tx.get(Subnetpool, other.subnetpool_id) if other.subnetpool_id else None
            scope = scope or (theirs.address_scope_id if theirs is not None else "")
        if scope:
            if pool is None or pool.address_scope_id != scope:
                raise NetworkAddressScopeAffinityError()
            return
        mine = pool.id if pool is not None else ""
        if any(other.subnetpool_id != mine for other in same if mine or other.subnetpool_id):
            raise NetworkSubnetPoolAffinityError()

    @staticmethod
    async def _check_segment(call: Call, obj: Subnet, siblings: list[Subnet]) -> None:
        if obj.segment_id:
            segment = await call.tx.get(Segment, obj.segment_id)
            if segment is None:
                raise SegmentNotFound(id=obj.segment_id)
            if segment.network_id != obj.network_id:
                raise NetworkIdsDontMatch(subnet_network=obj.network_id, segment_id=obj.segment_id)
        if len({bool(other.segment_id) for other in (*siblings, obj)}) > 1:
            raise SubnetsNotAllAssociatedWithSegments(network_id=obj.network_id)

    def _finish(self, obj: Subnet, net: IPNetwork, given: set[str]) -> None:
        """Gateway, pools, canonical spellings."""
        if "gateway_ip" not in given:
            # An IPv6 prefix that was asked for has its gateway at the subnet-router anycast address.
            first = net.version == 6 and "cidr" in given
            obj.gateway_ip = str(net.network_address if first else net.network_address + 1)
        gateway = parse_ip(obj.gateway_ip) if obj.gateway_ip else None
        if gateway is not None:
            obj.gateway_ip = str(gateway)
        if "allocation_pools" in given:
            self._set_pools(obj, rules.checked_pools(net, obj.allocation_pools), net.version)
            if gateway is not None:
                rules.check_gateway_outside(obj.gateway_ip, obj.allocation_pools)
        else:
            self._set_pools(obj, default_pools(net, gateway), net.version)
        for name in REQUEST_ONLY:
            obj.ClearField(name)

    @staticmethod
    def _set_pools(obj: Subnet, ranges: list[Range], version: int) -> None:
        of = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
        del obj.allocation_pools[:]
        obj.allocation_pools.extend(AllocationPool(start=str(of(a)), end=str(of(b))) for a, b in ranges)

    # -- update

    async def change(self, call: Call, old: Subnet, new: Subnet, request: Any, given: set[str]) -> None:
        for name in REQUEST_ONLY:
            if name in given:
                raise HttpBadRequest(f"Cannot update read-only attribute {name}")
        rules.check_values(new, given)
        rules.check(new, given, creating=False, had_dhcp=old.enable_dhcp)
        net = parse_net(new.cidr)
        assert net is not None  # it was checked when the subnet was made
        if new.gateway_ip:
            new.gateway_ip = str(ipaddress.ip_address(new.gateway_ip))
        if new.gateway_ip != old.gateway_ip:
            await self._check_gateway_free(call, old)
        if "allocation_pools" in given:
            self._set_pools(new, rules.checked_pools(net, new.allocation_pools), net.version)
        if new.gateway_ip and (new.gateway_ip != old.gateway_ip or "allocation_pools" in given):
            rules.check_gateway_outside(new.gateway_ip, new.allocation_pools)
        if "segment_id" in given:
            siblings = await call.tx.query(Subnet, network_id=new.network_id)
            await self._check_segment(call, new, [other for other in siblings if other.id != new.id])

    @staticmethod
    async def _check_gateway_free(call: Call, old: Subnet) -> None:
        for port in await call.tx.query(Port, network_id=old.network_id):
            if port.device_owner not in ROUTER_INTERFACE_OWNERS:
                continue
            if any(ip.subnet_id == old.id and ip.ip_address == old.gateway_ip for ip in port.fixed_ips):
                raise GatewayIpInUse(ip_address=old.gateway_ip, port_id=port.id)

    # -- delete

    async def remove(self, call: Call, obj: Subnet) -> None:
        automatic = rules.is_automatic(obj)
        for port in await call.tx.query(Port, network_id=obj.network_id):
            if not any(fixed.subnet_id == obj.id for fixed in port.fixed_ips):
                continue
            interface = port.device_owner in ROUTER_INTERFACE_OWNERS
            if interface or (not automatic and port.device_owner not in AUTO_DELETE_PORT_OWNERS):
                raise SubnetInUse(subnet_id=obj.id)
            await call.owner_of("port").subnet_removed(call, port, obj)
        network = await call.tx.get(Network, obj.network_id)
        if network is not None and obj.id in network.subnets:
            network = await call.tx.edit(Network, obj.network_id)
            network.subnets.remove(obj.id)
            network.revision_number += 1
            await call.tx.put(network)
