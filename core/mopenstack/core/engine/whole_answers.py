"""The response message of an operation, out of what its handler returned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Page
from mopenstack.contract.descriptors import AnyMessageType
from mopenstack.contract.operations import LATEST, QUERY, Operation, field_rules, in_place, wire_key
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.core.engine.fields import copy_fields


def whole(operation: Operation, result: Any, audience: str, fields: Sequence[str] = ()) -> Message:
    """The response message of a handler's result, without what the caller may not see or did not ask for."""
    response = operation.response()
    if isinstance(result, Page):
        field = next(f for f in response.DESCRIPTOR.fields if f.is_repeated and f.message_type is not None)
        assert field.message_type is not None
        hidden = _hidden(field.message_type, audience, operation, fields)
        target = getattr(response, field.name)
        for item in result.items:
            _project(item, target.add(), hidden)
        if "page" in response.DESCRIPTOR.fields_by_name:
            response.page.next_marker = result.next_marker  # type: ignore[attr-defined]
            response.page.previous_marker = result.previous_marker  # type: ignore[attr-defined]
        for key, value in result.extra.items():
            if key in response.DESCRIPTOR.fields_by_name:
                response.MergeFrom(operation.response(**{key: value}))
    elif result.DESCRIPTOR is response.DESCRIPTOR:
        return result  # type: ignore[no-any-return]
    else:
        field = next(f for f in response.DESCRIPTOR.fields if f.message_type is not None)
        assert field.message_type is not None
        _project(result, getattr(response, field.name), _hidden(field.message_type, audience, operation, fields))
    return response


def asked_fields(operation: Operation, request: Message, result: Any) -> Sequence[str]:
    """The keys that a list's query, or the field `fields` of another request, asks for; none: all of them.

    A handler that made the whole response message has looked at them itself.
    """
    if isinstance(result, operation.response):
        return ()
    for field in request.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.full_name == QUERY:
            found: Sequence[str] = getattr(request, field.name).fields
            return found
        if field.name == "fields" and field.is_repeated:
            named: Sequence[str] = getattr(request, field.name)
            return named
    return ()


def _hidden(message: AnyMessageType, audience: str, operation: Operation, fields: Sequence[str]) -> list[str]:
    """The fields of a message that the caller may not see or did not ask for."""
    found = []
    for field in message.fields:
        rules = field_rules(field)
        hidden = (rules.audience and rules.audience != audience) or rules.access == annotations_pb2.ACCESS_INTERNAL
        # Keys that no field declares are in an inline field: which of them are shown is the gateway's to say.
        asked = not fields or rules.inline or not {field.name, wire_key(field), rules.also}.isdisjoint(fields)
        if hidden or not asked or not in_place(rules, operation.response.DESCRIPTOR.name, LATEST):
            found.append(field.name)
    return found


def _project(source: Message, target: Message, hidden: Iterable[str]) -> None:
    if source.DESCRIPTOR is target.DESCRIPTOR:
        target.CopyFrom(source)
    else:
        names = set(source.DESCRIPTOR.fields_by_name) & set(target.DESCRIPTOR.fields_by_name)
        copy_fields(source, target, names)
    target.SetInParent()
    for name in hidden:
        target.ClearField(name)
