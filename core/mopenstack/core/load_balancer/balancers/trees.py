"""A load balancer that is made with all that belongs to it: _graph_create of octavia/api/v2/controllers.

Pools are made first, by their names; a listener's default pool and a policy's target are whole pools, or the names of
pools that the request has elsewhere. What is made is shown whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer import states
from mopenstack.core.load_balancer.base import below
from mopenstack.core.load_balancer.listeners.listener_rules import MONITORING
from mopenstack.core.load_balancer.pools.member_rules import check_address
from mopenstack.core.store.transaction import copy_of
from mopenstack.load_balancer.v2.health_monitors_pb2 import HealthMonitor
from mopenstack.load_balancer.v2.l7rules_pb2 import L7Rule
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer, LoadBalancerCreate
from mopenstack.load_balancer.v2.members_pb2 import Member
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import ListenerNoChildren, ValidationFailure
from mopenstack.load_balancer.v2.statuses_pb2 import Operating, Provisioning

_OF_A_REFERENCE = frozenset({"name", "admin_state_up", "tls_enabled"})
"""What a pool that is only named has: Octavia fills in the other two."""
_UNNAMED = "Pools must be named when creating a fully populated loadbalancer."


async def plant(call: Call, balancer: LoadBalancer, asked: LoadBalancerCreate) -> None:
    """Make all that a request has below its load balancer."""
    pools = _pools(asked)
    ids: dict[str, str] = {}
    for pool in pools:
        ids[pool.name] = await _plant_pool(call, balancer, pool)
    for listener in asked.listeners:
        await _plant_listener(call, balancer, listener, ids)


def _pools(asked: LoadBalancerCreate) -> list[Pool]:
    """Every pool of a request, those inside of listeners and policies last."""
    pools = list(asked.pools)
    named: set[str] = set()
    for pool in _inner(asked.listeners):
        if not pool.name:
            raise ValidationFailure(detail=_UNNAMED)
        if {field.name for field, _ in pool.ListFields()} <= _OF_A_REFERENCE:
            named.add(pool.name)
        else:
            pools.append(pool)
    names = [pool.name for pool in pools]
    if len(set(names)) != len(names):
        raise ValidationFailure(detail="Pool names must be unique when creating a fully populated loadbalancer.")
    for name in sorted(named - set(names)):
        raise ValidationFailure(detail=f"Pool '{name}' was referenced but no full definition was found.")
    for pool in pools:
        for attribute in ("protocol", "lb_algorithm"):
            if not getattr(pool, attribute):
                raise ValidationFailure(
                    detail=f"Pool definition for '{pool.name}' missing required attribute: {attribute}"
                )
    return pools


def _inner(listeners: Iterable[Listener]) -> Iterable[Pool]:
    for listener in listeners:
        if listener.HasField("default_pool"):
            yield listener.default_pool
        for policy in listener.l7policies:
            if policy.HasField("redirect_pool"):
                yield policy.redirect_pool


async def _plant_pool(call: Call, balancer: LoadBalancer, given: Pool) -> str:
    pool = copy_of(given)
    pool.loadbalancer_id = balancer.id
    made = await call.owner_of("load_balancer_pool").insert(call, pool)
    if given.HasField("healthmonitor"):
        monitor = copy_of(given.healthmonitor)
        monitor.pool_id = made.id
        await call.owner_of("load_balancer_monitor").insert(call, monitor)
    for one in given.members:
        check_address(one.address)
        member = copy_of(one)
        member.pool_id = made.id
        await call.owner_of("load_balancer_member").insert(call, member)
    return str(made.id)


async def _plant_listener(call: Call, balancer: LoadBalancer, given: Listener, pools: dict[str, str]) -> None:
    listener = copy_of(given)
    listener.loadbalancer_id = balancer.id
    if given.HasField("default_pool"):
        listener.default_pool_id = pools[given.default_pool.name]
    made = await call.owner_of("load_balancer_listener").insert(call, listener)
    if given.protocol == MONITORING and given.l7policies:
        raise ListenerNoChildren(protocol=MONITORING)
    for one in given.l7policies:
        policy = copy_of(one)
        policy.listener_id = made.id
        if one.HasField("redirect_pool"):
            policy.redirect_pool_id = pools[one.redirect_pool.name]
        kept = await call.owner_of("load_balancer_policy").insert(call, policy)
        for rule in one.rules:
            stored = copy_of(rule)
            stored.l7policy_id = kept.id
            await call.owner_of("load_balancer_rule").insert(call, stored)


# -- the answer


async def shown(call: Call, balancer: LoadBalancer) -> LoadBalancer:
    """A new load balancer with the whole tree below it."""
    seen = copy_of(balancer)
    seen.provisioning_status = Provisioning.PENDING_CREATE
    seen.operating_status = Operating.OFFLINE
    for listener in await below(call, Listener, loadbalancer_id=balancer.id):
        one = _new(seen.listeners.add(), listener)
        for policy in await states.policies_of(call, listener.id):
            inner = _new(one.l7policies.add(), policy)
            for rule in await below(call, L7Rule, l7policy_id=policy.id):
                _new(inner.rules.add(), rule)
    for pool in await below(call, Pool, loadbalancer_id=balancer.id):
        await _show_pool(call, _new(seen.pools.add(), pool))
    return seen


async def _show_pool(call: Call, seen: Pool) -> None:
    from mopenstack.core.load_balancer.pools.pools import listeners_of

    for listener in await listeners_of(call, seen):
        seen.listeners.add(id=listener.id)
    for monitor in await call.tx.query(HealthMonitor, pool_id=seen.id):
        _new(seen.healthmonitor, monitor)
    for member in await below(call, Member, pool_id=seen.id):
        _new(seen.members.add(), member)
        if not seen.HasField("healthmonitor"):
            seen.members[-1].operating_status = Operating.NO_MONITOR


def _new(seen: Any, kept: Message) -> Any:
    seen.CopyFrom(kept)
    seen.operating_status = Operating.OFFLINE
    return seen
