"""Values of a message that stand for any JSON, as Python."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2


def plain(value: struct_pb2.Value) -> Any:
    """A Value as Python; whole numbers are integers, an unset Value is None."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return plain_struct(value.struct_value)
    if kind == "list_value":
        return [plain(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        return value.string_value
    return value.bool_value if kind == "bool_value" else None


def plain_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A Struct as Python."""
    return {key: plain(item) for key, item in struct.fields.items()}
