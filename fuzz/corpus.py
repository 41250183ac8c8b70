"""The requests that real clients sent to real services, as shots, and the objects that a round has to aim them at.

They are those of `tests/golden/exchanges/<section>.jsonl.xz`, a line an exchange. Each id of theirs becomes a
reference to an object of the same kind that the round has seen (`Pool`).
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fuzz import trees
from fuzz.shots import REFERENCE, Shot
from fuzz.wire import Answer
from mopenstack.cli.recording.differences import kind_of
from mopenstack.cli.recording.exchanges import read_lines, verb_of

EXCHANGES = Path(__file__).parent.parent / "tests" / "golden" / "exchanges"
PREFIXES = {"block-storage": "volume"}
"""Path prefix of a section's API, where it is not the first word of the section."""
BODY_TEXT_MAX = 20_000
KEPT_OF_KIND = 40
SEEN_OF_LIST = 4

_ID = re.compile(r"^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32})$")
_ROLES = {"admin": "admin", "member": "member"}


@dataclass(slots=True)
class Pool:
    """The objects that the answers of a round have shown: references by kind, and what they stand for."""

    known: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def harvest(self, number: int, shot: Shot, answer: Answer) -> None:
        """Remember what request `number` was answered."""
        if not 200 <= answer.status < 300 or "json" not in answer.headers.get("content-type", ""):
            return
        try:
            body = json.loads(answer.body)
        except ValueError:
            return
        if not isinstance(body, dict):
            return
        segments = [segment for segment in shot.path.split("/") if segment]
        if "id" in body and len(segments) > 2:
            parent = segments[-1] if shot.verb == "POST" else segments[-2]
            self._add(kind_of(parent), f"{number}:id", body["id"])
        for key, value in body.items():
            if isinstance(value, dict):
                self._add_object(kind_of(key), f"{number}:{key}", value)
            elif isinstance(value, list):
                for index, one in enumerate(value[:SEEN_OF_LIST]):
                    if isinstance(one, dict):
                        inner = next(iter(one.values())) if len(one) == 1 else one
                        name = f".{next(iter(one))}" if inner is not one else ""
                        if isinstance(inner, dict):
                            self._add_object(kind_of(key), f"{number}:{key}.{index}{name}", inner)

    def _add_object(self, kind: str, where: str, value: dict[str, Any]) -> None:
        for name in ("id", "uuid", "name"):
            if name in value:
                self._add(kind, f"{where}.{name}", value[name])
                return

    def _add(self, kind: str, name: str, value: object) -> None:
        if not REFERENCE.fullmatch("{{" + name + "}}") or not isinstance(value, (str, int)):
            return
        self.known[name] = str(value)
        if f"{kind}={value}" not in self._seen:
            self._seen.add(f"{kind}={value}")
            self.kinds.setdefault(kind, []).append(name)

    def choose(self, kind: str, generator: random.Random) -> str:
        """A reference to an object of a kind, the newest most often; of any kind where there is none."""
        names = self.kinds.get(kind)
        if not names:
            every = sorted(self.kinds)
            names = self.kinds[generator.choice(every)] if every else ["member.project"]
        near = names[-KEPT_OF_KIND:]
        return "{{" + near[-1 - int(len(near) * generator.random() ** 2)] + "}}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request of a real client; ids are `{{kind:<kind>}}` until they are aimed at objects of a round."""

    shot: Shot
    service: str

    def aimed(self, pool: Pool, generator: random.Random) -> Shot:
        """The request with its ids replaced by those of the round's objects."""

        def choose(found: re.Match[str]) -> str:
            kind = found[1].removeprefix("kind:")
            return pool.choose(kind, generator) if kind != found[1] else found[0]

        shot = self.shot
        return replace(
            shot,
            path=REFERENCE.sub(choose, shot.path),
            query=tuple(REFERENCE.sub(choose, piece) for piece in shot.query),
            body=None if shot.body is None else REFERENCE.sub(choose, shot.body),
        )


