"""Environments: parameters, and which type a resource really is. Source: heat/engine/environment.py."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mopenstack.core.orchestration import resource_types
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.resource_types import UnknownType
from mopenstack.core.orchestration.templates.parameters import Schema
from mopenstack.core.orchestration.templates.parsing import parse_environment
from mopenstack.orchestration.v1 import refusals

HOOKS = ("pre-create", "pre-update", "pre-delete", "post-create", "post-update", "post-delete")
RESTRICTIONS = ("update", "replace")
TEMPLATE_ENDS = (".yaml", ".template")
_STEPS_MAX = 20


def empty() -> dict[str, Any]:
    """An environment with all of its sections."""
    return {"parameters": {}, "resource_registry": {}, "parameter_defaults": {}, "encrypted_param_names": [],
            "event_sinks": []}  # fmt: skip


@dataclass(slots=True)
class Environment:
    """parameters and defaults: name -> value; registry: type -> type or template, and `resources` by name."""

    parameters: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    registry: dict[str, Any] = field(default_factory=dict)
    event_sinks: list[Any] = field(default_factory=list)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Environment:
        """Raises InvalidBreakPointHook and InvalidRestrictedAction."""
        registry = document.get("resource_registry") or {}
        _check_registry(registry)
        return cls(
            dict(document.get("parameters") or {}), dict(document.get("parameter_defaults") or {}),
            json.loads(json.dumps(registry)), list(document.get("event_sinks") or ()),
        )  # fmt: skip

    def document(self) -> dict[str, Any]:
        """As it is shown."""
        registry = {key: value for key, value in self.registry.items() if value is not None}
        registry.setdefault("resources", {})
        return {
            "resource_registry": registry,
            "parameters": self.parameters,
            "parameter_defaults": self.defaults,
            "event_sinks": self.event_sinks,
        }

    def merge(self, document: Mapping[str, Any]) -> None:
        """What an update gives goes before what was there."""
        other = Environment.of(document)
        self.parameters |= other.parameters
        self.defaults |= other.defaults
        self.registry = _merged(self.registry, other.registry)
        self.event_sinks += other.event_sinks

    # -- which type a resource is

    def type_of(self, type: str, name: str = "") -> str:
        """A type's name, or that of a template, for a resource; raises UnknownType."""
        return self._found(type, name, 0)

    def _found(self, type: str, name: str, steps: int) -> str:
        if type.endswith(TEMPLATE_ENDS):
            return type
        if steps > _STEPS_MAX:
            raise UnknownType(type)
        for value in self._matches(type, name):
            if value == type:
                break
            if value.endswith(TEMPLATE_ENDS):
                return value
            try:
                return self._found(value, name, steps + 1)
            except UnknownType:
                continue
        resource_types.find(type)
        return type

    def _matches(self, type: str, name: str) -> Iterator[str]:
        own = self.registry.get("resources", {}).get(name) if name else None
        if isinstance(own, Mapping) and isinstance(own.get(type), str):
            yield own[type]
        if isinstance(self.registry.get(type), str):
            yield self.registry[type]
        for pattern, value in self.registry.items():
            if pattern.endswith("*") and isinstance(value, str) and type.startswith(pattern[:-1]) and type != value:
                yield value[:-1] + type[len(pattern) - 1 :] if value.endswith("*") else value

    def _own(self, name: str, key: str) -> set[str]:
        found: set[str] = set()
        for pattern, own in self.registry.get("resources", {}).items():
            if isinstance(own, Mapping) and key in own and fnmatch.fnmatchcase(name, pattern):
                value = own[key]
                found |= {value} if isinstance(value, str) else set(value)
        return found

    def hooks(self, name: str) -> set[str]:
        """The break points of a resource."""
        return self._own(name, "hooks")

    def restrictions(self, name: str) -> set[str]:
        """The actions that may not be done to a resource."""
        return self._own(name, "restricted_actions")

    def for_nested(self, name: str) -> dict[str, Any]:
        """The environment of a resource's nested stack: the same types, its own break points, no parameters."""
        registry = {key: value for key, value in self.registry.items() if key != "resources"}
        own: dict[str, Any] = {}
        for pattern, value in self.registry.get("resources", {}).items():
            if isinstance(value, Mapping) and fnmatch.fnmatchcase(name, pattern):
                own |= {key: one for key, one in value.items() if isinstance(one, Mapping)}
        return {"resource_registry": registry | {"resources": own}, "parameter_defaults": self.defaults}


