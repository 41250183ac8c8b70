"""Which servicers there are: every concrete class with a `service` in the service packages and their folders."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import mopenstack.core as package
from mopenstack.core.engine.servicer import Servicer

NOT_SERVICES = frozenset({"engine", "store", "seed"})


@cache
def servicers() -> tuple[type[Servicer], ...]:
    """All of them, in the order of their modules' names."""
    found: dict[type[Servicer], None] = {}
    for folder in pkgutil.iter_modules(package.__path__):
        if not folder.ispkg or folder.name in NOT_SERVICES:
            continue
        service = importlib.import_module(f"{package.__name__}.{folder.name}")
        for module in pkgutil.walk_packages(service.__path__, f"{service.__name__}."):
            loaded = importlib.import_module(module.name)
            for value in vars(loaded).values():
                if isinstance(value, type) and issubclass(value, Servicer) and "service" in vars(value):
                    found[value] = None
    return tuple(found)
