"""Types that hold a value or pass time: OS::Heat::TestResource, None, RandomString, Value, Delay, AccessPolicy."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import Described, invalid

_CLASSES = {
    "lettersdigits": string.ascii_letters + string.digits,
    "letters": string.ascii_letters,
    "lowercase": string.ascii_lowercase,
    "uppercase": string.ascii_uppercase,
    "digits": string.digits,
    "hexdigits": string.digits + "ABCDEF",
    "octdigits": string.octdigits,
}
LOOK_AGAIN = 1.0
"""Seconds between two looks at a resource that waits for something that no clock tells."""


def remaining(context: Context, resource: Resource, seconds: float) -> float | None:
    """What is left of a wait that began with the resource's action; None: nothing. Below 0 it never ends."""
    if seconds < 0:
        return LOOK_AGAIN
    left = resource.since + seconds - context.now
    return left if left > 0 else None


class TestResource(Described):
    """OS::Heat::TestResource: keeps a string, waits and fails as it is told."""

    checks: ClassVar[bool] = True

    async def create(self, context: Context, resource: Resource) -> str | None:
        if resource.properties["fail"]:
            return None
        resource.data["value"] = resource.properties["value"]
        return context.physical_name(resource)

    async def created(self, context: Context, resource: Resource) -> float | None:
        return self._ended(context, resource, _wait(resource.properties, "create"))

    def replaces(self, context: Context, resource: Resource, new: Mapping[str, Any], changed: frozenset[str]) -> bool:
        return "value" in changed and bool(new["update_replace"])

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        value = new["value"] if "value" in changed else None
        resource.data.pop("_wait", None)
        if value:
            if not new["fail"]:
                resource.data["value"] = value
            resource.data["_wait"] = str(_wait(new, "update"))

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return self._ended(context, resource, float(resource.data.get("_wait", "0")))

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        return remaining(context, resource, _wait(resource.properties, "delete"))

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return resource.data.get("value")

    async def check(self, context: Context, resource: Resource) -> None:
        if not resource.physical_id:
            raise ResourceFailure("Resource not created", "Exception")

    def _ended(self, context: Context, resource: Resource, seconds: float) -> float | None:
        left = remaining(context, resource, seconds)
        if left is None and resource.properties["fail"]:
            raise ResourceFailure(f"Test Resource failed {resource.name}", "ValueError")
        return left


def _wait(properties: Mapping[str, Any], action: str) -> float:
    seconds = (properties.get("action_wait_secs") or {}).get(action)
    return float(properties["wait_secs"] if seconds is None else seconds)


class NoneResource(Described):
    """OS::Heat::None: takes everything, does nothing, and every attribute of it is null."""

    properties_any: ClassVar[bool] = True
    attributes_any: ClassVar[bool] = True

    async def create(self, context: Context, resource: Resource) -> str | None:
        resource.data["is_placeholder"] = "True"
        return context.call.ids.uuid()


class RandomString(Described):
    """OS::Heat::RandomString: made once, of the characters that it is told."""

    async def validate(self, context: Context, resource: Resource) -> None:
        least = sum(minimum for _, minimum in _alphabets(resource.properties))
        if least > int(resource.properties["length"] or 0):
            raise invalid(
                "Length property cannot be smaller than combined character class and character sequence minimums"
            )

    async def create(self, context: Context, resource: Resource) -> str | None:
        below = context.call.ids.below
        every: set[str] = set()
        found: list[str] = []
        for letters, minimum in _alphabets(resource.properties):
            every.update(letters)
            found += [letters[below(len(letters))] for _ in range(minimum)]
        letters = "".join(sorted(every))
        length = int(resource.properties["length"])
        found += [letters[below(len(letters))] for _ in range(length - len(found))]
        for place in range(len(found) - 1, 0, -1):
            other = below(place + 1)
            found[place], found[other] = found[other], found[place]
        resource.data["value"] = "".join(found)
        return context.physical_name(resource)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return resource.data.get("value")

    async def reference(self, context: Context, resource: Resource) -> Any:
        return resource.data.get("value") if resource.physical_id else resource.name


