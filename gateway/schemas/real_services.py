"""The real services, asked inside this process: their WSGI applications without a database or a token.

What a service refuses before it needs either is answered exactly as by a service that runs; what comes after is a 500
here, which says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PROJECT = "0" * 32
ANY_ID = "11111111-1111-4111-8111-111111111111"

Ask = Callable[[str, str, Any, str], tuple[int, Any]]
"""(verb, path with query, body or None, version after the dot) -> status, JSON document"""


@dataclass(frozen=True, slots=True)
class Request:
    """One schema of what an operation takes. `path` is that of the gateway; `{project}` in it is the caller's."""

    verb: str
    path: str
    action: str
    since: int
    until: int
    query: bool
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """How to ask a service, and what it takes."""

    name: str
    """As the gateway's path prefix."""
    type: str
    """As in the catalog."""
    newest: int
    ask: Ask
    requests: Callable[[], Iterator[Request]]
    holds: Callable[[dict[str, Any], Any], bool]
    query_holds: Callable[[dict[str, Any], Any], bool] | None = None


def answer(app: Any, request: Any) -> tuple[int, Any]:
    """Status and document of a webob request."""
    found = request.get_response(app)
    try:
        return found.status_int, json.loads(found.body)
    except ValueError:
        return found.status_int, found.text


def message(document: Any) -> str:
    """The sentence of a refusal, in any service's envelope."""
    if isinstance(document, Mapping):
        for key in ("message", "detail"):
            if isinstance(document.get(key), str):
                return str(document[key])
        for inner in document.values():
            return message(inner[0] if isinstance(inner, list) and inner else inner)
    return str(document)


def holder(validator: Any) -> Callable[[dict[str, Any], Any], bool]:
    """Whether a value is what a schema wants, with the rules and formats of a service's own validator."""

    def holds(schema: dict[str, Any], value: Any) -> bool:
        try:
            return bool(validator.evolve(schema=schema).is_valid(value))
        except Exception:  # a format that has words of its own raises what it likes
            return False

    return holds
