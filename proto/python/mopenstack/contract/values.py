"""Values of a message that stand for any JSON, as Python, and back.

A google.protobuf.Value holds numbers as doubles. A number that a double cannot give back as it was, an integer beyond
2^53 or a float without a fraction (1.0 is no integer in JSON Schema's older drafts), is carried as a string_value: MARK
and the number's text. A client's own text that begins with MARK gets another MARK in front, so that the two cannot be
taken for each other. Values are read and written here only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from google.protobuf import struct_pb2

T = TypeVar("T")

MARK = "\0"
EXACT_MAX = 2**53
DIGITS_MAX = 4000

_NUMBER = re.compile(r"-?[0-9]+(?P<float>(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)", re.ASCII)


def to_value(value: Any) -> struct_pb2.Value:
    """Any JSON value as a Value; raises UnicodeEncodeError for a text that is none (half of a surrogate pair)."""
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int):
        if -EXACT_MAX <= value <= EXACT_MAX:
            return struct_pb2.Value(number_value=value)
        return struct_pb2.Value(string_value=f"{MARK}{value}")
    if isinstance(value, float):
        if value.is_integer():
            return struct_pb2.Value(string_value=f"{MARK}{value!r}")
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=MARK + value if value.startswith(MARK) else value)
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=to_struct(value))
    return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[to_value(item) for item in value]))


def to_struct(value: Mapping[str, Any]) -> struct_pb2.Struct:
    """A JSON object as a Struct."""
    return struct_pb2.Struct(fields={key: to_value(item) for key, item in value.items()})


def plain(value: struct_pb2.Value) -> Any:
    """A Value as Python; whole numbers that a double holds are integers, an unset Value is None."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return plain_struct(value.struct_value)
    if kind == "list_value":
        return [plain(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "string_value":
        text = value.string_value
        return _unmarked(text[1:]) if text.startswith(MARK) else text
    return value.bool_value if kind == "bool_value" else None


def plain_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A Struct as Python."""
    return {key: plain(item) for key, item in struct.fields.items()}


def _unmarked(text: str) -> Any:
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    return float(text) if found["float"] else int(text)


def repeated(items: Iterable[T]) -> list[T]:
    """The JSON values that a list has more than once, each once, in the order in which they come again.

    The time is linear in the list: callers make it as long as a body may be.
    """
    seen: set[object] = set()
    again: dict[object, T] = {}
    for item in items:
        key = item if isinstance(item, str) else (json.dumps(item, sort_keys=True),)
        if key in seen:
            again.setdefault(key, item)
        seen.add(key)
    return list(again.values())


def whole_number(text: str) -> int:
    """The number that a text of decimal digits says.

    Of one with more digits than Python converts it is the beginning: more than anything may be, too.
    """
    return int(text[:DIGITS_MAX])
