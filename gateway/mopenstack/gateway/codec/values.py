"""JSON values as what a field of the contract holds; the type is checked here, since JSON is where it can be wrong."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from google.protobuf import struct_pb2

from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.faults import InvalidField
from mopenstack.contract.operations import enum_words

Path = tuple[str | int, ...]

DEPTH_MAX = 32
_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})


def decode_json(body: bytes) -> Any:
    """Parse strictly; raises InvalidField with rule `json`."""
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX and _depth(body) > DEPTH_MAX:
        raise InvalidField((), "", "json", f"deeper than {DEPTH_MAX} levels")
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidField((), body[:80], "json", str(error)) from None


def _depth(body: bytes) -> int:
    """How deep the brackets nest; those inside strings count too, which only makes the limit stricter."""
    depth = deepest = 0
    for byte in body:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def to_value(value: Any) -> struct_pb2.Value:
    """Any JSON value as a Value."""
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, int | float):
        return struct_pb2.Value(number_value=max(min(value, 1e300), -1e300))
    if isinstance(value, str):
        return struct_pb2.Value(string_value=read_string(value, (), lenient=False))
    if isinstance(value, list):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[to_value(item) for item in value]))
    return struct_pb2.Value(struct_value=struct_pb2.Struct(fields={key: to_value(item) for key, item in value.items()}))


def read_struct(value: Any, path: Path) -> struct_pb2.Struct:
    if not isinstance(value, dict):
        raise InvalidField(path, value, "type", "object")
    return to_value(value).struct_value


def read_list(value: Any, path: Path) -> struct_pb2.ListValue:
    if not isinstance(value, list):
        raise InvalidField(path, value, "type", "array")
    return to_value(value).list_value


def read_time(value: Any, path: Path) -> Any:
    from datetime import UTC, datetime

    from google.protobuf.timestamp_pb2 import Timestamp

    if not isinstance(value, str):
        raise InvalidField(path, value, "type", "string")
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidField(path, value, "format", "date-time") from None
    stamp = Timestamp()
    stamp.FromDatetime((when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC))
    return stamp


def enum_reader(field: AnyField) -> Callable[[Any, Path], int]:
    words = {word: number for number, word in enum_words(field).items()}

    def read(value: Any, path: Path) -> int:
        found = words.get(value) if isinstance(value, str) else None
        if found is None:
            raise InvalidField(path, value, "one_of", list(words))
        return found

    return read


def read_bool(value: Any, path: Path, lenient: bool) -> bool:
    if isinstance(value, bool):
        return value
    if lenient and isinstance(value, str | int):
        text = str(value).lower()
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
    raise InvalidField(path, value, "type", "boolean")


def read_string(value: Any, path: Path, lenient: bool) -> str:
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:  # half of a surrogate pair is no text
                raise InvalidField(path, value.encode(errors="replace").decode(), "type", "string") from None
        return value
    if lenient and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InvalidField(path, value, "type", "string")


def read_integer(value: Any, path: Path, lenient: bool, low: int, high: int, pattern: str = "") -> int:
    """`pattern` is what the service wants of a number written as text."""
    found = value
    if lenient and isinstance(value, str):
        try:
            found = int(value)
        except ValueError:
            rule, bound = ("pattern", pattern) if pattern else ("type", "integer")
            raise InvalidField(path, value, rule, bound) from None
    if isinstance(found, bool) or not isinstance(found, int):
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        else:
            raise InvalidField(path, value, "type", "integer")
    if found > high:
        raise InvalidField(path, value, "maximum", high)
    if found < low:
        raise InvalidField(path, value, "minimum", low)
    return found


def read_number(value: Any, path: Path, lenient: bool) -> float:
    if lenient and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise InvalidField(path, value, "type", "number") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidField(path, value, "type", "number")
    return float(value)


def read_bytes(value: Any, path: Path) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise InvalidField(path, value, "format", "base64") from None
