"""Replays of what real services refused: status, envelope and message, ids blanked.

`golden/recordings/<service>.jsonl` has a line a situation:

    {"situation": ..., "as": "member", "verb": "PUT", "path": "/v2.0/networks/{network}", "microversion": "",
     "headers": {...}, "request": ..., "status": 403, "envelope": "{NeutronError{type,message,detail}}",
     "message": ..., "before": [{"as": "admin", "verb": ..., "path": ..., "request": ..., "save": {"x": "port.id"}}]}

`{name}` stands for what the service's stage made, or for what a step of `before` saved of its answer; a request may be
`{"__text__": "..."}` for a body that is no JSON. `before` brings about what only this situation needs.
`golden/recordings/<service>-differs.tsv` lists the situations that end otherwise here, each with its reason.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mopenstack.cli.recording.exchanges import read_lines
from tests.conftest import Reply, User

GOLDEN = Path(__file__).parent / "golden" / "recordings"
SAME_AT_LEAST = 0.9
COMPARED = ("Content-Type", "Allow", "Retry-After", "OpenStack-API-Version", "X-OpenStack-Nova-API-Version")
"""The headers of a refusal that must be as in the whole exchange (tests/exchanges)."""

_ID = re.compile(r"\b(?:req-)?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b")
_PLACE = re.compile(r"\{([a-z0-9_]+)\}")
_WORD = re.compile(r"[\w/]+")
_ENUMERATION = re.compile(r"is not one of \[.*", re.DOTALL)
"""The services print sets and dictionaries in no particular order."""


@dataclass(frozen=True, slots=True)
class Replay:
    """How a service's situations ended: key -> what differs ("" where nothing does)."""

    service: str
    differences: dict[str, str]

    def judge(self) -> None:
        """Each difference is listed with its reason, each one listed is there, and enough is the same."""
        listed = _listed(self.service)
        news = [f"{key}\n    {said}" for key, said in self.differences.items() if said and key not in listed]
        gone = [key for key in listed if not self.differences.get(key)]
        share = 1 - sum(map(bool, self.differences.values())) / len(self.differences)
        assert not news, f"{len(news)} differ from the recording:\n" + "\n".join(news)
        assert not gone, "listed, but the same as recorded (or not in the recording): \n" + "\n".join(gone)
        assert all(listed.values()), "a listed difference without a reason"
        assert share >= SAME_AT_LEAST, f"only {share:.1%} are as recorded"


def _listed(service: str) -> dict[str, str]:
    path = GOLDEN / f"{service}-differs.tsv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {row["situation"]: row["reason"] for row in rows}


def cases(service: str) -> list[dict[str, Any]]:
    """The recorded situations of a service."""
    return list(read_lines(GOLDEN / f"{service}.jsonl"))


def key_of(case: Mapping[str, Any]) -> str:
    """What names a situation in `<service>-differs.tsv`."""
    at = f" at {case['microversion']}" if case.get("microversion") else ""
    return f"{case['situation']} | {case['verb']} {case['path']} as {case['as']}{at}"


async def replay(service: str, prefix: str, users: Mapping[str, User], stage: dict[str, str]) -> Replay:
    """Send every situation as the user that it names; `prefix` is the API's path prefix."""
    differences = {}
    for case in cases(service):
        known = dict(stage)
        for step in case.get("before", ()):
            reply = await _send(users[step["as"]], step.get("api", prefix), step, known)
            if reply.status >= 400 and _difference(case, reply, known):  # an address may be taken already, by lot
                differences[key_of(case)] = f"before it: {step['verb']} {step['path']}: {reply.status} {reply.body}"
                break
            for name, where in step.get("save", {}).items():
                known[name] = _dig(reply.body, where)
        else:
            reply = await _send(users[case["as"]], prefix, case, known)
            differences[key_of(case)] = _difference(case, reply, known)
    return Replay(service, differences)


def fill(value: Any, known: Mapping[str, str]) -> Any:
    """`{name}` replaced in every text of a JSON value; an unknown name stays."""
    if isinstance(value, str):
        return _PLACE.sub(lambda found: known.get(found[1], found[0]), value)
    if isinstance(value, list):
        return [fill(one, known) for one in value]
    if isinstance(value, dict):
        return {fill(name, known): fill(one, known) for name, one in value.items()}
    return value


