"""Objects in a cloud's store, made of the JSON that a real service showed of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import enum_words, field_rules, is_map, wire_key
from mopenstack.contract.values import to_struct, to_value
from mopenstack.gateway.codec.values import read_time

_INTEGERS = {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT32}
_NUMBERS = {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}


def fill(message: Any, document: Mapping[str, Any]) -> Message:
    """Set what a message declares of a JSON object, in whatever view of it; the rest is left out.

    A key `__name` stands for the field of that name, where two fields share a key.
    """
    descriptor: AnyMessageType = message.DESCRIPTOR
    used = set()
    inline = None
    for field in descriptor.fields:
        rules = field_rules(field)
        if rules.inline:
            inline = field
            continue
        for key in filter(None, (f"__{field.name}", wire_key(field), rules.also)):
            used.add(key)
            if document.get(key) is not None:
                _set(message, field, document[key])
                break
    if inline is not None:
        _set(message, inline, {key: value for key, value in document.items() if key not in used})
    result: Message = message
    return result


def _set(message: Any, field: AnyField, value: Any) -> None:
    held = getattr(message, field.name)
    if is_map(field):
        assert field.message_type is not None
        _set_map(held, field.message_type.fields_by_name["value"], value)
    elif field.is_repeated:
        for one in value if isinstance(value, list) else []:
            if field.message_type is None:
                held.append(_scalar(field, one))
            else:
                _message(field.message_type.full_name, held.add(), one)
    elif field.message_type is not None:
        if isinstance(value, dict) and not _knows(field.message_type, value):
            return  # another field of the same key is meant
        _message(field.message_type.full_name, held, value)
    elif (scalar := _scalar(field, value)) is not None:
        setattr(message, field.name, scalar)


def _set_map(held: Any, values: AnyField, document: Any) -> None:
    for key, one in document.items() if isinstance(document, dict) else ():
        if values.message_type is None:
            if (scalar := _scalar(values, one)) is not None:
                held[key] = scalar
        elif values.message_type.full_name.startswith("google."):
            _message(values.message_type.full_name, held[key], one)
        else:
            wrapped = next((field for field in values.message_type.fields if field_rules(field).inline), None)
            if wrapped is not None and wrapped.is_repeated and not is_map(wrapped):
                _set(held[key], wrapped, one)
            else:
                fill(held[key], one)


def _knows(message: AnyMessageType, document: dict[str, Any]) -> bool:
    if message.full_name.startswith("google.") or not document:
        return True
    return any(field_rules(field).inline or wire_key(field) in document for field in message.fields)


def _message(name: str, held: Any, value: Any) -> None:
    if name == "google.protobuf.Timestamp":
        held.CopyFrom(read_time(value, ()))
    elif name == "google.protobuf.Struct":
        if isinstance(value, dict):
            held.CopyFrom(to_struct(value))
    elif name == "google.protobuf.Value":
        held.CopyFrom(to_value(value))
    elif name == "google.protobuf.ListValue":
        held.CopyFrom(to_value(value).list_value)
    elif isinstance(value, dict):
        held.SetInParent()
        fill(held, value)
    elif isinstance(value, list):
        wrapped = next((field for field in held.DESCRIPTOR.fields if field_rules(field).inline), None)
        if wrapped is not None:
            _set(held, wrapped, value)


def _scalar(field: AnyField, value: Any) -> Any:
    """None for what the field cannot hold."""
    readers: dict[int, Callable[[Any], Any]] = {
        FieldDescriptor.CPPTYPE_BOOL: lambda given: given if isinstance(given, bool) else str(given).lower() == "true",
        FieldDescriptor.CPPTYPE_STRING: lambda given: None if isinstance(given, dict | list) else str(given),
        FieldDescriptor.CPPTYPE_ENUM: lambda given: next(
            (n for n, word in enum_words(field).items() if word == given), None
        ),
    }
    kind = field.cpp_type
    try:
        if kind in _INTEGERS or kind == FieldDescriptor.CPPTYPE_UINT64:
            return int(value)
        if kind in _NUMBERS:
            return float(value)
    except (TypeError, ValueError):
        return None
    return readers[kind](value) if kind in readers else None
