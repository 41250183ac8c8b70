"""Members of pools: octavia/api/v2/controllers/member.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.load_balancer import operating, states
from mopenstack.core.load_balancer.flavors.flavors import flavor_data
from mopenstack.core.load_balancer.networking import check_subnet
from mopenstack.core.load_balancer.parts import Part
from mopenstack.core.load_balancer.pools import member_batches
from mopenstack.core.load_balancer.pools.member_rules import check_address, check_pool, place_of, without_subnet
from mopenstack.core.load_balancer.pools.pools import listeners_of
from mopenstack.core.load_balancer.providers.enabled import driver
from mopenstack.core.store.transaction import Taken
from mopenstack.load_balancer.v2 import members_pb2 as pb
from mopenstack.load_balancer.v2.health_monitors_pb2 import HealthMonitor
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.members_pb2 import Member
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import (
    DuplicateMemberEntry,
    MemberNotFound,
    MemberSriovDisabled,
    PoolOfPathNotFound,
)
from mopenstack.load_balancer.v2.statuses_pb2 import Operating


class Members(Part[Member]):
    service = pb.DESCRIPTOR.services_by_name["Members"]
    message = Member
    not_found = MemberNotFound
    lifecycle = states.MEMBERS

    async def before(self, call: Call, request: Any) -> None:
        """The path's pool is looked for before anything else of the request."""
        if await call.tx.get(Pool, request.pool_id) is None:
            raise PoolOfPathNotFound(id=request.pool_id)

    async def balancer_of(self, call: Call, obj: Member) -> LoadBalancer:
        pool = await call.tx.get(Pool, obj.pool_id)
        assert pool is not None
        found = await call.tx.get(LoadBalancer, pool.loadbalancer_id)
        assert found is not None
        return found

    async def above(self, call: Call, obj: Member) -> Iterable[Any]:
        pool = await call.tx.get(Pool, obj.pool_id)
        assert pool is not None
        return [pool, *await listeners_of(call, pool)]

    async def check_window(self, call: Call, obj: Member) -> None:
        await check_pool(call, obj.pool_id)

    async def check(self, call: Call, obj: Member, balancer: LoadBalancer, request: Any) -> None:
        if request is not None:
            check_address(obj.address)
            if obj.subnet_id:
                await check_subnet(call, obj.subnet_id)
        await self._check_vnic(call, obj, balancer)
        if request is not None:
            pool = await call.tx.get(Pool, obj.pool_id)
            assert pool is not None
            place = await place_of(call, balancer, pool)
            driver(balancer.provider).check_members([obj], place, protocol=pool.protocol)
        await self._claim(call, obj)

    async def check_change(self, call: Call, old: Member, new: Member, given: set[str]) -> None:
        (await self.provider_of(call, new)).change_member(new)

    async def candidates(self, call: Call, query: common.Query) -> Sequence[Member]:
        return await call.tx.query(Member, pool_id=call.target.id)

    async def prepare(self, call: Call, obj: Member, request: Any, given: set[str]) -> None:
        obj.pool_id = obj.pool_id or call.target.id
        without_subnet(obj)
        await super().prepare(call, obj, request, given)

    async def get(self, call: Call, request: Any) -> Result:
        self._check_place(call, request)
        return await super().get(call, request)

    async def update(self, call: Call, request: Any) -> Result:
        self._check_place(call, request)
        return await super().update(call, request)

    async def delete(self, call: Call, request: Any) -> Result:
        self._check_place(call, request)
        return await super().delete(call, request)

    async def batch_update_members(self, call: Call, request: pb.BatchUpdateMembersRequest) -> Result:
        return await member_batches.update(call, self, call.target, request)

    def _check_place(self, call: Call, request: Any) -> None:
        if call.target.pool_id != request.pool_id:
            raise MemberNotFound(id=call.target.id)

    async def _check_vnic(self, call: Call, obj: Member, balancer: LoadBalancer) -> None:
        if obj.request_sriov:
            flavor = await flavor_data(call, balancer.flavor_id) if balancer.flavor_id else {}
            if not flavor.get("allow_member_sriov"):
                raise MemberSriovDisabled()
        obj.vnic_type = "direct" if obj.request_sriov else "normal"
        obj.request_sriov = False

    async def _claim(self, call: Call, obj: Member) -> None:
        try:
            await call.tx.claim(f"load_balancer_member/{obj.pool_id}", f"{obj.address}/{obj.protocol_port}", obj)
        except Taken:
            raise DuplicateMemberEntry(ip_address=obj.address, port=obj.protocol_port) from None

    # -- what is shown

    async def status_of(self, call: Call, obj: Member) -> int:
        if obj.provisioning_status == states.PENDING_CREATE:
            watched = await call.tx.query(HealthMonitor, pool_id=obj.pool_id)
            return obj.forced_status or (Operating.OFFLINE if watched else Operating.NO_MONITOR)
        return (await operating.of(call, (await self.balancer_of(call, obj)).id))[obj.id]
