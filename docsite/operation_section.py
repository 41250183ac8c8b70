"""The section of one operation in the API reference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docsite.markdown import cell, first_sentence, row
from docsite.operations import driven_by, who_may
from mopenstack.contract.contract import Contract
from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.operations import (
    LATEST,
    PAGE_INFO,
    QUERY,
    Operation,
    enum_words,
    field_rules,
    is_map,
    wire_key,
)
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.openapi.answers import Refused, refusals
from mopenstack.gateway.openapi.parameters import query_parameters
from mopenstack.gateway.openapi.schemas import Schemas
from mopenstack.gateway.surface import dialect_of

_VARIABLE = re.compile(r"\{([^}=]+)[^}]*\}")
_DEPTH_MAX = 2
"""Keys of objects in the object that a request holds are told, no deeper ones."""
_SCALARS = {1: "integer", 2: "integer", 3: "integer", 4: "integer", 5: "number", 6: "number", 7: "boolean"}
_NO_KEY = {PAGE_INFO, "google.protobuf.FieldMask"}
_GIVEN = {annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL}


class Section:
    """Writes the sections of a contract's operations."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._schemas = Schemas(contract)
        self._dialects = {package: dialect_of(contract, package) for package in contract.apis}

    def lines(self, operation: Operation) -> Iterator[str]:
        """The Markdown of an operation."""
        yield f"\n## {operation.method}\n"
        yield from self._routes(operation)
        comment = self._contract.sources.comment(operation.name)
        if comment:
            yield f"{cell(comment, paragraphs=True)}\n"
        yield "| | |\n|---|---|"
        for name, value in self._facts(operation):
            yield row(name, value)
        yield from self._keys(operation)
        yield from self._refusals(operation)

    def _routes(self, operation: Operation) -> Iterator[str]:
        for route in operation.routes:
            path = operation.api.prefix + _VARIABLE.sub(r"{\1}", route.path)
            action = f" with the action `{operation.action}`" if operation.action else ""
            yield f"`{route.verb} {path}`{action}{_since_until(operation, route.since, route.until)}\n"
        if not operation.routes:
            yield "Over gRPC only.\n"

    def _facts(self, operation: Operation) -> Iterator[tuple[str, str]]:
        options = operation.options
        yield "RPC", f"`{operation.name}`"
        if operation.api.microversion_max:
            yield "Microversions", _range(operation, operation.since, operation.until) or "all"
        if operation.routes:
            statuses = [str(status) for _, status in operation.statuses]
            statuses += [f"{one.status} (`{one.name}`)" for one in options.outcomes]
            yield "Success", ", ".join(dict.fromkeys(statuses))
        if operation.anonymous:
            yield "Token", "not needed"
        if options.policy.name:
            yield "Policy", _policy(options.policy)
        may = who_may(operation)
        if may is not None:
            yield "Who may", str(may)
        yield "Driven by", driven_by(operation)

    # -- what a request says

    def _keys(self, operation: Operation) -> Iterator[str]:
        variables = {name for route in operation.routes for name in _VARIABLE.findall(route.path)}
        if operation.routes and not operation.takes_body:
            dialect = self._dialects[operation.package]
            found = query_parameters(
                operation, operation.routes[0].verb, variables, self._contract, dialect, self._schemas
            )
            names = [f"`{one['name']}`" for one in found if "name" in one]
            if names:
                yield f"\nIn the query: {', '.join(names)}."
            return
        rows = [
            one
            for field in operation.request.DESCRIPTOR.fields
            if field.name not in variables
            for one in self._field(field, "", 1)
        ]
        if rows:
            yield "\n| in the request | type | |\n|---|---|---|"
            yield from rows

    def _field(self, field: AnyField, above: str, depth: int) -> Iterator[str]:
        rules = field_rules(field)
        message = field.message_type
        if rules.access in _GIVEN or (message is not None and message.full_name in _NO_KEY | {QUERY}):
            return
        key = rules.header or f"{above}{wire_key(field)}"
        told = [first_sentence(self._contract.sources.comment(field.full_name))]
        told += ["Required."] if rules.required else []
        told += [f"Since {rules.since}."] if rules.since else []
        told += [f"Until {rules.until}."] if rules.until else []
        yield row(f"`{key}`" + (" (header)" if rules.header else ""), _type(field), " ".join(filter(None, told)))
        own = message is not None and message.full_name.startswith("mopenstack.") and not is_map(field)
        if message is not None and own and depth <= _DEPTH_MAX:
            for inner in message.fields:
                yield from self._field(inner, f"{key}.", depth + 1)

    # -- what it is refused for

    def _refusals(self, operation: Operation) -> Iterator[str]:
        if not operation.routes:
            return
        first = operation.routes[0]
        variables = tuple(_VARIABLE.findall(first.path))
        dialect = self._dialects[operation.package]
        found: dict[Refused, None] = dict.fromkeys(refusals(operation, first.verb, variables, self._contract, dialect))
        if found:
            yield "\n| refused with | when, or with these words | reason over gRPC |\n|---|---|---|"
            for one in sorted(found, key=lambda one: one.status):
                yield row(int(one.status), cell(one.text), f"`{one.name}`" if one.name else "")


def _policy(policy: annotations_pb2.Policy) -> str:
    told = [
        f"`{policy.name}`: " + (f"`{policy.check}`".replace("|", "\\|") if policy.check not in ("", "@") else "any")
    ]
    if policy.scope:
        told.append(f"token of {' or '.join(policy.scope)}")
    if policy.switched.option:
        told.append(f"with the option `{policy.switched.option}`: `{policy.switched.check}`")
    if policy.in_core:
        told.append("and what the service itself asks")
    return "; ".join(told)


def _range(operation: Operation, since: int, until: int) -> str:
    major = operation.api.microversion_min.partition(".")[0]
    found = [f"since {major}.{since}"] if since else []
    return " ".join([*found, f"until {major}.{until}"] if until != LATEST else found)


def _since_until(operation: Operation, since: int, until: int) -> str:
    found = _range(operation, since, until)
    return f" ({found})" if found else ""


def _type(field: AnyField) -> str:
    message = field.message_type
    if is_map(field):
        return "object"
    if field.enum_type is not None:
        words = list(dict.fromkeys(enum_words(field).values()))
        shown = ", ".join(f"`{cell(word)}`" for word in words[:8]) + (", ..." if len(words) > 8 else "")
    elif message is not None:
        shown = {"google.protobuf.Timestamp": "time", "google.protobuf.ListValue": "list"}.get(
            message.full_name, "object"
        )
        shown = "any JSON" if message.full_name == "google.protobuf.Value" else shown
    else:
        shown = _SCALARS.get(field.cpp_type, "string")
    return f"list of {shown}" if field.is_repeated else shown
