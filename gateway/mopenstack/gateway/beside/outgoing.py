"""Request messages as HTTP requests: what the router and the decoders do, the other way round."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.operations import (
    FIELD_MASK,
    LATEST,
    QUERY,
    Operation,
    enum_words,
    exists,
    field_rules,
    is_map,
    wire_key,
)
from mopenstack.contract.times import format_time
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.values import plain, plain_struct
from mopenstack.gateway.surface import variables_of

_NOT_SENT = (annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL)
_BODILESS = frozenset({"GET", "HEAD", "DELETE"})


@dataclass(slots=True)
class Outgoing:
    """An HTTP request: `path` begins behind the API's prefix; `body` is None where there is none."""

    verb: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


def outgoing(operation: Operation, request: Message, microversion: int = LATEST) -> Outgoing:
    """The HTTP request of an operation at a microversion."""
    route = next(route for route in operation.routes if route.since <= microversion <= route.until)
    named = variables_of(route.path)
    path = "/".join(_segment(part, request) for part in route.path.split("/"))
    made = Outgoing(route.verb, path)
    document: dict[str, Any] = {}
    mask = _mask(request)
    for one in request.DESCRIPTOR.fields:
        full_name = one.message_type.full_name if one.message_type is not None else ""
        rules = field_rules(one)
        if one.name in named or full_name == FIELD_MASK or not exists(rules, microversion):
            continue
        if full_name == QUERY:
            made.query += _query(getattr(request, one.name))
        elif rules.header:
            if text := _text(getattr(request, one.name)):
                made.headers[rules.header] = text
        elif _is_set(request, one) or _is_envelope(one, mask):
            if route.verb in _BODILESS:
                made.query += [(wire_key(one), text) for text in _texts(getattr(request, one.name), one)]
            else:
                _add(document, one, request, microversion, mask if _is_envelope(one, mask) else ())
    if operation.action and operation.action not in document:
        document[operation.action] = {}
    if route.verb not in _BODILESS and (document or operation.takes_body):
        made.body = document
    return made


def _segment(part: str, request: Message) -> str:
    if not part.startswith("{"):
        return part
    return quote(_text(getattr(request, part[1:-1].partition("=")[0])), safe="" if "**" not in part else "/")


def _mask(request: Message) -> Collection[str]:
    """The names that a request's mask holds."""
    for one in request.DESCRIPTOR.fields:
        if one.message_type is not None and one.message_type.full_name == FIELD_MASK:
            return list(getattr(request, one.name).paths)
    return ()


def _is_envelope(one: AnyField, mask: Collection[str]) -> bool:
    """Whether the mask is of this field's message."""
    return bool(mask) and one.message_type is not None and not one.is_repeated


def _query(query: Any) -> Iterator[tuple[str, str]]:
    """The pairs of a list's query."""
    for item in query.filters:
        for value in item.values:
            yield item.key, value
    if query.limit:
        yield "limit", str(query.limit)
    if query.marker:
        yield "marker", query.marker
    for sort in query.sort:
        yield "sort_key", sort.key
        yield "sort_dir", "desc" if sort.descending else "asc"


def _is_set(message: Message, one: AnyField) -> bool:
    return bool(message.HasField(one.name) if one.has_presence else getattr(message, one.name))


def _add(document: dict[str, Any], one: AnyField, message: Any, microversion: int, mask: Collection[str] = ()) -> None:
    """Write a field of a message into a document."""
    rules = field_rules(one)
    value = getattr(message, one.name)
    if one.has_presence and not message.HasField(one.name) and not mask:
        written: Any = None
    elif mask:
        written = _object(value, microversion, mask)
    elif is_map(one):
        assert one.message_type is not None
        inner = one.message_type.fields_by_name["value"]
        written = {str(key): _value(item, inner, microversion) for key, item in value.items()}
    elif one.is_repeated:
        written = [_value(item, one, microversion) for item in value]
    else:
        written = _value(value, one, microversion)
    if rules.inline and isinstance(written, dict):
        document.update(written)
    else:
        document[wire_key(one)] = written


def _object(message: Message, microversion: int, mask: Collection[str] = ()) -> dict[str, Any]:
    """A message as a JSON object: what is set in it, and what the mask names, set or not."""
    document: dict[str, Any] = {}
    for one in message.DESCRIPTOR.fields:
        rules = field_rules(one)
        if rules.access in _NOT_SENT or rules.links or not exists(rules, microversion):
            continue
        if one.name in mask or _is_set(message, one):
            _add(document, one, message, microversion)
    for path in mask:
        name, dot, key = path.partition(".")
        outer = message.DESCRIPTOR.fields_by_name.get(name)
        if dot and outer is not None and isinstance(document.get(wire_key(outer)), dict):
            document[wire_key(outer)][key] = None
    return document


def _value(value: Any, one: AnyField, microversion: int) -> Any:
    """One value of a field, or of its items."""
    message = one.message_type
    if message is None:
        if one.type == FieldDescriptor.TYPE_ENUM:
            return enum_words(one).get(value)
        if one.type == FieldDescriptor.TYPE_BYTES:
            return base64.b64encode(value).decode()
        return value
    if message.full_name == "google.protobuf.Timestamp":
        return format_time(value.seconds, value.nanos, field_rules(one).time)
    if message.full_name == "google.protobuf.Value":
        return plain(value)
    if message.full_name == "google.protobuf.Struct":
        return plain_struct(value)
    if message.full_name == "google.protobuf.ListValue":
        return [plain(item) for item in value.values]
    return _object(value, microversion)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _texts(value: Any, one: AnyField) -> list[str]:
    """A field as query parameters."""
    if one.message_type is not None:
        return []
    if one.type == FieldDescriptor.TYPE_ENUM:
        words = enum_words(one)
        return [words.get(item, "") for item in (value if one.is_repeated else [value])]
    return [_text(item) for item in (value if one.is_repeated else [value])]
