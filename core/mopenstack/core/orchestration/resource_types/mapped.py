"""Types that stand for an object of another service: rows that say how properties become requests.

A row names a service of the contract and the noun of its RPCs (`Networks`, `Network`: CreateNetwork, GetNetwork,
UpdateNetwork, DeleteNetwork). A property is sent under its own name, unless `words` has another one for it; one whose
value may be a name is resolved (`resolves` of the published line). What no row can say is a subclass of `Mapped`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mopenstack.contract.faults import NotFound
from mopenstack.core.orchestration.resource_types import published, references, rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import Described, invalid

POLL = 1.0
"""Seconds between two looks at an object that takes time."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Which states mean that an object is there. States that are in neither set are waited for, unless `strict`."""

    done: frozenset[str]
    failed: frozenset[str] = frozenset({"ERROR"})
    waits: frozenset[str] | None = None
    key: str = "status"
    what: str = "Resource is not built"

    def look(self, document: Mapping[str, Any]) -> bool:
        """Whether the object is there; raises ResourceFailure where it failed."""
        state = str(document.get(self.key))
        if state in self.done:
            return True
        if state in self.failed:
            raise ResourceFailure(f'Went to status {state} due to "Unknown"', "ResourceInError")
        if self.waits is not None and state not in self.waits:
            raise ResourceFailure(f'{self.what} - Unknown status {state} due to "Unknown"', "ResourceUnknownStatus")
        return False


BUILT = Ready(frozenset({"ACTIVE", "DOWN"}), frozenset({"ERROR", "DEGRADED"}), frozenset({"BUILD"}))


@dataclass(frozen=True, slots=True)
class Row:
    """One type.

    words      property -> key of the request; "": not sent. "fixed_ips.subnet" is a key of a map or of a list's items
    above      properties whose values are the path of the object (the zone of a record set)
    always     what every create sends besides
    shown      attribute -> key of the answer
    ready      what the object must become after a create or an update
    tags       the plural by which Neutron's tags are set; "": tags are a key as any other, or there are none
    named      whether an object without a name gets the physical name
    key        of the id in the answer
    wrapped    key of the free object that holds what is sent (Cinder's quotas)
    """

    type: str
    service: str
    noun: str
    words: Mapping[str, str] = field(default_factory=dict)
    above: tuple[str, ...] = ()
    always: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    ready: Ready | None = None
    tags: str = ""
    named: bool = True
    key: str = "id"
    wrapped: str = ""
    microversion: int | None = None


def without_nulls(value: Any) -> Any:
    """A value without the keys of maps that have none."""
    if isinstance(value, Mapping):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list | tuple) else value


