"""What a request carries."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence

from mopenstack.contract.contract import Contract
from mopenstack.contract.operations import Operation, field_rules
from mopenstack.gateway.hooks import BodySchema
from mopenstack.gateway.openapi.schemas import Json, Schemas, View

JSON = "application/json"
BYTES = "application/octet-stream"
_NOTHING: tuple[Json, ...] = ({"type": "object"}, {"type": "object", "additionalProperties": False})
"""Bodies that say nothing."""


def hooked(contract: Contract) -> Mapping[str, BodySchema]:
    """Operation name -> what its hook takes, of bodies that are not as the request's message says."""
    found: dict[str, BodySchema] = {}
    for service in contract.services:
        for module in service.hooks:
            found.update(getattr(importlib.import_module(module), "BODY_SCHEMAS", {}))
    return found


def request_body(
    operations: Iterable[tuple[Operation, Sequence[str]]], hooks: Mapping[str, BodySchema], schemas: Schemas
) -> Json | None:
    """The requestBody of the operations at one verb and path, with the variables of their paths; None without one."""
    content: dict[str, list[Json]] = {}
    required = []
    for operation, variables in operations:
        found = _bodies(operation, variables, hooks, schemas)
        required.append(_needs_body(operation, found))
        for kind, schema in found.items():
            content.setdefault(kind, []).append(schema)
    if not content:
        return None
    return {
        "content": {kind: {"schema": _either(found)} for kind, found in content.items()},
        **({"required": True} if all(required) else {}),
    }


def _either(found: list[Json]) -> Json:
    """One of the bodies: by action, or as the microversion says."""
    distinct = [schema for place, schema in enumerate(found) if schema not in found[:place]]
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def _needs_body(operation: Operation, found: Mapping[str, Json]) -> bool:
    if not found or operation.raw_request:
        return False
    return (
        bool(operation.action) or operation.kind_of_write != "other" or any("required" in one for one in found.values())
    )


def _bodies(
    operation: Operation, variables: Sequence[str], hooks: Mapping[str, BodySchema], schemas: Schemas
) -> Mapping[str, Json]:
    """Content type -> schema."""
    if operation.raw_request:
        return {BYTES: {"type": "string", "format": "binary"}}
    descriptor = operation.request.DESCRIPTOR
    fields = [field for field in descriptor.fields if field.name not in variables and not field_rules(field).header]
    body = schemas.object(fields, descriptor, View(operation.kind_of_write, descriptor.name))
    hook = hooks.get(operation.name)
    if hook is not None:
        return hook(body)
    if operation.action:
        body = _action(operation, body, schemas)
    elif body in _NOTHING:
        return {}
    return {JSON: body}


def _action(operation: Operation, body: Json, schemas: Schemas) -> Json:
    """The body of an action: its name is the one key; its value says nothing where no field is called so."""
    if operation.action not in body.get("properties", {}):
        body = {"type": "object", "properties": {operation.action: {}}}
    named = {"title": operation.method, "description": schemas.comment(operation.name)}
    return {**body, "required": [operation.action], **{key: text for key, text in named.items() if text}}
