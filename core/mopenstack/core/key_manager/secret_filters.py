"""Filters and order of lists of secrets (barbican.model.repositories.SecretRepo.get_secret_list)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from mopenstack.core.key_manager.base import like
from mopenstack.core.key_manager.expiration import parse_time
from mopenstack.key_manager.v1 import refusals
from mopenstack.key_manager.v1 import secrets_pb2 as pb

_DATES: Mapping[str, str] = {"created": "created_at", "updated": "updated_at", "expiration": "expiration"}
_SORTS: Mapping[str, str] = {
    **_DATES,
    **{key: key for key in ("algorithm", "bit_length", "mode", "name", "secret_type", "status")},
}
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
}
_EXCLUDE: Mapping[str, tuple[str, ...]] = {
    "gt": ("gt", "gte"),
    "gte": ("gt", "gte", "eq"),
    "lt": ("lt", "lte"),
    "lte": ("lt", "lte", "eq"),
    "eq": ("eq", "gte", "lte"),
}
"""Comparison -> those that may not stand before it."""


def check(asked: Mapping[str, str]) -> None:
    """Refuse dates and an order that cannot be read."""
    try:
        for key in _DATES:
            if asked.get(key):
                _moments(asked[key])
        if asked.get("sort"):
            _orders(asked["sort"])
    except ValueError:
        raise refusals.BadQuery() from None


def chosen(found: list[pb.Secret], asked: Mapping[str, str]) -> list[pb.Secret]:
    """Those that a query's filters leave, in the order that it asks for."""
    left = [secret for secret in found if _matches(secret, asked)]
    left.sort(key=lambda secret: secret.id)  # the index that MariaDB reads them by
    for key, descending in reversed(_orders(asked["sort"]) if asked.get("sort") else []):
        name = _SORTS[key]
        left.sort(key=lambda secret: _sortable(secret, name), reverse=descending)
    return left


def _matches(secret: pb.Secret, asked: Mapping[str, str]) -> bool:
    for key, name in (("name", "name"), ("alg", "algorithm"), ("mode", "mode")):
        if asked.get(key) and not (secret.HasField(name) and like(asked[key], getattr(secret, name))):
            return False
    bits = asked.get("bits", "")
    if bits.isdecimal() and int(bits[:9]) and secret.bit_length != int(bits[:9]):
        return False
    if asked.get("secret_type") and secret.secret_type != asked["secret_type"]:
        return False
    return all(_in_time(secret, name, asked[key]) for key, name in _DATES.items() if asked.get(key))


def _in_time(secret: pb.Secret, name: str, text: str) -> bool:
    if not secret.HasField(name):
        return False
    when = getattr(secret, name).ToDatetime(tzinfo=None).replace(microsecond=0)
    return all(_COMPARE[word](when, moment.replace(microsecond=0)) for word, moment in _moments(text))


def _moments(text: str) -> list[tuple[str, datetime]]:
    """(comparison, time) of each part of a date filter; raises ValueError."""
    found: list[tuple[str, datetime]] = []
    for part in text.split(","):
        word, colon, rest = part.partition(":")
        if not colon or word not in ("gt", "gte", "lt", "lte"):
            word, rest = "eq", part
        if any(other in _EXCLUDE[word] for other, _ in found):
            raise ValueError(part)
        found.append((word, parse_time(rest).replace(tzinfo=None)))
    return found


def _orders(text: str) -> list[tuple[str, bool]]:
    """(key, whether descending) of each part of an order; raises ValueError."""
    found: list[tuple[str, bool]] = []
    for part in text.split(","):
        key, colon, direction = part.partition(":")
        if key not in _SORTS or (colon and direction not in ("asc", "desc")) or key in dict(found):
            raise ValueError(part)
        found.append((key, direction == "desc"))
    return found


def _sortable(secret: pb.Secret, name: str) -> tuple[bool, Any]:
    """Null comes first, as MariaDB has it."""
    field = pb.Secret.DESCRIPTOR.fields_by_name[name]
    if field.has_presence and not secret.HasField(name):
        return (False, 0)
    value = getattr(secret, name)
    return (True, value.seconds if field.message_type is not None else value)
