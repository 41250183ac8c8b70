"""OS::Heat::ResourceGroup, SoftwareDeploymentGroup and ResourceChain: members that are told by number or by name."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.described import invalid
from mopenstack.core.orchestration.resource_types.own.members import (
    Batched,
    Definition,
    Nested,
    batches,
    changed_members,
    definitions,
    followed,
    members,
    references,
    template_of,
)

SIZE_MAX = 1000
"""Most members of a group: as many resources as a stack may have."""


class ResourceGroup(Batched):
    """Its members have the names "0", "1", ...; one that was removed by a policy never comes again."""

    attributes_any: ClassVar[bool] = True
    definition_property: ClassVar[str] = "resource_def"

    def size(self, properties: Mapping[str, Any]) -> int:
        count = properties.get("count")
        return 1 if count is None else int(count)

    def names(self, properties: Mapping[str, Any], skipped: frozenset[str], size: int | None = None) -> Iterator[str]:
        """The names of the members that there shall be."""
        free = (name for name in map(str, itertools.count()) if name not in skipped)
        return itertools.islice(free, min(self.size(properties) if size is None else size, SIZE_MAX))

    def build(self, properties: Mapping[str, Any], name: str, *, whole: bool = False) -> Definition:
        """The definition of a member. `whole`: with the properties that have no value."""
        given = properties["resource_def"]
        built: Definition = {"type": given.get("type")}
        wanted = given.get("properties")
        if wanted:
            kept = {key: value for key, value in wanted.items() if whole or value is not None}
            built["properties"] = _with_index(kept, properties.get("index_var") or "%index%", name)
        if given.get("metadata"):
            built["metadata"] = given["metadata"]
        return built

    def outputs(self, names: Sequence[str]) -> dict[str, Any]:
        return references(names)

    async def child_template(
        self, context: Context, resource: Resource, properties: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        names = list(self.names(properties, _skipped(resource)))
        return template_of([(name, self.build(properties, name)) for name in names], self.outputs(names)), {}

    async def create(self, context: Context, resource: Resource) -> str | None:
        await self._skip(context, resource, resource.properties)
        policy = resource.update_policy.get("batch_create")
        if policy and self.size(resource.properties):
            plan = batches(
                self.size(resource.properties), 0, int(policy.get("max_batch_size") or 1), 0, counts_removed=True
            )
            await self.begin(context, resource, plan, float(policy.get("pause_time") or 0))
            return resource.physical_id
        return await super().create(context, resource)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await self._skip(context, resource, new)
        policy = resource.update_policy.get("rolling_update")
        resource.properties = new
        if policy and self.definition_property in changed:
            skipped = _skipped(resource)
            current = [one for one in await members(context, resource) if one.name not in skipped]
            least = int(policy.get("min_in_service") or 0)
            plan = batches(
                self.size(new), len(current), int(policy.get("max_batch_size") or 1), least, counts_removed=True
            )
            if plan:
                await self.begin(context, resource, plan, float(policy.get("pause_time") or 0))
                return
        await super().update(context, resource, new, changed)

    async def batch(self, context: Context, resource: Resource, total: int, new: int) -> dict[str, Any]:
        properties, skipped = resource.properties, _skipped(resource)
        names = list(self.names(properties, skipped, total))
        target = self.size(properties)
        valid = [one for one in await definitions(context, resource) if one[0] not in skipped]

        def priority(one: tuple[str, Definition]) -> int:
            if one[0] not in names:
                return 0
            place = names.index(one[0])
            return target - place if place < target else total

        existing = {name for name, _ in valid}
        fresh = (name for name in names if name not in existing)
        made = changed_members(
            sorted(valid, key=priority), total, new, lambda: next(fresh), lambda name: self.build(properties, name)
        )
        return template_of(made, self.outputs(names))

    # -- removal policies

    async def _skip(self, context: Context, resource: Resource, properties: Mapping[str, Any]) -> None:
        """Keep the names that the removal policies take away."""
        before = _skipped(resource)
        after = frozenset() if properties.get("removal_policies_mode") == "update" else before
        there = {one.name: one for one in await members(context, resource)}
        for policy in properties.get("removal_policies") or ():
            for wanted in policy.get("resource_list") or ():
                text = str(wanted)
                if text in before or not resource.physical_id or text in there:
                    after |= {text}
                elif isinstance(wanted, str):
                    after |= {name for name in there if await _reference(context, resource, name) == wanted}
        if after != before:
            resource.data["name_blacklist"] = ",".join(sorted(after))

    # -- attributes

    async def told(self, context: Context, resource: Resource, name: str) -> Any:
        return await self.selected(context, resource, name, ()) if name == "removed_rsrc_list" else None

    async def selected(self, context: Context, resource: Resource, name: str, path: Sequence[Any]) -> Any:
        if name == "removed_rsrc_list":
            return followed(sorted(_skipped(resource)), path)
        if name == "show":
            return await super().selected(context, resource, name, path)
        if not resource.physical_id:
            return None
        names = list(self.names(resource.properties, _skipped(resource)))
        there = {one.name for one in await members(context, resource)}
        names = [one for one in names if one in there]
        if name.startswith("resource."):
            wanted = name.split(".", 2)[1]
            return await self.member(context, resource, name, path, wanted if wanted in there else None)
        if name == "refs":
            return followed(list((await self.of_members(context, resource, names, ())).values()), path)
        if name == "refs_map":
            return followed(await self.of_members(context, resource, names, ()), path)
        if name == "attributes":
            if not path:
                raise invalid(f"The Referenced Attribute ({resource.name} {name}) is incorrect.")
            return await self.of_members(context, resource, names, path)
        return list((await self.of_members(context, resource, names, [name, *path])).values())


def _skipped(resource: Resource) -> frozenset[str]:
    return frozenset(name for name in resource.data.get("name_blacklist", "").split(",") if name)


async def _reference(context: Context, resource: Resource, name: str) -> Any:
    return await context.children.attribute(resource, name, "", [])


def _with_index(value: Any, variable: str, name: str) -> Any:
    """A value with the variable replaced in every text."""
    if isinstance(value, str):
        return value.replace(variable, name)
    if isinstance(value, Mapping):
        return {key: _with_index(one, variable, name) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_with_index(one, variable, name) for one in value]
    return value


class DeploymentGroup(ResourceGroup):
    """OS::Heat::SoftwareDeploymentGroup: one deployment a server, by the name that the server has in the property."""

    definition_property: ClassVar[str] = "servers"
    member_type: ClassVar[str] = "OS::Heat::SoftwareDeployment"
    words: ClassVar[Mapping[str, str]] = {
        "deploy_stdouts": "deploy_stdout",
        "deploy_stderrs": "deploy_stderr",
        "deploy_status_codes": "deploy_status_code",
    }

    def size(self, properties: Mapping[str, Any]) -> int:
        return len(properties.get("servers") or ())

    def names(self, properties: Mapping[str, Any], skipped: frozenset[str], size: int | None = None) -> Iterator[str]:
        return itertools.islice(iter(properties.get("servers") or ()), size)

    def build(self, properties: Mapping[str, Any], name: str, *, whole: bool = False) -> Definition:
        given = {key: value for key, value in properties.items() if key != "servers" and value is not None}
        given["server"] = (properties.get("servers") or {}).get(name)
        return {"type": self.member_type, "properties": given}

    async def selected(self, context: Context, resource: Resource, name: str, path: Sequence[Any]) -> Any:
        if name == "show" or not resource.physical_id:
            return None
        names = [one.name for one in await members(context, resource)]
        found = await self.of_members(context, resource, names, [self.words.get(name, name)])
        return followed(found, path)


class StructuredDeploymentGroup(DeploymentGroup):
    """OS::Heat::StructuredDeploymentGroup."""

    member_type: ClassVar[str] = "OS::Heat::StructuredDeployment"


class Chain(Nested):
    """OS::Heat::ResourceChain: resources of several types with the same properties, one behind the other."""

    attributes_any: ClassVar[bool] = True

    async def child_template(
        self, context: Context, resource: Resource, properties: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        made: dict[str, Definition] = {}
        for number, kind in enumerate(properties["resources"] or ()):
            made[str(number)] = {"type": kind, "properties": properties.get("resource_properties") or {}}
            if number and not properties.get("concurrent"):
                made[str(number)]["depends_on"] = [str(number - 1)]
        return template_of(made.items(), {}), {}

    async def told(self, context: Context, resource: Resource, name: str) -> Any:
        return None

    async def selected(self, context: Context, resource: Resource, name: str, path: Sequence[Any]) -> Any:
        if name == "show" or not resource.physical_id:
            return None
        names = [str(number) for number in range(len(resource.properties["resources"] or ()))]
        if name.startswith("resource."):
            wanted = name.split(".", 2)[1]
            return await self.member(context, resource, name, path, wanted if wanted in names else None)
        if name == "refs":
            return followed(list((await self.of_members(context, resource, names, ())).values()), path)
        if name == "attributes":
            if not path:
                raise invalid(f"The Referenced Attribute ({resource.name} {name}) is incorrect.")
            return await self.of_members(context, resource, names, path)
        return list((await self.of_members(context, resource, names, [name, *path])).values())
