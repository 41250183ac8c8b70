"""Pools: octavia/api/v2/controllers/pool.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.contract.faults import Internal, InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.servicer import Result
from mopenstack.core.load_balancer import operating, states, tls
from mopenstack.core.load_balancer.base import below
from mopenstack.core.load_balancer.listeners.listener_rules import MONITORING, check_pool_protocol
from mopenstack.core.load_balancer.parts import Part
from mopenstack.core.load_balancer.pools import pool_rules as rules
from mopenstack.core.load_balancer.providers.enabled import driver
from mopenstack.load_balancer.v2 import pools_pb2 as pb
from mopenstack.load_balancer.v2.health_monitors_pb2 import HealthMonitor
from mopenstack.load_balancer.v2.l7policies_pb2 import L7Policy
from mopenstack.load_balancer.v2.l7rules_pb2 import L7Rule
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.members_pb2 import Member
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import (
    DuplicatePoolEntry,
    ListenerNoChildren,
    PoolInUseByL7Policy,
    PoolNotFound,
    ValidationFailure,
)
from mopenstack.load_balancer.v2.statuses_pb2 import Operating

_NOT_KEPT = ("members", "healthmonitor", "listener_id")


class Pools(Part[Pool]):
    service = pb.DESCRIPTOR.services_by_name["Pools"]
    message = Pool
    not_found = PoolNotFound
    lifecycle = states.POOLS
    holds = frozenset({"members"})

    async def before(self, call: Call, request: Any) -> None:
        """A pool that is made for a listener belongs to the listener's load balancer."""
        if not isinstance(request, pb.CreatePoolRequest):
            return
        for name in ("protocol", "lb_algorithm"):
            if not getattr(request.pool, name):
                raise InvalidField(("pool", name), None, "required", name)
        if request.pool.loadbalancer_id:
            return
        if not request.pool.listener_id:
            raise ValidationFailure(detail="Must provide at least one of: loadbalancer_id, listener_id")
        listener = await call.tx.get(Listener, request.pool.listener_id)
        if listener is None:
            raise Internal("'NoneType' object has no attribute 'load_balancer_id'")
        request.pool.loadbalancer_id = listener.loadbalancer_id
        if request.mask.paths:
            request.mask.paths.append("loadbalancer_id")

    async def balancer_of(self, call: Call, obj: Pool) -> LoadBalancer:
        found = await call.tx.get(LoadBalancer, obj.loadbalancer_id)
        assert found is not None
        return found

    async def above(self, call: Call, obj: Pool) -> Iterable[Any]:
        return await listeners_of(call, obj)

    async def check(self, call: Call, obj: Pool, balancer: LoadBalancer, request: Any) -> None:
        given = envelope(request)[1] if request is not None else {field.name for field, _ in obj.ListFields()}
        for name in _NOT_KEPT:
            obj.ClearField(name)
        listener = await self._listener(call, obj, request)
        if obj.HasField("session_persistence"):
            rules.check_persistence(obj, created=True)
        if obj.tls_enabled:
            tls.complete(obj)
        await rules.check_tls(call, obj, given)
        driver(balancer.provider).check_pool(obj)
        if listener is not None:
            changed = await call.tx.edit(Listener, listener.id)
            changed.default_pool_id = obj.id
            await call.tx.put(changed)

    async def _listener(self, call: Call, obj: Pool, request: Any) -> Listener | None:
        """The listener whose default pool a new pool becomes."""
        id = request.pool.listener_id if request is not None else ""
        if not id:
            return None
        listener = await call.tx.get(Listener, id)
        if listener is None:
            raise Internal("'NoneType' object has no attribute 'default_pool'")
        if listener.protocol == MONITORING:
            raise ListenerNoChildren(protocol=MONITORING)
        check_pool_protocol(listener.protocol, obj.protocol)
        if listener.default_pool_id:
            raise DuplicatePoolEntry()
        return listener

    async def check_change(self, call: Call, old: Pool, new: Pool, given: set[str]) -> None:
        nulls = {name for name in given if not getattr(new, name)}
        if "session_persistence" in given and new.HasField("session_persistence"):
            if not new.session_persistence.type:
                new.session_persistence.type = old.session_persistence.type
            rules.check_persistence(new, created=False)
        await rules.check_tls_change(call, old, new, given, nulls)
        if nulls & {"tls_versions", "tls_ciphers"}:
            tls.complete(new)
        (await self.provider_of(call, new)).change_pool(new, given)

    async def delete(self, call: Call, request: Any) -> Result:
        policies = await below(call, L7Policy, redirect_pool_id=call.target.id)
        if policies:
            raise PoolInUseByL7Policy(id=call.target.id, l7policy_id=policies[0].id)
        return await super().delete(call, request)

    async def remove(self, call: Call, obj: Pool) -> None:
        for listener in await call.tx.query(Listener, default_pool_id=obj.id):
            changed = await call.tx.edit(Listener, listener.id)
            changed.ClearField("default_pool_id")
            await call.tx.put(changed)
        monitors, members = call.owner_of("load_balancer_monitor"), call.owner_of("load_balancer_member")
        for monitor in await call.tx.query(HealthMonitor, pool_id=obj.id):
            await monitors.discard(call, monitor)
        for member in await call.tx.query(Member, pool_id=obj.id):
            await members.discard(call, member)

    # -- what is shown

    async def status_of(self, call: Call, obj: Pool) -> int:
        if obj.provisioning_status == states.PENDING_CREATE:
            return obj.forced_status or Operating.OFFLINE
        return (await operating.of(call, obj.loadbalancer_id))[obj.id]

    async def show(self, call: Call, shown: Pool) -> None:
        shown.loadbalancers.add(id=shown.loadbalancer_id)
        for listener in await listeners_of(call, shown):
            shown.listeners.add(id=listener.id)
        for member in await below(call, Member, pool_id=shown.id):
            shown.member_ids.add(id=member.id)
        for monitor in await call.tx.query(HealthMonitor, pool_id=shown.id):
            shown.healthmonitor_id = monitor.id


async def listeners_of(call: Call, pool: Pool) -> list[Listener]:
    """The listeners that send traffic to a pool: by default, or by an L7 policy that has rules and is switched on."""
    found = {listener.id: listener for listener in await below(call, Listener, default_pool_id=pool.id)}
    for policy in await below(call, L7Policy, redirect_pool_id=pool.id):
        if policy.admin_state_up and await call.tx.query(L7Rule, l7policy_id=policy.id):
            listener = await call.tx.get(Listener, policy.listener_id)
            if listener is not None:
                found.setdefault(listener.id, listener)
    return list(found.values())
