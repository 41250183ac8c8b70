"""What the successes and refusals of an operation look like, as far as its declaration tells.

    a body, a query or a header field     400 (InvalidField), 413 (a body that is too large)
    not `anonymous`                       401
    a policy that can refuse              403
    a target, a path variable             404
    `since`, `until`                      404 outside of them
    `transition`, `guard`                 409, or the dialect's `wrong_state`
    a create of what a quota counts       the dialect's status of OverLimit
    a header If-Match                     412
    an API with microversions             406
    `refusals`, `absent`, `refuses`       each with its status and text

Everything else is `default`: any refusal in the envelope of its service.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from mopenstack.contract.contract import Contract
from mopenstack.contract.descriptors import AnyMessageType
from mopenstack.contract.faults import (
    Fault,
    InvalidField,
    NotFound,
    OverLimit,
    PolicyRefused,
    Unauthorized,
)
from mopenstack.contract.operations import LATEST, PAGE_INFO, Operation, field_rules
from mopenstack.contract.refusals import class_name
from mopenstack.contract.refusals import refusals as package_refusals
from mopenstack.contract.v1 import options_pb2
from mopenstack.gateway.dialects.base import Dialect, NotAcceptable, TooLarge, WrongVersion
from mopenstack.gateway.openapi.bodies import BYTES, JSON
from mopenstack.gateway.openapi.parameters import BODYLESS, prefixed
from mopenstack.gateway.openapi.schemas import ANSWER, REFERENCE, Json, Schemas, View

_STATUSES = (400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 416, 500, 501, 503)
"""Those that refusals have, whether declared or not."""
_ALWAYS = frozenset({"", "@"})
"""Checks that everyone passes."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal that an operation may answer with; `name` is that of the package's catalogue, empty for others."""

    status: int
    text: str
    name: str = ""


def successes(operation: Operation, dialect: Dialect, schemas: Schemas) -> Iterator[tuple[int, Json]]:
    """(status, response) of each success that is declared."""
    major = operation.api.microversion_min.partition(".")[0]
    for place, (since, status) in enumerate(operation.statuses):
        until = operation.statuses[place - 1][0] if place else LATEST
        when = [f"since {major}.{since}"] if since else []
        when += [f"before {major}.{until}"] if until != LATEST else []
        yield status, _success(operation, status, dialect, schemas, operation.options.location, ", ".join(when))
    for outcome in operation.options.outcomes:
        location = outcome.location or operation.options.location
        yield outcome.status, _success(operation, outcome.status, dialect, schemas, location, f"`{outcome.name}`")


def _success(operation: Operation, status: int, dialect: Dialect, schemas: Schemas, location: str, when: str) -> Json:
    text = schemas.comment(operation.response.DESCRIPTOR.full_name) or "Success."
    response: Json = {"description": f"{when}: {text}" if when else text}
    headers = dict(_headers(operation.response.DESCRIPTOR, schemas))
    if location:
        headers["Location"] = {"schema": {"type": "string"}, "description": f"The API's address and `{location}`."}
    if headers:
        response["headers"] = headers
    content = {} if status == HTTPStatus.NO_CONTENT else _content(operation, dialect, schemas)
    return {**response, "content": content} if content else response


def _headers(message: AnyMessageType, schemas: Schemas) -> Iterator[tuple[str, Json]]:
    for field in message.fields:
        rules = field_rules(field)
        if rules.header:
            comment = schemas.comment(field.full_name)
            yield rules.header, {"schema": {"type": "string"}, **({"description": comment} if comment else {})}
        elif rules.header_prefix:
            yield f"{rules.header_prefix}*", prefixed(field, schemas)


def _content(operation: Operation, dialect: Dialect, schemas: Schemas) -> Json:
    """Content type -> what a success says; nothing where it says nothing."""
    kind = operation.options.content_type
    if operation.raw_response:
        return {kind or BYTES: {"schema": {"type": "string", "format": "binary"}}}
    descriptor = operation.response.DESCRIPTOR
    fields = [field for field in descriptor.fields if not field_rules(field).header]
    if not fields:
        return {}
    schema = schemas.object(fields, descriptor, View(ANSWER, descriptor.name))
    pages = any(field.message_type is not None and field.message_type.full_name == PAGE_INFO for field in fields)
    if pages and schema.get("properties"):
        key = next(iter(schema["properties"]))
        schema = {**schema, "properties": {**schema["properties"], **dialect.page_schema(key)}}
    return {kind or JSON: {"schema": schema}}


