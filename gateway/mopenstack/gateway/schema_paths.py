"""Paths of operations, as published schemas are found by."""

from __future__ import annotations

import re

_VARIABLE = re.compile(r"\{[^}]*\}")


def blank(path: str) -> str:
    """A path template without the names of its variables."""
    return _VARIABLE.sub("{}", path).rstrip("/") or "/"
