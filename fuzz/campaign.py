"""Rounds of requests against one arrangement, each on a fresh cloud, from a seed of its own: it can be repeated."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fuzz.clouds import Running, reason
from fuzz.corpus import Pool, Recorded, words_of
from fuzz.judge import SLOW_SECONDS, Fault, Judge, Rpcs
from fuzz.mutations import Mutator
from fuzz.shots import Shot
from fuzz.wire import Answer, Wire

ROUND_REQUESTS = 600
UNCHANGED_SHARE = 0.35
"""How many of the recorded requests are sent as they are: they make what others are aimed at."""
PROBES = 20

Finder = Callable[[str, str], str]
"""The operation of a verb and a path; empty: none."""


@dataclass(slots=True)
class Counts:
    """What was sent, and what came back."""

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    reached: set[str] = field(default_factory=set)
    succeeded: set[str] = field(default_factory=set)

    def add(self, source: str, operation: str, status: int) -> None:
        """One answer."""
        self.requests[source] += 1
        self.statuses[f"{status // 100}xx" if status else "none"] += 1
        if operation and status not in (0, 401):
            self.reached.add(operation)
            if status < 400:
                self.succeeded.add(operation)


@dataclass(frozen=True, slots=True)
class Found:
    """A fault, and the requests of its round up to it."""

    fault: Fault
    shots: list[Shot]
    source: str


@dataclass(slots=True)
class Session:
    """A fresh cloud, what is known of it, and a connection to it."""

    running: Running
    judge: Judge
    name: str
    pool: Pool = field(default_factory=Pool)
    protected: tuple[str, ...] = ()
    prefix: str = ""
    wire: Wire | None = None

    def __enter__(self) -> Session:
        self.running.logged()
        known = self.running.create_cloud(self.name)
        self.prefix = known.pop("cloud")
        self.protected = tuple(text for name, text in known.items() if not name.endswith("token"))
        self.pool = Pool(known | {"cloud.name": self.name})
        self.wire = Wire(self.running.port)
        return self

    def __exit__(self, *exception: object) -> None:
        if self.wire is not None:
            self.wire.close()
        self.running.delete_cloud(self.name)

    def send(self, number: int, shot: Shot) -> tuple[Answer, Fault | None]:
        """Send a request as the round's `number`; returns its answer and what is wrong with it."""
        assert self.wire is not None
        answer = self.wire.send(shot.filled(self.pool.known), self.prefix)
        self.pool.harvest(number, shot, answer)
        log = self.running.logged()
        suspicious = answer.fault or answer.status >= 500 or answer.seconds > SLOW_SECONDS or "Traceback" in log
        if not suspicious:
            return answer, None
        probe = self.running.probe() if answer.seconds > SLOW_SECONDS else 0.0
        return answer, self.judge.fault(shot, answer, reason(log), probe)

    def is_protected(self, shot: Shot) -> bool:
        """Whether a request would take the round's own users away."""
        if shot.verb in ("GET", "HEAD") or not shot.path.startswith("/identity"):
            return False
        filled = shot.filled(self.pool.known)
        return any(one in filled.path for one in (*self.protected, "domains/default")) or "roles/" in filled.path


def idle_judge(running: Running, rpcs: Rpcs) -> Judge:
    """A judge that knows how quick the cloud is while nothing is asked of it."""
    running.probe()
    return Judge(sorted(running.probe() for _ in range(PROBES))[PROBES // 2], rpcs)


@dataclass(slots=True)
class Shooting:
    """Rounds of `size` mutated requests. `find` names the operation of a request."""

    requests: list[Recorded]
    find: Finder
    counts: Counts
    seed: int
    size: int = ROUND_REQUESTS
    words: dict[str, list[str]] = field(default_factory=dict)
    bodies: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.words = words_of(self.requests)
        for one in self.requests:
            if one.shot.body and one.shot.body[0] in "{[":
                try:
                    self.bodies.setdefault(one.service, []).append(json.loads(one.shot.body))
                except ValueError:
                    continue

    def round(self, running: Running, judge: Judge, number: int) -> Iterator[Found]:
        """Send a round; yields every fault that it shows."""
        draw = random.Random(f"{self.seed}/{number}")
        mutators = {
            service: Mutator(draw, words, self.bodies.get(service, [])) for service, words in self.words.items()
        }
        sent: list[Shot] = []
        with Session(running, judge, f"fuzz-{self.seed}-{number}") as session:
            while len(sent) < self.size:
                chosen = draw.choice(self.requests)
                shot = chosen.aimed(session.pool, draw)
                if draw.random() >= UNCHANGED_SHARE:
                    shot = mutators[chosen.service].mutate(shot)
                if session.is_protected(shot):
                    continue
                sent.append(shot)
                answer, fault = session.send(len(sent) - 1, shot)
                self.counts.add(running.arrangement, self.find(shot.verb, shot.path), answer.status)
                if fault is not None:
                    yield Found(fault, list(sent), running.arrangement)
                if not running.alive or (answer.fault == "no answer" and fault is not None):
                    return  # what comes now would be judged for what this one did
                if answer.status == 401 and self._is_over(session):
                    return

    @staticmethod
    def _is_over(session: Session) -> bool:
        """Whether the round's own tokens are worth nothing any more: nothing would be reached."""
        assert session.wire is not None
        known: Mapping[str, str] = session.pool.known
        for role in ("member", "admin"):
            shot = Shot("GET", "/identity/v3/auth/catalog", headers=(("X-Auth-Token", known[f"{role}.token"]),))
            if session.wire.send(shot, session.prefix).status == 401:
                return True
        return False
