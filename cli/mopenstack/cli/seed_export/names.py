"""JSON of an answer as the request that makes the same object: the field names of the contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from mopenstack.contract.contract import contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import Operation, enum_words, field_rules, is_map, wire_key
from mopenstack.contract.v1 import annotations_pb2

_NOT_GIVEN = (annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL, annotations_pb2.ACCESS_UPDATE)
Item = dict[str, Any]


@cache
def _operations() -> dict[tuple[str, str], Operation]:
    return {(one.api.type, one.method): one for one in contract().operations}


def call(
    api: str,
    method: str,
    body: str,
    document: Mapping[str, Any],
    *,
    without: Collection[str] = (),
    nulls: Collection[str] = (),
    **more: Any,
) -> Item:
    """An item of a seed that makes what a document shows.

    `without` are keys of the document that are left out, `nulls` those whose null says something.
    """
    message = _operations()[api, method].request.DESCRIPTOR.fields_by_name[body].message_type
    assert message is not None, f"{api} {method} has no object {body}"
    given = {key: value for key, value in document.items() if key not in without}
    found = named(message, given)
    kept = {name: value for name, value in found.items() if not _empty(value)}
    kept |= {field.name: None for field in message.fields if wire_key(field) in nulls and _is_null(given, field)}
    return item(api, method, {body: kept}, **more)


def item(api: str, method: str, request: Mapping[str, Any], **more: Any) -> Item:
    """An item of a seed; `more` are its further keys, left out where they are empty."""
    further = {key: value for key, value in more.items() if value}
    return {"call": method, "api": api, **further, "request": dict(request)}


def _is_null(document: Mapping[str, Any], field: AnyField) -> bool:
    return wire_key(field) in document and document[wire_key(field)] is None


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def named(message: AnyMessageType, document: Mapping[str, Any]) -> dict[str, Any]:
    """Of a JSON object what a request may give, by the names of the contract."""
    found: dict[str, Any] = {}
    used, inline = set(), None
    for field in message.fields:
        rules = field_rules(field)
        if rules.inline:
            inline = field
            continue
        used |= {wire_key(field), rules.also}
        if rules.access not in _NOT_GIVEN and wire_key(field) in document:
            found[field.name] = _value(field, document[wire_key(field)])
    if inline is not None:
        rest = {key: value for key, value in document.items() if key not in used and value is not None}
        if is_map(inline):
            rest = {key: value for key, value in rest.items() if isinstance(value, str)}
        found[inline.name] = rest
    return found


def _value(field: AnyField, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(field, one) for one in value]
    if field.enum_type is not None:
        number = next((number for number, word in enum_words(field).items() if word == value), 0)
        return next((one.name for one in field.enum_type.values if one.number == number and number), None)
    message = field.message_type
    if message is None or not isinstance(value, dict) or message.full_name.startswith("google.") or is_map(field):
        return value
    return {name: inner for name, inner in named(message, value).items() if not _empty(inner)}
