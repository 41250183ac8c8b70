"""Messages of the contract as JSON Schemas, under the keys that travel."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from mopenstack.contract.contract import Contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import (
    FIELD_MASK,
    LATEST,
    PAGE_INFO,
    QUERY,
    enum_words,
    field_rules,
    has_places,
    minor,
    wire_key,
)
from mopenstack.contract.v1 import annotations_pb2

Json = dict[str, Any]

REFERENCE = "#/components/schemas/"
_SCALARS = {
    FieldDescriptor.CPPTYPE_STRING: "string",
    FieldDescriptor.CPPTYPE_BOOL: "boolean",
    FieldDescriptor.CPPTYPE_DOUBLE: "number",
    FieldDescriptor.CPPTYPE_FLOAT: "number",
}
_WELL_KNOWN: dict[str, Json] = {
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array"},
}
_TIMESTAMP = "google.protobuf.Timestamp"
_TIMES: dict[int, str] = {
    annotations_pb2.TIME_FORMAT_MICROS: "YYYY-MM-DDThh:mm:ss.uuuuuu",
    annotations_pb2.TIME_FORMAT_SPACE: "YYYY-MM-DD hh:mm:ss",
    annotations_pb2.TIME_FORMAT_SPACE_MICROS: "YYYY-MM-DD hh:mm:ss.uuuuuu",
}
"""Formats without a zone, which JSON Schema has no name for."""
_ASIDE = frozenset({FIELD_MASK, PAGE_INFO, QUERY})
_ACCESS: dict[int, Json] = {
    annotations_pb2.ACCESS_OUTPUT: {"readOnly": True},
    annotations_pb2.ACCESS_INPUT: {"writeOnly": True},
    annotations_pb2.ACCESS_CREATE: {"x-mopenstack-access": "create"},
    annotations_pb2.ACCESS_UPDATE: {"x-mopenstack-access": "update"},
}


class Schemas:
    """`components` collects what the schemas refer to."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self.components: Json = {}

    def comment(self, name: str) -> str:
        """The comment of anything that the contract declares, by its full name."""
        return self._contract.sources.comment(name)

    def request(self, fields: Iterable[AnyField], message: str) -> Json:
        """The JSON object that these fields of a request message make."""
        return self._object(fields, message, answer=False)

    def answer(self, fields: Iterable[AnyField], message: str) -> Json:
        """The same for an answer's message, in which no key is declared to be required."""
        return self._object(fields, message, answer=True)

    def described(self, field: AnyField, message: str = "") -> Json:
        """A field's value with its comment and microversions; `message` is the request or answer that it is in."""
        rules = field_rules(field)
        found = self._value(field, message)
        texts = [self.comment(field.full_name), self._words(field)]
        facts = {
            "description": "\n\n".join(filter(None, texts)) or found.get("description", ""),
            "x-mopenstack-since": rules.since,
            "x-mopenstack-until": rules.until,
            "x-mopenstack-policy": rules.policy,
            "x-mopenstack-audience": rules.audience,
        }
        found = {**found, **_ACCESS.get(rules.access, {}), **{key: fact for key, fact in facts.items() if fact}}
        if rules.default:
            found["default"] = _default(field, json.loads(rules.default))
        return found

    # -- inside

    def _reference(self, message: AnyMessageType, place: str) -> Json:
        name = message.full_name.removeprefix("mopenstack.")
        if has_places(message):
            name = f"{name}-in-{place}"
        if name not in self.components:
            self.components[name] = {}  # a message may hold itself
            self.components[name] = self._object(message.fields, place, answer=None)
            comment = self.comment(message.full_name)
            if comment:
                self.components[name]["description"] = comment
        return {"$ref": REFERENCE + name}

    def _object(self, fields: Iterable[AnyField], place: str, *, answer: bool | None) -> Json:
        """`answer` None: in requests and answers alike."""
        shown: Json = {"type": "object", "properties": {}}
        required: set[str] = set()
        whole: list[Json] = []
        for field in self._travelling(fields, place):
            rules = field_rules(field)
            if rules.inline:
                # Free keys, a whole object, or the list itself.
                whole.append(self._value(field, place) or {"type": "object"})
                continue
            value = self.described(field, place)
            key = wire_key(field)
            _put(shown["properties"], key, value)
            if rules.also:
                same = {name: value[name] for name in value if name.startswith("x-mopenstack-") or name in _KEPT}
                _put(shown["properties"], rules.also, {**same, "description": f"The same as `{key}`."})
            if rules.required and answer is not True and not (rules.since or rules.until):
                required.add(key)
        if required:
            shown["required"] = sorted(required)
        if not whole:
            return shown
        if not shown["properties"] and len(whole) == 1:
            return whole[0]
        return {"allOf": [shown, *whole]}

    @staticmethod
    def _travelling(fields: Iterable[AnyField], place: str) -> Iterator[AnyField]:
        """The fields that the JSON document of a request or answer of this name can have."""
        for field in fields:
            rules = field_rules(field)
            internal = rules.access == annotations_pb2.ACCESS_INTERNAL
            aside = field.message_type is not None and field.message_type.full_name in _ASIDE
            if not (internal or aside or rules.header or rules.header_prefix) and _may_be_in(rules, place):
                yield field

    def _value(self, field: AnyField, place: str) -> Json:
        message = field.message_type
        if message is not None and message.GetOptions().map_entry:
            return {"type": "object", "additionalProperties": self._one(message.fields_by_name["value"], place)}
        value = self._one(field, place)
        rules = field_rules(field)
        if field.is_repeated:
            limits = {"minItems": rules.min_items, "maxItems": rules.max_items, "uniqueItems": rules.unique_items}
            value = {"type": "array", "items": value, **{key: limit for key, limit in limits.items() if limit}}
        if rules.nullable or rules.null_if_unset:
            return _or_null(value)
        return value

    def _one(self, field: AnyField, place: str) -> Json:
        rules = field_rules(field)
        message = field.message_type
        if message is not None:
            if message.full_name == _TIMESTAMP:
                return self._time(field)
            known = _WELL_KNOWN.get(message.full_name)
            return dict(known) if known is not None else self._reference(message, place)
        value: Json = {"type": "string"} if field.enum_type else {"type": _SCALARS.get(field.cpp_type, "integer")}
        if rules.format == "integer":  # more digits than a 64-bit number has
            return {"type": "integer"}
        if field.enum_type is not None:
            value["enum"] = list(dict.fromkeys(enum_words(field).values()))
        elif rules.one_of:
            number = value["type"] == "integer"
            value["enum"] = [int(word) if number else word for word in rules.one_of]
        texts = {"minLength": rules.min_length, "maxLength": rules.max_length, "pattern": rules.pattern}
        value.update({key: limit for key, limit in {**texts, "format": rules.format}.items() if limit})
        if rules.HasField("minimum"):
            value["minimum"] = rules.minimum.value
        if rules.HasField("maximum"):
            value["maximum"] = rules.maximum.value
        if rules.lenient:
            value["x-mopenstack-lenient"] = True
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


_KEPT = frozenset({"type", "enum", "anyOf", "$ref", "readOnly", "writeOnly", "items"})


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
    value = {**value, "type": [value["type"], "null"]}
    if "enum" in value:
        value["enum"] = [*value["enum"], None]
    return value


def _may_be_in(rules: annotations_pb2.Field, message: str) -> bool:
    """Whether a field is in the tree of a request or answer of this name at any microversion."""
    if rules.only_in and not any(place.message == message for place in rules.only_in):
        return False
    never = (place for place in rules.not_in if place.message == message)
    return not any(minor(place.since, 0) == 0 and minor(place.until, LATEST) == LATEST for place in never)
