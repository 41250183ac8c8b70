"""What the contract says a value must be, checked for HTTP and gRPC clients alike.

Compiled once a message: only fields with something to check cost anything. The first breach in the
order of the fields is raised as InvalidField; the dialect words it.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import uuid
from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.faults import InvalidField
from mopenstack.contract.operations import LATEST, exists, field_rules, has_places, in_place, is_map, wire_key
from mopenstack.contract.patterns import exact
from mopenstack.contract.v1 import annotations_pb2

Path = tuple[str | int, ...]
Checker = Callable[[Message, Path, Collection[str] | None], None]

_HTTP_URL = re.compile(r"https?://[^\s/?#]+[^\x00-\x20\x7f-\x9f]*", re.IGNORECASE)
_URL_PATH = re.compile(r"/(?!/)\S*|/")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")
_HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9_.-]{1,255}")


def validate(request: Message, mode: str, microversion: int = LATEST) -> None:
    """Check a request (path variables, envelope and all); `mode` is create, update or other."""
    _checker_in(request.DESCRIPTOR, mode, microversion, request.DESCRIPTOR.name)(request, (), None)


def is_format(format: str, value: str) -> bool:
    """Whether a string has one of the formats that the contract may ask for."""
    try:
        return _FORMATS[format](value)
    except ValueError:
        return False


def _uuid(value: str) -> bool:
    if _UUID.fullmatch(value) is not None:  # as they are written, almost always
        return True
    # oslo_utils.uuidutils.is_uuid_like: dashes and case do not matter.
    return str(uuid.UUID(value)).replace("-", "") == value.lower().replace("-", "").strip("{}").removeprefix(
        "urn:uuid:"
    )


def _base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        return False
    return True


def _date_time(value: str) -> bool:
    datetime.fromisoformat(value)
    return True


_FORMATS: dict[str, Callable[[str], bool]] = {
    "uuid": _uuid,
    "ip": lambda value: bool(ipaddress.ip_address(value)) or True,
    "ipv4": lambda value: bool(ipaddress.IPv4Address(value)) or True,
    "ipv6": lambda value: bool(ipaddress.IPv6Address(value)) or True,
    "cidr": lambda value: bool(ipaddress.ip_network(value, strict=False)) or True,
    "mac": lambda value: _MAC.fullmatch(value) is not None,
    "hostname": lambda value: _HOSTNAME.fullmatch(value) is not None,
    "http-url": lambda value: _HTTP_URL.fullmatch(value) is not None and bool(urlsplit(value).hostname),
    "url-path": lambda value: _URL_PATH.fullmatch(value) is not None,
    "uri": lambda value: re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", value) is not None,
    "base64": _base64,
    "date-time": _date_time,
    # Nova's and Cinder's `name`: printable, no space at the ends (nova.api.validation.parameter_types.name).
    "name": lambda value: value.strip() == value and value.isprintable() and bool(value),
}


def _checker_in(descriptor: AnyMessageType, mode: str, microversion: int, request: str) -> Checker:
    """The one checker of a message, inside the request of that message name."""
    return _checker(descriptor, mode, microversion, request if has_places(descriptor) else "")


@cache
def _checker(descriptor: AnyMessageType, mode: str, microversion: int, request: str) -> Checker:
    steps: list[Checker] = []
    mask = next((f.name for f in descriptor.fields if _is(f, "google.protobuf.FieldMask")), None)
    for field in descriptor.fields:
        rules = field_rules(field)
        if rules.access in (annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL):
            continue
        if not exists(rules, microversion) or not in_place(rules, request, microversion):
            continue
        steps += _field_steps(field, rules, mode, mask, microversion, request)
    if not steps:
        return lambda message, path, given: None

    def check(message: Message, path: Path, given: Collection[str] | None) -> None:
        for step in steps:
            step(message, path, given)

    return check


def _is(field: AnyField, name: str) -> bool:
    return field.message_type is not None and field.message_type.full_name == name


def _field_steps(
    field: AnyField, rules: annotations_pb2.Field, mode: str, mask: str | None, microversion: int, request: str
) -> list[Checker]:
    name, key = field.name, wire_key(field)
    steps: list[Checker] = []
    envelope = field.message_type is not None and not is_map(field) and not _foreign(field.message_type)
    if rules.required and (mode != "update" or envelope):
        steps.append(_required(field, name, key))
    test = _value_test(field, rules)
    repeated = field.is_repeated
    if repeated and (rules.min_items or rules.max_items or rules.unique_items):
        steps.append(_items(name, key, rules))
    if test is not None:
        steps.append(_values(field, name, key, test))
    if envelope and field.message_type is not None:
        inner = _checker_in(field.message_type, mode, microversion, request)
        steps.append(_nested(name, key, inner, repeated, mask))
    elif is_map(field) and field.message_type is not None:
        value = field.message_type.fields_by_name["value"].message_type
        if value is not None and not _foreign(value):
            steps.append(_each_value(name, key, _checker_in(value, mode, microversion, request), rules.inline))
    return steps


def _foreign(descriptor: AnyMessageType) -> bool:
    return descriptor.full_name.startswith("google.protobuf.") or descriptor.full_name.endswith("v1.Query")


_EMPTY_IS_MISSING = (FieldDescriptor.CPPTYPE_STRING, FieldDescriptor.CPPTYPE_ENUM)


def _required(field: AnyField, name: str, key: str) -> Checker:
    def check(message: Message, path: Path, given: Collection[str] | None) -> None:
        if given is not None:
            missing = name not in given
        elif field.has_presence:
            missing = not message.HasField(name)
        else:
            # An absent list, false or 0 looks like one that was given; the gateway, which saw the key, can tell.
            missing = not field.is_repeated and field.cpp_type in _EMPTY_IS_MISSING and not getattr(message, name)
        if missing:
            raise InvalidField((*path, key), None, "required", key)

    return check


def _items(name: str, key: str, rules: annotations_pb2.Field) -> Checker:
    def check(message: Message, path: Path, given: Collection[str] | None) -> None:
        values = list(getattr(message, name))
        place = (*path, key)
        if rules.max_items and len(values) > rules.max_items:
            raise InvalidField(place, values, "max_items", rules.max_items)
        # An absent list is as empty as an empty one; only a mask can tell.
        if rules.min_items and len(values) < rules.min_items and (values or (given is not None and name in given)):
            raise InvalidField(place, values, "min_items", rules.min_items)
        if rules.unique_items and len({str(value) for value in values}) != len(values):
            raise InvalidField(place, values, "unique_items", True)

    return check


def _values(field: AnyField, name: str, key: str, test: Callable[[Any, Path], None]) -> Checker:
    if field.is_repeated:

        def check_each(message: Message, path: Path, given: Collection[str] | None) -> None:
            for place, value in enumerate(getattr(message, name)):
                test(value, (*path, key, place))

        return check_each
    presence = field.has_presence

    def check(message: Message, path: Path, given: Collection[str] | None) -> None:
        if given is not None and name not in given:
            return
        if presence and not message.HasField(name):
            return
        value = getattr(message, name)
        # Without a mask or presence a default value cannot be told from an absent one.
        if value or presence or given is not None:
            test(value, (*path, key))

    return check


def _nested(name: str, key: str, inner: Checker, repeated: bool, mask: str | None) -> Checker:
    def check(message: Message, path: Path, given: Collection[str] | None) -> None:
        if repeated:
            for place, item in enumerate(getattr(message, name)):
                inner(item, (*path, key, place), None)
        elif message.HasField(name):
            paths = None if mask is None else set(getattr(message, mask).paths)
            inner(getattr(message, name), (*path, key), paths or None)

    return check


def _each_value(name: str, key: str, inner: Checker, inline: bool) -> Checker:
    def check(message: Message, path: Path, given: Collection[str] | None) -> None:
        place = path if inline else (*path, key)
        for word, item in getattr(message, name).items():
            inner(item, (*place, word), None)

    return check


def _value_test(field: AnyField, rules: annotations_pb2.Field) -> Callable[[Any, Path], None] | None:
    tests: list[tuple[str, Any, Callable[[Any], bool]]] = []
    if rules.min_length:
        tests.append(("min_length", rules.min_length, lambda value: len(value) >= rules.min_length))
    if rules.max_length:
        tests.append(("max_length", rules.max_length, lambda value: len(value) <= rules.max_length))
    if rules.pattern and field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        pattern = exact(rules.pattern)
        tests.append(("pattern", rules.pattern, lambda value: pattern.search(value) is not None))
    if rules.HasField("minimum"):
        tests.append(("minimum", rules.minimum.value, lambda value: value >= rules.minimum.value))
    if rules.HasField("maximum"):
        tests.append(("maximum", rules.maximum.value, lambda value: value <= rules.maximum.value))
    if rules.one_of:
        words = list(rules.one_of)
        tests.append(("one_of", words, lambda value: str(value) in words))
    if rules.format:
        tests.append(("format", rules.format, lambda value: is_format(rules.format, value)))
    if not tests or is_map(field):
        return None

    def test(value: Any, path: Path) -> None:
        for rule, bound, holds in tests:
            if not holds(value):
                raise InvalidField(path, value, rule, bound)

    return test
