"""Groups: a nested stack whose resources are made from one definition, and changed in batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import Described

Definition = dict[str, Any]
Definitions = list[tuple[str, Definition]]
AT_ONCE = 0.0
"""When to look again at a nested stack: as soon as there is something to see."""
STACK_TIMEOUT = 3600


class Nested(Described):
    """A type whose resources have a nested stack, which every action is done to."""

    nested: ClassVar[bool] = True
    checks: ClassVar[bool] = True

    async def create(self, context: Context, resource: Resource) -> str | None:
        template, parameters = await self.child_template(context, resource, resource.properties)
        return await context.children.create(resource, template, parameters, files=context.files)

    async def created(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "CREATE")

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        template, parameters = await self.child_template(context, resource, new)
        await context.children.update(resource, template, parameters, files=context.files)

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "UPDATE")

    async def delete(self, context: Context, resource: Resource) -> None:
        await context.children.act(resource, "DELETE")

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "DELETE")

    async def suspend(self, context: Context, resource: Resource) -> None:
        await context.children.act(resource, "SUSPEND")

    async def suspended(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "SUSPEND")

    async def resume(self, context: Context, resource: Resource) -> None:
        await context.children.act(resource, "RESUME")

    async def resumed(self, context: Context, resource: Resource) -> float | None:
        return await self._look(context, resource, "RESUME")

    async def check(self, context: Context, resource: Resource) -> None:
        await context.children.act(resource, "CHECK")

    @staticmethod
    async def _look(context: Context, resource: Resource, action: str) -> float | None:
        return None if await context.children.finished(resource, action) else AT_ONCE

    # -- attributes

    async def of_members(self, context: Context, resource: Resource, names: Sequence[str], path: Sequence[Any]) -> Any:
        """An attribute of each member by its name; without a path their references."""
        name, rest = (str(path[0]), list(path[1:])) if path else ("", [])
        return {one: await context.children.attribute(resource, one, name, rest) for one in names}

    async def member(
        self, context: Context, resource: Resource, key: str, path: Sequence[Any], name: str | None
    ) -> Any:
        """resource.<member>[.<attribute>]; raises ResourceFailure where there is no such member."""
        _, wanted, *rest = key.split(".", 2)
        if name is None:
            raise ResourceFailure(f"Member '{wanted}' not found in group resource '{resource.name}'.", "NotFound")
        found = await self.of_members(context, resource, [name], [*rest, *path])
        return found[name]


def template_of(definitions: Iterable[tuple[str, Definition]], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """A HOT template of resources and outputs."""
    return {
        "heat_template_version": "2015-04-30",
        "resources": dict(definitions),
        "outputs": {name: {"value": value} for name, value in outputs.items()},
    }


def references(names: Iterable[str]) -> dict[str, Any]:
    """The output that every group has: the reference of each member."""
    return {"refs_map": {name: {"get_resource": name} for name in names}}


async def definitions(context: Context, resource: Resource, *, failed: bool = False) -> Definitions:
    """The members as the nested stack defines them now: failed ones first (or not at all), then the oldest."""
    template = (await context.children.template(resource)).get("resources") or {} if resource.physical_id else {}
    states = {one.name: one.status for one in await members(context, resource)}
    found = [(name, one) for name, one in template.items() if name in states]
    bad = [one for one in found if states[one[0]] == "FAILED"]
    good = [one for one in found if states[one[0]] != "FAILED"]
    return [*bad, *good] if failed else good


async def members(context: Context, resource: Resource) -> list[Resource]:
    """The resources of the nested stack."""
    return await context.children.resources(resource) if resource.physical_id else []


def changed_members(
    old: Definitions, total: int, new: int, name: Callable[[], str], build: Callable[[str], Definition]
) -> Iterator[tuple[str, Definition]]:
    """The next definitions of a group: `total` of them, of which at most `new` get the new definition.

    `old` begins with those that are to be replaced or removed first.
    """
    old = old[-total:] if total else []
    replaced = new - (total - len(old))
    for was, definition in old:
        wanted = build(was)
        if definition != wanted and replaced > 0:
            replaced -= 1
            yield was, wanted
        else:
            yield was, definition
    for _ in range(total - len(old)):
        fresh = name()
        yield fresh, build(fresh)


def batches(target: int, capacity: int, size: int, least: int, *, counts_removed: bool) -> list[tuple[int, int]]:
    """A batched update: after each batch the size of the group, and how many members it may change.

    `counts_removed`: a batch that makes the group larger for a while counts the members that go again.
    """
    found: list[tuple[int, int]] = []
    updated = 0
    while not updated >= capacity == target:
        effective = min(size, max(target - updated, 0))
        after = effective + max(min(capacity, target - effective), min(least, target, capacity))
        found.append((after, effective))
        updated += effective - (max(after - max(capacity, target), 0) if counts_removed else 0)
        capacity = after
        if len(found) > 10_000:
            break
    return found


class Batched(Nested):
    """A group that is changed in batches: what is still to do is kept in its data."""

    async def batch(self, context: Context, resource: Resource, total: int, new: int) -> dict[str, Any]:
        """The template of one batch."""
        raise NotImplementedError

    async def begin(self, context: Context, resource: Resource, plan: Sequence[tuple[int, int]], pause: float) -> None:
        """Begin an update in batches; raises ResourceFailure where it would take too long."""
        if pause * max(len(plan) - 1, 0) >= STACK_TIMEOUT:
            text = "The current update policy will result in stack update timeout."
            raise ResourceFailure(text, "ValueError")
        resource.data["batches"] = json.dumps({"plan": list(plan), "pause": pause})
        await self._next(context, resource)

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return await self._step(context, resource, "UPDATE")

    async def created(self, context: Context, resource: Resource) -> float | None:
        first = not resource.data.get("batched")
        return await self._step(context, resource, "CREATE" if first else "UPDATE")

    async def _step(self, context: Context, resource: Resource, action: str) -> float | None:
        state = json.loads(resource.data.get("batches") or "{}")
        until = state.get("until")
        if until is None:
            if not await context.children.finished(resource, action):
                return AT_ONCE
            if not state.get("plan"):
                resource.data.pop("batches", None)
                resource.data.pop("batched", None)
                return None
            until = context.now + float(state["pause"])
        if until > context.now:
            resource.data["batches"] = json.dumps({**state, "until": until})
            return float(until - context.now)
        resource.data["batches"] = json.dumps({"plan": state["plan"], "pause": state["pause"]})
        await self._next(context, resource)
        return AT_ONCE

    async def _next(self, context: Context, resource: Resource) -> None:
        state = json.loads(resource.data["batches"])
        total, new = state["plan"].pop(0)
        resource.data["batches"] = json.dumps(state)
        template = await self.batch(context, resource, total, new)
        if resource.physical_id:
            resource.data["batched"] = "true"
            await context.children.update(resource, template, {}, files=context.files)
        else:
            resource.physical_id = await context.children.create(resource, template, {}, files=context.files)


def followed(value: Any, path: Sequence[Any]) -> Any:
    """A path into a value; None where it leads nowhere."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
