"""The formats that the services' schemas name, as each of them checks it.

A format that has words of its own raises `Said` with them.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

Format = Callable[[Any], bool]


class Said(Exception):
    """What a service says of a value itself, instead of the library's sentence."""


class Ended(Exception):
    """The same, where the service looks no further: what a format raises unexpectedly ends the whole check."""


def texts(holds: Callable[[str], bool]) -> Format:
    return lambda value: not isinstance(value, str) or holds(value)


def is_uuid(value: Any) -> bool:
    """oslo_utils.uuidutils.is_uuid_like"""
    try:
        return str(uuid.UUID(str(value))).replace("-", "") == _bare(str(value))
    except (TypeError, ValueError, AttributeError):
        return False


def _bare(value: str) -> str:
    return value.replace("urn:", "").replace("uuid:", "").strip("{}").replace("-", "").lower()


def is_date_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_base64(value: str) -> bool:
    try:
        base64.b64decode(value)
    except (binascii.Error, ValueError):
        return False
    return True


def is_cidr(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return "/" in value


def _ip(cls: Callable[[str], Any]) -> Format:
    def holds(value: str) -> bool:
        try:
            cls(value)
        except ValueError:
            return False
        return True

    return texts(holds)


def is_uri(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def _regex(value: str) -> bool:
    try:
        re.compile(value)
    except re.error:
        return False
    return bool(value)


# -- Nova: nova/api/validation/parameter_types.py


def _printable(character: str) -> bool:
    kind = unicodedata.category(character)
    return not kind.startswith("C") and (not kind.startswith("Z") or kind == "Zs")


def _nova_name(spaces: bool, colons: bool, reason: str) -> Format:
    """`spaces`: whether they may stand at the ends."""

    def holds(value: Any) -> bool:
        text = value if isinstance(value, str) else ""
        right = isinstance(value, str) and all(map(_printable, text)) and (colons or ":" not in text)
        if right and spaces:
            right = bool(text.strip())
        elif right:
            right = not text or not (_space(text[0]) or _space(text[-1]))
        if not right:
            raise Said(f"An invalid 'name' value was provided. The name must be: {reason}")
        return True

    return holds


def _space(character: str) -> bool:
    return unicodedata.category(character) == "Zs"


_ENDS = "printable characters. Can not start or end with whitespace."
_NOT_BLANK = "printable characters with at least one non space character"
_ZONE_ENDS = "printable characters except :.Can not start or end with whitespace."
_ZONE_NOT_BLANK = "printable characters except :, with at least one non space character"
_BASE: Mapping[str, Format] = {
    "date-time": texts(is_date_time),
    "uuid": texts(is_uuid),
}
NOVA: Mapping[str, Format] = {
    **_BASE,
    "base64": texts(is_base64),
    "cidr": texts(is_cidr),
    "uri": texts(is_uri),
    "regex": texts(_regex),
    "ipv4": _ip(ipaddress.IPv4Address),
    "ipv6": _ip(ipaddress.IPv6Address),
    "email": texts(lambda value: "@" in value),
    "name": _nova_name(False, True, _ENDS),
    "name_with_leading_trailing_spaces": _nova_name(True, True, _NOT_BLANK),
    "az_name": _nova_name(False, False, _ZONE_ENDS),
    "az_name_with_leading_trailing_spaces": _nova_name(True, False, _ZONE_NOT_BLANK),
}
KEYSTONE: Mapping[str, Format] = {
    **_BASE,
    "email": texts(lambda value: "@" in value),
    "ipv4": _ip(ipaddress.IPv4Address),
    "ipv6": _ip(ipaddress.IPv6Address),
}
PLACEMENT: Mapping[str, Format] = {"uuid": is_uuid}
