"""What is taken from a cloud while clients write, and given back."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from functools import partial

from soak.clients import Disturbance
from soak.cloud import Cloud

FULL = frozenset({503, 413})
"""Answers of a cloud whose disk is full: a database without room, and Glance's."""
AWAY = frozenset({503})
"""Answers of a cloud without its database, and of a gateway without its core."""
PAUSE_SECONDS = (0.05, 0.6)
"""How long something stays away."""

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


def of(cloud: Cloud) -> list[Named]:
    """Those that a cloud of this shape can have, by name."""
    found: list[Named] = [("full disk", full_disk), ("full disk and SIGKILL", full_disk_and_killed)]
    for by in (signal.SIGKILL, signal.SIGTERM):
        found += [(f"{by.name} {part}", partial(ended, part, by)) for part in cloud.parts]
        if len(cloud.parts) > 1:
            found.append((f"{by.name} all", partial(all_ended, by)))
    if cloud.postgres is not None:
        found.append(("SIGKILL PostgreSQL", database_killed))
    return found
