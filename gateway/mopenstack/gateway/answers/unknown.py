"""The keys of an answer's document that the published schema of its operation does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import orjson

from mopenstack.gateway.answers.published import PARTS, SCHEMAS
from mopenstack.gateway.schema_paths import blank
from mopenstack.gateway.surface import Endpoint

DEPTH_MAX = 16
FOUND_MAX = 50
_ANY: dict[str, Any] = {"additionalProperties": True}


def unknown(endpoint: Endpoint, document: Any, microversion: int) -> tuple[str, ...]:
    """Paths (keys joined by dots, `[]` for the items of a list), at most FOUND_MAX; none where nothing is published."""
    operation = endpoint.operation
    verb = operation.routes[0].verb if operation.routes else ""
    rows, parts = _published()
    for since, until, schema in rows.get((operation.api.type, verb, blank(endpoint.path), operation.action), ()):
        if since <= microversion <= until and schema:
            found = dict.fromkeys(_unknown([schema], document, parts, "", 0))
            return tuple(found)[:FOUND_MAX]
    return ()


@cache
def _published() -> tuple[dict[tuple[str, str, str, str], list[tuple[int, int, Any]]], dict[str, Any]]:
    """(place -> first and last microversion with the schema, the parts that schemas refer to)."""
    content = orjson.loads(SCHEMAS.read_bytes())
    rows: dict[tuple[str, str, str, str], list[tuple[int, int, Any]]] = {}
    for service, verb, path, action, since, until, _, schema in content["answers"]:
        rows.setdefault((service, verb, path, action), []).append((since, until, schema))
    return rows, content["parts"]


def _unknown(schemas: Sequence[Any], document: Any, parts: dict[str, Any], above: str, depth: int) -> Iterator[str]:
    """What a part of a document has that none of the schemas which it may follow does."""
    if depth > DEPTH_MAX or not isinstance(document, dict | list):
        return
    known = [one for schema in schemas for one in _alternatives(schema, parts, 0)]
    if isinstance(document, list):
        items = [one.get("items", _ANY) for one in known if _is(one, "array")]
        for item in document if items else ():
            yield from _unknown(items, item, parts, f"{above[:-1]}[]." if above else "[].", depth + 1)
        return
    objects = [one for one in known if _is(one, "object")]
    for key, value in document.items() if objects else ():
        inner = [found for one in objects if (found := _property(one, key)) is not None]
        if inner:
            yield from _unknown(inner, value, parts, f"{above}{key}.", depth + 1)
        else:
            yield f"{above}{key}"


def _property(schema: dict[str, Any], key: str) -> Any:
    """What a schema of an object says of a key; None: it does not have it."""
    if key in schema.get("properties", ()):
        return schema["properties"][key]
    for pattern, inner in schema.get("patternProperties", {}).items():
        if re.search(pattern, key):
            return inner
    more = schema.get("additionalProperties")
    if more is None:  # a schema that names no keys takes all of them
        return None if "properties" in schema or "patternProperties" in schema else _ANY
    if more is True:
        return _ANY
    return more or None


def _alternatives(schema: Any, parts: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """The plain schemas that a schema stands for."""
    if not isinstance(schema, dict) or depth > DEPTH_MAX:
        yield _ANY
        return
    if "$ref" in schema:
        yield from _alternatives(parts.get(schema["$ref"].removeprefix(PARTS)), parts, depth + 1)
        return
    choices = [one for word in ("anyOf", "oneOf", "allOf") for one in schema.get(word, ())]
    for one in choices:
        yield from _alternatives(one, parts, depth + 1)
    if not choices or "properties" in schema:
        yield schema


def _is(schema: dict[str, Any], kind: str) -> bool:
    """Whether a schema takes values of a kind."""
    said = schema.get("type", kind)
    return said == kind or (isinstance(said, list) and kind in said)
