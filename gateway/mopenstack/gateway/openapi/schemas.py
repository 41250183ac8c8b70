"""Messages of the contract as JSON Schemas, under the keys that travel."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from mopenstack.contract.contract import Contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import (
    FIELD_MASK,
    JSON_PATCH,
    LATEST,
    PAGE_INFO,
    QUERY,
    enum_words,
    field_rules,
    has_places,
    is_map,
    minor,
    wire_key,
)
from mopenstack.contract.v1 import annotations_pb2, options_pb2
from mopenstack.gateway.codec.json_patch import OPERATIONS

Json = dict[str, Any]

REFERENCE = "#/components/schemas/"
_SCALARS = {
    FieldDescriptor.CPPTYPE_STRING: "string",
    FieldDescriptor.CPPTYPE_BOOL: "boolean",
    FieldDescriptor.CPPTYPE_DOUBLE: "number",
    FieldDescriptor.CPPTYPE_FLOAT: "number",
}
_WELL_KNOWN: dict[str, Json] = {
    "google.protobuf.Any": {"type": "object"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array"},
    JSON_PATCH: {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "op": {"type": "string", "enum": list(OPERATIONS)},
                "path": {"type": "string"},
                "from": {"type": "string"},
                "value": {},
            },
            "required": ["op", "path"],
        },
    },
}
_TIMESTAMP = "google.protobuf.Timestamp"
_TIMES: dict[int, str] = {
    annotations_pb2.TIME_FORMAT_SECONDS: "YYYY-MM-DDThh:mm:ss",
    annotations_pb2.TIME_FORMAT_MICROS: "YYYY-MM-DDThh:mm:ss.uuuuuu",
    annotations_pb2.TIME_FORMAT_SPACE: "YYYY-MM-DD hh:mm:ss",
    annotations_pb2.TIME_FORMAT_SPACE_MICROS: "YYYY-MM-DD hh:mm:ss.uuuuuu",
}
"""Formats without a zone, which JSON Schema has no name for."""
_ASIDE = frozenset({FIELD_MASK, PAGE_INFO, QUERY})
ANSWER = "answer"
_NOT_IN = {
    ANSWER: (annotations_pb2.ACCESS_INTERNAL, annotations_pb2.ACCESS_INPUT),
    "create": (annotations_pb2.ACCESS_INTERNAL, annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_UPDATE),
    "update": (annotations_pb2.ACCESS_INTERNAL, annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_CREATE),
    "other": (annotations_pb2.ACCESS_INTERNAL, annotations_pb2.ACCESS_OUTPUT),
}
"""Mode -> the fields that are not there, by their `access`."""
_LENIENT = {"boolean": ["string", "integer"], "integer": ["string"], "number": ["string"], "string": ["integer"]}
"""Type of a lenient field -> the further types that a request may give it."""


@dataclass(frozen=True, slots=True)
class View:
    """Where a message is: in an answer, or in a request to create, update or do something other."""

    mode: str
    message: str
    """Name of the request or answer."""

    @property
    def is_answer(self) -> bool:
        return self.mode == ANSWER


class Schemas:
    """`components` collects what the schemas refer to."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.components: Json = {}

    def comment(self, name: str) -> str:
        """The comment of anything that the contract declares, by its full name."""
        return self._contract.sources.comment(name)

    def used(self, shown: Any) -> Json:
        """The components that a document refers to, and those that they refer to; not what a hook replaced."""
        found: set[str] = set()
        waiting = [shown]
        while waiting:
            here = waiting.pop()
            if isinstance(here, dict):
                name = str(here.get("$ref", "")).removeprefix(REFERENCE)
                if name in self.components and name not in found:
                    found.add(name)
                    waiting.append(self.components[name])
                waiting += here.values()
            elif isinstance(here, list):
                waiting += here
        return {name: self.components[name] for name in sorted(found)}

    def object(self, fields: Iterable[AnyField], descriptor: AnyMessageType, view: View) -> Json:
        """The JSON object that some fields of a message make."""
        properties: Json = {}
        required: set[str] = set()
        whole: list[Json] = []
        free: list[Json] = []
        for field in self._travelling(fields, view):
            rules = field_rules(field)
            if rules.inline:
                value = self._value(field, view)
                if is_map(field):
                    free.append(value["additionalProperties"])
                elif value != {"type": "object"}:  # a whole object, the list itself, or anything
                    whole.append(value)
                else:
                    free.append({})
                continue
            value = self.described(field, view)
            key = wire_key(field)
            _put(properties, key, value)
            if rules.also:
                same = {name: fact for name, fact in value.items() if name not in ("description", "default")}
                _put(properties, rules.also, {**same, "description": f"The same as `{key}`."})
            if not (view.is_answer or rules.since or rules.until) and _required(field, rules, view.mode):
                required.add(key)
        shown: Json = {"type": "object"}
        if properties:
            shown["properties"] = properties
        if required:
            shown["required"] = sorted(required)
        if free:
            shown["additionalProperties"] = free[0] if len(free) == 1 else {"anyOf": free}
        elif not view.is_answer and not whole and self._rejects(descriptor):
            shown["additionalProperties"] = False
        if not whole:
            return shown
        return {"allOf": [shown, *whole]} if properties or len(whole) > 1 else whole[0]

    def described(self, field: AnyField, view: View) -> Json:
        """A field's value with its comment, its microversions, and who may give or see it."""
        rules = field_rules(field)
        found = self._value(field, view)
        texts = [self.comment(field.full_name), self._words(field)]
        facts = {
            "description": "\n\n".join(filter(None, texts)) or found.get("description", ""),
            "x-mopenstack-since": rules.since,
            "x-mopenstack-until": rules.until,
        }
        if view.is_answer:
            facts["x-mopenstack-audience"] = rules.audience
        else:
            facts["x-mopenstack-policy"] = rules.policy
        found = {**found, **{key: fact for key, fact in facts.items() if fact}}
        if rules.default and view.mode == "create":
            found["default"] = _default(field, json.loads(rules.default))
        return found

    # -- inside

    def _rejects(self, descriptor: AnyMessageType) -> bool:
        """Whether keys that the message does not declare are refused."""
        own = descriptor.GetOptions().Extensions[options_pb2.unknown]
        api = self._contract.apis.get(descriptor.file.package)
        return (own or (api.unknown if api is not None else 0)) == annotations_pb2.UNKNOWN_REJECT

    def _reference(self, message: AnyMessageType, view: View) -> Json:
        name = message.full_name.removeprefix("mopenstack.")
        if not view.is_answer:
            name = f"{name}.{view.mode}"
        if has_places(message):
            name = f"{name}-in-{view.message}"
        if name not in self.components:
            self.components[name] = {}  # a message may hold itself
            self.components[name] = self.object(message.fields, message, view)
            comment = self.comment(message.full_name)
            if comment:
                self.components[name]["description"] = comment
        return {"$ref": REFERENCE + name}

    @staticmethod
    def _travelling(fields: Iterable[AnyField], view: View) -> Iterator[AnyField]:
        """The fields that the JSON document of a request or answer can have."""
        for field in fields:
            rules = field_rules(field)
            aside = field.message_type is not None and field.message_type.full_name in _ASIDE
            if aside or rules.header or rules.header_prefix or not _may_be_in(rules, view.message):
                continue
            if rules.access not in _NOT_IN[view.mode] and (view.is_answer or not rules.links):
                yield field

    def _value(self, field: AnyField, view: View) -> Json:
        rules = field_rules(field)
        value: Json
        if is_map(field):
            assert field.message_type is not None
            value = {
                "type": "object",
                "additionalProperties": self._one(field.message_type.fields_by_name["value"], view),
            }
        elif field.is_repeated:
            limits = {"minItems": rules.min_items, "maxItems": rules.max_items, "uniqueItems": rules.unique_items}
            kept = {key: limit for key, limit in limits.items() if limit and not view.is_answer}
            value = {"type": "array", "items": self._one(field, view), **kept}
            if rules.lenient and not view.is_answer:
                value["type"] = ["array", "string"]
        elif rules.links and field.message_type is not None:
            value = _links(rules)
        else:
            value = self._one(field, view)
        null = rules.null_if_unset if view.is_answer else rules.nullable or bool(rules.coerce_null)
        return _or_null(value) if null else value

    def _one(self, field: AnyField, view: View) -> Json:
        rules = field_rules(field)
        message = field.message_type
        if message is not None:
            if message.full_name == _TIMESTAMP:
                return self._time(field)
            known = _WELL_KNOWN.get(message.full_name)
            return dict(known) if known is not None else self._reference(message, view)
        if rules.format == "integer":  # more digits than a 64-bit number has
            return {"type": "integer"}
        kind = "string" if field.enum_type else _SCALARS.get(field.cpp_type, "integer")
        value: Json = {"type": kind}
        if field.enum_type is not None:
            value["enum"] = list(dict.fromkeys(enum_words(field).values()))
        elif rules.one_of:
            read = {"integer": int, "number": float}.get(kind, str)
            value["enum"] = [read(word) for word in rules.one_of]
        if rules.format:
            value["format"] = rules.format
        if not view.is_answer:
            value |= _limits(rules)
            if rules.lenient and not field.enum_type:
                value["type"] = [kind, *_LENIENT[kind]]
        return value

    def _time(self, field: AnyField) -> Json:
        owner: Any = field.containing_type
        api = self._contract.apis.get(owner.file.package)
        form = _TIMES.get(field_rules(field).time or (api.time if api is not None else 0))
        return {"type": "string", "format": "date-time"} if form is None else {"type": "string", "description": form}

    def _words(self, field: AnyField) -> str:
        """What the words of an enum mean, as far as their comments tell."""
        if field.enum_type is None:
            return ""
        words = enum_words(field)
        comments = {
            words[value.number]: self.comment(f"{field.enum_type.full_name}.{value.name}")
            for value in field.enum_type.values
            if value.number in words
        }
        lines = [f"- `{word}`: {' '.join(text.split())}" for word, text in comments.items() if text]
        return "\n".join([self.comment(field.enum_type.full_name), *lines]).strip()


