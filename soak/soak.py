"""One run: clients write, something is taken away and given back, the cloud is looked at; again and again."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from soak import disturbances, invariants, world
from soak.clients import Client, Disturbance, Gate, Shared
from soak.cloud import Cloud, Shape
from soak.ledger import Ledger
from soak.work import WORK
from tests.client import User, sign_in

ANSWER_SECONDS_MAX = 60.0
"""A request that is not answered for so long will not be."""
REST_LOOKS_MAX = 20
REST_SECONDS = 0.25
"""So often it is looked whether a cloud is at rest, with this pause."""
LIMITED = {"instances": 4, "cores": 4}
"""What the last project may have: its clients are refused now and then."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything."""

    seed: int
    clients: int = 8
    projects: int = 3
    writes: tuple[int, int] = (40, 200)
    """From and to how many writes come before a disturbance, and as many again after it."""
    only: Collection[str] = ()
    """Of the disturbances, those of these names; all, if there are none."""


@dataclass(slots=True)
class Outcome:
    """What a run did and found."""

    shape: str
    rounds: dict[str, int] = field(default_factory=dict)
    """Disturbance -> how often."""
    wrong: list[str] = field(default_factory=list)
    writes: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    slow: list[str] = field(default_factory=list)
    slowest: float = 0.0
    gaps: dict[str, float] = field(default_factory=dict)
    """Disturbance -> the longest time in seconds without an acknowledged write."""
    objects: int = 0
    """Objects of the clients that are there at the end."""


async def run(
    shape: Shape, plan: Plan, folder: Path, go_on: Callable[[int], bool], say: Callable[[str], None]
) -> Outcome:
    """Rounds as long as `go_on(rounds)`; ends with the first round that finds something wrong."""
    outcome = Outcome(shape.name)
    lot = random.Random(f"{plan.seed} {shape.name}")
    with Cloud(shape, folder) as cloud:
        async with _clients(cloud, plan) as (shared, admin):
            turn = _in_turn(_chosen(disturbances.of(cloud), plan.only), lot)
            while not outcome.wrong and go_on(sum(outcome.rounds.values())):
                name, disturb = next(turn)
                times = [time.monotonic()]
                shared.gaps.begin()
                shared.gate.open()
                await _writes(shared, lot.randint(*plan.writes))
                times.append(time.monotonic())
                await disturb(cloud, shared.disturbance, lot)
                await _answers(admin)
                shared.disturbance.end()
                times.append(time.monotonic())
                await _writes(shared, lot.randint(*plan.writes))
                await shared.gate.close()
                times.append(time.monotonic())
                there = await _at_rest(admin, shared=shape.shared)
                seen = there.seen()
                found = shared.ledger.settle(seen)
                found += invariants.check(there, cloud.blobs, shared=shape.shared)
                times.append(time.monotonic())
                outcome.wrong = [f"after {name}: {text}" for text in (*shared.wrong, *found)]
                outcome.gaps[name] = max(shared.gaps.longest, outcome.gaps.get(name, 0.0))
                shared.gaps.longest = 0.0
                outcome.rounds[name] = outcome.rounds.get(name, 0) + 1
                outcome.objects = sum(map(len, seen.values()))
                spent = " + ".join(f"{after - before:.1f}" for before, after in itertools.pairwise(times))
                say(
                    f"{shape.name}: {name}; {shared.ledger.steps} writes, {outcome.objects} objects, "
                    f"{len(outcome.wrong)} wrong; {spent} s (writes, disturbance, writes, check), "
                    f"longest gap {outcome.gaps[name]:.1f} s"
                )
                for text in outcome.wrong:
                    say(f"  WRONG {text}")
            outcome.writes, outcome.answers = shared.ledger.steps, dict(shared.counts)
            outcome.settled = dict(shared.ledger.settled)
            outcome.slow, outcome.slowest = shared.slow, shared.slowest
    return outcome