def recorded() -> list[Recorded]:
    """Every different request of the recordings, in their order; raises FileNotFoundError without them."""
    paths = sorted(EXCHANGES.glob("*.jsonl.xz"))
    if not paths:
        raise FileNotFoundError(EXCHANGES)
    found: dict[object, Recorded] = {}
    for path in paths:
        section = path.name.partition(".")[0]
        service = PREFIXES.get(section, section.partition("-")[0])
        for line in read_lines(path):
            shot = _shot(line, service)
            found.setdefault((shot.verb, shot.path, shot.query, shot.headers, shot.body), Recorded(shot, service))
    return list(found.values())


def _shot(exchange: dict[str, Any], service: str) -> Shot:
    verb, template = verb_of(exchange), exchange["op"].partition(" ")[2]
    path, _, query = exchange["path"].partition("?")
    headers = dict(exchange.get("request_headers") or {})
    if exchange["as"] != "anonymous":
        headers["X-Auth-Token"] = f"{{{{{_ROLES.get(exchange['as'], 'member')}.token}}}}"
    if exchange.get("microversion"):
        headers["OpenStack-API-Version"] = exchange["microversion"]
    body = _body(exchange.get("request"))
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    headers.setdefault("Accept", "application/json")
    return Shot(
        verb,
        f"/{service}{_places(path, template)}",
        tuple(map(_blank_query, query.split("&"))) if query else (),
        tuple(headers.items()),
        body,
        operation=f"{verb} /{service}{template}",
    )


def _body(request: Any) -> str | None:
    if request is None:
        return None
    if isinstance(request, dict) and "__text__" in request:
        return str(request["__text__"])[:BODY_TEXT_MAX]
    if isinstance(request, dict) and "__bytes__" in request:
        return "\0x" * (min(int(request["__bytes__"]), BODY_TEXT_MAX) // 2)
    return trees.text_of(_blank(request, ""))


def _places(path: str, template: str) -> str:
    """A path whose ids are references to a kind: that of the segment before."""
    words, names = path.split("/"), template.split("/")
    if len(words) != len(names):
        names = words
    for index, (word, name) in enumerate(zip(list(words), names, strict=True)):
        stem, dot, suffix = word.partition(".json")
        region, colon, stem = stem.rpartition(":")  # as in Designate's names of floating IPs
        if index and (name == "{id}" or _ID.match(stem)):
            before = words[index - 1]
            kind = "project" if re.fullmatch(r"v[\d.]+", before) else kind_of(before)
            reference = "member.project" if kind == "project" else f"kind:{kind}"
            words[index] = f"{region}{colon}{{{{{reference}}}}}{dot}{suffix}"
    return "/".join(words)


def _blank_query(piece: str) -> str:
    name, sign, value = piece.partition("=")
    return f"{name}{sign}{_reference(name, value) if _ID.match(value) else value}"


def _blank(value: Any, word: str) -> Any:
    if isinstance(value, dict):
        return {key: _blank(one, word if key in ("id", "uuid", "name") else key) for key, one in value.items()}
    if isinstance(value, list):
        return [_blank(one, word) for one in value]
    if isinstance(value, str):
        return _reference(word, value) if _ID.match(value) else value.replace("<redacted>", "secret")
    return value


def _reference(word: str, value: str) -> str:
    kind = kind_of(word)
    if kind in ("project", "user") and len(value) == 32:
        return f"{{{{member.{kind}}}}}"
    return f"{{{{kind:{kind or 'network'}}}}}"


def words_of(requests: list[Recorded]) -> dict[str, list[str]]:
    """The vocabulary of a service: the names of its queries' parameters and of its bodies' keys."""
    found: dict[str, set[str]] = {}
    for one in requests:
        words = found.setdefault(one.service, set())
        words.update(piece.partition("=")[0] for piece in one.shot.query)
        words.update(_keys(one.shot.body))
    return {service: sorted(words) for service, words in found.items()}


def _keys(body: str | None) -> Iterator[str]:
    try:
        stack = [json.loads(body or "null")]
    except ValueError:
        return
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield from value
            stack += value.values()
        elif isinstance(value, list):
            stack += value
