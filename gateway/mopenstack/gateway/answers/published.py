"""The published schema of an operation's answer at a microversion, ready to check with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mopenstack.gateway.refusals.formats import is_base64, is_cidr, is_date_time, is_uri

SCHEMAS = Path(__file__).parent / "schemas.json"
PARTS = "#/$defs/"
"""What a reference to a part of the schemas begins with."""
_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


class NoChecker(RuntimeError):
    """The library that checks is not installed."""


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """What one release says of one answer. `errors` gives (path in the document, what was expected)."""

    source: str
    errors: Callable[[Any], list[tuple[str, str]]]
    empty: bool
    """Whether there must be no body at all."""


@dataclass(slots=True)
class Publications:
    """All published schemas, by operation; each is compiled when its operation is first answered."""

    sources: list[str]
    _parts: dict[str, Any]
    _rows: dict[tuple[str, str, str, str], list[tuple[int, int, int, Any]]]
    _made: dict[int, Published] = field(default_factory=dict)

    def find(self, service: str, verb: str, path: str, action: str, microversion: int) -> Published | None:
        """The schema of an answer; `path` has its variables blanked. None: nothing is published."""
        for since, until, source, schema in self._rows.get((service, verb, path, action), ()):
            if since <= microversion <= until:
                found = self._made.get(id(schema))
                if found is None:
                    found = self._made[id(schema)] = self._compile(self.sources[source], schema)
                return found
        return None

    def _compile(self, source: str, schema: Any) -> Published:
        if not schema or schema == [None] or schema.get("type") == "null":
            return Published(source, lambda _: [], empty=True)
        import jsonschema_rs

        parts: dict[str, Any] = {}
        self._collect(schema, parts)
        validator = jsonschema_rs.Draft202012Validator(
            {**schema, "$defs": parts}, validate_formats=True, ignore_unknown_formats=True, formats=FORMATS
        )

        def errors(document: Any) -> list[tuple[str, str]]:
            return [told(error) for error in validator.iter_errors(document)]

        return Published(source, errors, empty=False)

    def _collect(self, schema: Any, parts: dict[str, Any]) -> None:
        if isinstance(schema, dict):
            reference = schema.get("$ref")
            if isinstance(reference, str) and reference.startswith(PARTS):
                name = reference.removeprefix(PARTS)
                if name not in parts:
                    parts[name] = self._parts[name]
                    self._collect(self._parts[name], parts)
        for one in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
            self._collect(one, parts)


def told(error: Any) -> tuple[str, str]:
    """(path in the document, what was expected); of alternatives, what the nearest one lacks."""
    branches = getattr(error.kind, "context", None)
    if branches:
        # One that knows the document's keys and goes far into it before it finds a fault.
        nearest = min(
            branches,
            key=lambda one: (
                any(inner.kind.name == "additionalProperties" for inner in one),
                -max(len(inner.instance_path) for inner in one),
                len(one),
            ),
        )
        return told(nearest[0])
    return ".".join(map(str, error.instance_path)) or "(the document)", error.message


@cache
def publications() -> Publications:
    """The exported schemas; raises NoChecker where the library that checks is not installed."""
    try:
        import jsonschema_rs  # noqa: F401
    except ImportError:
        raise NoChecker("answers are checked with jsonschema-rs: pip install 'mopenstack[check]'") from None
    document = json.loads(SCHEMAS.read_text(encoding="utf-8"))
    rows: dict[tuple[str, str, str, str], list[tuple[int, int, int, Any]]] = {}
    for service, verb, path, action, since, until, source, schema in document["answers"]:
        # Each schema stays one object, since it is known by its identity.
        rows.setdefault((service, verb, path, action), []).append((since, until, source, schema or [None]))
    return Publications(document["sources"], document["parts"], rows)


FORMATS: dict[str, Callable[[str], bool]] = {
    "date-time": is_date_time,
    "iso8601-date-time": is_date_time,
    "uuid": lambda value: bool(_UUID.fullmatch(value)),
    "uri": is_uri,
    "base64": is_base64,
    "cidr": is_cidr,
}
"""As oslo reads them (nova/api/validation/validators.py, tempest/lib/common/jsonschema_validator.py)."""
