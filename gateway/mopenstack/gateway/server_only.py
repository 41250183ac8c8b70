"""aiohttp without its client, which takes a third of its import: a server answers without it.

Imported before aiohttp, it puts the package in its place and leaves what `aiohttp/__init__.py` does to the first use of
a name of the package that is none of its modules: `aiohttp.ClientSession` has the whole of it.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = "aiohttp"
_VERSION = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)
"""Its own modules ask the package for it."""


def without_client() -> None:
    """Put the package in its place, if it is not there already."""
    spec = importlib.util.find_spec(PACKAGE)
    if PACKAGE in sys.modules or spec is None or spec.loader is None or spec.origin is None:
        return
    source = Path(spec.origin)
    version = _VERSION.search(source.read_text())
    if version is None:  # another one than those that are known
        return
    package = importlib.util.module_from_spec(spec)
    modules = {path.stem for path in source.parent.iterdir() if path.suffix == ".py" or path.is_dir()}
    loader = spec.loader

    def find(name: str) -> Any:
        if name in modules:
            return importlib.import_module(f"{PACKAGE}.{name}")
        if name == "__version__":
            return version[1]
        if name.startswith("__"):
            raise AttributeError(name)
        _forget(package)
        loader.exec_module(package)
        return getattr(package, name)

    vars(package)["__getattr__"] = find
    sys.modules[PACKAGE] = package


def _forget(package: ModuleType) -> None:
    vars(package).pop("__getattr__", None)


without_client()
