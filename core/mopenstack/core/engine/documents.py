"""JSON documents as messages of the contract, and back, by their wire keys: what clients of the REST APIs send and get.

For services that call others as their users would, with documents that users wrote.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from mopenstack.contract.contract import api_of
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import LATEST, enum_words, exists, field_rules, in_place, is_map, wire_key
from mopenstack.contract.times import format_time
from mopenstack.contract.v1 import annotations_pb2, options_pb2
from mopenstack.contract.values import plain, plain_struct, to_struct, to_value
from mopenstack.core.engine.fields import envelope_fields


class DocumentError(ValueError):
    """A document that is not what a message takes."""


_ANY = {"google.protobuf.Value", "google.protobuf.Struct", "google.protobuf.ListValue"}
_WHOLE = {
    FieldDescriptor.TYPE_INT32,
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT32,
    FieldDescriptor.TYPE_UINT64,
}
_REAL = {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a message is read: its fields by every key that they go by, and where the keys go that it does not name."""

    fields: Mapping[str, AnyField]
    free: AnyField | None
    inlined: tuple[AnyField, ...]
    """Messages whose keys are those of this one."""
    bare: AnyField | None
    """The one repeated field that stands for the whole value."""


@cache
def _plan(descriptor: AnyMessageType, microversion: int) -> _Plan:
    fields: dict[str, AnyField] = {}
    free = bare = None
    inlined = []
    for field in descriptor.fields:
        rules = field_rules(field)
        if not exists(rules, microversion):
            continue
        if rules.inline and (is_map(field) or _kind(field) == "google.protobuf.Struct"):
            free = field
        elif rules.inline and field.is_repeated:
            bare = field
        elif rules.inline and field.message_type is not None:
            inlined.append(field)
        if rules.access == annotations_pb2.ACCESS_INTERNAL:
            continue
        for key in (field.name, *([rules.also] if rules.also else ()), wire_key(field)):
            fields[key] = field
    return _Plan(fields, free, tuple(inlined), bare)


def _kind(field: AnyField) -> str:
    return field.message_type.full_name if field.message_type is not None else ""


def fill_request(
    request: Any,
    body: Any,
    path: Mapping[str, str],
    beside: Mapping[str, Any] | None = None,
    microversion: int = LATEST,
) -> None:
    """Fill a request: its envelope with a document, its mask with the keys that stand there, and its other fields.

    `beside` are the keys that stand beside the envelope.
    """
    fields = request.DESCRIPTOR.fields_by_name
    for name, value in path.items():
        fill_field(request, fields[name], value, microversion)
    if beside:
        fill(request, beside, microversion)
    envelope, mask = envelope_fields(request.DESCRIPTOR)
    if not envelope:
        fill(request, body, microversion)
        return
    inner = getattr(request, envelope)
    inner.SetInParent()
    fill(inner, body, microversion)
    if mask and isinstance(body, Mapping):
        known = _plan(inner.DESCRIPTOR, microversion).fields
        getattr(request, mask).paths.extend(known[key].name for key in body if key in known)


def unknown_keys(request: Any, body: Mapping[str, Any], microversion: int = LATEST) -> list[str]:
    """The keys of a document that the envelope of a request does not name, where it takes no others."""
    envelope, _ = envelope_fields(request.DESCRIPTOR)
    inner = _type(request.DESCRIPTOR.fields_by_name[envelope]) if envelope else request.DESCRIPTOR
    plan = _plan(inner, microversion)
    if plan.free is not None or plan.bare is not None:
        return []
    known = set(plan.fields).union(*(_plan(_type(one), microversion).fields for one in plan.inlined))
    return [key for key in body if key not in known]


def fill(message: Any, document: Any, microversion: int = LATEST) -> None:
    """Fill a message with a JSON document; keys that it does not name go where its free keys are, else nowhere."""
    plan = _plan(message.DESCRIPTOR, microversion)
    if plan.bare is not None:
        fill_field(message, plan.bare, document, microversion)
        return
    if not isinstance(document, Mapping):
        raise DocumentError(f"'{document}' is not of type 'object'")
    for key, value in document.items():
        field = plan.fields.get(key)
        if field is not None and field is not plan.free:
            fill_field(message, field, value, microversion)
            continue
        inlined = (one for one in plan.inlined if key in _plan(_type(one), microversion).fields)
        target = next(inlined, None)
        if target is not None:
            fill(getattr(message, target.name), {key: value}, microversion)
        elif plan.free is not None:
            _fill_free(message, plan.free, key, value, microversion)


def _type(field: AnyField) -> AnyMessageType:
    assert field.message_type is not None
    return field.message_type


def _fill_free(message: Any, field: AnyField, key: str, value: Any, microversion: int) -> None:
    target = getattr(message, field.name)
    if is_map(field):
        _put(target, field, key, value, microversion)
    else:
        target.fields[key].CopyFrom(to_value(value))


def _put(target: Any, field: AnyField, key: str, value: Any, microversion: int) -> None:
    entry = _type(field).fields_by_name["value"]
    if entry.message_type is not None:
        _fill_message(target[key], entry, value, microversion)
    else:
        target[key] = _scalar(entry, value)


def fill_field(message: Any, field: AnyField, value: Any, microversion: int = LATEST) -> None:
    """Set one field to a JSON value; null leaves it unset."""
    if value is None and _kind(field) != "google.protobuf.Value":
        return
    target = getattr(message, field.name)
    if is_map(field):
        for key, one in dict(value).items():
            _put(target, field, str(key), one, microversion)
    elif field.is_repeated:
        if not isinstance(value, list | tuple):
            raise DocumentError(f"'{value}' is not a list")
        for one in value:
            if field.message_type is not None:
                _fill_message(target.add(), field, one, microversion)
            else:
                target.append(_scalar(field, one))
    elif field.message_type is not None:
        _fill_message(target, field, value, microversion)
    else:
        setattr(message, field.name, _scalar(field, value))


