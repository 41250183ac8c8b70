"""The statuses of a load balancer and of everything below it: the types *StatusResponse of octavia/api/v2/types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer import health, operating, states
from mopenstack.core.load_balancer.base import below
from mopenstack.load_balancer.v2.health_monitors_pb2 import HealthMonitor
from mopenstack.load_balancer.v2.l7rules_pb2 import L7Rule
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import ListenerStatus, LoadBalancer, PoolStatus, StatusTree
from mopenstack.load_balancer.v2.members_pb2 import Member
from mopenstack.load_balancer.v2.pools_pb2 import Pool


async def of(call: Call, balancer: LoadBalancer) -> StatusTree:
    """The tree of a load balancer: its listeners, the pools that they send traffic to, members and health monitors."""
    statuses = await operating.of(call, balancer.id)
    tree = StatusTree()
    _fill(tree.loadbalancer, balancer, statuses)
    for listener in await below(call, Listener, loadbalancer_id=balancer.id):
        shown = tree.loadbalancer.listeners.add()
        _fill(shown, listener, statuses)
        await _add_pools(call, shown, listener, statuses)
    return tree


async def _add_pools(call: Call, shown: ListenerStatus, listener: Listener, statuses: Mapping[str, int]) -> None:
    ids = [listener.default_pool_id] if listener.default_pool_id else []
    for policy in await states.policies_of(call, listener.id):
        used = policy.admin_state_up and policy.redirect_pool_id
        if used and await call.tx.query(L7Rule, l7policy_id=policy.id):
            ids.append(policy.redirect_pool_id)
    for id in dict.fromkeys(ids):
        pool = await call.tx.get(Pool, id)
        if pool is not None:
            await _fill_pool(call, shown.pools.add(), pool, statuses)


async def _fill_pool(call: Call, shown: PoolStatus, pool: Pool, statuses: Mapping[str, int]) -> None:
    _fill(shown, pool, statuses)
    for monitor in await call.tx.query(HealthMonitor, pool_id=pool.id):
        shown.health_monitor.type = monitor.type
        _fill(shown.health_monitor, monitor, statuses)
    for member in await below(call, Member, pool_id=pool.id):
        one = shown.members.add(address=member.address, protocol_port=member.protocol_port)
        _fill(one, member, statuses)


def _fill(shown: Any, obj: Any, statuses: Mapping[str, int]) -> None:
    shown.id, shown.name = obj.id, obj.name
    shown.provisioning_status = obj.provisioning_status
    shown.operating_status = statuses[obj.id] if obj.id in statuses else health.of_itself(obj)
