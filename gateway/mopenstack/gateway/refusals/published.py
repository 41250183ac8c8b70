"""The published schema of an operation's request at a microversion."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InjectedFault, PolicyRefused
from mopenstack.gateway.schema_paths import blank

SCHEMAS = Path(__file__).parent / "request_schemas.json"
_PARTS = "#/$defs/"

Place = tuple[str, str, str, str]
"""Service, verb, path with its variables blanked, action."""


@dataclass(slots=True)
class Rules:
    """All published schemas, by operation; the parts that they share are put in when one is first asked for."""

    _parts: dict[str, Any]
    _rows: Mapping[Place, Sequence[tuple[int, int, bool, Any]]]
    _whole: dict[int, Any] = field(default_factory=dict)

    def find(self, place: Place, microversion: int, query: bool) -> Any:
        """The schema of the body, or of the query; None where nothing is published."""
        for since, until, of_query, schema in self._rows.get(place, ()):
            if of_query == query and since <= microversion <= until:
                if id(schema) not in self._whole:
                    self._whole[id(schema)] = self._unfold(schema)
                return self._whole[id(schema)]
        return None

    def _unfold(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._unfold(one) for one in value]
        if not isinstance(value, dict):
            return value
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(_PARTS):
            return self._unfold(self._parts[reference.removeprefix(_PARTS)])
        return {key: self._unfold(one) for key, one in value.items()}


@cache
def rules() -> Rules:
    """The exported schemas, read when the first request is refused."""
    document = json.loads(SCHEMAS.read_text(encoding="utf-8"))
    rows: dict[Place, list[tuple[int, int, bool, Any]]] = {}
    for service, verb, path, action, since, until, query, schema in document["requests"]:
        rows.setdefault((service, verb, path, action), []).append((since, until, query, schema))
    return Rules(document["parts"], rows)


_loaded = False


async def load() -> None:
    """Read the schemas and what judges by them before they are first asked: in a thread, since it takes a while."""
    if not _loaded:
        await asyncio.to_thread(_load)


def _load() -> None:
    global _loaded
    from mopenstack.gateway.refusals import network, sentences  # noqa: F401

    rules()
    _loaded = True


ASKED_BEFORE: Mapping[Place, tuple[str, ...]] = {("image", "POST", "/v2/tasks", ""): ("type", "input")}
"""Keys whose absence a service refuses in words of its own, before it asks the schema."""


def _asks_before(place: Place, document: Any) -> bool:
    return any(key not in document for key in ASKED_BEFORE.get(place, ()) if isinstance(document, dict))


def check_query(service: str, path: str, context: RequestContext) -> None:
    """Refuse a query that its published schema refuses; the services read it before anything else."""
    from mopenstack.gateway.refusals.sentences import WORDS

    words = WORDS.get(service)
    if words is None or words.after_policy:
        return
    text = _query_text((service, context.verb, blank(path), ""), context.microversion, tuple(context.pairs))
    if text:
        raise BadRequest(text)


def check_body(service: str, path: str, action: str, context: RequestContext) -> None:
    """Refuse a body that its published schema refuses: of one with keys that the contract ignores."""
    from mopenstack.gateway.refusals.sentences import WORDS

    words = WORDS.get(service)
    schema = rules().find((service, context.verb, blank(path), action), context.microversion, False)
    if words is None or words.after_policy or schema is None:
        return
    text = words.of_body(schema, context.document)
    if text:
        raise BadRequest(text)


@lru_cache(maxsize=256)
def _query_text(place: Place, microversion: int, pairs: tuple[tuple[str, str], ...]) -> str:
    """The refusal of a query; empty for what its schema takes, and where nothing is published."""
    from mopenstack.gateway.refusals.sentences import WORDS

    schema = rules().find(place, microversion, True)
    return WORDS[place[0]].of_query(schema, pairs) if schema is not None else ""


def refusal(service: str, path: str, action: str, context: RequestContext, fault: Fault) -> Fault:
    """The refusal of a request: the published schema's where that says no, else the one that it has got."""
    from mopenstack.gateway.refusals import network
    from mopenstack.gateway.refusals.sentences import WORDS

    if isinstance(fault, InjectedFault):
        return fault
    if service == "network" and context.has_document and fault.code != "UNAUTHENTICATED":
        return network.refusal(context.verb, path, context.document) or fault
    words = WORDS.get(service)
    if words is None or fault.code == "UNAUTHENTICATED" or (words.after_policy and isinstance(fault, PolicyRefused)):
        return fault
    place = (service, context.verb, blank(path), action)
    text = _query_text(place, context.microversion, tuple(context.pairs))
    if not text and context.has_document:
        schema = rules().find(place, context.microversion, False)
        if schema is not None and not _asks_before(place, context.document):
            text = words.of_body(schema, context.document)
    return BadRequest(text) if text else fault
