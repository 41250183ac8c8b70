"""When a load balancer can be changed, and what is under way below it: octavia/db/repositories.py, constants.py.

A load balancer is changed as a whole: what changes anything below it makes it PENDING, and with it the object and what
stands above that. When the provider is done, all of it is ACTIVE again, or gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.load_balancer.base import below
from mopenstack.core.store.kinds import resource_options
from mopenstack.load_balancer.v2 import refusals
from mopenstack.load_balancer.v2.health_monitors_pb2 import HealthMonitor
from mopenstack.load_balancer.v2.l7policies_pb2 import L7Policy
from mopenstack.load_balancer.v2.l7rules_pb2 import L7Rule
from mopenstack.load_balancer.v2.listeners_pb2 import Listener
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.members_pb2 import Member
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.statuses_pb2 import Provisioning

ACTIVE, ERROR, DELETED = Provisioning.ACTIVE, Provisioning.ERROR, Provisioning.DELETED
PENDING_CREATE, PENDING_UPDATE = Provisioning.PENDING_CREATE, Provisioning.PENDING_UPDATE
PENDING_DELETE = Provisioning.PENDING_DELETE
PENDING = frozenset({PENDING_CREATE, PENDING_UPDATE, PENDING_DELETE})
MUTABLE, DELETABLE = frozenset({ACTIVE}), frozenset({ACTIVE, ERROR})

BOOT_SECONDS, CHANGE_SECONDS = 45.0, 3.0
"""What an amphora takes to boot, and to take over another configuration."""


def _refuse(action: Action, balancer: LoadBalancer) -> Fault:
    if action.name in ("change", "replace"):
        return refusals.ImmutableObject(resource="Load Balancer", id=balancer.id)
    state = Provisioning.Status.Name(balancer.provisioning_status)
    return refusals.LbPendingState(state=state, id=balancer.id)


LOAD_BALANCERS: Lifecycle[LoadBalancer] = Lifecycle(
    LoadBalancer,
    (
        Action("create", frozenset({0}), interim=PENDING_CREATE, to=ACTIVE, seconds=BOOT_SECONDS),
        Action("update", MUTABLE, interim=PENDING_UPDATE, to=ACTIVE, seconds=CHANGE_SECONDS),
        Action("change", MUTABLE, interim=PENDING_UPDATE, to=ACTIVE, seconds=CHANGE_SECONDS),
        Action("failover", DELETABLE, interim=PENDING_UPDATE, to=ACTIVE, seconds=BOOT_SECONDS),
        Action("replace", DELETABLE, interim=PENDING_UPDATE, to=ACTIVE, seconds=BOOT_SECONDS),
        Action("delete", DELETABLE, interim=PENDING_DELETE, to=DELETED, seconds=CHANGE_SECONDS),
    ),
    _refuse,
    state="provisioning_status",
    error=ERROR,
)
"""`change` is that of something below the load balancer, `replace` the failover of one of its amphorae."""


def _follows(message: type[Any]) -> Lifecycle[Any]:
    """The table of what changes with its load balancer: nothing begins there, a test forces its states."""
    rows = (Action("change", MUTABLE, begins=False),)
    refuse = lambda action, obj: refusals.ImmutableObject(resource=message.__name__, id=obj.id)  # noqa: E731
    return Lifecycle(message, rows, refuse, state="provisioning_status")


LISTENERS = _follows(Listener)
POOLS = _follows(Pool)
MEMBERS = _follows(Member)
HEALTH_MONITORS = _follows(HealthMonitor)
L7_POLICIES = _follows(L7Policy)
L7_RULES = _follows(L7Rule)


async def change(call: Call, balancer_id: str, objects: Iterable[Any], above: Iterable[Any] = ()) -> None:
    """Begin a change of something below a load balancer; raises ImmutableObject while it cannot be changed.

    `objects` are what is made, changed or deleted, PENDING as they are; `above` is what they are part of, which becomes
    PENDING_UPDATE.
    """
    balancer = await call.tx.edit(LoadBalancer, balancer_id)
    LOAD_BALANCERS.check(call, balancer, "change")
    for obj in above:
        copy: Any = await call.tx.edit(type(obj), obj.id)
        copy.provisioning_status = PENDING_UPDATE
        await call.tx.put(copy)
        balancer.pending.append(_key(copy))
    balancer.pending.extend(_key(obj) for obj in objects)
    await LOAD_BALANCERS.begin(call, balancer, "change")


def _key(obj: Message) -> str:
    return f"{resource_options(type(obj)).kind}/{obj.id}"  # type: ignore[attr-defined]


async def tree(call: Call, balancer_id: str) -> list[Any]:
    """Everything below a load balancer: what stands above comes first, what others refer to last."""
    found: list[Any] = []
    for listener in await below(call, Listener, loadbalancer_id=balancer_id):
        found.append(listener)
        for policy in await policies_of(call, listener.id):
            found += [policy, *await below(call, L7Rule, l7policy_id=policy.id)]
    for pool in await below(call, Pool, loadbalancer_id=balancer_id):
        found += [pool, *await below(call, HealthMonitor, pool_id=pool.id), *await below(call, Member, pool_id=pool.id)]
    return found


async def policies_of(call: Call, listener_id: str) -> list[L7Policy]:
    """The L7 policies of a listener, by their positions."""
    found = await call.tx.query(L7Policy, listener_id=listener_id)
    return sorted(found, key=lambda policy: (policy.position, policy.id))


@LOAD_BALANCERS.on("create")
async def created(call: Call, balancer: LoadBalancer) -> None:
    for obj in await tree(call, balancer.id):
        await _settle(call, obj)


@LOAD_BALANCERS.on("update", "change", "failover", "replace")
async def changed(call: Call, balancer: LoadBalancer) -> None:
    keys = list(balancer.pending)
    del balancer.pending[:]
    await call.tx.put(balancer)
    for key in keys:
        kind, _, id = key.partition("/")
        obj = await call.tx.get(call.owner_of(kind).message, id)
        if obj is not None:
            await _settle(call, obj)


async def _settle(call: Call, obj: Any) -> None:
    """What the provider reports of an object that it is done with."""
    if obj.provisioning_status == PENDING_DELETE:
        await call.owner_of(resource_options(type(obj)).kind).discard(call.elevated(), obj)
    elif obj.provisioning_status in PENDING:
        copy = await call.tx.edit(type(obj), obj.id)
        copy.provisioning_status = ACTIVE
        call.stamp(copy.updated_at)
        await call.tx.put(copy)


@LOAD_BALANCERS.on("delete")
async def deleted(call: Call, balancer: LoadBalancer) -> None:
    await call.owner_of("load_balancer").discard(call.elevated(), balancer)


@LOAD_BALANCERS.fails()
async def failed(call: Call, balancer: LoadBalancer, why: str) -> None:
    """Everything that was being changed is in error with the load balancer."""
    del balancer.pending[:]
    for obj in await tree(call, balancer.id):
        if obj.provisioning_status in PENDING:
            copy = await call.tx.edit(type(obj), obj.id)
            copy.provisioning_status = ERROR
            call.stamp(copy.updated_at)
            await call.tx.put(copy)


@subscribes("failover_begins", "load_balancer")
async def replace(call: Call, balancer: LoadBalancer) -> None:
    """One of its amphorae is replaced."""
    await LOAD_BALANCERS.begin(call, balancer, "replace")
