"""Load balancers: octavia/api/v2/controllers/load_balancer.py."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.load_balancer import networking, operating, states
from mopenstack.core.load_balancer.balancers import choices, status_trees, trees, vips
from mopenstack.core.load_balancer.base import OctaviaResource, below
from mopenstack.core.load_balancer.providers.enabled import driver
from mopenstack.core.store.transaction import copy_of
from mopenstack.load_balancer.v2 import load_balancers_pb2 as pb
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer, LoadBalancerCreate
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import LoadBalancerNotFound, ValidationFailure
from mopenstack.load_balancer.v2.statuses_pb2 import Operating, Statistics


class LoadBalancers(OctaviaResource[LoadBalancer]):
    service = pb.DESCRIPTOR.services_by_name["LoadBalancers"]
    message = LoadBalancer
    not_found = LoadBalancerNotFound
    lifecycle = states.LOAD_BALANCERS
    holds = frozenset({"listeners", "pools"})

    async def before(self, call: Call, request: Any) -> None:
        """A load balancer that names no project is the caller's own."""
        if isinstance(request, pb.CreateLoadBalancerRequest):
            request.loadbalancer.project_id = request.loadbalancer.project_id or call.caller.project_id
            if not request.loadbalancer.project_id:
                raise ValidationFailure(
                    detail="Missing project ID in request where one is required. An administrator should check the "
                    "keystone settings in the Octavia configuration."
                )

    # -- create

    async def create_load_balancer(self, call: Call, request: pb.CreateLoadBalancerRequest) -> Result:
        asked = LoadBalancerCreate()
        asked.CopyFrom(request.loadbalancer)
        await vips.choose(call, asked)
        provider = driver(await choices.check(call, asked))
        obj = LoadBalancer(
            name=asked.name,
            description=asked.description,
            project_id=asked.project_id,
            vip_address=asked.vip_address,
            vip_port_id=asked.vip_port_id,
            vip_subnet_id=asked.vip_subnet_id,
            vip_network_id=asked.vip_network_id,
            vip_sg_ids=asked.vip_sg_ids,
            additional_vips=asked.additional_vips,
            provider=provider.name,
            tags=asked.tags,
        )
        for name in ("admin_state_up", "flavor_id", "availability_zone", "vip_qos_policy_id"):
            if asked.HasField(name):
                setattr(obj, name, getattr(asked, name))
        obj.vip_vnic_type = await choices.vnic_type(call, obj)
        made = await self.insert(call, obj, asked)
        return pb.CreateLoadBalancerResponse(loadbalancer=await trees.shown(call, made))

    async def prepare(self, call: Call, obj: LoadBalancer, request: Any, given: set[str]) -> None:
        await vips.allocate(call, obj, driver(obj.provider))

    async def created(self, call: Call, obj: LoadBalancer, request: Any) -> None:
        await states.LOAD_BALANCERS.begin(call, await call.tx.edit(LoadBalancer, obj.id), "create")
        fresh = await call.tx.edit(LoadBalancer, obj.id)
        fresh.ClearField("updated_at")
        await call.tx.put(fresh)
        if isinstance(request, LoadBalancerCreate):
            await trees.plant(call, obj, request)

    # -- update, delete, failover

    async def change(self, call: Call, old: LoadBalancer, new: LoadBalancer, request: Any, given: set[str]) -> None:
        self.listing.apply_defaults(new, set())
        if "vip_qos_policy_id" in given and new.vip_qos_policy_id not in ("", old.vip_qos_policy_id):
            await networking.check_qos_policy(call, new.vip_qos_policy_id)
        for id in new.vip_sg_ids if "vip_sg_ids" in given else ():
            await networking.check_security_group(call, id)
        if new.vip_sg_ids:
            choices.check_vnic_type(new.vip_vnic_type)
        if "vip_qos_policy_id" in given:
            await vips.set_qos_policy(call, new)
        if "vip_sg_ids" in given:
            await vips.set_security_groups(call, new)
        await states.LOAD_BALANCERS.begin(call, new, "update")

    async def delete(self, call: Call, request: pb.DeleteLoadBalancerRequest) -> Result:
        id = call.target.id
        if request.cascade.lower() not in TRUE_WORDS and await states.tree(call, id):
            raise ValidationFailure(detail=f"Cannot delete Load Balancer {id} - it has children")
        await states.LOAD_BALANCERS.begin(call, await call.tx.edit(LoadBalancer, id), "delete")
        return EMPTY

    async def remove(self, call: Call, obj: LoadBalancer) -> None:
        for listener in await below(call, Listener, loadbalancer_id=obj.id):
            await call.owner_of("load_balancer_listener").discard(call, listener)
        for pool in await below(call, Pool, loadbalancer_id=obj.id):
            await call.owner_of("load_balancer_pool").discard(call, pool)
        await vips.release(call, obj)

    async def failover_load_balancer(self, call: Call, request: pb.FailoverLoadBalancerRequest) -> Result:
        balancer = await call.tx.edit(LoadBalancer, call.target.id)
        states.LOAD_BALANCERS.check(call, balancer, "failover")
        driver(balancer.provider).check_failover()
        await states.LOAD_BALANCERS.begin(call, balancer, "failover")
        await call.publish("failover", "load_balancer", await call.tx.get(LoadBalancer, balancer.id))
        return EMPTY

    # -- what is shown

    async def view(self, call: Call, obj: LoadBalancer) -> Message:
        async def build() -> LoadBalancer:
            kept = await call.tx.get(LoadBalancer, obj.id)
            seen = copy_of(obj if kept is None else kept)
            seen.tags.sort()
            seen.operating_status = await status_of(call, seen)  # type: ignore[assignment]
            for listener in await below(call, Listener, loadbalancer_id=obj.id):
                seen.listener_ids.add(id=listener.id)
            for pool in await below(call, Pool, loadbalancer_id=obj.id):
                seen.pool_ids.add(id=pool.id)
            return seen

        return await call.tx.view(("load_balancer", obj.id, operating.reports(call)), build)

    async def get_load_balancer_statistics(self, call: Call, request: pb.GetLoadBalancerStatisticsRequest) -> Result:
        total = Statistics()
        for listener in await call.tx.query(Listener, loadbalancer_id=call.target.id):
            for field in Statistics.DESCRIPTOR.fields:
                summed = getattr(total, field.name) + getattr(listener.statistics, field.name)
                setattr(total, field.name, min(summed, 2**63 - 1))
        return pb.LoadBalancerStatisticsResponse(stats=total)

    async def get_load_balancer_statuses(self, call: Call, request: pb.GetLoadBalancerStatusesRequest) -> Result:
        return pb.LoadBalancerStatusesResponse(statuses=await status_trees.of(call, call.target))


async def status_of(call: Call, balancer: LoadBalancer) -> int:
    """The operating status of a load balancer."""
    if balancer.provisioning_status == states.PENDING_CREATE:
        return balancer.forced_status or Operating.OFFLINE
    return (await operating.of(call, balancer.id))[balancer.id]
