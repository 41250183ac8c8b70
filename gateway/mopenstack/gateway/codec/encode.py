"""Messages to JSON documents.

A plan is compiled once per (message, microversion, audience), and per answer where fields are declared to be in some
answers only. It reads fields by name, so a brief answer's plan renders the full resource directly.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from operator import attrgetter
from typing import Any
from urllib.parse import quote, urlsplit

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.addresses import cloud_path
from mopenstack.contract.contract import api_of, message_named
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import (
    LATEST,
    enum_words,
    exists,
    field_rules,
    has_places,
    in_place,
    is_map,
    message_class,
    minor,
    wire_key,
)
from mopenstack.contract.times import format_time
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.values import plain, plain_struct

Emit = Callable[[Any, dict[str, Any], str, Any], None]
"""(message, document under construction, base URL of the API, root message)"""

_PLACEHOLDER = re.compile(r"\{([a-z_.]+)\}")
NESTED_KEPT_MAX = 64
"""Documents that are kept of messages with lists of lists: the same few come again and again in other answers."""


class Encoder:
    """One plan."""

    __slots__ = ("_emits", "_list", "bodiless", "keys")

    def __init__(self, descriptor: AnyMessageType, microversion: int, audience: str, answer: str) -> None:
        view = View(microversion, audience, answer)
        self._emits: list[Emit] = []
        self._list: Callable[[Any, str, Any], Any] | None = None
        self.keys: set[str] = set()
        self.bodiless = bool(descriptor.fields)
        """Whether every field is a header, or of other microversions: then the answer has no body."""
        for field in descriptor.fields:
            rules = field_rules(field)
            if not (rules.header or rules.header_prefix) and exists(rules, microversion):
                self.bodiless = False
            if not _shown(field, rules, view):
                continue
            alone = rules.inline and len(descriptor.fields) == 1
            if alone and (_is_value(field) or _is_list(field) or rules.null_if_unset):
                self._list = _value(field, rules, view) if not rules.null_if_unset else _or_null(field, rules, view)
                continue
            self.keys.add(wire_key(field))
            self._emits.append(_emit(field, rules, view))

    def document(self, message: Any, base: str, root: Any = None) -> Any:
        """The JSON document as Python values."""
        root = message if root is None else root
        if self._list is not None:
            return self._list(message, base, root)
        out: dict[str, Any] = {}
        for emit in self._emits:
            emit(message, out, base, root)
        return out


def encoder(descriptor: AnyMessageType, microversion: int, audience: str, answer: str = "") -> Encoder:
    """The one plan of a message for a microversion and an audience, inside the answer of that message name."""
    return _encoder(descriptor, microversion, audience, answer if has_places(descriptor) else "")


@cache
def _encoder(descriptor: AnyMessageType, microversion: int, audience: str, answer: str) -> Encoder:
    return Encoder(descriptor, microversion, audience, answer)


@dataclass(frozen=True, slots=True)
class View:
    """For which audience and in which answer a message is written."""

    microversion: int
    audience: str
    answer: str


def _shown(field: AnyField, rules: annotations_pb2.Field, view: View) -> bool:
    aside = rules.header or rules.header_prefix
    if rules.access in (annotations_pb2.ACCESS_INPUT, annotations_pb2.ACCESS_INTERNAL) or aside:
        return False
    if not exists(rules, view.microversion):
        return False
    if field.message_type is not None and field.message_type.name in ("PageInfo", "FieldMask"):
        return False
    return (not rules.audience or rules.audience == view.audience) and in_place(rules, view.answer, view.microversion)


def _is_list(field: AnyField) -> bool:
    return field.is_repeated and not is_map(field)


def _is_value(field: AnyField) -> bool:
    return field.message_type is not None and field.message_type.full_name == "google.protobuf.Value"


def _or_null(field: AnyField, rules: annotations_pb2.Field, view: View) -> Callable[[Any, str, Any], Any]:
    name, value = field.name, _value(field, rules, view)
    return lambda message, base, root: value(message, base, root) if message.HasField(name) else None


def _emit(field: AnyField, rules: annotations_pb2.Field, view: View) -> Emit:
    if rules.links:
        return _links(field, rules)
    name, key, also = field.name, wire_key(field), rules.also
    value = _value(field, rules, view)
    if rules.inline:

        def emit_inline(message: Any, out: dict[str, Any], base: str, root: Any) -> None:
            if not field.has_presence or message.HasField(name):
                out.update(value(message, base, root))

        return emit_inline

    if field.has_presence:
        null = rules.null_if_unset

        def emit_present(message: Any, out: dict[str, Any], base: str, root: Any) -> None:
            if message.HasField(name):
                out[key] = value(message, base, root)
                if also:
                    out[also] = out[key]
            elif null:
                out[key] = None
                if also:
                    out[also] = None

        return emit_present

    omit = rules.omit_if_empty
    null_empty = rules.null_if_unset

    plain = not field.is_repeated and scalar(field, rules, view) is _same

    def emit(message: Any, out: dict[str, Any], base: str, root: Any) -> None:
        found = getattr(message, name) if plain else value(message, base, root)
        if omit and not found:
            return
        if null_empty and (found == "" or (field.is_repeated and not found)):
            found = None
        out[key] = found
        if also:
            out[also] = found

    return emit


def _value(field: AnyField, rules: annotations_pb2.Field, view: View) -> Callable[[Any, str, Any], Any]:
    name = field.name
    if is_map(field):
        assert field.message_type is not None
        one = scalar(field.message_type.fields_by_name["value"], rules, view)
        return lambda message, base, root: {
            str(key): one(item, base, root) for key, item in sorted(getattr(message, name).items())
        }
    one = scalar(field, rules, view)
    if field.is_repeated:
        if one is _same:
            return lambda message, base, root: list(getattr(message, name))
        return lambda message, base, root: [one(item, base, root) for item in getattr(message, name)]
    if one is _same:
        return lambda message, base, root: getattr(message, name)
    return lambda message, base, root: one(getattr(message, name), base, root)


def _same(value: Any, base: str, root: Any) -> Any:
    return value


def scalar(field: AnyField, rules: annotations_pb2.Field, view: View) -> Callable[[Any, str, Any], Any]:
    """How one value of a field, or of its items, is written."""
    message = field.message_type
    if message is None:
        if field.type == FieldDescriptor.TYPE_ENUM:
            words = enum_words(field)
            return lambda value, base, root: words.get(value)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return lambda value, base, root: base64.b64encode(value).decode()
        if rules.format == "integer":
            # A whole number of more than 64 bits (how many addresses an IPv6 subnet has).
            return lambda value, base, root: int(value or 0)  # empty in an answer from another process that cuts it off
        return _same
    if message.full_name == Timestamp.DESCRIPTOR.full_name:
        style = rules.time or _api_time(field)
        return lambda value, base, root: format_time(value.seconds, value.nanos, style)
    if message.full_name == "google.protobuf.Value":
        return lambda value, base, root: plain(value)
    if message.full_name == "google.protobuf.Struct":
        return lambda value, base, root: plain_struct(value)
    if message.full_name == "google.protobuf.ListValue":
        return lambda value, base, root: [plain(item) for item in value.values]
    if message.full_name == "google.protobuf.Any":
        return _any_document
    # A message may hold itself (a tree of projects), so its plan is looked up when it is first needed.
    plans: list[Encoder] = []
    if not field.is_repeated and _has_lists_of_lists(message):
        return lambda value, base, root: _kept_document(message, view, base, value.SerializeToString())

    def nested(value: Any, base: str, root: Any) -> Any:
        if not plans:
            plans.append(encoder(message, view.microversion, view.audience, view.answer))
        return plans[0].document(value, base, value)

    return nested


@lru_cache(maxsize=NESTED_KEPT_MAX)
def _kept_document(message: AnyMessageType, view: View, base: str, data: bytes) -> Any:
    """The document of a message by all that it says (a token's catalog); shared: never change it."""
    plan = encoder(message, view.microversion, view.audience, view.answer)
    return plan.document(message_class(message).FromString(data), base)


def _has_lists_of_lists(message: AnyMessageType) -> bool:
    return any(_lists(listed) for listed in _lists(message))


def _lists(message: AnyMessageType) -> list[AnyMessageType]:
    """The messages that it has lists of."""
    return [field.message_type for field in message.fields if field.message_type is not None and _is_list(field)]


def _any_document(value: Any, base: str, root: Any) -> Any:
    """The answer of another API, of the cloud that the message around it names, at its highest microversion."""
    package = value.TypeName().rpartition(".")[0]
    own, other = api_of(root.DESCRIPTOR.file.package), api_of(package)
    if own is None or other is None:
        return None
    answer = message_named(value.TypeName(), package)()
    value.Unpack(answer)
    place = base.removesuffix(own.prefix) + cloud_path(root.cloud) + other.prefix
    plan = encoder(answer.DESCRIPTOR, minor(other.microversion_max, LATEST), "admin", answer.DESCRIPTOR.name)
    return plan.document(answer, place)


def _api_time(field: AnyField) -> int:
    owner: Any = field.containing_type
    api = api_of(owner.file.package)
    return api.time if api is not None else annotations_pb2.TIME_FORMAT_SECONDS_Z


def _links(field: AnyField, rules: annotations_pb2.Field) -> Emit:
    key = wire_key(field)
    links = [(link.rel, link_address(field, link)) for link in rules.links]
    if field.is_repeated:
        listed = [(_link_keys(link), link_address(field, link)) for link in rules.links]
        needed = _named_fields(rules) if rules.omit_if_empty else ()

        def emit_list(message: Any, out: dict[str, Any], base: str, root: Any) -> None:
            if not all(_is_set(message, name) for name in needed):
                return
            out[key] = [{**keys, "href": address(message, base)} for keys, address in listed]

        return emit_list
    if field.message_type is None:
        return _text_link(field, key, rules.links[0])

    rels = field.message_type.fields_by_name
    perhaps = {link.rel: _PLACEHOLDER.findall(link.href) for link in rules.links if rels[link.rel].has_presence}

    def emit_object(message: Any, out: dict[str, Any], base: str, root: Any) -> None:
        there = (one for one in links if all(_is_set(message, name) for name in perhaps.get(one[0], ())))
        out[key] = {rel: address(message, base) for rel, address in there}

    return emit_object


def _link_keys(link: annotations_pb2.Link) -> dict[str, str]:
    """What a link says beside its address."""
    return {"rel": link.rel, "type": link.type} if link.type else {"rel": link.rel}


def _text_link(field: AnyField, key: str, link: annotations_pb2.Link) -> Emit:
    """A text that is one address: left out where it is optional and unset, or unprefixed and lacks a part."""
    name, optional, address = field.name, field.has_presence, link_address(field, link)
    parts = [part.split(".") for part in _PLACEHOLDER.findall(link.href)] if link.unprefixed else []

    def emit_text(message: Any, out: dict[str, Any], base: str, root: Any) -> None:
        if (not optional or message.HasField(name)) and all(reduce(getattr, part, message) for part in parts):
            out[key] = address(message, base)

    return emit_text


def _named_fields(rules: annotations_pb2.Field) -> set[str]:
    """The fields that the addresses of links name."""
    return {name.partition(".")[0] for link in rules.links for name in _PLACEHOLDER.findall(link.href)}


def _is_set(message: Any, name: str) -> bool:
    presence = message.DESCRIPTOR.fields_by_name[name].has_presence
    return bool(message.HasField(name) if presence else getattr(message, name))


def link_address(field: AnyField, link: annotations_pb2.Link) -> Callable[[Any, str], str | None]:
    """(object, URL of the API) -> the link's address."""
    if not link.href:
        return lambda message, base: None
    path = template(link.href)
    if link.unprefixed:
        return lambda message, base: path(message)
    if link.relative:
        return lambda message, base: urlsplit(base).path + path(message)
    owner: Any = field.containing_type
    own, other = api_of(owner.file.package), api_of(link.package)
    if own is not None and other is not None:
        mine, others = own.prefix, other.prefix
        return lambda message, base: base.removesuffix(mine) + others + path(message)
    if link.scheme:
        return lambda message, base: f"{link.scheme}://{base.partition('://')[2]}{path(message)}"
    return lambda message, base: base + path(message)


Location = Callable[[Message, Any], str]
"""(request, result) -> path behind the API's prefix"""


def location_template(path: str) -> Location:
    """A Location header's path: `{field}` of the request, else of the answer or of the object inside of it.

    One that is nothing but a field is an address with its query, and taken as it is.
    """
    kept = "/:?&=%" if _PLACEHOLDER.fullmatch(path) else "/:"

    def fill(request: Message, result: Any) -> str:
        def one(match: re.Match[str]) -> str:
            name, *path = match.group(1).split(".")
            value: Any = request if name in request.DESCRIPTOR.fields_by_name else _holder(result, name)
            for part in (name, *path):
                value = getattr(value, part)
            return quote(str(value), safe=kept)

        return _PLACEHOLDER.sub(one, path)

    return fill


def _holder(result: Message, name: str) -> Message:
    """What has a field: a result, or (where it is a whole answer) the object in its envelope."""
    if name in result.DESCRIPTOR.fields_by_name:
        return result
    inner = [field.name for field in result.DESCRIPTOR.fields if field.message_type and not field.is_repeated]
    return next(
        (one for one in (getattr(result, key) for key in inner) if name in one.DESCRIPTOR.fields_by_name), result
    )


def template(href: str) -> Callable[[Any], str]:
    """What fills the `{fields}` of an address with those of a message."""
    first, *rest = _PLACEHOLDER.split(href)
    parts = [(attrgetter(name), text) for name, text in zip(rest[::2], rest[1::2], strict=True)]

    def fill(message: Any) -> str:
        filled = first
        for read, text in parts:
            filled += f"{read(message)}{text}"
        return filled

    return fill


def addresses(descriptor: AnyMessageType, microversion: int, base: str) -> dict[str, Any]:
    """The addresses that a list's answer has beside its objects, by key."""
    found: dict[str, Any] = {}
    for emit in _addresses(descriptor, microversion):
        emit(None, found, base, None)
    return found


@cache
def _addresses(descriptor: AnyMessageType, microversion: int) -> tuple[Emit, ...]:
    view = View(microversion, "", descriptor.name)
    rules = [(field, field_rules(field)) for field in descriptor.fields]
    return tuple(_emit(field, rule, view) for field, rule in rules if rule.links and _shown(field, rule, view))
