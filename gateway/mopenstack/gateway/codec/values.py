"""JSON values as what a field of the contract holds; the type is checked here, since JSON is where it can be wrong."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import orjson
from google.protobuf import struct_pb2

from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.faults import InvalidField
from mopenstack.contract.operations import enum_words
from mopenstack.contract.values import to_value

Path = tuple[str | int, ...]

DEPTH_MAX = 32
_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})


def decode_json(body: bytes) -> Any:
    """Parse strictly; raises InvalidField with rule `json`."""
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX and _depth(body) > DEPTH_MAX:
        raise InvalidField((), "", "json", f"deeper than {DEPTH_MAX} levels")
    try:
        return _JSON.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
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


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is beyond every number")
    return number


_JSON = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
"""json.loads makes one for each document."""


def read_value(value: Any, path: Path = ()) -> struct_pb2.Value:
    """Any JSON value."""
    try:
        return to_value(value)
    except UnicodeEncodeError as half:  # half of a surrogate pair is no text
        raise InvalidField(path, half.object.encode(errors="replace").decode(), "type", "string") from None


def dumps(document: Any) -> bytes:
    """A document as JSON, whatever numbers it holds."""
    try:
        return orjson.dumps(document)
    except TypeError:  # what orjson does not take: an integer beyond 64 bits, half a character
        return json.dumps(document, separators=(",", ":")).encode()


def read_struct(value: Any, path: Path) -> struct_pb2.Struct:
    if not isinstance(value, dict):
        raise InvalidField(path, value, "type", "object")
    return read_value(value).struct_value


def read_list(value: Any, path: Path) -> struct_pb2.ListValue:
    if not isinstance(value, list):
        raise InvalidField(path, value, "type", "array")
    return read_value(value).list_value


def read_time(value: Any, path: Path) -> Any:
    from datetime import UTC, datetime

    from google.protobuf.timestamp_pb2 import Timestamp

    if not isinstance(value, str):
        raise InvalidField(path, value, "type", "string")
    stamp = Timestamp()
    try:
        when = datetime.fromisoformat(value)
        stamp.FromDatetime((when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC))
    except (ValueError, OverflowError):  # an offset may lead out of the calendar
        raise InvalidField(path, value, "format", "date-time") from None
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


class Limits(NamedTuple):
    """What an integer may be.

    pattern      what the service wants of a number written as text
    whole_part   whether a fraction is taken for its whole part, and true for 1
    """

    low: int
    high: int
    pattern: str = ""
    whole_part: bool = False


def read_integer(value: Any, path: Path, lenient: bool, limits: Limits) -> int:
    found = int(value) if limits.whole_part and isinstance(value, float | bool) else value
    if lenient and isinstance(value, str):
        try:
            found = int(value)
        except ValueError:
            rule, bound = ("pattern", limits.pattern) if limits.pattern else ("type", "integer")
            raise InvalidField(path, value, rule, bound) from None
    if isinstance(found, bool) or not isinstance(found, int):
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        else:
            raise InvalidField(path, value, "type", "integer")
    if found > limits.high:
        raise InvalidField(path, value, "maximum", limits.high)
    if found < limits.low:
        raise InvalidField(path, value, "minimum", limits.low)
    return found


def read_number(value: Any, path: Path, lenient: bool) -> float:
    if lenient and isinstance(value, str):
        with suppress(ValueError):
            if math.isfinite(number := float(value)):
                return number
    elif isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(OverflowError):
            return float(value)
    raise InvalidField(path, value, "type", "number")


def read_bytes(value: Any, path: Path) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise InvalidField(path, value, "format", "base64") from None