# -- refusals


def refusals(
    operation: Operation, verb: str, variables: Sequence[str], contract: Contract, dialect: Dialect
) -> Iterator[Refused]:
    """Each refusal that the declaration leads to; the HTTP status is the dialect's."""
    options = operation.options
    fields = [field for field in operation.request.DESCRIPTOR.fields if field.name not in variables]
    if fields or options.strict_query:
        yield _of(dialect, InvalidField, "A value is not as it is declared.")
    if fields and verb not in BODYLESS and not operation.raw_request:
        yield _of(dialect, TooLarge, f"The body has more than {dialect.body_bytes_max} bytes.")
    if not operation.anonymous:
        yield _of(dialect, Unauthorized, "The token is missing, wrong or expired.")
    if _policy_refuses(operation):
        yield _of(dialect, PolicyRefused, "The operation's policy does not allow it to the caller.")
    if any(field_rules(field).header == "If-Match" for field in fields):
        yield Refused(HTTPStatus.PRECONDITION_FAILED, "The object is not as `If-Match` says.")
    if options.target or variables:
        yield _of(dialect, NotFound, "What the path names is not there, or the caller may not know of it.")
    if options.since or options.until:
        yield _of(dialect, WrongVersion, "The operation is not there at the microversion.")
    if options.transition or options.guard:
        row = options.transition or options.guard
        yield Refused(dialect.wrong_state, f"The state of the target does not allow `{row}`.")
    if (operation.package, operation.method) in _counted(contract):
        yield _of(dialect, OverLimit, "The quota of the project is used up.")
    if operation.api.microversion_max:
        yield _of(dialect, NotAcceptable, "The API has no such microversion.")
    for name in dict.fromkeys(filter(None, (*options.refusals, options.absent, options.refuses))):
        fault = getattr(package_refusals(operation.package), class_name(name), None)
        if fault is None:
            raise ValueError(f"{operation.name}: {operation.package} declares no refusal {name}")
        yield Refused(dialect.status(_made(fault)), fault.message, name)


def refused(found: Sequence[Refused], service: str, schemas: Schemas, dialect: Dialect) -> Json:
    """The response of the refusals that share a status."""
    texts = list(dict.fromkeys(one.text for one in found if not one.name))
    texts += [f"- `{one.name}`: {one.text}" for one in dict.fromkeys(found) if one.name]
    schema = _error_schema(service, found[0].status, schemas, dialect)
    return {"description": "\n".join(texts), "content": {dialect.error_type: {"schema": schema}}}


def other(service: str, schemas: Schemas, dialect: Dialect) -> Json:
    """The response of refusals that no declaration tells of."""
    references = [_error_schema(service, status, schemas, dialect) for status in _STATUSES]
    return {"description": "Any other refusal.", "content": {dialect.error_type: {"schema": {"anyOf": references}}}}


def _error_schema(service: str, status: int, schemas: Schemas, dialect: Dialect) -> Json:
    """A reference to what a service's refusals with a status look like."""
    name = f"{service}.error.{status}"
    if name not in schemas.components:
        schemas.components[name] = dialect.error_schema(status)
    return {"$ref": REFERENCE + name}


def _of(dialect: Dialect, fault: type[Fault], text: str) -> Refused:
    return Refused(dialect.status(_made(fault)), text)


def _made(fault: type[Fault]) -> Fault:
    """An instance that has the class's code and reason, and no facts."""
    return fault.__new__(fault)


def _policy_refuses(operation: Operation) -> bool:
    policy = operation.options.policy
    return bool(policy.name) and (policy.check not in _ALWAYS or policy.in_core or bool(policy.scope))


@cache
def _counted(contract: Contract) -> frozenset[tuple[str, str]]:
    """(package, RPC) of the creates of what a quota counts."""
    found = set()
    for message in contract.resources.values():
        resource: Any = message.DESCRIPTOR.GetOptions().Extensions[options_pb2.resource]
        if resource.quota:
            noun = resource.noun or message.DESCRIPTOR.name
            found.add((message.DESCRIPTOR.file.package, f"Create{noun}"))
    return frozenset(found)