def _check_registry(registry: Any) -> None:
    if not isinstance(registry, Mapping):
        raise refusals.AttributeError()
    for key, value in registry.items():
        words = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if key == "hooks" and not (words and all(word in HOOKS for word in words)):
            raise refusals.InvalidBreakPointHook(
                message=f'Invalid hook type "{value}" for resource breakpoint, acceptable hook types are: {HOOKS}'
            )
        if key == "restricted_actions" and not (words and all(word in RESTRICTIONS for word in words)):
            raise refusals.InvalidRestrictedAction(
                message=f'Invalid restricted_action type "{value}" for resource, acceptable restricted_action '
                f"types are: {RESTRICTIONS}"
            )
        if isinstance(value, Mapping):
            _check_registry(value)


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
    return new


# -- environment files


def merge_files(
    names: Any, files: Mapping[str, str], environment: dict[str, Any], schemata: Mapping[str, Schema]
) -> None:
    """Merge environments among the files into the one that was given. Source: heat/common/environment_util.py."""
    strategies: dict[str, str] = {}
    for name in names or ():
        if name not in files:
            raise refusals.KeyError()
        try:
            found = dict(parse_environment(files[name]))
        except ValueError as error:
            raise ValidationFailed(str(error)) from None
        own = found.pop("parameter_merge_strategies", None) or {}
        for section, value in found.items():
            if not value:
                continue
            if section in ("parameters", "parameter_defaults"):
                environment[section] = _merge_parameters(environment[section], value, schemata, own, strategies, name)
            elif isinstance(environment[section], list):
                environment[section] += value
            else:
                environment[section] = _merge_map(environment[section], value, deep=False)


def _merge_parameters(
    old: dict[str, Any],
    new: Mapping[str, Any],
    schemata: Mapping[str, Schema],
    own: Mapping[str, str],
    strategies: dict[str, str],
    name: str,
) -> dict[str, Any]:
    known = {key: value for key, value in new.items() if key in schemata and value is not None}
    for key in known:
        default = own.get("default", "overwrite")
        strategy = own.get(key, strategies.get(key, default)) if own else "overwrite"
        strategy = strategy if strategy in ("overwrite", "merge", "deep_merge") else default
        if strategies.setdefault(key, strategy) != strategy:
            raise refusals.ConflictingMergeStrategyForParam(strategy=strategy, param=key, env_file=name)
    if not old:
        return dict(new)
    for key, value in known.items():
        if strategies[key] == "overwrite":
            old[key] = value
        else:
            old[key] = _merge_one(old, key, value, schemata[key], deep=strategies[key] == "deep_merge")
    return old


def _merge_one(old: dict[str, Any], key: str, value: Any, schema: Schema, *, deep: bool) -> Any:
    if schema.type == "map":
        try:
            value = json.loads(value if isinstance(value, str) else json.dumps(value))
        except ValueError as error:
            raise ValidationFailed(f"Invalid parameter in environment {error}.") from None
        return _merge_map(old.get(key, {}), value, deep=deep)
    if schema.type == "list":
        return _merge_list(old.get(key), value)
    if schema.type == "string":
        return f"{old.get(key, '')}{value}"
    if schema.type == "number":
        return old.get(key, 0) + value
    raise refusals.InvalidMergeStrategyForParam(strategy="merge", param=key)


def _merge_list(old: Any, new: Any) -> Any:
    if not old:
        return new
    return [*old, *new] if isinstance(new, list) else f"{old},{new}"


def _merge_map(old: Any, new: Any, *, deep: bool) -> Any:
    if not old:
        return new
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        if value is None:
            continue
        if deep and isinstance(value, Mapping):
            merged[key] = _merge_map(before, value, deep=True)
        elif deep and isinstance(value, list):
            merged[key] = _merge_list(before, value)
        elif deep and isinstance(value, str):
            merged[key] = f"{before or ''}{value}"
        else:
            merged[key] = value
    return merged
