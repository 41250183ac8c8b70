"""What the framework wsme says of values that are not of their types, in every service that is made with it.

Source: wsme/types.py, wsme/exc.py, wsme/rest/json.py.
"""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import InvalidField

NUMBERS = {
    "integer": "int() argument must be a string, a bytes-like object or a real number",
    "number": "float() argument must be a string or a real number",
}
"""The type of a number -> what Python says of a list or an object in its place."""
FORMATS = {
    "uuid": "Value should be UUID format",
    "ip": "Value should be IPv4 or IPv6 format",
    "cidr": "Value should be IPv4 or IPv6 CIDR format",
    "ipv4": "Value should be IPv4 format",
    "http-url": "Value must be a valid URL string",
    "url-path": "Value must be a valid URL Path string",
    "alpn": "Value should be a valid ALPN protocol ID",
}
"""A field's format -> what its type says of a value that is not of it."""


def wanted(fault: InvalidField) -> list[Any]:
    """The types that a value could have had."""
    return fault.bound if isinstance(fault.bound, list) else [fault.bound]


def invalid(field: str, value: Any, why: str) -> str:
    return f"Invalid input for field/attribute {field}. Value: '{value}'. {why}"


def unknown(where: str, names: list[str]) -> str:
    """Keys of an object that its type does not have."""
    return f"Unknown attribute{'s' if len(names) > 1 else ''} for argument {where}: {', '.join(names)}"


def unconvertible(fault: InvalidField) -> str:
    """What a converter of wsme says: it raises ValueError, and the argument is blamed as a whole."""
    types = wanted(fault)
    if "boolean" in types:
        return f"Value not an unambiguous boolean: {fault.value}"
    if "integer" in types:
        return f"invalid literal for int() with base 10: {fault.value!r}"
    if "number" in types:
        return f"could not convert string to float: {fault.value!r}"
    if "array" in types:
        return f"Value not a valid list: {fault.value}"
    return f"Value not a valid dict: {fault.value}"


def broken(fault: InvalidField) -> str:
    """What a type says of a value that it does not allow."""
    bound = fault.bound
    if fault.rule == "format":
        return FORMATS.get(bound, f"Value should be {bound} format")
    if fault.rule == "one_of":
        return f"Value should be one of: {', '.join(str(item) for item in bound)}"
    sentences = {
        "max_length": f"Value should have a maximum character requirement of {bound}",
        "min_length": f"Value should have a minimum character requirement of {bound}",
        "pattern": f"Value should match the pattern {bound}",
        "minimum": f"Value should be greater or equal to {bound}",
        "maximum": f"Value should be lower or equal to {bound}",
    }
    return sentences.get(fault.rule, "Value should be string")
