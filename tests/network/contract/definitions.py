"""neutron-lib's API definitions as tests/golden/ holds them, and what those that are served say together.

A definition extends the resources of those it requires: of two that speak of the same attribute, the one that
requires the other has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

RELEASE = "5.0.1"
GOLDEN = Path(__file__).parents[2] / "golden"

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """One attribute of one collection, and the definition that has the last word on it."""

    definition: str
    collection: str  # "networks", "policies/bandwidth_limit_rules"
    attribute: str
    facts: Facts

    @property
    def key(self) -> str:
        return f"{self.collection} {self.attribute}"


@cache
def definitions() -> dict[str, Facts]:
    """Alias -> definition."""
    lines = (GOLDEN / f"neutron-lib-{RELEASE}.jsonl").read_text(encoding="utf-8").splitlines()
    return {definition["alias"]: definition for definition in map(json.loads, lines)}


def declared(served: Collection[str]) -> dict[str, Declared]:
    """Every attribute that the served definitions declare, under its key."""
    found: dict[str, Declared] = {}
    for definition in _in_order(served):
        for collection, attributes in _collections(definition):
            for name, facts in attributes.items():
                one = Declared(definition["alias"], collection.replace("-", "_"), name, facts)
                found[one.key] = one
    return found


def actions(served: Collection[str]) -> Iterator[tuple[str, str, str, str]]:
    """(definition, member, action, verb) of every action on an object."""
    for definition in _in_order(served):
        for member, verbs in definition["actions"].items():
            for action, verb in verbs.items():
                yield definition["alias"], member, action, verb


def _collections(definition: Facts) -> Iterator[tuple[str, dict[str, Facts]]]:
    yield from definition["resources"].items()
    for collection, child in definition["sub_resources"].items():
        parent = child["parent"] or _parents()[collection]
        # metering_source_and_destination_fields calls the rules their own parent.
        yield (collection if parent == collection else f"{parent}/{collection}"), child["attributes"]


@cache
def _parents() -> dict[str, str]:
    """Sub-resource -> its parent: extensions of a sub-resource leave it out."""
    return {
        collection: child["parent"]
        for definition in definitions().values()
        for collection, child in definition["sub_resources"].items()
        if child["parent"]
    }


def _in_order(served: Collection[str]) -> Iterator[Facts]:
    """The served definitions, each behind those that it requires."""
    every = definitions()
    done: set[str] = set()

    def visit(alias: str) -> Iterator[Facts]:
        if alias in done or alias not in served or alias not in every:
            return
        done.add(alias)
        for other in every[alias]["requires"]:
            yield from visit(other)
        yield every[alias]

    for alias in sorted(every):
        yield from visit(alias)
