"""Microversions as the header OpenStack-API-Version names them; clients send the same ones again and again."""

from __future__ import annotations

import re
from functools import lru_cache

VERSION = re.compile(r"([1-9]\d*)\.([1-9]\d*|0)")


@lru_cache(maxsize=256)
def asked_of(service: str, header: str) -> str:
    """The version that a header asks of a service, as it is written; empty where it names others alone."""
    for item in header.split(","):
        name, _, version = item.strip().partition(" ")
        if name.lower() == service and version:
            return version.strip()
    return ""
