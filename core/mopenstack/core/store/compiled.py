"""The store's statements as compiled text. statements.py is their source."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

COMPILED = Path(__file__).with_name("compiled.json")


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL texts. Parameters are positional, in the order of the comment behind each name."""

    get: str  # cloud, kind, id
    put: str  # cloud, kind, id, data
    remove: str  # cloud, kind, id
    scan: str  # cloud, kind
    between: str  # cloud, kind, low, high, limit
    between_down: str  # cloud, kind, low, high, limit
    count: str  # cloud, kind
    ids: str  # cloud, kind, field, value
    find: str  # cloud, kind, field, value
    count_index: str  # cloud, kind, field, value
    add_index: str  # cloud, kind, field, value, id
    remove_index: str  # cloud, kind, field, value, id
    claim: str  # cloud, scope, key, owner
    put_claim: str  # cloud, scope, key, owner
    claims_of: str  # cloud, owner
    claimed: str  # cloud, scope, key
    claims: str  # cloud, scope
    release: str  # cloud, scope, key
    release_all: str  # cloud, owner
    counter: str  # cloud, name
    add: str  # cloud, name, delta
    set_counter: str  # cloud, name, value
    add_shadow: str  # cloud, kind, id
    put_layer: str  # name, below, cloud
    layers: str  #
    remove_layer: str  # name
    shadows: str  #
    kinds: str  #
    versions: str  # cloud, name, name
    schedule: str  # cloud, kind, id, action, due
    unschedule: str  # cloud, kind, id
    due: str  # cloud, now
    next_due: str  # cloud now
    scheduled: str  # cloud, kind, id
    put_cloud: str  # name, data
    get_cloud: str  # name
    clouds: str  #
    remove_cloud: str  # name


@cache
def _compiled() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(COMPILED.read_text())
    return found


def statements(dialect: str) -> Statements:
    """For "sqlite" or "postgresql"."""
    texts = _compiled()[dialect]
    return Statements(**{field.name: texts[field.name] for field in fields(Statements)})


def cloud_tables() -> dict[str, list[str]]:
    """Table -> columns behind `cloud`, of every table whose rows are a cloud's state."""
    found: dict[str, list[str]] = _compiled()["cloud_tables"]
    return found