def _chosen(every: list[disturbances.Named], names: Collection[str]) -> list[disturbances.Named]:
    return [one for one in every if not names or one[0] in names]


def _in_turn(every: list[disturbances.Named], lot: random.Random) -> itertools.chain[disturbances.Named]:
    """Each one before any comes again, in an order by lot."""
    return itertools.chain.from_iterable(lot.sample(every, len(every)) for _ in itertools.count())


async def _answers(user: User) -> None:
    """Wait until the cloud is back: a gateway may need a moment to find its core."""
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        status = 0
        while status != 200:
            with suppress(aiohttp.ClientError):
                status = (await user.get("compute", "/v2.1/servers?limit=1")).status
            await asyncio.sleep(0.05)


async def _at_rest(admin: User, *, shared: bool) -> world.World:
    """What is there once nothing is under way, or after a while: what a full disk left is undone when there is room."""
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        for _ in range(REST_LOOKS_MAX):
            there = await world.read(admin)
            if not any(invariants.at_rest(there, shared=shared)):
                break
            await asyncio.sleep(REST_SECONDS)
    return there


async def _writes(shared: Shared, count: int) -> None:
    """Wait until so many more writes came to an end."""
    until = shared.acknowledged + count
    while shared.acknowledged < until:
        shared.more.clear()
        await asyncio.wait_for(shared.more.wait(), ANSWER_SECONDS_MAX)


@asynccontextmanager
async def _clients(cloud: Cloud, plan: Plan) -> AsyncIterator[tuple[Shared, User]]:
    """The clients at work, behind a gate, and the administrator."""
    # A connection a request, and none is sent again: what is asked twice by aiohttp itself cannot be told apart.
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        session._retry_connection = False  # there is no other way; aiohttp's own test client does it
        admin = await sign_in(session, cloud.url, "admin")
        users = [await _user(admin, f"soak{number}") for number in range(plan.projects)]
        limits = {"quota_set": LIMITED}
        (await admin.put("compute", f"/v2.1/os-quota-sets/{users[-1].project_id}", limits)).ok(200)
        shared = await _shared(admin)
        clients = [
            Client(f"c{number}", shared, users[number % len(users)], admin, f"{plan.seed} {cloud.shape.name} {number}")
            for number in range(plan.clients)
        ]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(client.run(WORK)) for client in clients]
            try:
                yield shared, admin
            finally:
                for task in tasks:
                    task.cancel()


async def _shared(admin: User) -> Shared:
    networks = (await admin.get("network", "/v2.0/networks?router:external=true")).ok(200)["networks"]
    images = (await admin.get("image", "/v2/images")).ok(200)["images"]
    role = await _role(admin)
    return Shared(Ledger(), Gate(), Disturbance(), networks[0]["id"], images[0]["id"], role)


async def _role(admin: User) -> str:
    return str((await admin.get("identity", "/v3/roles?name=member")).ok(200)["roles"][0]["id"])


async def _user(admin: User, name: str) -> User:
    """A member of a project of its own, with room for all that clients make there."""
    project = (await admin.post("identity", "/v3/projects", {"project": {"name": name}})).ok(201)["project"]["id"]
    user = {"name": name, "password": "secret", "domain_id": "default"}
    id = (await admin.post("identity", "/v3/users", {"user": user})).ok(201)["user"]["id"]
    (await admin.put("identity", f"/v3/projects/{project}/users/{id}/roles/{await _role(admin)}")).ok(204)
    more = {"instances": 100, "cores": 100, "ram": -1}
    (await admin.put("compute", f"/v2.1/os-quota-sets/{project}", {"quota_set": more})).ok(200)
    more = {"volumes": 100, "gigabytes": 5000, "snapshots": 100}
    (await admin.put("volume", f"/v3/{admin.project_id}/os-quota-sets/{project}", {"quota_set": more})).ok(200)
    return await sign_in(admin.session, admin.url, name)
