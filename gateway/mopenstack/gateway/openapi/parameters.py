"""The parameters of an operation: path variables, query and headers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mopenstack.contract.contract import Contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import QUERY, Operation, field_rules, wire_key
from mopenstack.contract.v1 import annotations_pb2, options_pb2
from mopenstack.gateway.dialects.base import Dialect
from mopenstack.gateway.openapi.schemas import ANSWER, Json, Schemas, View
from mopenstack.gateway.router import TAIL

BODYLESS = frozenset({"GET", "DELETE", "HEAD"})
_DIRECTIONS = ["asc", "desc"]
_REQUEST = View("other", "")


def path_parameters(
    path: str, names: Sequence[str], operations: Iterable[tuple[Operation, Sequence[str]]], schemas: Schemas
) -> Iterator[Json]:
    """The variables of a path under `names`; `operations` are those at the path, with their own names of them."""
    tails = [part.endswith(TAIL) for part in path.split("/") if part.startswith("{")]
    (first, variables), *_ = operations
    for name, own, tail in zip(names, variables, tails, strict=True):
        field = first.request.DESCRIPTOR.fields_by_name.get(own)
        comment = schemas.comment(field.full_name) if field is not None else ""
        if tail:
            comment = "\n\n".join(filter(None, (comment, "The rest of the path, slashes included.")))
        found: Json = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        yield {**found, **({"description": comment} if comment else {})}


def query_parameters(
    operation: Operation, verb: str, variables: Iterable[str], contract: Contract, dialect: Dialect, schemas: Schemas
) -> Iterator[Json]:
    """What the query string of a request without a body can say."""
    known = set(variables)
    lists = False
    for field in operation.request.DESCRIPTOR.fields if verb in BODYLESS else ():
        rules = field_rules(field)
        if field.message_type is not None and field.message_type.full_name == QUERY:
            lists = True
            for one in _of_list(contract, operation, dialect, schemas):
                if one["name"] not in known:
                    known.add(one["name"])
                    yield one
        elif field.message_type is None and not rules.header and wire_key(field) not in known:
            known.add(wire_key(field))
            yield _parameter("query", wire_key(field), schemas.described(field, _REQUEST), required=rules.required)
    if verb == "GET" and "fields" in dialect.reserved and not lists and operation.response.DESCRIPTOR.fields:
        yield _page_parameters([])["fields"]
    for name in operation.options.query:
        if name not in known:
            yield _parameter("query", name, {"type": "string"})


def header_parameters(operation: Operation, schemas: Schemas) -> Iterator[Json]:
    """The fields of a request that travel as headers, and those that every call of the API may have."""
    for header in operation.api.context_headers:
        yield _parameter("header", header, {"type": "string"})
    for field in operation.request.DESCRIPTOR.fields:
        rules = field_rules(field)
        if rules.header:
            yield _parameter("header", rules.header, schemas.described(field, _REQUEST), required=rules.required)
        elif rules.header_prefix:
            yield {**prefixed(field, schemas), "name": f"{rules.header_prefix}*", "in": "header"}


def prefixed(field: AnyField, schemas: Schemas) -> Json:
    """The headers that begin with a prefix: OpenAPI has no patterns of names, so one stands for all of them."""
    prefix = field_rules(field).header_prefix
    says = f"Every header whose name begins with `{prefix}`: what follows, in lower case, is a key of `{field.name}`."
    text = "\n\n".join(filter(None, (schemas.comment(field.full_name), says)))
    return {"schema": {"type": "string"}, "description": text, "x-mopenstack-header-prefix": prefix}


def listed(contract: Contract, operation: Operation) -> AnyMessageType | None:
    """The stored message that a list is of: by the RPC's name, else what the answer holds; None for neither."""
    for message in contract.resources.values():
        descriptor = message.DESCRIPTOR
        resource = descriptor.GetOptions().Extensions[options_pb2.resource]
        plural = resource.plural or f"{resource.noun or descriptor.name}s"
        named = operation.method in (f"List{plural}", f"List{plural}Detail")
        if named and descriptor.file.package == operation.package:
            return descriptor
    for field in operation.response.DESCRIPTOR.fields:
        if field.is_repeated and field.message_type is not None:
            return field.message_type
    return None


def _of_list(contract: Contract, operation: Operation, dialect: Dialect, schemas: Schemas) -> Iterator[Json]:
    """Page, order and filters."""
    message = listed(contract, operation)
    fields: list[AnyField] = [] if message is None else [*message.fields]
    pages = _page_parameters(sorted({key for field in fields if field_rules(field).sortable for key in _keys(field)}))
    for name, one in pages.items():
        if name in dialect.reserved:
            yield one
    for field in fields:
        rules = field_rules(field)
        if rules.filterable and rules.access != annotations_pb2.ACCESS_INTERNAL:
            schema = _filter(schemas.described(field, View(ANSWER, "")))
            for key in _keys(field):
                yield _parameter("query", key, schema)


def _keys(field: AnyField) -> list[str]:
    return [key for key in (wire_key(field), field_rules(field).also) if key]


def _filter(value: Json) -> Json:
    """A field's value as a filter: one item of a list; limits of what may be written say nothing of what is asked."""
    item = value.get("items", value)
    kept = {key: item[key] for key in ("type", "enum", "format") if key in item}
    if isinstance(kept.get("type"), list):
        kept["type"] = next(one for one in kept["type"] if one != "null")
        kept["enum"] = [word for word in kept.get("enum", ()) if word is not None]
    if not kept.get("enum"):
        kept.pop("enum", None)
    about = ("description", "x-mopenstack-since", "x-mopenstack-until")
    return {**kept, **{key: value[key] for key in about if key in value}}


def _page_parameters(sortable: list[str]) -> dict[str, Json]:
    """Reserved word of a dialect -> its parameter."""
    key: Json = {"type": "string", **({"enum": sortable} if sortable else {})}
    found: dict[str, tuple[Json, str]] = {
        "limit": ({"type": "integer", "minimum": 0}, "How many objects the page has at most."),
        "marker": ({"type": "string"}, "The id of the last object of the page before."),
        "offset": ({"type": "integer", "minimum": 0}, "How many objects are left out before the page begins."),
        "page_reverse": ({"type": "boolean"}, "Whether the page is the one before the marker."),
        "sort_key": (key, "What the list is sorted by; may be repeated."),
        "sort_dir": ({"type": "string", "enum": _DIRECTIONS}, "The direction of each sort_key."),
        "sort": ({"type": "string"}, f"Keys with directions: `key:asc,other:desc`.{_one_of(sortable)}"),
        "fields": ({"type": "array", "items": {"type": "string"}}, "The only keys that the answer has of each object."),
    }
    return {name: _parameter("query", name, {**schema, "description": text}) for name, (schema, text) in found.items()}


def _one_of(keys: list[str]) -> str:
    return f" Keys: {', '.join(f'`{key}`' for key in keys)}." if keys else ""


def _parameter(place: str, name: str, schema: Json, *, required: bool = False) -> Json:
    """A parameter of a schema, whose description and extensions are the parameter's."""
    aside = {key: fact for key, fact in schema.items() if key == "description" or key.startswith("x-")}
    found: dict[str, Any] = {"name": name, "in": place, **aside}
    found["schema"] = {key: fact for key, fact in schema.items() if key not in aside and key != "writeOnly"}
    return {**found, "required": True} if required else found