class Mapped(Described):
    """What a row says, done."""

    checks: ClassVar[bool] = False

    def __init__(self, row: Row) -> None:
        super().__init__(row.type)
        self.row = row
        self.resolves = [
            (tuple(path), references.lookup_of(client, finder, entity))
            for path, client, finder, entity in published.published(row.type)["resolves"]
        ]

    def rpc(self, verb: str) -> str:
        return f"{self.row.service}.{verb}{self.row.noun}"

    # -- actions

    async def create(self, context: Context, resource: Resource) -> str | None:
        values = await self.resolved(context, without_nulls(dict(resource.properties)))
        if self.row.named and "name" in self.properties:
            values.setdefault("name", context.physical_name(resource, self.limit))
        body = self.body(context, resource, values)
        made = await self.made(context, resource, body, values)
        physical_id = str(made[self.row.key])
        if self.row.tags and values.get("tags"):
            await self.set_tags(context, physical_id, values["tags"])
        return physical_id

    async def made(self, context: Context, resource: Resource, body: dict[str, Any], values: dict[str, Any]) -> Any:
        """Make the object; its document."""
        path = [str(values[name]) for name in self.row.above]
        return await rpcs.call(context, self.rpc("Create"), path, body, microversion=self.row.microversion)

    async def created(self, context: Context, resource: Resource) -> float | None:
        return await self.look(context, resource)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        values = {name: new.get(name) for name in changed}
        if "name" in values and values["name"] is None:
            values["name"] = context.physical_name(resource, self.limit)
        values = await self.resolved(context, {name: without_nulls(value) for name, value in values.items()})
        if self.row.tags and "tags" in values:
            await self.set_tags(context, resource.physical_id, values.pop("tags") or [])
        body = self.change(context, resource, values, new)
        if body:
            await self.changed(context, resource, body)

    async def changed(self, context: Context, resource: Resource, body: dict[str, Any]) -> None:
        """Change the object."""
        path = await self.path(context, resource)
        await rpcs.call(context, self.rpc("Update"), path, body, microversion=self.row.microversion)

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return await self.look(context, resource)

    async def delete(self, context: Context, resource: Resource) -> None:
        path = await self.path(context, resource)
        await rpcs.call(context, self.rpc("Delete"), path, microversion=self.row.microversion)

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        if self.row.ready is None:
            return None
        try:
            await self.document(context, resource)
        except NotFound:
            return None
        return soon(context)

    async def check(self, context: Context, resource: Resource) -> None:
        found = await self.document(context, resource)
        if self.row.ready is not None and not self.row.ready.look(found):
            raise ResourceFailure(f"'{self.row.ready.key}': expected '{min(self.row.ready.done)}', got "
                                  f"'{found.get(self.row.ready.key)}'", "Error")  # fmt: skip

    async def look(self, context: Context, resource: Resource) -> float | None:
        """None when the object is there, else when to look again."""
        ready = self.row.ready
        if ready is None or ready.look(await self.document(context, resource)):
            return None
        return soon(context)

    # -- requests

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        """What a create sends, of properties without nulls."""
        return {**self.row.always, **self.sent(values)}

    def change(
        self, context: Context, resource: Resource, values: dict[str, Any], new: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What an update sends, of the properties that changed; a property that was taken away is null."""
        return self.sent(values)

    def sent(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Properties under the keys of the request. Those that are in the path, and tags, are not sent."""
        body: dict[str, Any] = {}
        for name, value in values.items():
            if name in self.row.above or name == "value_specs" or (self.row.tags and name == "tags"):
                continue
            key = self.row.words.get(name, name)
            if key:
                body[key] = self._inner(name, value)
        return {**body, **(values.get("value_specs") or {})}

    def _inner(self, path: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._inner(path, one) for one in value]
        if not isinstance(value, Mapping):
            return value
        made = {}
        for key, one in value.items():
            word = self.row.words.get(f"{path}.{key}", key)
            if word:
                made[word] = self._inner(f"{path}.{key}", one)
        return made

    async def resolved(self, context: Context, values: dict[str, Any]) -> dict[str, Any]:
        """Properties with ids in place of names."""
        for path, kind in self.resolves:
            if path[0] in values:
                values[path[0]] = await _resolved(context, kind, values[path[0]], path[1:])
        return values

    async def set_tags(self, context: Context, physical_id: str, tags: Sequence[str]) -> None:
        path = [self.row.tags, physical_id]
        await rpcs.call(context, "mopenstack.network.v2.Tags.ReplaceTags", path, {"tags": list(tags)})

    async def path(self, context: Context, resource: Resource) -> list[str]:
        """The path of the object: what is above it, and its id."""
        if not self.row.above:
            return [resource.physical_id]
        given = {name: resource.properties.get(name) for name in self.row.above}
        values = await self.resolved(context, given)
        return [*(str(values[name]) for name in self.row.above), resource.physical_id]

    # -- what there is

    async def document(self, context: Context, resource: Resource) -> dict[str, Any]:
        """The object as its service shows it; raises NotFound."""
        path = await self.path(context, resource)
        found: dict[str, Any] = await rpcs.call(context, self.rpc("Get"), path, microversion=self.row.microversion)
        return found

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        found = await self.document(context, resource)
        return found.get(self.row.shown.get(name, name), found.get("project_id") if name == "tenant_id" else None)

    async def show(self, context: Context, resource: Resource) -> Any:
        return await self.document(context, resource) if resource.physical_id else None


async def _resolved(context: Context, kind: str, value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [await _resolved(context, kind, one, path) for one in value]
    if path:
        if isinstance(value, Mapping) and value.get(path[0]) is not None:
            return {**value, path[0]: await _resolved(context, kind, value[path[0]], path[1:])}
        return value
    return await references.find(context, kind, value) if isinstance(value, str) and value else value


def soon(context: Context) -> float:
    """When to look again at an object that changes by its service's clock."""
    return POLL if context.call.takes_time else 0.0


def conflict(resource: Resource, *names: str) -> None:
    """Refuse properties that exclude each other."""
    if all(resource.properties.get(name) for name in names):
        raise ResourceFailure(
            f"Cannot define the following properties at the same time: {', '.join(names)}.", "ResourcePropertyConflict"
        )


def unspecified(resource: Resource, *names: str) -> None:
    """Refuse that none of some properties is given."""
    if not resource.given.intersection(names):
        text = f"At least one of the following properties must be specified: {', '.join(names)}."
        raise ResourceFailure(text, "PropertyUnspecifiedError")


def refuse(condition: bool, text: str) -> None:
    """Refuse a template."""
    if condition:
        raise invalid(text)


def table(*rows: Row, kind: Callable[[Row], Mapped] = Mapped) -> dict[str, tuple[Callable[[Row], Mapped], Row]]:
    """Rows by their types."""
    return {row.type: (kind, row) for row in rows}
