"""Fields of requests and stored messages: what was given, what may be written, copies."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import field_rules, is_map
from mopenstack.contract.v1 import annotations_pb2


def envelope(request: Any) -> tuple[Message, set[str]]:
    """The object inside the request's envelope, and the fields that it gave; a request without one is the object.

    A mask names the keys that were given; those that no field declares are in an inline field, which has no key.
    """
    body_field, mask_field = envelope_fields(request.DESCRIPTOR)
    body: Message = getattr(request, body_field) if body_field else request
    present = {field.name for field, _ in body.ListFields()}
    mask = set(getattr(request, mask_field).paths) if mask_field else set()
    given = mask | (present & free_fields(body.DESCRIPTOR)) if mask else present
    return body, given & writable_fields(body.DESCRIPTOR)


@cache
def envelope_fields(request: AnyMessageType) -> tuple[str, str]:
    """(envelope, mask) of a request; empty where there is none."""
    body = mask = ""
    for field in request.fields:
        if field.message_type is None or field.is_repeated:
            continue
        if field.message_type.full_name == "google.protobuf.FieldMask":
            mask = field.name
        elif not body and not field.message_type.full_name.startswith("google.protobuf."):
            body = field.name
    return body, mask


@cache
def writable_fields(message: AnyMessageType) -> frozenset[str]:
    """The fields of a message that requests may give."""
    hidden = (annotations_pb2.ACCESS_OUTPUT, annotations_pb2.ACCESS_INTERNAL)
    return frozenset(field.name for field in message.fields if field_rules(field).access not in hidden)


@cache
def free_fields(descriptor: AnyMessageType) -> frozenset[str]:
    """The fields of a message that hold the keys which none of its fields declares: inline maps and Structs."""
    return frozenset(field.name for field in descriptor.fields if field_rules(field).inline and _is_object(field))


def _is_object(field: AnyField) -> bool:
    message = field.message_type
    return message is not None and (is_map(field) or message.full_name == "google.protobuf.Struct")


def merge_free_fields(source: Message, target: Message, names: Iterable[str]) -> None:
    """Add the free keys of the source to those of the target: each is a key of the object by itself."""
    for name in free_fields(source.DESCRIPTOR).intersection(names):
        getattr(target, name).MergeFrom(getattr(source, name))


def copy_fields(source: Message, target: Message, names: Iterable[str]) -> None:
    """Make these fields of the target what they are in the source, unset ones included."""
    for name in names:
        if name not in source.DESCRIPTOR.fields_by_name:
            continue
        field = target.DESCRIPTOR.fields_by_name[name]
        if field.is_repeated != source.DESCRIPTOR.fields_by_name[name].is_repeated:
            continue  # the service takes another spelling ("a,b" for a list): its hooks read it
        target.ClearField(name)
        if field.is_repeated:
            if field.message_type is not None and is_map(field):
                values = getattr(source, name)
                entry = field.message_type.fields_by_name["value"]
                for key in values:
                    if entry.message_type is not None:
                        getattr(target, name)[key].CopyFrom(values[key])
                    else:
                        getattr(target, name)[key] = values[key]
            else:
                getattr(target, name).extend(getattr(source, name))
        elif field.message_type is not None:
            if source.HasField(name):
                getattr(target, name).CopyFrom(getattr(source, name))
        elif not source.DESCRIPTOR.fields_by_name[name].has_presence or source.HasField(name):
            setattr(target, name, getattr(source, name))
