"""Paths of operations, as published schemas are found by."""

from __future__ import annotations

import re

_VARIABLE = re.compile(r"\{[^}]*\}")


def blank(path: str) -> str:
    """A path template without the names of its variables."""
    return _VARIABLE.sub("{}", path).rstrip("/") or "/"


METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"})
"""Those that OpenAPI 3.1 knows; an operation of another one is an extension of its path."""


def method_key(verb: str) -> str:
    """The key of an operation in its path: `get`, `x-copy`."""
    return verb.lower() if verb in METHODS else f"x-{verb.lower()}"
