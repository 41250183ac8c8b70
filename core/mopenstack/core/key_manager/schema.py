"""What Barbican's validators say beyond types and limits, in their words. Source: barbican/common/validators.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mopenstack.contract.faults import Fault, InvalidField
from mopenstack.key_manager.v1 import refusals

SECRET_TYPES = ["symmetric", "passphrase", "private", "public", "certificate", "opaque"]
IN_ORDER = "Secret' within 'Order"
"""What the schema of a secret is called inside of an order."""


def invalid(schema: str, reason: str, place: str) -> Fault:
    """The refusal of an object that does not match its schema."""
    return refusals.InvalidObject(schema=schema, reason=reason, property=place)


_TEXTS: Mapping[str, int] = {
    "name": 255,
    "algorithm": 255,
    "mode": 255,
    "expiration": 255,
    "payload": 0,
    "secret_type": 80,
    "payload_content_type": 255,
    "payload_content_encoding": 255,
    "transport_key_needed": 0,
    "transport_key_id": 0,
}
"""Field of a secret in an order -> its greatest length; 0: none."""
_WORDS: Mapping[str, list[str]] = {
    "secret_type": SECRET_TYPES,
    "payload_content_encoding": ["base64"],
    "transport_key_needed": ["true", "false"],
}
_NULLABLE = frozenset({"name", "payload_content_type"})
_BITS_MAX = 32767


def check_ordered(meta: Mapping[str, Any]) -> None:
    """Types and limits of the secret that an order describes; raises InvalidField below `meta`."""
    for key, value in meta.items():
        if key in _TEXTS:
            _check_text(key, value)
        elif key == "bit_length":
            _check_bits(value)


def _check_text(key: str, value: Any) -> None:
    path = ("meta", key)
    if value is None and key in _NULLABLE:
        return
    if not isinstance(value, str):
        raise InvalidField(path, value, "type", ["string", "null"] if key in _NULLABLE else "string")
    if _TEXTS[key] and len(value) > _TEXTS[key]:
        raise InvalidField(path, value, "max_length", _TEXTS[key])
    if key in _WORDS and value not in _WORDS[key]:
        raise InvalidField(path, value, "one_of", _WORDS[key])


def _check_bits(value: Any) -> None:
    path = ("meta", "bit_length")
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidField(path, value, "type", "integer")
    rules: tuple[tuple[str, int, Callable[[int], bool]], ...] = (
        ("minimum", 1, lambda bits: bits >= 1),
        ("maximum", _BITS_MAX, lambda bits: bits <= _BITS_MAX),
    )
    for rule, bound, holds in rules:
        if not holds(value):
            raise InvalidField(path, value, rule, bound)
