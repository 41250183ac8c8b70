"""What a hostile caller sends: every field of every request, and every query parameter, long, deep or many of it.

Operations, paths and fields come from the contract, query parameters from its OpenAPI document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

from mopenstack.contract.contract import contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import LATEST, Operation, field_rules, minor, wire_key
from mopenstack.contract.service import every
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.openapi import document

Keys = tuple[str, ...]
"""The way to a place in a JSON document; `[]` is the one item of a list."""

BYTES_MAX = 30_000
"""Size of a value: below oslo.middleware's 114,688 for a whole body, and so long that what is quadratic shows."""
URL_MAX = 7_000
"""Letters of a query, below what the HTTP server takes as a line."""

_LETTERS = "a" * BYTES_MAX
_SPACES = " " * (BYTES_MAX // 2) + "a" * (BYTES_MAX // 2) + " !"
_NUMBERS = list(range(BYTES_MAX // 7))
_WORDS = [f"w{number}" for number in _NUMBERS[: BYTES_MAX // 10]] + ["w1", "w1"]
_DEEP_LIST = json.loads("[" * 400 + "]" * 400)
_DEEP_OBJECT = json.loads('{"a":' * 400 + "1" + "}" * 400)
_KEYS = {f"k{number}": "v" for number in range(BYTES_MAX // 14)}
_HUGE = int("9" * 4000)

QUERY_VALUES = (
    "(a+)+$",
    "(a|a)*" * 60 + "$",
    "(" * 3000,
    "a" * URL_MAX,
    "9" * 5000,
    "-" * 3000 + "1",
    "{" + "'a':" * 900 + "1",
    "a," * (URL_MAX // 2),
    "a:b;" * (URL_MAX // 4),
    "in:" + "a," * (URL_MAX // 3),
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
)
"""Patterns that take a backtracking engine for ever, nesting, numbers without end, lists of words, times at the
ends of the calendar."""


def places(operation: Operation, microversion: int, elsewhere: frozenset[str]) -> Iterator[tuple[Keys, AnyField]]:
    """(way, field) of each field that a request's body may have; `elsewhere` are the variables of the path."""
    verb = operation.routes[0].verb
    refused = {annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL}
    if verb in ("PUT", "PATCH"):
        refused.add(annotations_pb2.ACCESS_CREATE)

    def inside(message: AnyMessageType, keys: Keys, seen: frozenset[str]) -> Iterator[tuple[Keys, AnyField]]:
        for field in message.fields:
            rules = field_rules(field)
            exists = minor(rules.since, 0) <= microversion <= minor(rules.until, LATEST)
            if rules.header or rules.access in refused or not exists or (not keys and field.name in elsewhere):
                continue
            way = keys if rules.inline else (*keys, wire_key(field))
            if way:
                yield way, field
            inner = field.message_type
            if inner is not None and _is_part(inner) and inner.full_name not in seen:
                deeper = (*way, "[]") if field.is_repeated else way
                yield from inside(inner, deeper, seen | {inner.full_name})

    yield from inside(operation.request.DESCRIPTOR, (), frozenset())


def values(field: AnyField) -> list[Any]:
    """Hostile values of a field: of its own type, so that it is taken, and of another."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return [_KEYS, _NUMBERS, {"a": _LETTERS}, {"a": _DEEP_LIST}]
    if field.message_type is not None and not field.is_repeated:
        return [_KEYS, _NUMBERS, _DEEP_OBJECT]
    if field.message_type is not None:
        return [_objects(field.message_type), [{}] * (BYTES_MAX // 5), _WORDS, [_KEYS], _DEEP_LIST]
    if field.is_repeated:
        return [_WORDS, _NUMBERS, [_LETTERS], _DEEP_LIST]
    if field.cpp_type == field.CPPTYPE_STRING:
        return [_LETTERS, _SPACES, _NUMBERS, _DEEP_OBJECT]
    return [_HUGE, _LETTERS, _NUMBERS]


def _objects(message: AnyMessageType) -> list[Any]:
    """Many different objects with whatever must be in them."""
    texts = [field for field in message.fields if field.cpp_type == field.CPPTYPE_STRING and not field.is_repeated]
    needed = [field for field in texts if field_rules(field).required] or [one for one in texts if one.name != "id"]
    size = sum(len(wire_key(field)) + 24 for field in needed) + 3
    return [{wire_key(field): _word(field, number) for field in needed} for number in range(BYTES_MAX // size)]


def _word(field: AnyField, number: int) -> str:
    """A text of its own, of the form that the field asks for."""
    rules = field_rules(field)
    if rules.one_of:
        return rules.one_of[0]
    forms = {
        "uuid": f"{number:08x}-0000-4000-8000-000000000000",
        "cidr": f"10.{number >> 8}.{number & 255}.0/24",
        "ip": f"10.{number >> 8}.{number & 255}.1",
    }
    return forms.get(rules.format, f"/w{number}" if field.name == "path" else f"w{number}")


def put(body: dict[str, Any], keys: Keys, value: Any) -> dict[str, Any]:
    """A copy of a body with a value at a place; what is missing on the way is made."""
    made = dict(body)
    here: Any = made
    for place, key in enumerate(keys):
        last = place == len(keys) - 1
        following = keys[place + 1] if not last else ""
        if key == "[]":
            child = dict(here[0]) if here and isinstance(here[0], dict) else {}
            here[:] = [value if last else child]
            here = here[0]
            continue
        if last:
            here[key] = value
            break
        child = here.get(key)
        if following == "[]":
            here[key] = list(child) if isinstance(child, list) else []
        else:
            here[key] = dict(child) if isinstance(child, dict) else {}
        here = here[key]
    return made


@cache
def query_parameters() -> dict[str, tuple[str, ...]]:
    """Operation -> the query parameters that the OpenAPI document has for its place."""
    whole = json.loads(document(contract(every())))
    found: dict[str, tuple[str, ...]] = {}
    for item in whole["paths"].values():
        for verb in item:
            if isinstance(item[verb], dict) and "x-mopenstack-operations" in item[verb]:
                names = tuple(one["name"] for one in item[verb].get("parameters", ()) if one.get("in") == "query")
                for one in item[verb]["x-mopenstack-operations"]:
                    found[one["rpc"]] = names
    return found


def queries(operation: Operation) -> Iterator[str]:
    """Hostile query strings of an operation: each parameter with two of the values, and many at once."""
    names = query_parameters().get(operation.name, ())
    first = len(operation.name)  # so that a name meets all values somewhere
    for place, name in enumerate(names):
        for step in range(2):
            yield f"{quote(name)}={quote(QUERY_VALUES[(first + 2 * place + step) % len(QUERY_VALUES)])}"[:URL_MAX]
    if names:
        yield "&".join(f"{quote(names[0])}=x" for _ in range(URL_MAX // (len(names[0]) + 3)))
        yield "limit=1"
        yield "limit=1&marker=x"
    yield "&".join(f"k{number}=" for number in range(URL_MAX // 7))


def _is_part(message: AnyMessageType) -> bool:
    """Whether a message is an object of a request's document."""
    return not message.full_name.startswith(("google.protobuf.", "mopenstack.contract.")) and not (
        message.GetOptions().map_entry
    )
