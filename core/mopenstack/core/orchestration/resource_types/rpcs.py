"""Calls of other services' RPCs with JSON documents, as Heat's clients make them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from google.api import annotations_pb2 as http_annotations
from google.protobuf import descriptor_pool
from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome, Page
from mopenstack.contract.operations import JSON_PATCH, LATEST, QUERY, message_class
from mopenstack.contract.v1 import common_pb2
from mopenstack.contract.values import to_value
from mopenstack.core.engine.documents import DocumentError, document, fill_request, unwrapped
from mopenstack.core.orchestration.resource_types.base import Context, ResourceFailure

_VARIABLE = re.compile(r"\{(\w+)(?:=[^}]*)?\}")


@cache
def _request(operation: str) -> tuple[type[Message], tuple[str, ...], str]:
    """Request, path variables in order and name of the answer of an RPC; raises KeyError for one not loaded."""
    method = descriptor_pool.Default().FindMethodByName(operation)
    rule = method.GetOptions().Extensions[http_annotations.http]
    path = next((getattr(rule, verb) for verb in ("get", "put", "post", "delete", "patch") if getattr(rule, verb)), "")
    return message_class(method.input_type), tuple(_VARIABLE.findall(path or rule.custom.path)), method.output_type.name


def _fill(request: Message, *given: Any) -> None:
    """documents.fill_request, with the failure of the resource for a document that is none."""
    try:
        fill_request(request, *given)
    except DocumentError as wrong:
        raise ResourceFailure(str(wrong), "BadRequest") from None


async def call(
    context: Context,
    operation: str,
    path: Sequence[str] = (),
    body: Any = None,
    *,
    beside: Mapping[str, Any] | None = None,
    microversion: int | None = None,
) -> Any:
    """Call an RPC: `path` are the values of its path's variables in order, `body` what its envelope holds.

    `beside` are keys beside the envelope. The answer is the JSON document of the object. Raises what the RPC refuses.
    """
    answer = await raw(context, operation, path, body, beside=beside, microversion=microversion)
    return unwrapped(answer, _request(operation)[2], _audience(context)) if isinstance(answer, Message) else None


async def raw(
    context: Context,
    operation: str,
    path: Sequence[str] = (),
    body: Any = None,
    *,
    beside: Mapping[str, Any] | None = None,
    microversion: int | None = None,
) -> Any:
    """The same, with the answer as the RPC gives it."""
    try:
        cls, variables, _ = _request(operation)
    except KeyError:
        service = operation.split(".")[1].replace("_", "-")
        text = f"Service {service} is not available: Service endpoint not in service catalog."
        raise ResourceFailure(text, "ResourceTypeUnavailable") from None
    request = cls()
    known = dict(zip(variables, path, strict=False))
    _fill(request, body or {}, known, beside, LATEST if microversion is None else microversion)
    answer = await context.invoke(operation, request, microversion=microversion)
    return answer.result if isinstance(answer, Outcome) else answer


async def patch(context: Context, operation: str, path: Sequence[str], changes: Sequence[tuple[str, str, Any]]) -> Any:
    """Call an RPC whose body is a JSON patch of an object's keys: (add, replace or remove; key; value)."""
    cls, variables, _ = _request(operation)
    request: Any = cls()
    _fill(request, {}, dict(zip(variables, path, strict=False)))
    found = next(one.name for one in cls.DESCRIPTOR.fields if _is(one, JSON_PATCH))
    for word, key, value in changes:
        op = common_pb2.JsonPatch.Operation.Op.Value(word.upper())
        made = getattr(request, found).operations.add(op=op, path=[key])
        if word != "remove":
            made.value.CopyFrom(to_value(value))
    answer = await context.invoke(operation, request)
    return unwrapped(answer, audience=_audience(context)) if isinstance(answer, Message) else None


async def listed(
    context: Context,
    operation: str,
    filters: Mapping[str, str] | None = None,
    path: Sequence[str] = (),
    *,
    microversion: int | None = None,
) -> list[Any]:
    """The objects of a list, as JSON documents."""
    cls, variables, name = _request(operation)
    request: Any = cls()
    _fill(request, {}, dict(zip(variables, path, strict=False)))
    query = next((one.name for one in cls.DESCRIPTOR.fields if _is(one, QUERY)), "")
    for key, value in (filters or {}).items():
        if query:
            getattr(request, query).filters.append(common_pb2.Query.Filter(key=key, values=[value]))
        elif key in cls.DESCRIPTOR.fields_by_name:
            setattr(request, key, value)
    answer = await context.invoke(operation, request, microversion=microversion)
    if isinstance(answer, Page):
        return [document(one, name, _audience(context)) for one in answer.items]
    found = next(one.name for one in answer.DESCRIPTOR.fields if one.is_repeated)
    return [document(one, name, _audience(context)) for one in getattr(answer, found)]


def _audience(context: Any) -> str:
    """What the caller may see of answers; a context that has no call is the cloud itself."""
    call = getattr(context, "call", None)
    return "admin" if call is None or call.caller.is_admin else ""


def _is(field: Any, kind: str) -> bool:
    return field.message_type is not None and field.message_type.full_name == kind
