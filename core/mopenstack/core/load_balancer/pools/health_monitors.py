"""Health monitors: octavia/api/v2/controllers/health_monitor.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer import states
from mopenstack.core.load_balancer.parts import Part
from mopenstack.core.load_balancer.pools.member_rules import check_pool
from mopenstack.core.load_balancer.pools.pools import listeners_of
from mopenstack.core.load_balancer.providers.enabled import driver
from mopenstack.core.store.transaction import Taken
from mopenstack.load_balancer.v2 import health_monitors_pb2 as pb
from mopenstack.load_balancer.v2.health_monitors_pb2 import HealthMonitor
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import (
    DuplicateHealthMonitor,
    HealthMonitorNotFound,
    InvalidOption,
    ValidationFailure,
)

DATAGRAMS = ("UDP", "SCTP")
OF_DATAGRAMS = ("UDP-CONNECT", "SCTP", "TCP", "HTTP")
HTTP = {"http_method": "GET", "url_path": "/", "expected_codes": "200"}
"""What a monitor that speaks HTTP has that says nothing else."""
SHORTEST_DELAY_SECONDS = 3
"""Of a UDP-CONNECT monitor (octavia.conf, udp_connect_min_interval_health_monitor)."""


class HealthMonitors(Part[HealthMonitor]):
    service = pb.DESCRIPTOR.services_by_name["HealthMonitors"]
    message = HealthMonitor
    not_found = HealthMonitorNotFound
    lifecycle = states.HEALTH_MONITORS

    async def balancer_of(self, call: Call, obj: HealthMonitor) -> LoadBalancer:
        found = await call.tx.get(LoadBalancer, (await _pool(call, obj)).loadbalancer_id)
        assert found is not None
        return found

    async def above(self, call: Call, obj: HealthMonitor) -> Iterable[Any]:
        pool = await _pool(call, obj)
        return [pool, *await listeners_of(call, pool)]

    async def check_window(self, call: Call, obj: HealthMonitor) -> None:
        await check_pool(call, obj.pool_id)

    async def check(self, call: Call, obj: HealthMonitor, balancer: LoadBalancer, request: Any) -> None:
        _check_type(obj, (await _pool(call, obj)).protocol)
        _complete(obj)
        _check_domain(obj)
        driver(balancer.provider).check_monitor(obj)
        try:
            await call.tx.claim("load_balancer_monitor", obj.pool_id, obj)
        except Taken:
            raise DuplicateHealthMonitor() from None

    async def check_change(self, call: Call, old: HealthMonitor, new: HealthMonitor, given: set[str]) -> None:
        if old.type not in ("HTTP", "HTTPS"):
            for name in HTTP:
                if name in given:
                    raise InvalidOption(value=name, option=f"health monitors of type {old.type}")
        for name in ("delay", "max_retries", "timeout"):
            if name in given and not new.HasField(name):
                raise InvalidOption(value=None, option=name)
        _check_domain(new)
        protocol = (await _pool(call, new)).protocol
        if protocol in DATAGRAMS:
            _check_datagrams(new, protocol)
        for name, value in HTTP.items():
            if name in given and not new.HasField(name):
                setattr(new, name, value)

    async def show(self, call: Call, shown: HealthMonitor) -> None:
        shown.pools.add(id=shown.pool_id)


async def _pool(call: Call, obj: HealthMonitor) -> Pool:
    pool = await call.tx.get(Pool, obj.pool_id)
    assert pool is not None
    return pool


def _check_type(obj: HealthMonitor, protocol: str) -> None:
    if protocol in DATAGRAMS:
        _check_datagrams(obj, protocol)
    elif obj.type in ("UDP-CONNECT", "SCTP"):
        raise ValidationFailure(detail=f"The {obj.type} type is only supported for pools of type UDP/SCTP.")


def _check_datagrams(obj: HealthMonitor, protocol: str) -> None:
    if obj.type not in OF_DATAGRAMS:
        raise ValidationFailure(
            detail=f"The associated pool protocol is {protocol}, so only a {'/'.join(OF_DATAGRAMS)} health monitor is "
            "supported."
        )
    if obj.type == "UDP-CONNECT" and obj.delay < SHORTEST_DELAY_SECONDS:
        raise ValidationFailure(
            detail=f"The request delay value {obj.delay} should be larger than {SHORTEST_DELAY_SECONDS} for "
            "UDP-CONNECT health monitor type."
        )


def _complete(obj: HealthMonitor) -> None:
    """Source: _validate_create_hm."""
    for name in ("delay", "timeout", "max_retries"):
        if not obj.HasField(name):
            raise InvalidOption(value="None", option=name)
    for name, value in HTTP.items():
        said = getattr(obj, name)
        if obj.type not in ("HTTP", "HTTPS"):
            if said:
                raise InvalidOption(value=name, option=f"health monitors of type {obj.type}")
        elif not said:
            setattr(obj, name, value)


def _check_domain(obj: HealthMonitor) -> None:
    if obj.domain_name and not obj.http_version:
        raise ValidationFailure(detail="'http_version' must be specified when 'domain_name' is provided.")
    if obj.domain_name and obj.http_version < 1.1:
        raise InvalidOption(
            value=f"http_version {obj.http_version}", option="health monitors HTTP 1.1 domain name health check"
        )
