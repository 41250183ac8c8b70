"""A client: it does one write after the other, and notes in the ledger what was acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from soak.ledger import Entry, Ledger, Refused, Unanswered, Unsent
from soak.world import PREFIX
from tests.client import Reply, User

SLOW_SECONDS = 1.0
AWAY_SECONDS = 0.2
"""The pause between two writes while something is taken away."""
REFUSALS = frozenset({403, 409, 413})
"""Over quota, in use, not in this state: what a client of many has to expect."""


@dataclass
class Disturbance:
    """What is being taken away, and which statuses are answers then."""

    name: str = ""
    statuses: Collection[int] = ()
    count: int = 0
    answered: bool = False
    """Whether each request must get an answer all the same."""
    last: str = ""
    """What was taken away last, and given back."""
    ended: float = 0.0
    """When, by the monotonic clock."""

    @property
    def active(self) -> bool:
        return bool(self.name)

    def begin(self, name: str, statuses: Collection[int] = (), *, answered: bool = False) -> None:
        self.name, self.statuses, self.answered = name, statuses, answered
        self.count += 1

    def end(self) -> None:
        self.last, self.ended = self.name, time.monotonic()
        self.name, self.statuses = "", ()


@dataclass
class Gaps:
    """The longest time without an acknowledged write, in seconds, while clients write."""

    longest: float = 0.0
    _last: float = 0.0

    def begin(self) -> None:
        """Clients write from now on."""
        self._last = time.monotonic()

    def note(self) -> None:
        """A write was acknowledged."""
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last), now


class Gate:
    """Where clients wait between two writes while the cloud is looked at."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def open(self) -> None:
        self._open.set()

    async def close(self) -> None:
        """Let no further write begin, and wait for those that are under way."""
        self._open.clear()
        await self._idle.wait()

    async def __aenter__(self) -> None:
        await self._open.wait()
        self._busy += 1
        self._idle.clear()

    async def __aexit__(self, *_: object) -> None:
        self._busy -= 1
        if not self._busy:
            self._idle.set()


@dataclass
class Shared:
    """What the clients of a run have in common."""

    ledger: Ledger
    gate: Gate
    disturbance: Disturbance
    external: str
    """The network of floating IPs."""
    image: str
    """An image that boots."""
    role: str
    """What users get in projects."""
    gaps: Gaps = field(default_factory=Gaps)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Answers that no client should get."""
    slow: list[str] = field(default_factory=list)
    slowest: float = 0.0
    acknowledged: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with each write that was acknowledged or refused."""


class Client:
    """One of several, with objects of its own in a project that it shares with others."""

    def __init__(self, name: str, shared: Shared, user: User, admin: User, seed: str) -> None:
        self.name, self.shared, self.user, self.admin = name, shared, user, admin
        self.random = random.Random(seed)
        self._numbers = itertools.count(1)
        self.place: dict[str, str] = {}
        """Subnet -> the id of its network, port -> the name of its subnet."""

    # -- what the client has

    def own(self, kind: str) -> list[Entry]:
        return self.shared.ledger.of(self.name, kind)

    def knows(self, *kinds: str) -> bool:
        """All about its own of these kinds: else it cannot say what goes with something that it deletes."""
        return all(self.shared.ledger.is_known(self.name, kind) for kind in kinds)

    def pick(self, kind: str, where: Callable[[Entry], bool] = lambda _: True) -> Entry | None:
        """One of the client's own, by lot."""
        found = [entry for entry in self.own(kind) if where(entry)]
        return self.random.choice(found) if found else None

    def new(self, kind: str) -> Entry:
        return Entry(kind, f"{PREFIX}{self.name}-{kind}-{next(self._numbers)}", self.name)

    def words(self) -> frozenset[str]:
        """Some tags."""
        return frozenset(self.random.sample(("blue", "green", "red", "white", "black"), self.random.randint(1, 3)))

    # -- requests

    async def send(
        self, verb: str, api: str, path: str, json: Any = None, *, admin: bool = False, **options: Any
    ) -> Reply:
        """The answer of a success; raises Refused and Unanswered."""
        disturbance, user = self.shared.disturbance, self.admin if admin else self.user
        before, excused = disturbance.count, disturbance.active
        place = f"{verb} /{api}{path}"
        started = time.perf_counter()
        try:
            reply = await user.send(verb, api, path, json, **options)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            unsent = isinstance(error, aiohttp.ClientConnectorError)
            self.shared.counts["not sent" if unsent else "no answer"] += 1
            excused = excused or disturbance.active or disturbance.count != before
            if disturbance.answered or not excused:
                self.shared.wrong.append(f"no answer to {place}: {error!r}")
            if unsent:
                raise Unsent("never sent: there was no connection") from error
            raise Unanswered(f"{type(error).__name__}: {error}") from error
        self._timed(place, time.perf_counter() - started, excused or disturbance.count != before)
        if reply.status < 300:
            if verb != "GET":
                self.shared.gaps.note()
            self.shared.counts["acknowledged"] += 1
            return reply
        self.shared.counts[str(reply.status)] += 1
        text = f"{reply.status} {str(reply.body)[:300]}"
        if reply.status in REFUSALS or (reply.status == 400 and api == "volume"):
            raise Refused(text)
        expected = reply.status in disturbance.statuses or (disturbance.count != before and reply.status == 503)
        if not expected or (reply.status == 503 and "Retry-After" not in reply.headers):
            self.shared.wrong.append(f"{place} {json}: {text}")
        raise Unanswered(text)

    def _timed(self, place: str, seconds: float, excused: bool) -> None:
        if excused:
            return
        self.shared.slowest = max(self.shared.slowest, seconds)
        if seconds > SLOW_SECONDS:
            last = self.shared.disturbance
            ago = time.monotonic() - seconds - last.ended
            self.shared.slow.append(f"{seconds:.2f} s: {place}, asked {ago:.2f} s after {last.last or 'the start'}")

    async def run(self, work: list[tuple[Callable[[Client], Awaitable[bool]], int]]) -> None:
        """Write until cancelled. A piece of work says whether it could be done with what the client has."""
        pieces, weights = zip(*work, strict=True)
        while True:
            async with self.shared.gate:
                (piece,) = self.random.choices(pieces, weights)
                wrong = len(self.shared.wrong)
                try:
                    done = await piece(self)
                except Unsent:
                    done = False
                except (Refused, Unanswered):
                    done = True
                for place in range(wrong, len(self.shared.wrong)):
                    text = self.shared.wrong[place]
                    self.shared.wrong[place] = "\n    ".join([text, *self.shared.ledger.past(self.name, text)])
                if done:
                    self.shared.acknowledged += 1
                    self.shared.more.set()
            # What cannot be reached is not asked for in a circle.
            await asyncio.sleep(AWAY_SECONDS if self.shared.disturbance.active else 0)
