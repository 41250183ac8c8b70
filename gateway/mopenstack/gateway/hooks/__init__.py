"""Only what no annotation can say. A body hook fills a request from raw bytes instead of the compiled plan."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

BodyHook = Callable[[Any, bytes, Mapping[str, str]], None]
"""(request message, body, headers); raises Fault for a body that is wrong."""


@cache
def body_hooks() -> dict[str, BodyHook]:
    """Operation name -> hook, from the `BODY_HOOKS` of every module of this package."""
    found: dict[str, BodyHook] = {}
    for module in pkgutil.iter_modules(__path__):
        found.update(getattr(importlib.import_module(f"{__name__}.{module.name}"), "BODY_HOOKS", {}))
    return found
