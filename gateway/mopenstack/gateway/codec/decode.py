"""JSON documents to messages.

Types are checked here, since JSON is where they can be wrong; what a value must be beyond its type is
the core's to say. Which keys were present goes into the request's field mask.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from mopenstack.contract.contract import api_of
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.faults import InvalidField
from mopenstack.contract.operations import (
    FIELD_MASK,
    JSON_PATCH,
    PAGE_INFO,
    QUERY,
    exists,
    field_rules,
    has_places,
    in_place,
    is_map,
    wire_key,
)
from mopenstack.contract.v1 import annotations_pb2, options_pb2
from mopenstack.gateway.codec.json_patch import read_patch
from mopenstack.gateway.codec.values import (
    DEPTH_MAX,
    Limits,
    Path,
    enum_reader,
    read_bool,
    read_bytes,
    read_integer,
    read_list,
    read_number,
    read_string,
    read_struct,
    read_time,
    read_value,
)

Set = Callable[[Any, Any, Path], None]
"""(message, JSON value, path of the value)"""

_INTS = {FieldDescriptor.CPPTYPE_INT32: 31, FieldDescriptor.CPPTYPE_INT64: 63}
_UINTS = {FieldDescriptor.CPPTYPE_UINT32: 32, FieldDescriptor.CPPTYPE_UINT64: 64}
_FLOATS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)


ANSWER = "answer"
"""The mode of what another cloud's service answers: what is unknown there, or null, or of another type, is left out."""


@dataclass(frozen=True, slots=True)
class View:
    """Where a message is read: at which microversion, in which kind of request, in the request of which name."""

    microversion: int
    mode: str
    request: str = ""


class Decoder:
    """The plan of one message at one microversion for one kind of request (create, update, other)."""

    __slots__ = ("_inline", "_keys", "_list", "_name", "_nested", "_others", "_required", "_unknown")

    def __init__(self, descriptor: AnyMessageType, microversion: int, mode: str, request: str) -> None:
        view = View(microversion, mode, request)
        self._name = descriptor.full_name
        self._keys: dict[str, tuple[str, Set]] = {}
        self._inline: Set | None = None
        self._list: Set | None = None
        self._required: list[tuple[str, str]] = []
        self._others: set[str] = set()
        self._nested: dict[str, dict[str, str]] = {}
        self._unknown = _unknown_policy(descriptor) if mode != ANSWER else annotations_pb2.UNKNOWN_IGNORE
        for field in descriptor.fields:
            rules = field_rules(field)
            if not _accepted(field, rules, view):
                if rules.access != annotations_pb2.ACCESS_INTERNAL and in_place(rules, request, microversion):
                    self._others |= {*filter(None, (wire_key(field), rules.also))}
                continue
            setter = _setter(field, rules, view)
            if rules.inline:
                alone = field.is_repeated and not is_map(field) and len(descriptor.fields) == 1
                if alone or (field.message_type is not None and field.message_type.full_name == JSON_PATCH):
                    self._list = setter
                else:
                    self._inline = setter
                continue
            for key in filter(None, (wire_key(field), rules.also)):
                self._keys[key] = (field.name, setter)
                if _is_envelope(field) and not field.is_repeated and field.message_type is not None:
                    self._nested[key] = {wire_key(inner): inner.name for inner in field.message_type.fields}
            if rules.required and mode != ANSWER and (mode != "update" or _is_envelope(field)):
                self._required.append((field.name, wire_key(field)))

    def decode(self, document: Any, message: Any, path: Path, given: list[str] | None = None) -> None:
        """Fill a message from a JSON value; `given` collects the proto names of the keys that were there.

        A null inside of an object that is a field itself is collected as `field.key`: there it cannot be told
        from an absent key otherwise.
        """
        if len(path) > DEPTH_MAX:
            raise InvalidField(path, "", "depth", DEPTH_MAX)
        if self._list is not None:
            self._list(message, document, path)
            return
        if not isinstance(document, dict):
            raise InvalidField(path, document, "type", "object")
        present = []
        unknown: dict[str, Any] = {}
        for key, value in document.items():
            found = self._keys.get(key)
            if found is None:
                unknown[key] = value
                continue
            name, setter = found
            setter(message, value, (*path, key))
            present.append(name)
            if given is not None and key in self._nested and isinstance(value, dict) and None in value.values():
                names = self._nested[key]
                given += [f"{name}.{names[inner]}" for inner, one in value.items() if one is None and inner in names]
        if len(set(present)) != len(present):
            self._check_twice(document, path)
        for name, key in self._required:
            if name not in present:
                raise InvalidField((*path, key), document, "required", key)
        if unknown:
            self._refuse_or_keep(unknown, document, message, path)
        if given is not None:
            given += present

    @property
    def requires_keys(self) -> bool:
        return bool(self._required)

    def takes(self, key: str) -> bool:
        """Whether the plan knows a key."""
        return key in self._keys

    def names(self, document: dict[str, Any]) -> list[str]:
        """Proto names of a document's known keys."""
        return [self._keys[key][0] for key in document if key in self._keys]

    def without(self, key: str) -> Decoder:
        """The same plan, not asking for a key that was taken out already."""
        other: Decoder = object.__new__(Decoder)
        for slot in Decoder.__slots__:
            setattr(other, slot, getattr(self, slot))
        other._required = [item for item in self._required if item[1] != key]
        return other

    def without_fields(self, fields: Collection[str]) -> Decoder:
        """The same plan, not knowing the keys of some fields: a path's variables are no part of a body."""
        other: Decoder = object.__new__(Decoder)
        for slot in Decoder.__slots__:
            setattr(other, slot, getattr(self, slot))
        other._keys = {key: found for key, found in self._keys.items() if found[0] not in fields}
        return other

    def _refuse_or_keep(self, unknown: dict[str, Any], document: Any, message: Any, path: Path) -> None:
        if self._inline is not None:
            self._inline(message, unknown, path)
        elif self._unknown == annotations_pb2.UNKNOWN_REJECT:
            fault = InvalidField(path, document, "unknown", sorted(unknown))
            fault.known = tuple(key for key in sorted(unknown) if key in self._others)
            raise fault

    def _check_twice(self, document: dict[str, Any], path: Path) -> None:
        """Two keys of one field (`project_id` and `tenant_id`) must say the same."""
        first: dict[str, str] = {}
        for key in document:
            if key in self._keys:
                other = first.setdefault(self._keys[key][0], key)
                if document[other] != document[key]:
                    raise InvalidField((*path, key), document[key], "twice", sorted((other, key)))


