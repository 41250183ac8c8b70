"""Requests that schemathesis generates from mopenstack's own OpenAPI document: as it says, and against what it says.

They are sent and judged as all others are; hypothesis makes those that show a fault small.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from fuzz import trees
from fuzz.campaign import Counts, Found, Session
from fuzz.clouds import Running
from fuzz.corpus import Recorded
from fuzz.judge import Fault, Judge
from fuzz.shots import Shot
from mopenstack.cli.recording.differences import kind_of

ROUND_OPERATIONS = 40
ROUND_RECORDED = 120
"""Recorded creations before them, which make what generated requests name."""
EXAMPLES = 6
OUTSIDE = (
    "/_mopenstack/clouds/{cloud}/faults",
    "/_mopenstack/clouds/{cloud}/scenarios/{name}",
    "/_mopenstack/clouds/{cloud}/journal/follow",
)
"""What makes answers of 5xx on demand, and an answer that goes on."""
ROLES = ("admin", "member")
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)

PATCHES = [f"application/openstack-images-v2.{minor}-json-patch" for minor in (0, 1)]

schemathesis.serializer.alias(PATCHES, "application/json")


class _Shown(Exception):
    """A fault, so that hypothesis makes its request small."""

    def __init__(self, found: Found) -> None:
        super().__init__(found.fault.signature)
        self.found = found


@dataclass(slots=True)
class Generating:
    """Rounds of generated requests: some operations of the document, a few requests each, as admin and as member."""

    document: dict[str, Any]
    requests: list[Recorded]
    counts: Counts
    seed: int
    _operations: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        schema = schemathesis.openapi.from_dict(self.document)
        for result in schema.get_all_operations():
            operation: Any = result.ok()  # type: ignore[union-attr]  # raises for a document that is none
            if operation.path not in OUTSIDE:
                self._operations[operation.label] = operation

    def round(
        self, running: Running, judge: Judge, number: int, operations: int = ROUND_OPERATIONS, examples: int = EXAMPLES
    ) -> Iterator[Found]:
        """Send a round; yields every fault that it shows."""
        draw = random.Random(f"schema/{self.seed}/{number}")
        # Every operation has its turn before one has its second.
        labels = sorted(self._operations)
        random.Random(f"schema/{self.seed}").shuffle(labels)
        turn = [labels[(number * operations + index) % len(labels)] for index in range(min(operations, len(labels)))]
        turn.sort(key=lambda label: "/_mopenstack" in label)  # some end the cloud
        with Session(running, judge, f"schema-{self.seed}-{number}") as session:
            sent: list[Shot] = []
            yield from self._furnish(session, sent, draw)
            for label in turn:
                role, mode = draw.choice(ROLES), draw.choice(MODES)
                found = self._try(session, sent, label, role, mode, draw.randrange(2**32), examples)
                if found is not None:
                    yield found
                if not running.alive:
                    return

    def _furnish(self, session: Session, sent: list[Shot], draw: random.Random) -> Iterator[Found]:
        """Make objects as real clients did and look at every list, so that there are ids to ask for."""
        creations = [one for one in self.requests if one.shot.verb == "POST"]
        for one in draw.sample(creations, min(ROUND_RECORDED, len(creations))):
            shot = one.aimed(session.pool, draw)
            if not session.is_protected(shot):
                yield from self._furnished(session, sent, shot)
        for label in sorted(self._operations):
            verb, _, path = label.partition(" ")
            if verb == "GET" and "{" not in path:
                shot = Shot(verb, path, headers=_headers("admin"), operation=label)
                yield from self._furnished(session, sent, shot)

    def _furnished(self, session: Session, sent: list[Shot], shot: Shot) -> Iterator[Found]:
        fault = self._send(session, sent, shot)
        if fault is not None:
            yield Found(fault, list(sent), session.running.arrangement)

    def _try(
        self, session: Session, sent: list[Shot], label: str, role: str, mode: GenerationMode, seed: int, examples: int
    ) -> Found | None:
        operation = self._operations[label]

        @hypothesis.seed(seed)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), aim=st.integers(0, 3), which=st.integers(0, 2**16))
        def sends(case: Any, aim: int, which: int) -> None:
            shot = _shot(case, label, role, session if aim else None, which)
            if session.is_protected(shot):
                return
            fault = self._send(session, sent, shot)
            if fault is not None:
                raise _Shown(Found(fault, list(sent), session.running.arrangement))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                sends()
            except _Shown as shown:
                return shown.found
            except (hypothesis.errors.Unsatisfiable, hypothesis.errors.FlakyFailure, hypothesis.errors.Flaky):
                return None
        return None

    def _send(self, session: Session, sent: list[Shot], shot: Shot) -> Fault | None:
        sent.append(shot)
        answer, fault = session.send(len(sent) - 1, shot)
        self.counts.add(f"schemathesis on {session.running.arrangement}", shot.operation, answer.status)
        return fault


def _headers(role: str) -> tuple[tuple[str, str], ...]:
    return (("Accept", "application/json"), ("X-Auth-Token", f"{{{{{role}.token}}}}"))


def _shot(case: Any, label: str, role: str, session: Session | None, which: int) -> Shot:
    """A generated case as a shot; with a session, its path names objects that are there."""
    verb, _, template = label.partition(" ")
    segments = []
    for before, segment in zip(["", *template.split("/")], template.split("/"), strict=False):
        if not segment.startswith("{"):
            segments.append(segment)
            continue
        if segment == "{cloud}":
            segments.append("{{cloud.name}}")  # another one's clock is not this round's business
            continue
        given_value = (case.path_parameters or {}).get(segment.strip("{}"), "")
        segments.append(quote(str(given_value), safe="") or "-")
        if session is not None:
            name = kind_of(segment.strip("{}"))
            kind = name if name in session.pool.kinds else kind_of(before)
            choices = session.pool.kinds.get(kind)
            if kind == "project":
                segments[-1] = "{{member.project}}"
            elif choices:
                segments[-1] = "{{" + choices[which % len(choices)] + "}}"
    query = urlencode(case.query or {}, doseq=True, errors="surrogatepass")
    headers = {name: str(value) for name, value in (case.headers or {}).items() if "\n" not in str(value)}
    body: str | None = None
    if not isinstance(case.body, schemathesis.core.NotSet):
        body = _body(case)
        headers.setdefault("Content-Type", case.media_type or "application/json")
    return Shot(
        verb,
        "/".join(segments),
        tuple(query.split("&")) if query else (),
        (*((name, value) for name, value in headers.items() if name.lower() != "x-auth-token"), *_headers(role)),
        body,
        operation=label,
    )


def _body(case: Any) -> str:
    if isinstance(case.body, bytes):
        return case.body.decode("utf-8", "surrogateescape")
    return trees.text_of(case.body)
