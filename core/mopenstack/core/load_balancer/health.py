"""What works and what does not: the operating statuses that amphorae report, worked out from members upwards.

Source: octavia/amphorae/drivers/health/heartbeat_udp.py (_update_health, _process_pool_status); how HAProxy names the
state of a server and of a backend.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mopenstack.load_balancer.v2.statuses_pb2 import Operating, Provisioning

Statuses = dict[str, int]


@dataclass(frozen=True, slots=True)
class Tree:
    """A load balancer with what it consists of; `down` are the ids of members whose server does not work.

    Without heartbeats (`reports`) nothing is known to work.
    """

    balancer: Any
    listeners: Iterable[Any] = ()
    pools: Iterable[Any] = ()
    policies: Iterable[Any] = ()
    members: Mapping[str, Collection[Any]] = field(default_factory=dict)
    """Id of a pool -> its members."""
    monitors: Mapping[str, Any] = field(default_factory=dict)
    """Id of a pool -> its health monitor."""
    down: Collection[str] = ()
    reports: bool = True


def statuses(tree: Tree) -> Statuses:
    """Id -> operating status of the load balancer, its listeners, pools and members.

    What a test forces on an object counts for what stands above it as if it had been reported.
    """
    found: Statuses = {}
    works = tree.reports and tree.balancer.admin_state_up and not _is_new(tree.balancer)
    whole: list[int] = [Operating.ONLINE if works else Operating.OFFLINE]
    listening = set()
    for listener in tree.listeners:
        open_ = works and listener.admin_state_up and not _is_new(listener)
        found[listener.id] = listener.forced_status or (Operating.ONLINE if open_ else Operating.OFFLINE)
        whole.append(Operating.DEGRADED if found[listener.id] == Operating.DEGRADED else Operating.ONLINE)
        if open_:
            listening.add(listener.id)
    served = _served(tree, listening)
    for pool in tree.pools:
        members = tree.members.get(pool.id, ())
        if pool.id not in served or not pool.admin_state_up or _is_new(pool):
            found.update((member.id, _unseen(tree, member)) for member in members)
            found[pool.id] = pool.forced_status or Operating.OFFLINE
            continue
        states = {member.id: member.forced_status or _seen(tree, member) for member in members}
        found.update(states)
        found[pool.id] = pool.forced_status or _of_pool(members, states)
        whole.append(found[pool.id])
    found[tree.balancer.id] = tree.balancer.forced_status or (_worst(whole) if works else Operating.OFFLINE)
    return found


def _served(tree: Tree, listening: Collection[str]) -> set[str]:
    """The ids of the pools that an open listener sends traffic to."""
    served = {listener.default_pool_id for listener in tree.listeners if listener.id in listening}
    for policy in tree.policies:
        if policy.listener_id in listening and policy.admin_state_up:
            served.add(policy.redirect_pool_id)
    return served - {""}


def of_itself(obj: Any) -> int:
    """Of what no amphora reports: a health monitor, an L7 policy, a rule."""
    off = not obj.admin_state_up and obj.provisioning_status != Provisioning.PENDING_UPDATE
    return Operating.OFFLINE if off or _is_new(obj) else Operating.ONLINE


def _is_new(obj: Any) -> bool:
    return bool(obj.provisioning_status == Provisioning.PENDING_CREATE)


def _is_watched(tree: Tree, member: Any) -> bool:
    monitor = tree.monitors.get(member.pool_id)
    return monitor is not None and bool(monitor.admin_state_up) and not _is_new(monitor)


def _unseen(tree: Tree, member: Any) -> int:
    """Of a member of which no amphora reports."""
    if member.forced_status:
        return int(member.forced_status)
    return Operating.OFFLINE if _is_watched(tree, member) else Operating.NO_MONITOR


def _seen(tree: Tree, member: Any) -> int:
    """As HAProxy names the state of a server: MAINT, no check, DOWN, DRAIN, UP."""
    if not member.admin_state_up:
        return Operating.OFFLINE
    if not _is_watched(tree, member):
        return Operating.NO_MONITOR
    if _is_new(member):
        return Operating.OFFLINE
    if member.id in tree.down:
        return Operating.ERROR
    return Operating.ONLINE if member.weight else Operating.DRAINING


def _of_pool(members: Collection[Any], states: Mapping[str, int]) -> int:
    """A backend is down when it has servers and none of them takes traffic."""
    takes = {Operating.ONLINE, Operating.NO_MONITOR, Operating.DEGRADED}
    if members and not any(states[member.id] in takes and member.weight for member in members):
        return Operating.ERROR
    return Operating.DEGRADED if Operating.ERROR in states.values() else Operating.ONLINE


def _worst(found: Collection[int]) -> int:
    for status in (Operating.ERROR, Operating.DEGRADED):
        if status in found:
            return status
    return Operating.ONLINE
