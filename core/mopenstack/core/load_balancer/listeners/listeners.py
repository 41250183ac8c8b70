"""Listeners: octavia/api/v2/controllers/listener.py."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.servicer import Result
from mopenstack.core.load_balancer import operating, states, tls
from mopenstack.core.load_balancer.listeners import listener_rules as rules
from mopenstack.core.load_balancer.parts import Part
from mopenstack.core.load_balancer.providers.enabled import driver
from mopenstack.core.store.transaction import Taken
from mopenstack.load_balancer.v2 import listeners_pb2 as pb
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import (
    DuplicateListenerEntry,
    ListenerNoChildren,
    ListenerNotFound,
    ListenerWithParts,
    PoolNotFound,
)
from mopenstack.load_balancer.v2.statuses_pb2 import Operating, Statistics

_NOT_KEPT = ("l7policies", "default_pool")


class Listeners(Part[Listener]):
    service = pb.DESCRIPTOR.services_by_name["Listeners"]
    message = Listener
    not_found = ListenerNotFound
    lifecycle = states.LISTENERS
    holds = frozenset({"l7policies"})

    async def balancer_of(self, call: Call, obj: Listener) -> LoadBalancer:
        found = await call.tx.get(LoadBalancer, obj.loadbalancer_id)
        assert found is not None
        return found

    async def check(self, call: Call, obj: Listener, balancer: LoadBalancer, request: Any) -> None:
        given = envelope(request)[1] if request is not None else {field.name for field, _ in obj.ListFields()}
        alone_with_parts = request is not None and bool(given & set(_NOT_KEPT))
        for name in _NOT_KEPT:
            obj.ClearField(name)
        if obj.default_pool_id:
            await self._check_pool(call, obj)
        if obj.protocol == rules.TLS_PROTOCOL:
            tls.complete(obj)
        await rules.check_new(call, obj, balancer, given)
        _normalize(obj)
        driver(balancer.provider).check_listener(obj)
        await self._claim(call, obj)
        if alone_with_parts:
            raise ListenerWithParts()

    async def check_change(self, call: Call, old: Listener, new: Listener, given: set[str]) -> None:
        nulls = {name for name in given if not _is_set(new, name)}
        balancer = await self.balancer_of(call, new)
        await rules.check_changed(call, old, new, balancer, given, nulls)
        if new.protocol == rules.TLS_PROTOCOL or nulls & {"tls_ciphers", "tls_versions", "alpn_protocols"}:
            tls.complete(new)
        if new.default_pool_id and "default_pool_id" in given:
            await self._check_pool(call, new)
        _normalize(new)
        driver(balancer.provider).change_listener(new, given)

    async def remove(self, call: Call, obj: Listener) -> None:
        policies = call.owner_of("load_balancer_policy")
        for policy in reversed(await states.policies_of(call, obj.id)):
            await policies.discard(call, policy)

    async def _check_pool(self, call: Call, obj: Listener) -> None:
        """Source: _validate_pool."""
        if obj.protocol == rules.MONITORING:
            raise ListenerNoChildren(protocol=obj.protocol)
        pool = await call.tx.get(Pool, obj.default_pool_id)
        if pool is None or pool.loadbalancer_id != obj.loadbalancer_id:
            raise PoolNotFound(id=obj.default_pool_id)
        rules.check_pool_protocol(obj.protocol, pool.protocol)

    async def _claim(self, call: Call, obj: Listener) -> None:
        key = f"{rules.L4.get(obj.protocol, 'TCP')}/{obj.protocol_port}"
        try:
            await call.tx.claim(f"load_balancer_port/{obj.loadbalancer_id}", key, obj)
        except Taken as taken:
            other = await call.tx.get(Listener, taken.owner.rpartition("/")[2])
            protocol = other.protocol if other is not None else obj.protocol
            raise DuplicateListenerEntry(protocol=protocol, port=obj.protocol_port) from None

    # -- what is shown

    async def status_of(self, call: Call, obj: Listener) -> int:
        if obj.provisioning_status == states.PENDING_CREATE:
            return obj.forced_status or Operating.OFFLINE
        return (await operating.of(call, obj.loadbalancer_id))[obj.id]

    async def show(self, call: Call, shown: Listener) -> None:
        shown.loadbalancers.add(id=shown.loadbalancer_id)
        for policy in await states.policies_of(call, shown.id):
            shown.l7policy_ids.add(id=policy.id)

    async def get_listener_statistics(self, call: Call, request: pb.GetListenerStatisticsRequest) -> Result:
        return pb.ListenerStatisticsResponse(stats=call.target.statistics or Statistics())


def _normalize(obj: Listener) -> None:
    """CIDRs as ipaddress writes them; a set of them, as the database keeps it."""
    cidrs = dict.fromkeys(str(ip_network(cidr, strict=False)) for cidr in obj.allowed_cidrs)
    del obj.allowed_cidrs[:]
    obj.allowed_cidrs.extend(cidrs)


def _is_set(obj: Listener, name: str) -> bool:
    field = obj.DESCRIPTOR.fields_by_name[name]
    return obj.HasField(name) if field.has_presence else bool(getattr(obj, name))
