"""The traits and resource classes that every Placement knows, as data out of the libraries that define them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

CUSTOM = "CUSTOM_"
SHARING = "MISC_SHARES_VIA_AGGREGATE"
"""Marks a provider whose inventory is there for all members of its aggregates."""

_HERE = Path(__file__).parent


def _lines(name: str) -> list[str]:
    return [line for line in (_HERE / name).read_text().splitlines() if line and not line.startswith("#")]


@cache
def traits() -> dict[str, None]:
    """The standard traits, sorted."""
    return dict.fromkeys(_lines("standard_traits.txt"))


@cache
def resource_classes() -> dict[str, None]:
    """The standard resource classes, in the order of their numbers."""
    return dict.fromkeys(_lines("standard_resource_classes.txt"))
