"""The contract as text: a line an operation, refusal, enum and field, so that a change of the API is a diff to read.

A line of an operation is verb, path and action, the RPC with its messages, the HTTP status of success, and all that its
option says; a line of a field is its message, name and number, its type, its key on the wire, and all that its option
says. What an annotation says is written out whatever it is, so that a new one is seen without a change here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from mopenstack.contract.contract import Contract
from mopenstack.contract.descriptors import AnyField, AnyMessageType
from mopenstack.contract.operations import Operation, field_rules, snake, wire_key
from mopenstack.contract.v1 import annotations_pb2, options_pb2

TYPES = {
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_FLOAT: "float",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_SINT64: "sint64",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_UINT64: "uint64",
}


def texts(contract: Contract) -> dict[str, str]:
    """Place ("compute/servers", or "compute" for the files above its folders) -> the text of those files."""
    found: dict[str, list[str]] = {}
    for module in contract.modules:
        service = contract.service_of(".".join(module.DESCRIPTOR.package.split(".")[:3])).name
        folders = module.DESCRIPTOR.name.split("/")[3:-1]
        lines = found.setdefault("/".join([service, *folders]), [])
        lines += [f"# {module.DESCRIPTOR.name}", *_file(contract, module.DESCRIPTOR), ""]
    return {place: "\n".join(lines) for place, lines in found.items()}


def _file(contract: Contract, file: Any) -> Iterator[str]:
    options = file.GetOptions()
    if options.HasExtension(options_pb2.api):
        yield from _api(options.Extensions[options_pb2.api])
    for enum in file.enum_types_by_name.values():
        yield from _refusals(enum) if enum.name == "Refusal" else [_enum(enum)]
    for service in file.services_by_name.values():
        for method in service.methods:
            yield from _operation(contract.by_name[f"{service.full_name}.{method.name}"])
    for message in file.message_types_by_name.values():
        yield from _message(message)


def _api(api: Any) -> Iterator[str]:
    rules, bare = api.rules, type(api)()
    bare.CopyFrom(api)
    bare.ClearField("rules")
    yield f"api {said(bare)}"
    yield from (f"rule {rule.name}: {rule.check}" for rule in rules)


def _refusals(enum: Any) -> Iterator[str]:
    for value in enum.values:
        if value.number:
            yield f"refusal {value.name} {value.number} {said(value.GetOptions().Extensions[options_pb2.refusal])}"


def _enum(enum: Any) -> str:
    words = (f"{value.GetOptions().Extensions[options_pb2.wire] or value.name.lower()}" for value in enum.values[1:])
    numbers = (value.number for value in enum.values[1:])
    return f"enum {_short(enum)}: " + " ".join(f"{word}={number}" for word, number in zip(words, numbers, strict=True))


def _operation(operation: Operation) -> Iterator[str]:
    options = type(operation.options)()
    options.CopyFrom(operation.options)
    options.ClearField("action")
    options.ClearField("status")
    rpc = f"{operation.service.rpartition('.')[2]}.{operation.method}"
    messages = f"({_short(operation.request.DESCRIPTOR)}) {_short(operation.response.DESCRIPTOR)}"
    for route in operation.routes or (None,):
        place = f"{route.verb} {route.path}" if route is not None else "gRPC"
        action = f" {operation.action}" if operation.action else ""
        yield f"{place}{action} {rpc}{messages} {operation.statuses[-1][1]} {said(options)}".rstrip()


def _message(message: AnyMessageType) -> Iterator[str]:
    options = message.GetOptions()
    parts = [f"resource({said(options.Extensions[options_pb2.resource])})"]
    parts = parts if options.HasExtension(options_pb2.resource) else []
    if options.Extensions[options_pb2.unknown]:
        parts.append(f"unknown={_word(options_pb2.unknown.enum_type, options.Extensions[options_pb2.unknown])}")
    if parts:
        yield f"message {_short(message)} {' '.join(parts)}"
    for enum in message.enum_types:
        yield _enum(enum)
    for field in message.fields:
        key, rules = wire_key(field), annotations_pb2.Field()
        rules.CopyFrom(field_rules(field))
        rules.ClearField("key")
        shown = f" {key!r}" if key != field.name else ""
        yield f"{_short(message)}.{field.name} {field.number} {_type(field)}{shown} {said(rules)}".rstrip()
    for inner in message.nested_types:
        if not inner.GetOptions().map_entry:
            yield from _message(inner)


def _type(field: AnyField) -> str:
    inner: Any = field.message_type or field.enum_type
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        entry = field.message_type.fields_by_name
        return f"map<{_type(entry['key'])},{_type(entry['value'])}>"
    name = _short(inner) if inner is not None else TYPES[field.type]
    if field.is_repeated:
        return f"{name}[]"
    optional = field.has_presence and inner is None and field.containing_oneof is not None
    return f"{name}?" if optional else name


def _short(descriptor: Any) -> str:
    """The name below the package: `Server.Address`; of shared messages the last part of it."""
    return str(descriptor.full_name.removeprefix(f"{descriptor.file.package}."))


def said(message: Any) -> str:
    """What an annotation says: `name=value` of each field that is set, messages in parentheses."""
    return " ".join(_said(field, value) for field, value in message.ListFields())


def _said(field: Any, value: Any) -> str:
    if field.is_repeated:
        return f"{field.name}=[{', '.join(_value(field, item) for item in value)}]"
    if field.type == FieldDescriptor.TYPE_BOOL:
        return str(field.name)
    if field.message_type is not None:
        return f"{field.name}({said(value)})"
    return f"{field.name}={_value(field, value)}"


def _word(enum: Any, number: int) -> str:
    """A value's name without that of its enum: `internal` of ACCESS_INTERNAL."""
    return str(enum.values_by_number[number].name).removeprefix(f"{snake(enum.name).upper()}_").lower()


def _value(field: Any, value: Any) -> str:
    if field.message_type is not None:
        return f"({said(value)})"
    if field.enum_type is not None:
        return _word(field.enum_type, value)
    text = str(value)
    return (
        repr(text) if field.type == FieldDescriptor.TYPE_STRING and (not text or set(text) & set(" ,()[]'")) else text
    )
