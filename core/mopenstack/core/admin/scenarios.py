"""Scenarios: fault rules by name, which a load makes stronger. What they are is in scenarios.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.fault_rules import FaultRule

FILE = Path(__file__).parent / "scenarios.yaml"
LOAD_DEFAULT = 50
LOAD_MAX = 100
SERVICE = "$service"
_WHOLE = frozenset({"after", "times", "retry_after", "nth", "status"})
"""Numbers without a fraction."""
_SEED_MAX = 2**63


@dataclass(frozen=True, slots=True)
class Scenario:
    """`service` is the one that it is about if none is named; empty where it is not about one alone."""

    name: str
    description: str
    templates: tuple[Mapping[str, Any], ...]
    service: str = ""

    def rules(self, load: int, *, service: str = "", until: float = 0.0, seed: int = 0) -> list[FaultRule]:
        """Its rules at a load of 0 to 100; those that a load of 0 or more leaves without effect are not among them.

        until   seconds since the epoch of the cloud's clock; 0: they do not end by themselves
        """
        found = []
        for number, template in enumerate(self.templates):
            given = {key: _at(load, key, value) for key, value in template.items()}
            if given.get("service") == SERVICE:
                given["service"] = service or self.service
            if not load or not given.get("probability", 1) or (given.get("effect") == "delay" and not given["delay"]):
                continue
            rule_seed = (seed + number) % _SEED_MAX
            found.append(FaultRule(**given, scenario=self.name, load=load, until=until, seed=rule_seed))
        return found


def _at(load: int, key: str, value: Any) -> Any:
    """What a value of a rule is at a load: of a pair of numbers, so far between the two."""
    if not isinstance(value, list) or not all(isinstance(one, int | float) for one in value):
        return value
    low, high = value
    number = low + (high - low) * load / LOAD_MAX
    return round(number) if key in _WHOLE else number


@cache
def known() -> dict[str, Scenario]:
    """Name -> scenario, by name."""
    import yaml  # the first use of a scenario is early enough

    found = [
        Scenario(one["name"], one["description"], tuple(one["rules"]), one.get("service", ""))
        for one in yaml.safe_load(FILE.read_text(encoding="utf-8"))
    ]
    return {scenario.name: scenario for scenario in sorted(found, key=lambda scenario: scenario.name)}


def rules_of(cloud: Cloud, name: str) -> list[FaultRule]:
    """The rules of a scenario that a cloud has."""
    return [rule for rule in (*cloud.faults.rules, *cloud.faults.ended) if rule.scenario == name]
