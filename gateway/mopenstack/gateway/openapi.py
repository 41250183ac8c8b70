"""An OpenAPI 3.1 document of everything that is declared, made of the contract's descriptors.

What OpenAPI cannot say is said in `x-mopenstack-...`: the RPC's name, the first and last microversion. Operations
that share a verb and path (actions) are one of OpenAPI's, whose body is one of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

import orjson
from google.protobuf.descriptor import FieldDescriptor

from mopenstack.contract.contract import Contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import (
    FIELD_MASK,
    JSON_PATCH,
    PAGE_INFO,
    QUERY,
    Operation,
    enum_words,
    field_rules,
    wire_key,
)
from mopenstack.contract.v1 import annotations_pb2

Json = dict[str, Any]

_SCALARS = {
    FieldDescriptor.CPPTYPE_STRING: "string",
    FieldDescriptor.CPPTYPE_BOOL: "boolean",
    FieldDescriptor.CPPTYPE_DOUBLE: "number",
    FieldDescriptor.CPPTYPE_FLOAT: "number",
}
_WELL_KNOWN: dict[str, Json] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.Value": {},
    "google.protobuf.ListValue": {"type": "array"},
    JSON_PATCH: {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "op": {"type": "string"},
                "path": {"type": "string"},
                "from": {"type": "string"},
                "value": {},
            },
        },
    },
}
_ASIDE = frozenset({FIELD_MASK, PAGE_INFO, QUERY})
_BODYLESS = frozenset({"GET", "DELETE", "HEAD"})
_PAGES = (("limit", "integer"), ("marker", "string"), ("sort_key", "string"), ("sort_dir", "string"))


@cache
def document(contract: Contract) -> bytes:
    """The document, rendered once."""
    schemas: Json = {}
    paths: dict[str, dict[str, Json]] = {}
    for (path, verb), sharing in _by_place(contract).items():
        paths.setdefault(path, {})[verb.lower()] = _item(path, verb, sharing, schemas)
    shown = {
        "openapi": "3.1.0",
        "info": {"title": "mopenstack", "version": version("mopenstack"), "description": "A mock OpenStack cloud."},
        "servers": [{"url": "/"}, {"url": "/cloud/{cloud}", "variables": {"cloud": {"default": "default"}}}],
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
        },
        "paths": dict(sorted(paths.items())),
    }
    return orjson.dumps(shown)


def _by_place(contract: Contract) -> dict[tuple[str, str], list[Operation]]:
    found: dict[tuple[str, str], list[Operation]] = {}
    for operation in contract.operations:
        for route in operation.routes:
            found.setdefault((operation.api.prefix + route.path, route.verb), []).append(operation)
    return found


def _item(path: str, verb: str, sharing: list[Operation], schemas: Json) -> Json:
    first = sharing[0]
    variables = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    item: Json = {
        "operationId": f"{first.name.removeprefix('mopenstack.')}.{verb.lower()}.{_literals(path)}",
        "tags": [first.api.name or first.api.type],
        "summary": first.method,
        "x-mopenstack-operations": [_note(operation, path) for operation in sharing],
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in variables),
            *_query(first, verb, variables),
        ],
        "responses": {},
    }
    if not all(operation.anonymous for operation in sharing):
        item["security"] = [{"token": []}]
    if verb not in _BODYLESS:
        bodies = [_request(operation, variables, schemas) for operation in sharing]
        kept = [body for body in bodies if body is not None]
        content_type = "application/octet-stream" if first.raw_request else "application/json"
        if kept:
            schema = kept[0] if len(kept) == 1 else {"oneOf": kept}
            item["requestBody"] = {"content": {content_type: {"schema": schema}}}
    for operation in sharing:
        known = item["responses"].setdefault(str(operation.statuses[0][1]), {"description": "Success"})
        for kind, answer in _answer(operation, schemas).items():
            others = known.setdefault("content", {}).setdefault(kind, {"schema": answer})
            if answer != others["schema"] and answer not in others["schema"].get("anyOf", ()):
                others["schema"] = {"anyOf": [*others["schema"].get("anyOf", [others["schema"]]), answer]}
    return item


def _literals(path: str) -> str:
    """What tells the paths of one operation apart."""
    return "_".join("" if part.startswith("{") else part for part in path.split("/")[1:])


def _note(operation: Operation, path: str) -> Json:
    options = operation.options
    places = {place.path: place.since for place in options.paths}
    since = places.get(path.removeprefix(operation.api.prefix), options.since)
    note = {"rpc": operation.name, "action": options.action, "policy": options.policy.name}
    return {key: value for key, value in {**note, "since": since, "until": options.until}.items() if value}


def _query(operation: Operation, verb: str, variables: list[str]) -> Iterator[Json]:
    if verb not in _BODYLESS:
        return
    for field in operation.request.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.full_name == QUERY:
            for name, kind in _PAGES:
                yield {"name": name, "in": "query", "schema": {"type": kind}}
        elif field.name not in variables and not field_rules(field).header and field.message_type is None:
            yield {"name": wire_key(field), "in": "query", "schema": _value(field, {})}


def _request(operation: Operation, variables: list[str], schemas: Json) -> Json | None:
    if operation.raw_request:
        return {"type": "string", "format": "binary"}
    fields = [
        field
        for field in operation.request.DESCRIPTOR.fields
        if field.name not in variables and not field_rules(field).header
    ]
    body = _object(fields, schemas, answer=False)
    if operation.action and not body.get("properties"):
        return {"type": "object", "properties": {operation.action: {}}, "required": [operation.action]}
    return body if body.get("properties") or "$ref" in body or "allOf" in body else None


def _answer(operation: Operation, schemas: Json) -> Json:
    """Content type -> schema of what a success says; nothing where it says nothing."""
    if operation.raw_response:
        return {operation.options.content_type or "application/octet-stream": {"type": "string", "format": "binary"}}
    fields = [field for field in operation.response.DESCRIPTOR.fields if not field_rules(field).header]
    if not fields or operation.statuses[0][1] == 204:
        return {}
    return {"application/json": _object(fields, schemas, answer=True)}


def _reference(message: AnyMessageType, schemas: Json) -> Json:
    name = message.full_name.removeprefix("mopenstack.")
    if name not in schemas:
        schemas[name] = {}  # a message may hold itself
        schemas[name] = _object(message.fields, schemas, answer=None)
    return {"$ref": f"#/components/schemas/{name}"}


def _object(fields: Iterable[AnyField], schemas: Json, *, answer: bool | None) -> Json:
    """The JSON object that these fields make. `answer` None: in requests and answers alike."""
    shown: Json = {"type": "object", "properties": {}}
    required: list[str] = []
    whole: list[Json] = []
    for field in fields:
        rules = field_rules(field)
        if rules.access == annotations_pb2.ACCESS_INTERNAL or rules.header:
            continue
        if field.message_type is not None and field.message_type.full_name in _ASIDE:
            continue
        if rules.inline:
            whole.append(_inline(field, schemas))
            continue
        value = _value(field, schemas)
        if rules.access == annotations_pb2.ACCESS_OUTPUT:
            value = {**value, "readOnly": True}
        elif rules.access == annotations_pb2.ACCESS_INPUT:
            value = {**value, "writeOnly": True}
        key = wire_key(field)
        other = shown["properties"].get(key)
        # Two fields share a key at different microversions.
        shown["properties"][key] = value if other is None else {"anyOf": [*other.get("anyOf", [other]), value]}
        if rules.required and answer is not True:
            required.append(key)
    if required:
        shown["required"] = sorted(set(required))
    if not whole:
        return shown
    if not shown["properties"] and len(whole) == 1:
        return whole[0]
    return {"allOf": [shown, *whole]}


def _inline(field: AnyField, schemas: Json) -> Json:
    """What a field is that holds the keys of its parent: free keys, a whole object, or the list itself."""
    value = _value(field, schemas)
    return value if value else {"type": "object"}


def _value(field: AnyField, schemas: Json) -> Json:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return {"type": "object", "additionalProperties": _one(field.message_type.fields_by_name["value"], schemas)}
    value = _one(field, schemas)
    rules = field_rules(field)
    if field.is_repeated:
        limits = {"minItems": rules.min_items, "maxItems": rules.max_items, "uniqueItems": rules.unique_items}
        return {"type": "array", "items": value, **{key: limit for key, limit in limits.items() if limit}}
    if rules.nullable or rules.null_if_unset:
        return {**value, "type": [value["type"], "null"]} if "type" in value else {"anyOf": [value, {"type": "null"}]}
    return value


def _one(field: AnyField, schemas: Json) -> Json:
    rules = field_rules(field)
    if field.message_type is not None:
        known = _WELL_KNOWN.get(field.message_type.full_name)
        return dict(known) if known is not None else _reference(field.message_type, schemas)
    value: Json = {"type": "string"} if field.enum_type else {"type": _SCALARS.get(field.cpp_type, "integer")}
    if field.enum_type is not None:
        value["enum"] = list(enum_words(field).values())
    elif rules.one_of:
        value["enum"] = list(rules.one_of)
    texts = {"minLength": rules.min_length, "maxLength": rules.max_length, "pattern": rules.pattern}
    value.update({key: limit for key, limit in {**texts, "format": rules.format}.items() if limit})
    if rules.HasField("minimum"):
        value["minimum"] = rules.minimum.value
    if rules.HasField("maximum"):
        value["maximum"] = rules.maximum.value
    if "enum" in value and (rules.nullable or rules.null_if_unset):
        value["enum"] = [*value["enum"], None]
    return value
