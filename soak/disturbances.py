"""What is taken from a cloud while clients write, and given back."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Collection
from functools import partial

from examples.ha.nodes import Node
from soak.clients import Disturbance
from soak.cloud import Cloud, Shape, children

FULL = frozenset({503, 413})
"""Answers of a cloud whose disk is full: a database without room, and Glance's."""
AWAY = frozenset({503})
"""Answers of a cloud without its database, and of a gateway without its core."""
PAUSE_SECONDS = (0.05, 0.6)
"""How long something stays away."""
WORKER_LOOKS_MAX = 600
"""So often it is looked whether another worker has come in the place of one."""
STOPPED_SECONDS = 8.0
"""How long a node is silent that does not lead: longer than its place is kept."""
ELECTION_SECONDS_MAX = 60.0

Disturb = Callable[[Cloud, Disturbance, random.Random], Awaitable[None]]
Named = tuple[str, Disturb]


async def _pause(lot: random.Random) -> None:
    await asyncio.sleep(lot.uniform(*PAUSE_SECONDS))


async def ended(part: str, by: signal.Signals, cloud: Cloud, now: Disturbance, lot: random.Random) -> None:
    """A process ends, and is started again."""
    now.begin(f"{by.name} to {part}", AWAY)
    await asyncio.to_thread(cloud.end, part, by)
    await _pause(lot)
    await asyncio.to_thread(cloud.start)


async def all_ended(by: signal.Signals, cloud: Cloud, now: Disturbance, lot: random.Random) -> None:
    """Every process at once."""
    now.begin(f"{by.name} to all", AWAY)
    await asyncio.gather(*(asyncio.to_thread(cloud.end, part, by) for part in cloud.parts))
    await _pause(lot)
    await asyncio.to_thread(cloud.start)


async def worker_killed(cloud: Cloud, now: Disturbance, lot: random.Random) -> None:
    """The oldest of the workers ends by `kill -9`; another one takes its place by itself."""
    now.begin("SIGKILL to a worker", AWAY)
    up, *workers = cloud.with_state()
    killed = workers[0]
    os.kill(killed, signal.SIGKILL)
    for _ in range(WORKER_LOOKS_MAX):
        await asyncio.sleep(PAUSE_SECONDS[0])
        found = children(up)
        if killed not in found and len(found) == len(workers):
            return
    raise TimeoutError(f"no other worker came in the place of {killed}")


async def full_disk(cloud: Cloud, now: Disturbance, lot: random.Random) -> None:
    """No byte more, for a while."""
    now.begin("full disk", FULL)
    cloud.fill_disk()
    await _pause(lot)
    cloud.make_room()


async def full_disk_and_killed(cloud: Cloud, now: Disturbance, lot: random.Random) -> None:
    """A disk that is full when the process ends."""
    now.begin("full disk and SIGKILL", FULL)
    cloud.fill_disk()
    await _pause(lot)
    await asyncio.to_thread(cloud.end, cloud.parts[0], signal.SIGKILL)
    await asyncio.to_thread(cloud.start)


async def database_killed(cloud: Cloud, now: Disturbance, lot: random.Random) -> None:
    """PostgreSQL ends by `kill -9`, and is started again."""
    assert cloud.postgres is not None
    now.begin("SIGKILL to PostgreSQL", AWAY)
    await asyncio.to_thread(cloud.postgres.kill)
    await _pause(lot)
    await asyncio.to_thread(cloud.postgres.start)


async def leader_killed(cloud: Cloud, now: Disturbance, lot: random.Random) -> None:
    """The node that takes writes ends by `kill -9`, Patroni and PostgreSQL; it comes back when another one leads."""
    assert cloud.nodes is not None
    await asyncio.to_thread(cloud.nodes.wait)
    node = await asyncio.to_thread(cloud.nodes.leader)
    assert node is not None
    now.begin("SIGKILL to the leader", AWAY, answered=True)
    await asyncio.to_thread(node.kill)
    await _another_leads(cloud, node)
    await asyncio.to_thread(node.start)
    await asyncio.to_thread(cloud.nodes.wait)


async def node_stopped(cloud: Cloud, now: Disturbance, lot: random.Random) -> None:
    """A node is silent for a while, its connections open; two in three times it is the leader."""
    assert cloud.nodes is not None
    await asyncio.to_thread(cloud.nodes.wait)
    leader = await asyncio.to_thread(cloud.nodes.leader)
    assert leader is not None
    others = [node for node in cloud.nodes.nodes if node is not leader]
    node = lot.choice([leader, leader, lot.choice(others)])
    now.begin("SIGSTOP of a node", AWAY, answered=True)
    await asyncio.to_thread(node.send, signal.SIGSTOP)
    try:
        if node is leader:
            await _another_leads(cloud, node)
        else:
            await asyncio.sleep(STOPPED_SECONDS)
    finally:
        await asyncio.to_thread(node.send, signal.SIGCONT)
    await asyncio.to_thread(cloud.nodes.wait)


async def core_killed(cloud: Cloud, now: Disturbance, lot: random.Random) -> None:
    """One of two cores ends by `kill -9`, and is started again."""
    now.begin("SIGKILL to a core", AWAY, answered=True)
    await asyncio.to_thread(cloud.end, lot.choice(("core", "second core")), signal.SIGKILL)
    await _pause(lot)
    await asyncio.to_thread(cloud.start)


async def _another_leads(cloud: Cloud, node: Node) -> None:
    assert cloud.nodes is not None
    await asyncio.to_thread(cloud.nodes.wait_for_leader, node, ELECTION_SECONDS_MAX)


NODES: list[Named] = [
    ("SIGKILL leader", leader_killed),
    ("SIGKILL core", core_killed),
    ("SIGSTOP node", node_stopped),
]
"""What is taken from a cloud on three nodes."""


def of(cloud: Cloud) -> list[Named]:
    """Those that a cloud of this shape can have, by name."""
    return of_shape(cloud.shape)


def kinds(shape: Shape, only: Collection[str]) -> int:
    """How many there are of these names; of all, if there are none."""
    return sum(not only or name in only for name, _ in of_shape(shape))


def of_shape(shape: Shape) -> list[Named]:
    """The same of a shape."""
    if shape.nodes:
        return NODES
    found: list[Named] = [("full disk", full_disk), ("full disk and SIGKILL", full_disk_and_killed)]
    for by in (signal.SIGKILL, signal.SIGTERM):
        found += [(f"{by.name} {part}", partial(ended, part, by)) for part in shape.parts]
        if len(shape.parts) > 1:
            found.append((f"{by.name} all", partial(all_ended, by)))
    if shape.workers:
        found.append(("SIGKILL worker", worker_killed))
    if shape.postgresql:
        found.append(("SIGKILL PostgreSQL", database_killed))
    return found