async def _send(user: User, prefix: str, case: Mapping[str, Any], known: Mapping[str, str]) -> Reply:
    headers = fill(dict(case.get("headers") or {}), known)
    if case.get("microversion"):
        headers["OpenStack-API-Version"] = case["microversion"]
    request = fill(case.get("request"), known)
    if isinstance(request, dict) and "__text__" in request:
        headers.setdefault("Content-Type", "application/json")
        return await user.send(
            case["verb"], prefix, fill(case["path"], known), data=request["__text__"], headers=headers
        )
    return await user.send(case["verb"], prefix, fill(case["path"], known), request, headers=headers)


def _dig(body: Any, where: str) -> str:
    for name in where.split("."):
        body = body[int(name)] if isinstance(body, list) else body[name]
    return str(body)


def _difference(case: Mapping[str, Any], reply: Reply, known: Mapping[str, str]) -> str:
    wanted, said = _comparable(fill(case["message"], known)), _comparable(message_of(reply.body))
    found = []
    if reply.status != case["status"]:
        found.append(f"status {reply.status}, recorded {case['status']}")
    if wanted != said:
        found.append(f"message {said!r}, recorded {wanted!r}")
    if sorted(_WORD.findall(case["envelope"])) != sorted(_WORD.findall(envelope_of(reply))):
        found.append(f"envelope {envelope_of(reply)}, recorded {case['envelope']}")
    recorded = _headers().get(_key(case), [])
    if reply.status == case["status"] and recorded and all(_says_otherwise(one, reply) for one in recorded):
        found.append(f"headers {[reply.headers.get(name) for name in recorded[0]]}, recorded {recorded[0]}")
    return "; ".join(found)


def _key(case: Mapping[str, Any]) -> tuple[str, ...]:
    situation = case.get("situation", "(acceptance tests)")
    return situation, case["as"], case["verb"], case.get("microversion") or "", str(case["status"])


@cache
def _headers() -> dict[tuple[str, ...], list[dict[str, str]]]:
    """The headers of each recorded refusal that depend on no id and no address."""
    from tests.exchanges.export import SECTIONS
    from tests.exchanges.recorded import lines

    found: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for line in (line for section in SECTIONS for line in lines(section) if line["status"] >= 400):
        key = _key({**line, "verb": line["op"].partition(" ")[0]})
        given = line.get("response_headers") or {}
        found.setdefault(key, []).append({name: given[name] for name in COMPARED if name in given})
    return found


def _says_otherwise(recorded: Mapping[str, str], reply: Reply) -> bool:
    """Verbs are allowed in any order."""
    return any(
        set(reply.headers.get(name, "").split(", ")) != set(value.split(", ")) for name, value in recorded.items()
    )


def _comparable(text: str) -> str:
    """A message with ids blanked and its enumerations left out."""
    return _ENUMERATION.sub("is not one of", _ID.sub("<id>", text)).strip()


def message_of(body: Any) -> str:
    """The text of a refusal in any of the envelopes; a body without one, as it is."""
    if not isinstance(body, dict) or not body:
        return "" if body is None else str(body)
    first = next(iter(body.values()))
    if isinstance(first, list) and first and isinstance(first[0], dict) and "detail" in first[0]:
        return " ".join(str(first[0]["detail"]).split())  # Placement's list of errors
    if isinstance(first, dict) and "message" in first:
        return str(first["message"])
    return str(body.get("message", body.get("title", body)))


def envelope_of(reply: Reply) -> str:
    """The keys of a refusal, as the recordings write them."""
    if not reply.content:
        return "(empty)"
    if not isinstance(reply.body, dict):
        return f"{reply.headers.get('Content-Type', '').partition(';')[0]} text"
    firsts = {key: one[0] if isinstance(one, list) and one else one for key, one in reply.body.items()}
    parts = [key + (f"{{{','.join(one)}}}" if isinstance(one, dict) else "") for key, one in firsts.items()]
    return "{" + ",".join(parts) + "}"
