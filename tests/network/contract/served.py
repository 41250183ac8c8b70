"""What our contract says of a collection of the Network API: its messages and the facts of their fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from mopenstack.contract.contract import contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import (
    FIELD_MASK,
    LATEST,
    PAGE_INFO,
    QUERY,
    Operation,
    field_rules,
    in_place,
    wire_key,
)
from mopenstack.contract.v1 import annotations_pb2

INTEGERS = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT32)
_NO_BODY = (FIELD_MASK, PAGE_INFO, QUERY)
_UNWRITABLE = (annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL)


@dataclass(slots=True)
class Served:
    """A collection: what its answers, creates and updates hold, wire key -> field."""

    answer: dict[str, AnyField] = field(default_factory=dict)
    create: dict[str, AnyField] = field(default_factory=dict)
    update: dict[str, AnyField] = field(default_factory=dict)
    queried: bool = False
    """Whether a list takes a query: where none does, nothing filters or sorts (in Neutron neither)."""


@cache
def collections() -> dict[str, Served]:
    """Collection ("networks", "policies/bandwidth_limit_rules") -> what is served of it."""
    found: dict[str, Served] = {}
    for operation in contract().operations:
        if operation.api.type != "network":
            continue
        for route in operation.routes:
            name = _collection(route.path, operation)
            if name:
                _note(found.setdefault(name, Served()), operation, route.verb)
    return found


@cache
def action_paths() -> frozenset[tuple[str, str]]:
    """(verb, last part of the path) of everything that is served."""
    return frozenset(
        (route.verb, route.path.rsplit("/", 1)[-1])
        for operation in contract().operations
        if operation.api.type == "network"
        for route in operation.routes
    )


def _collection(path: str, operation: Operation) -> str:
    """Which collection a path belongs to: its last constant part, with the parent's before the parent's id."""
    parts = [part for part in path.removeprefix("/v2.0/").split("/") if part]
    if operation.method.startswith(("Get", "Update", "Delete")) and parts[-1].startswith("{"):
        parts = parts[:-1]
    if not parts or parts[-1].startswith("{"):
        return ""
    name = _PLURALS.get(parts[-1], parts[-1].replace("-", "_"))
    if len(parts) >= 3 and parts[-2].startswith("{"):
        return f"{parts[-3].replace('-', '_')}/{name}"
    return name


_PLURALS = {"auto-allocated-topology": "auto_allocated_topologies"}
"""Collections whose path is not their name."""


def _note(served: Served, operation: Operation, verb: str) -> None:
    if verb == "GET":
        served.queried = served.queried or "query" in operation.request.DESCRIPTOR.fields_by_name
        served.answer.update(_shown(operation))
    elif operation.kind_of_write == "create":
        served.create.update(_writable(operation, annotations_pb2.ACCESS_UPDATE))
        served.answer = {**_shown(operation), **served.answer}
    elif operation.kind_of_write == "update":
        served.update.update(_writable(operation, annotations_pb2.ACCESS_CREATE))


def _shown(operation: Operation) -> dict[str, AnyField]:
    fields = _fields(operation.response.DESCRIPTOR)
    return {key: item for key, item in fields.items() if not _hidden(field_rules(item))}


def _hidden(rules: annotations_pb2.Field) -> bool:
    return rules.access == annotations_pb2.ACCESS_INPUT or rules.audience == "nobody"


def _writable(operation: Operation, refused: int) -> dict[str, AnyField]:
    return {
        key: item
        for key, item in _fields(operation.request.DESCRIPTOR).items()
        if field_rules(item).access not in (*_UNWRITABLE, refused)
    }


def _fields(descriptor: AnyMessageType) -> dict[str, AnyField]:
    """The fields of the object in the envelope of a request or answer."""
    for envelope in descriptor.fields:
        inner = envelope.message_type
        if inner is None or inner.full_name in _NO_BODY or inner.full_name.startswith("google.protobuf."):
            continue
        return dict(_keys(inner, descriptor.name))
    return {}


def _keys(descriptor: AnyMessageType, place: str) -> Iterator[tuple[str, AnyField]]:
    for item in descriptor.fields:
        rules = field_rules(item)
        if rules.access == annotations_pb2.ACCESS_INTERNAL or not in_place(rules, place, LATEST):
            continue
        yield wire_key(item), item
        if rules.also:
            yield rules.also, item


def kind(item: AnyField) -> str:
    """boolean, integer, string, list, dict, or any."""
    inner = item.message_type
    if inner is not None and inner.GetOptions().map_entry:
        return "dict"
    if item.is_repeated:
        return "list"
    if inner is not None:
        return _MESSAGES.get(inner.full_name, "dict")
    if item.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return "boolean"
    return "integer" if item.cpp_type in INTEGERS else "string"


_MESSAGES = {
    "google.protobuf.Value": "any",
    "google.protobuf.ListValue": "list",
    "google.protobuf.Timestamp": "string",
}


def default(item: AnyField) -> Any:
    """The value of an absent attribute; None where it is null."""
    said = field_rules(item).default
    if said:
        return json.loads(said)
    if item.is_repeated:
        return {} if kind(item) == "dict" else []
    return None if item.has_presence else item.default_value


def same_default(item: AnyField, wanted: Any) -> bool:
    """Whether an absent attribute becomes what the definition says; an enum's word in any case is the same."""
    ours = default(item)
    if item.enum_type is not None and isinstance(ours, str) and isinstance(wanted, str):
        return ours.lower().endswith(wanted.lower().replace("-", "_"))
    return bool(ours == wanted) or (kind(item) == "any" and ours is None)
