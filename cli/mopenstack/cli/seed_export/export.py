"""The seed of a whole cloud, as text."""

from __future__ import annotations

from typing import Any

import yaml

from mopenstack.cli.seed_export import services
from mopenstack.cli.seed_export.identity import identity
from mopenstack.cli.seed_export.networks import network
from mopenstack.cli.seed_export.source import Source

FIELDS_DEEP = 2
"""How deep in an item the fields of an object are, which stand in the contract's order."""
PARTS = (services.compute, network, services.volume, services.image, services.dns, services.quotas)


def exported(source: Source, password: str) -> str:
    """A seed that makes a cloud like the one that is shown; every user has the password."""
    sections = [("identity", list(identity(source, password)))]
    sections += [(part.__name__, list(part(source))) for part in PARTS]
    return "\n".join(_section(name, items) for name, items in sections if items)


def _section(name: str, items: list[Any]) -> str:
    lines = [f"# {name}"]
    for one in items:
        text = yaml.safe_dump(
            _ordered(one), sort_keys=False, allow_unicode=True, width=1_000_000, default_flow_style=True
        )
        lines.append(f"- {text.rstrip()}")
    return "\n".join(lines) + "\n"


def _ordered(value: Any, deep: int = 0) -> Any:
    """An item whose free maps are in the order of their keys: services tell them in any."""
    if isinstance(value, dict):
        keys = sorted(value) if deep > FIELDS_DEEP else list(value)
        return {key: _ordered(value[key], deep + 1) for key in keys}
    return [_ordered(one, deep + 1) for one in value] if isinstance(value, list) else value
