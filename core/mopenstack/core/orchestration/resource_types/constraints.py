"""Custom constraints: what a value must be that no schema can say. Objects are looked up with the caller's policy."""

from __future__ import annotations

import calendar
import ipaddress
import json
import re
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.resource_types import references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, ResourceFailure

_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{12}|([0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}")
_LABEL = re.compile(r"^(?!-)[a-zA-Z0-9-]{1,63}(?<!-)\Z")
_CRON_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_CRON_PART = re.compile(r"(\*|[0-9]+|[a-z]{3})(?:-([0-9]+|[a-z]{3}))?(?:/([0-9]+))?", re.IGNORECASE)
_CRON_WORDS = frozenset(calendar.day_abbr) | frozenset(calendar.month_abbr)
FQDN_MAX = 255
TEXT_MAX = 65536
"""Longer texts are held against nothing: no object and no address is so long."""


async def custom(context: Context, constraint: str, value: Any) -> str:
    """Hold a value against a custom constraint; "" or what is wrong, in Heat's words."""
    if constraint == "test_constr":
        return ""
    plain = _PLAIN.get(constraint)
    if plain is not None:
        return _plain(plain, value, context.now)
    kind = references.ALIASES.get(constraint, constraint)
    if kind not in references.LOOKUPS and kind not in _REFERENCES:
        return f'"{value}" does not validate {constraint} (constraint not found)'
    if kind == "nova.keypair" and not value:
        return ""
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        return f"Error validating value '{value}'"
    try:
        await (_by_reference(context, kind, value) if kind in _REFERENCES else references.find(context, kind, value))
    except ResourceFailure as failure:
        return f"Error validating value '{value}': {failure.text}"
    return ""


_REFERENCES: Mapping[str, tuple[str, str]] = {
    "barbican.secret": ("mopenstack.key_manager.v1.Secrets.GetSecret", "Secret"),
    "barbican.container": ("mopenstack.key_manager.v1.Containers.GetContainer", "Container"),
}


async def _by_reference(context: Context, kind: str, value: str) -> None:
    """Look at an object of Barbican, which is given by its address."""
    operation, entity = _REFERENCES[kind]
    try:
        await rpcs.call(context, operation, [value.rstrip("/").rpartition("/")[2]])
    except Fault:
        raise ResourceFailure(f"The {entity} ({value}) could not be found.", "EntityNotFound") from None


def _plain(check: Callable[[Any, float], None], value: Any, now: float) -> str:
    try:
        check(value, now)
    except ValueError as error:
        text = str(error)
        return f"Error validating value '{value}': {text}" if text else f"Error validating value '{value}'"
    return ""


def _ip(value: Any, _: float) -> None:
    try:
        ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("Invalid IP address") from None


def _mac(value: Any, _: float) -> None:
    if not isinstance(value, str) or _MAC.fullmatch(value) is None:
        raise ValueError("Invalid MAC address.")


def _dns_name(value: Any, _: float) -> None:
    def wrong(reason: str) -> ValueError:
        return ValueError(f"'{value}' not in valid format. Reason: {reason}")

    if not value:
        return
    text = str(value)
    if len(text) > FQDN_MAX:
        raise wrong(f"'{text}' exceeds the {FQDN_MAX} character FQDN limit")
    names = text.split(".")
    if text.endswith("."):
        names = names[:-1]
    for name in names:
        if not name:
            raise wrong("Encountered an empty component.")
        if name.endswith("-") or name.startswith("-"):
            raise wrong(f"Name '{name}' must not start or end with a hyphen.")
        if _LABEL.match(name) is None:
            raise wrong(
                f"Name '{name}' must be 1-63 characters long, each of which can only be alphanumeric or a hyphen."
            )
    if len(names) > 1 and names[-1].isdecimal():
        raise wrong(f"TLD '{names[-1]}' must not be all numeric.")


def _relative_name(value: Any, now: float) -> None:
    text = str(value or "")
    if text.endswith("."):
        raise ValueError(f"'{text}' is a FQDN. It should be a relative domain name.")
    if len(text) > FQDN_MAX - 3:
        raise ValueError(
            f"'{text}' contains '{len(text)}' characters. Adding a domain name will cause it to exceed the maximum "
            f"length of a FQDN of '{FQDN_MAX}'."
        )
    _dns_name(text, now)


def _domain(value: Any, now: float) -> None:
    text = str(value or "")
    _dns_name(text, now)
    if text and not text.endswith("."):
        raise ValueError(f"'{text}' must end with '.'.")


def _cidr(value: Any, _: float) -> None:
    text = str(value)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"Invalid net cidr invalid IPNetwork {text} ") from None
    if "/" not in text:
        raise ValueError(f"'{text}' isn't a recognized IP subnet cidr, '{network}' is recommended")


def _ip_or_cidr(value: Any, now: float) -> None:
    text = str(value)
    if "/" not in text:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            raise ValueError(f"'{text}' is not a valid IP address") from None
        return
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"'{text}' is not a valid IP subnet") from None


def _time(value: Any, _: float) -> None:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError("") from None


def _expiration(value: Any, now: float) -> None:
    if not value:
        return
    try:
        until = datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        raise ValueError(f"Expiration {value} is invalid: {error}") from None
    if (until if until.tzinfo is not None else until.replace(tzinfo=UTC)).timestamp() <= now:
        raise ValueError(f"Expiration {value} is invalid: Expiration time is out of date.")


def _json(value: Any, _: float) -> None:
    if not value:
        return
    try:
        json.loads(str(value))
    except ValueError as error:
        raise ValueError(f"JSON string {value} is invalid: {error}") from None


def _timezone(value: Any, _: float) -> None:
    if not value:
        return
    try:
        zoneinfo.ZoneInfo(str(value))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"Invalid timezone: {error}") from None


def _cron(value: Any, _: float) -> None:
    if not value:
        return
    fields = str(value).split()
    if len(fields) not in (5, 6, 7):
        raise ValueError(
            "Invalid CRON expression: Exactly 5, 6 or 7 columns has to be specified for iterator expression."
        )
    for text, (low, high) in zip(fields, _CRON_RANGES, strict=False):
        for part in text.split(","):
            found = _CRON_PART.fullmatch(part)
            if found is None:
                raise ValueError(f"Invalid CRON expression: [{value}] is not acceptable")
            for word in found.groups()[:2]:
                if word is None or word == "*" or word.capitalize() in _CRON_WORDS:
                    continue
                if not word.isdecimal() or not low <= int(word[:4]) <= high:
                    raise ValueError(f"Invalid CRON expression: [{value}] is not acceptable, out of range")


_PLAIN: Mapping[str, Callable[[Any, float], None]] = {
    "ip_addr": _ip,
    "mac_addr": _mac,
    "net_cidr": _cidr,
    "ip_or_cidr": _ip_or_cidr,
    "dns_name": _dns_name,
    "rel_dns_name": _relative_name,
    "dns_domain": _domain,
    "iso_8601": _time,
    "expiration": _expiration,
    "json_string": _json,
    "timezone": _timezone,
    "cron_expression": _cron,
}
