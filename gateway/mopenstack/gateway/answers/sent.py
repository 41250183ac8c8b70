"""The keys of a request's document that its contract does not declare: what a client sent and no code reads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import exists, field_rules, wire_key
from mopenstack.gateway.surface import Endpoint

DEPTH_MAX = 8


def unread(endpoint: Endpoint, document: Any, microversion: int) -> set[str]:
    """Paths (keys joined by dots, `[]` for the items of a list) that nothing reads."""
    operation = endpoint.operation
    message = operation.request.DESCRIPTOR
    if endpoint.hook is not None or not isinstance(document, dict):
        return set()
    if operation.action and operation.action not in _fields(message, microversion):
        document = document.get(operation.action)
        if not isinstance(document, dict):
            return set()
    return set(_unread(message, document, microversion, "", 0))


def _unread(
    message: AnyMessageType, document: dict[str, Any], microversion: int, above: str, depth: int
) -> Iterator[str]:
    fields = _fields(message, microversion)
    if "" in fields or depth > DEPTH_MAX:
        return  # an inline field takes every key
    for key, value in document.items():
        if key not in fields:
            yield f"{above}{key}"
            continue
        inner = fields[key]
        if inner is None:
            continue
        if isinstance(value, dict):
            yield from _unread(inner, value, microversion, f"{above}{key}.", depth + 1)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    yield from _unread(inner, one, microversion, f"{above}{key}[].", depth + 1)


@cache
def _fields(message: AnyMessageType, microversion: int) -> dict[str, AnyMessageType | None]:
    """Wire key -> message whose keys are declared, of the fields that exist; "" for one that takes every key."""
    found: dict[str, AnyMessageType | None] = {}
    for field in message.fields:
        rules = field_rules(field)
        if rules.inline:
            found[""] = None
        elif exists(rules, microversion):
            found[wire_key(field)] = _declaring(field)
            if rules.also:
                found[rules.also] = _declaring(field)
    return found


def _declaring(field: AnyField) -> AnyMessageType | None:
    """The message of a field that declares the keys of its value."""
    inner = field.message_type
    if inner is None or inner.full_name.startswith("google.protobuf.") or inner.GetOptions().map_entry:
        return None
    return inner
