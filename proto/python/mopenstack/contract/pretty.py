"""Values as Python's pprint shows them in the refusals of jsonschema."""

from __future__ import annotations

import pprint
from typing import Any

WIDTH = 72
"""jsonschema's."""
_SHORT_MAX = 60
"""Letters of an item that pprint leaves on one line."""


def pretty(value: Any) -> str:
    """What pprint makes of a JSON value, without its pace for long lists and objects of short items.

    Callers make them as long as a body: 100 kB of numbers take pprint a quarter of a second.
    """
    if isinstance(value, list) and len(value) > WIDTH:
        return _lines("[", [repr(item) for item in value], "]") or _slow(value)
    if isinstance(value, dict) and len(value) > WIDTH:
        return _lines("{", [f"{key!r}: {item!r}" for key, item in value.items()], "}") or _slow(value)
    return _slow(value)


def _lines(left: str, items: list[str], right: str) -> str:
    """Items on a line each; empty where one is too long for that."""
    return left + ",\n ".join(items) + right if max(map(len, items)) <= _SHORT_MAX else ""


def _slow(value: Any) -> str:
    return pprint.pformat(value, width=WIDTH, sort_dicts=False)
