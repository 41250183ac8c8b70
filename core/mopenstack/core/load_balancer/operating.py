"""The operating statuses of a load balancer and of what is below it, out of what is stored (health.py has the rules).

Members follow the servers that have their addresses, as a health monitor would find them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.options import switch
from mopenstack.core.load_balancer import health
from mopenstack.core.load_balancer.base import below
from mopenstack.core.load_balancer.states import policies_of
from mopenstack.load_balancer.v2.health_monitors_pb2 import HealthMonitor
from mopenstack.load_balancer.v2.l7rules_pb2 import L7Rule
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.members_pb2 import Member
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.statuses_pb2 import OperatingStatuses
from mopenstack.network.v2.core.ports_pb2 import Port

HEARTBEATS = switch(
    "load_balancer.heartbeats",
    True,
    "Whether amphorae report what works. Without, as with Octavia's no-op drivers, load balancers, listeners and pools "
    "stay OFFLINE.",
)


def reports(call: Call) -> bool:
    """Whether amphorae report what works in a cloud."""
    return call.cloud.enabled(HEARTBEATS)


async def of(call: Call, balancer_id: str) -> Mapping[str, int]:
    """Id -> operating status of a load balancer, its listeners, pools and members."""

    async def build() -> OperatingStatuses:
        found = OperatingStatuses()
        for id, status in health.statuses(await _tree(call, balancer_id)).items():
            found.by_id[id] = status  # type: ignore[assignment]
        return found

    return (await call.tx.view(("load_balancer_statuses", balancer_id, reports(call)), build)).by_id


async def _tree(call: Call, balancer_id: str) -> health.Tree:
    balancer = await call.tx.get(LoadBalancer, balancer_id)
    listeners = await below(call, Listener, loadbalancer_id=balancer_id)
    pools = await below(call, Pool, loadbalancer_id=balancer_id)
    policies = [
        policy
        for listener in listeners
        for policy in await policies_of(call, listener.id)
        if policy.redirect_pool_id and await call.tx.query(L7Rule, l7policy_id=policy.id)
    ]
    members, monitors, down = {}, {}, set()
    for pool in pools:
        members[pool.id] = await below(call, Member, pool_id=pool.id)
        for monitor in await call.tx.query(HealthMonitor, pool_id=pool.id):
            monitors[pool.id] = monitor
            down |= {member.id for member in members[pool.id] if await _is_down(call, member)}
    return health.Tree(
        balancer, listeners, pools, policies, members, monitors, down, reports=call.cloud.enabled(HEARTBEATS)
    )


async def _is_down(call: Call, member: Member) -> bool:
    """Whether the server at a member's address does not run; an address without a server is taken to work."""
    servers = call.other_owner_of("server")
    if servers is None:
        return False
    for port in await call.tx.query(Port, fixed_ips=member.address):
        if port.project_id == member.project_id and port.device_owner.startswith("compute:"):
            server: Any = await servers.find(call, port.device_id)
            if server is not None:
                return bool(server.status != type(server).ACTIVE)
    return False