def _put(properties: Json, key: str, value: Json) -> None:
    """Add a property; two fields share a key at different microversions."""
    other = properties.get(key)
    if other is None or other == value:
        properties[key] = value
    elif set(other) == {"anyOf"}:
        other["anyOf"].append(value)
    else:
        properties[key] = {"anyOf": [other, value]}


def _default(field: AnyField, value: Any) -> Any:
    """A declared default as it travels: an enum's value is declared by its name."""
    if field.enum_type is None or not isinstance(value, str):
        return value
    return enum_words(field)[field.enum_type.values_by_name[value].number]


def _or_null(value: Json) -> Json:
    if "type" not in value:
        return {"anyOf": [value, {"type": "null"}]} if value else value
    kinds = value["type"] if isinstance(value["type"], list) else [value["type"]]
    value = {**value, "type": [*kinds, "null"]}
    if "enum" in value:
        value["enum"] = [*value["enum"], None]
    return value


def _limits(rules: annotations_pb2.Field) -> Json:
    texts = {"minLength": rules.min_length, "maxLength": rules.max_length, "pattern": rules.pattern}
    found: Json = {key: limit for key, limit in texts.items() if limit}
    if rules.HasField("minimum"):
        found["minimum"] = rules.minimum.value
    if rules.HasField("maximum"):
        found["maximum"] = rules.maximum.value
    return found


def _links(rules: annotations_pb2.Field) -> Json:
    """An object of addresses by their rels; a link without a template is null."""
    texts = {link.rel: {"type": "string"} if link.href else {"type": "null"} for link in rules.links}
    return {"type": "object", "properties": texts}


def _required(field: AnyField, rules: annotations_pb2.Field, mode: str) -> bool:
    """Whether a request lacks something without the field: an update needs only the object that it is about."""
    own = field.message_type is not None and not field.message_type.full_name.startswith("google.protobuf.")
    return rules.required and (mode != "update" or (own and not is_map(field)))


def _may_be_in(rules: annotations_pb2.Field, message: str) -> bool:
    """Whether a field is in the tree of a request or answer of this name at any microversion."""
    if rules.only_in and not any(message in place.message for place in rules.only_in):
        return False
    never = (place for place in rules.not_in if message in place.message)
    return not any(minor(place.since, 0) == 0 and minor(place.until, LATEST) == LATEST for place in never)
