"""Write the facts of neutron-lib's API definitions into tests/golden/, a line a definition.

Run by hand, in an environment of its own, when a new release is taken up:

    pip install neutron-lib==5.0.1
    python tests/network/contract/export_neutron_lib.py

The test that holds the contract against the facts needs neither neutron-lib nor this script.
"""

from __future__ import annotations

import functools
import importlib
import json
import pkgutil
from collections.abc import KeysView
from importlib.metadata import version
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parents[2] / "golden"
NOT_SPECIFIED = "<not specified>"
"""Stands for neutron_lib.constants.ATTR_NOT_SPECIFIED: the attribute may be left out, and has no default."""

FLAGS = ("allow_post", "allow_put", "is_visible", "is_filter", "is_sort_key", "required_by_policy", "primary_key")


def facts(value: Any) -> Any:
    """A value of a definition as JSON: sentinels and functions by name."""
    constants = importlib.import_module("neutron_lib.constants")

    if value is constants.ATTR_NOT_SPECIFIED:
        return NOT_SPECIFIED
    if isinstance(value, dict):
        return {str(key): facts(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, KeysView)):
        return [facts(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((facts(item) for item in value), key=str)
    if isinstance(value, range):
        return [value.start, value.stop - 1]
    if isinstance(value, functools.partial):
        return value.func.__name__
    if callable(value):
        return getattr(value, "__name__", str(value))
    if hasattr(value, "pattern"):
        return value.pattern
    return value


def attribute(declared: dict[str, Any]) -> dict[str, Any]:
    """What a definition says of one attribute; flags only where they are set."""
    said: dict[str, Any] = {name: True for name in FLAGS if declared.get(name)}
    for name in ("default", "validate", "convert_to", "default_overrides_none"):
        if name in declared:
            said[name] = facts(declared[name])
    return said


def definition(module: Any) -> dict[str, Any]:
    """One definition: how it is called, what it stands on, its resources, sub-resources and actions."""
    resources = {
        collection: {name: attribute(item) for name, item in attributes.items()}
        for collection, attributes in module.RESOURCE_ATTRIBUTE_MAP.items()
    }
    children = {
        collection: {
            "parent": declared.get("parent", {}).get("collection_name", ""),
            "attributes": {name: attribute(item) for name, item in declared.get("parameters", {}).items()},
        }
        for collection, declared in (module.SUB_RESOURCE_ATTRIBUTE_MAP or {}).items()
    }
    return {
        "alias": module.ALIAS,
        "name": module.NAME,
        "description": module.DESCRIPTION,
        "updated": module.UPDATED_TIMESTAMP,
        "prefix": getattr(module, "API_PREFIX", ""),
        "requires": list(module.REQUIRED_EXTENSIONS or ()),
        "resources": resources,
        "sub_resources": children,
        "actions": facts(module.ACTION_MAP or {}),
    }


def definitions() -> list[dict[str, Any]]:
    """All of them; `_dummy` is an example, `base` and `constants` define nothing."""
    package = importlib.import_module("neutron_lib.api.definitions")
    found = []
    for item in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{item.name}")
        if not item.name.startswith("_") and hasattr(module, "ALIAS"):
            found.append(definition(module))
    return sorted(found, key=lambda one: str(one["alias"]))


def main() -> None:
    target = GOLDEN / f"neutron-lib-{version('neutron-lib')}.jsonl"
    lines = [json.dumps(one, sort_keys=True, separators=(",", ":")) for one in definitions()]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} definitions in {target}")


if __name__ == "__main__":
    main()