def decoder(descriptor: AnyMessageType, microversion: int, mode: str, request: str = "") -> Decoder:
    """The one plan of a message, inside the request of that message name."""
    return _decoder(descriptor, microversion, mode, request if has_places(descriptor) else "")


@cache
def _decoder(descriptor: AnyMessageType, microversion: int, mode: str, request: str) -> Decoder:
    return Decoder(descriptor, microversion, mode, request)


def is_foreign(full_name: str) -> bool:
    return full_name.startswith("google.protobuf.") or full_name in (QUERY, PAGE_INFO, JSON_PATCH)


def _is_envelope(field: AnyField) -> bool:
    """Whether an update needs the field too: the object that it is about."""
    return field.message_type is not None and not is_map(field) and not is_foreign(field.message_type.full_name)


def _unknown_policy(descriptor: AnyMessageType) -> int:
    own: int = descriptor.GetOptions().Extensions[options_pb2.unknown]
    if own:
        return own
    api = api_of(descriptor.file.package)
    return api.unknown if api is not None else annotations_pb2.UNKNOWN_REJECT


def _accepted(field: AnyField, rules: annotations_pb2.Field, view: View) -> bool:
    aside = rules.links or rules.header or rules.header_prefix
    hidden = annotations_pb2.ACCESS_INPUT if view.mode == ANSWER else annotations_pb2.ACCESS_OUTPUT
    if rules.access in (hidden, annotations_pb2.ACCESS_INTERNAL) or aside:
        return False
    if rules.access == annotations_pb2.ACCESS_CREATE and view.mode == "update":
        return False
    if rules.access == annotations_pb2.ACCESS_UPDATE and view.mode == "create":
        return False
    if field.message_type is not None and field.message_type.full_name in (FIELD_MASK, QUERY, PAGE_INFO):
        return False
    if not in_place(rules, view.request, view.microversion):
        return False
    return exists(rules, view.microversion)