def _fill_message(target: Any, field: AnyField, value: Any, microversion: int) -> None:
    kind = _kind(field)
    if kind == "google.protobuf.Value":
        target.CopyFrom(to_value(value))
    elif kind == "google.protobuf.Struct":
        target.CopyFrom(to_struct(value))
    elif kind == "google.protobuf.ListValue":
        target.values.extend(to_value(one) for one in value)
    elif kind == "google.protobuf.Timestamp":
        _fill_time(target, str(value))
    else:
        target.SetInParent()
        fill(target, value, microversion)


def _fill_time(target: Any, text: str) -> None:
    try:
        target.FromJsonString(text if text[-1:] == "Z" or "+" in text else f"{text}Z")
    except ValueError:
        raise DocumentError(f"'{text}' is not a time") from None


def _scalar(field: AnyField, value: Any) -> Any:
    try:
        if field.enum_type is not None:
            return next(number for number, word in enum_words(field).items() if word == value)
        if field.type == FieldDescriptor.TYPE_STRING:
            return _text(value)
        if field.type == FieldDescriptor.TYPE_BOOL:
            return value if isinstance(value, bool) else str(value).lower() in ("true", "1", "yes", "on")
        if field.type in _WHOLE:
            return int(value)
        if field.type in _REAL:
            return float(value)
    except (ValueError, TypeError, StopIteration):
        raise DocumentError(f"Invalid input for field '{wire_key(field)}': {value!r}") from None
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def document(message: Any, place: str = "", audience: str = "") -> Any:
    """A message as the JSON document that clients get; fields that no answer shows are left out.

    `place` is the name of the answer's message, of which some fields depend, `audience` that of the caller.
    """
    kind = message.DESCRIPTOR.full_name
    if kind == "google.protobuf.Value":
        return plain(message)
    if kind == "google.protobuf.Struct":
        return plain_struct(message)
    if kind == "google.protobuf.ListValue":
        return [plain(one) for one in message.values]
    if kind.startswith("google.protobuf."):
        return json_format.MessageToDict(message)
    shown: dict[str, Any] = {}
    for field, keys, read, rules in _writers(message.DESCRIPTOR, place, audience):
        if not field.is_repeated and field.has_presence and not message.HasField(field.name):
            if rules.null_if_unset:
                shown.update(dict.fromkeys(keys))
            continue
        value = read(getattr(message, field.name))
        if rules.inline and not isinstance(value, dict):
            return value
        if rules.inline:
            shown.update(value)
        elif field.has_presence or value or not rules.omit_if_empty:
            empty = rules.null_if_unset and not field.has_presence and value in ("", [])
            shown.update(dict.fromkeys(keys, None if empty else value))
    return shown


_Writer = tuple[AnyField, tuple[str, ...], Callable[[Any], Any], annotations_pb2.Field]


@cache
def _writers(descriptor: AnyMessageType, place: str, audience: str) -> tuple[_Writer, ...]:
    """Field, the keys that it has, reader, rules."""
    hidden = (annotations_pb2.ACCESS_INPUT, annotations_pb2.ACCESS_INTERNAL)
    found: list[_Writer] = []
    for field in descriptor.fields:
        rules = field_rules(field)
        if rules.access in hidden or not exists(rules, LATEST) or not in_place(rules, place, LATEST):
            continue
        if rules.audience and rules.audience != audience:
            continue
        if _kind(field) != "mopenstack.contract.v1.HypertextLink":
            keys = (wire_key(field), *([rules.also] if rules.also else ()))
            found.append((field, keys, _reader(field, place, audience), rules))
    return tuple(found)


def _reader(field: AnyField, place: str, audience: str) -> Callable[[Any], Any]:
    if is_map(field):
        one = _one(_type(field).fields_by_name["value"], place, audience)
        return lambda value: {key: one(value[key]) for key in value}
    one = _one(field, place, audience)
    if field.is_repeated:
        return lambda value: [one(item) for item in value]
    return one


def _one(field: AnyField, place: str, audience: str) -> Callable[[Any], Any]:
    if field.enum_type is not None:
        words = enum_words(field)
        return lambda value: words.get(value)
    if _kind(field) == "google.protobuf.Timestamp":
        style = field_rules(field).time or _api_time(field)
        return lambda value: format_time(value.seconds, value.nanos, style)
    if field.message_type is not None:
        return lambda value: document(value, place, audience)
    return lambda value: value


def _api_time(field: Any) -> int:
    api = api_of(field.containing_type.file.package)
    return api.time if api is not None else annotations_pb2.TIME_FORMAT_SECONDS_Z


def unwrapped(answer: Message, place: str = "", audience: str = "") -> Any:
    """The object of an answer: what its envelope holds, or itself where it is bare."""
    shown = document(answer, place or answer.DESCRIPTOR.name, audience)
    fields = [field for field in answer.DESCRIPTOR.fields if _is_envelope(field)]
    options = answer.DESCRIPTOR.GetOptions()
    if options.HasExtension(options_pb2.resource) or len(fields) != 1 or not isinstance(shown, dict):
        return shown
    return shown.get(wire_key(fields[0]), shown)


def _is_envelope(field: AnyField) -> bool:
    kind = _kind(field)
    return bool(kind) and not field.is_repeated and not kind.startswith("google.protobuf.")