def _alphabets(properties: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The letters that a string is made of, each set with the number that there must be."""
    found = [(one["sequence"] or "", int(one["min"] or 0)) for one in properties["character_sequences"] or ()]
    classes = list(properties["character_classes"] or ())
    if properties.get("sequence"):
        classes.append({"class": properties["sequence"], "min": 1})
    found += [(_CLASSES[one["class"] or "lettersdigits"], int(one["min"] or 0)) for one in classes]
    return [(letters, minimum) for letters, minimum in found if letters] or [(_CLASSES["lettersdigits"], 1)]


class Value(Described):
    """OS::Heat::Value: its property is its attribute."""

    async def validate(self, context: Context, resource: Resource) -> None:
        self._typed(resource)

    async def create(self, context: Context, resource: Resource) -> str | None:
        self._typed(resource)
        return context.physical_name(resource)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return self._typed(resource)

    @staticmethod
    def _typed(resource: Resource) -> Any:
        """The value as its type says; raises ResourceFailure."""
        kind, value = resource.properties.get("type"), resource.properties.get("value")
        try:
            return _converted(kind, value) if kind and value is not None else value
        except (ValueError, TypeError) as error:
            raise invalid(f"Property error: resources.{resource.name}.properties.value: {error}") from None


def _converted(kind: str, value: Any) -> Any:
    if kind == "string":
        if isinstance(value, bool | int | str):
            return str(value)
        raise ValueError(f"Value must be a string; got {value!r}")
    if kind == "number":
        return value if isinstance(value, int | float) else _number(value)
    if kind == "boolean":
        if isinstance(value, bool):
            return value
        if str(value).lower() not in ("true", "false"):
            raise ValueError(f'"{str(value).lower()}" is not a valid boolean')
        return str(value).lower() == "true"
    if kind == "comma_delimited_list":
        if not isinstance(value, list | tuple):
            raise TypeError(f'"{value!r}" is not a list')
        return list(value)
    if kind == "json" and not isinstance(value, Mapping):
        raise TypeError(f'"{value}" is not a map')
    return value


def _number(value: Any) -> int | float:
    try:
        return int(value)
    except ValueError:
        return float(value)


class Delay(Described):
    """OS::Heat::Delay: passes time in the actions that it names."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        self._begin(context, resource, "CREATE")
        return None

    async def created(self, context: Context, resource: Resource) -> float | None:
        return self._left(context, resource)

    async def delete(self, context: Context, resource: Resource) -> None:
        self._begin(context, resource, "DELETE")

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        return self._left(context, resource)

    async def suspend(self, context: Context, resource: Resource) -> None:
        self._begin(context, resource, "SUSPEND")

    async def suspended(self, context: Context, resource: Resource) -> float | None:
        return self._left(context, resource)

    async def resumed(self, context: Context, resource: Resource) -> float | None:
        # A fault of Heat 26, which its clients see: no delay can be resumed.
        raise ResourceFailure("'Delay' object has no attribute '_check_status_complete'", "AttributeError")

    @staticmethod
    def _begin(context: Context, resource: Resource, action: str) -> None:
        properties, seconds = resource.properties, 0.0
        if action in properties["actions"]:
            jitter = float(properties["max_jitter"]) * float(properties["jitter_multiplier"])
            seconds = float(properties["min_wait"]) + jitter * context.call.ids.below(1001) / 1000
        resource.data["_wait"] = json.dumps(seconds)

    @staticmethod
    def _left(context: Context, resource: Resource) -> float | None:
        return remaining(context, resource, float(resource.data.get("_wait", "0")))


class AccessPolicy(Described):
    """OS::Heat::AccessPolicy: names resources of its stack."""

    async def validate(self, context: Context, resource: Resource) -> None:
        for name in resource.properties["AllowedResources"] or ():
            if await context.peer(name) is None:
                raise invalid(f"AccessPolicy resource {name} not in stack")