def _setter(field: AnyField, rules: annotations_pb2.Field, view: View) -> Set:
    name, nullable = field.name, rules.nullable
    substitute = json.loads(rules.coerce_null) if rules.coerce_null else None
    if is_map(field):
        inner = _map_setter(field, rules, view)
    elif field.is_repeated:
        inner = _list_setter(field, rules, view)
    else:
        inner = _one_setter(field, rules, view)
    takes_null = field.message_type is not None and field.message_type.full_name == "google.protobuf.Value"
    if view.mode == ANSWER:
        return _tolerant(inner, takes_null=takes_null)

    def set_value(message: Any, value: Any, path: Path) -> None:
        if value is None and not takes_null:
            if substitute is not None:
                inner(message, substitute, path)
                return
            if nullable:
                message.ClearField(name)
                return
        try:
            inner(message, value, path)
        except InvalidField as fault:
            if nullable and fault.rule == "type" and fault.path == path and isinstance(fault.bound, str):
                raise InvalidField(path, value, "type", [fault.bound, "null"]) from None
            raise

    return set_value


def _tolerant(inner: Set, *, takes_null: bool) -> Set:
    """The setter of a field of an answer: what cannot be read is as if it were not there."""

    def set_value(message: Any, value: Any, path: Path) -> None:
        if value is not None or takes_null:
            with suppress(InvalidField):
                inner(message, value, path)

    return set_value


def _map_setter(field: AnyField, rules: annotations_pb2.Field, view: View) -> Set:
    name = field.name
    assert field.message_type is not None
    entry = field.message_type.fields_by_name["value"]
    read = value_reader(entry, rules, view)

    def set_map(message: Any, value: Any, path: Path) -> None:
        if not isinstance(value, dict):
            raise InvalidField(path, value, "type", "object")
        target = getattr(message, name)
        for key, item in value.items():
            try:
                found = read(item, (*path, key))
            except InvalidField:
                if view.mode == ANSWER:
                    continue
                raise
            if entry.message_type is not None:
                target[key].CopyFrom(found)
            else:
                target[key] = found

    return set_map


def _list_setter(field: AnyField, rules: annotations_pb2.Field, view: View) -> Set:
    name = field.name
    read = value_reader(field, rules, view)

    def set_list(message: Any, value: Any, path: Path) -> None:
        if rules.lenient and isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            raise InvalidField(path, value, "type", "array")
        target = getattr(message, name)
        del target[:]
        target.extend([read(item, (*path, place)) for place, item in enumerate(value)])

    return set_list


def _one_setter(field: AnyField, rules: annotations_pb2.Field, view: View) -> Set:
    name = field.name
    read = value_reader(field, rules, view)
    if field.message_type is not None:

        def set_message(message: Any, value: Any, path: Path) -> None:
            getattr(message, name).CopyFrom(read(value, path))

        return set_message

    def set_scalar(message: Any, value: Any, path: Path) -> None:
        setattr(message, name, read(value, path))

    return set_scalar


def value_reader(field: AnyField, rules: annotations_pb2.Field, view: View) -> Callable[[Any, Path], Any]:
    """JSON value -> what the field (or one item of it) holds."""
    message = field.message_type
    if message is not None:
        return _message_reader(message, view)
    lenient = rules.lenient
    if field.type == FieldDescriptor.TYPE_ENUM:
        return enum_reader(field)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return lambda value, path: read_bool(value, path, lenient)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return read_bytes
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return lambda value, path: read_string(value, path, lenient)
    if field.cpp_type in _FLOATS:
        return lambda value, path: read_number(value, path, lenient)
    bits = _INTS.get(field.cpp_type) or _UINTS[field.cpp_type]
    low = 0 if field.cpp_type in _UINTS else -(2**bits)
    limits = Limits(low, 2**bits - 1, rules.pattern, _takes_whole_part(field))
    return lambda value, path: read_integer(value, path, lenient, limits)


def _takes_whole_part(field: AnyField) -> bool:
    owner: Any = field.containing_type
    api = api_of(owner.file.package)
    return api is not None and api.whole_part


def _message_reader(message: AnyMessageType, view: View) -> Callable[[Any, Path], Any]:
    from mopenstack.contract.operations import message_class

    if message.full_name == "google.protobuf.Value":
        return read_value
    if message.full_name == JSON_PATCH:
        return read_patch
    if message.full_name == "google.protobuf.Struct":
        return read_struct
    if message.full_name == "google.protobuf.ListValue":
        return read_list
    if message.full_name == "google.protobuf.Timestamp":
        return read_time
    cls = message_class(message)

    def read(value: Any, path: Path) -> Any:
        made = cls()
        decoder(message, view.microversion, view.mode, view.request).decode(value, made, path)
        return made

    return read
