"""Access lists in the words of Swift: `.r:*,.rlistings,project:user`. Source: swift.common.middleware.acl."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

_REFERRER = (".r", ".ref", ".referer", ".referrer")


def clean(header: str, value: str) -> str:
    """A list as it is kept; raises ValueError, whose text is the answer's, for one that is none."""
    values = []
    for raw in (part.strip() for part in value.split(",")):
        first, colon, second = (part.strip() for part in raw.partition(":"))
        if not raw:
            continue
        if not colon or not first.startswith("."):
            values.append(raw)
        elif first not in _REFERRER:
            raise ValueError(f"Unknown designator {first!r} in ACL: {raw!r}")
        else:
            values.append(_referrer(header, raw, second))
    return ",".join(values)


def _referrer(header: str, raw: str, host: str) -> str:
    if "write" in header.lower():
        raise ValueError(f"Referrers not allowed in write ACL: {raw!r}")
    negated = host.startswith("-")
    host = host[1:].strip() if negated else host
    if host and host != "*" and host.startswith("*"):
        host = host[1:].strip()
    if not host or host == ".":
        raise ValueError(f"No host/domain value after referrer designation in ACL: {raw!r}")
    return f".r:{'-' if negated else ''}{host}"


def parse(text: str) -> tuple[list[str], list[str]]:
    """(referrers, groups) of a kept list."""
    referrers, groups = [], []
    for value in text.split(",") if text else ():
        if value.startswith(".r:"):
            referrers.append(value[3:])
        else:
            groups.append(unquote(value))
    return referrers, groups


def referrer_allowed(referrer: str, listed: list[str]) -> bool:
    """Whether the host of a Referer header is let in; the last entry that fits decides."""
    allowed = False
    try:
        host = urlsplit(referrer).hostname or "unknown"
    except ValueError:
        host = "unknown"
    for entry in listed:
        name = entry.removeprefix("-")
        fits = name == host or (name.startswith(".") and host.endswith(name))
        if entry.startswith("-"):
            allowed = allowed and not fits
        elif name == "*" or fits:
            allowed = True
    return allowed


def parse_account(text: str) -> dict[str, Any] | None:
    """An account's access list, which is JSON; None for what is no object."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def format_account(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
