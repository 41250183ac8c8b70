"""What rows cannot say of Nova's types other than servers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from mopenstack.contract.faults import NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.mapped import Mapped, refuse

_V2 = "mopenstack.compute.v2."


class KeyPair(Mapped):
    """OS::Nova::KeyPair."""

    checks: ClassVar[bool] = True

    async def validate(self, context: Context, resource: Resource) -> None:
        refuse(
            "public_key" not in resource.given,
            "The public_key property is required by the nova API version currently used.",
        )

    async def give_way(self, context: Context, resource: Resource) -> None:
        with suppress(NotFound):
            await self.delete(context, resource)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if name == "private_key":
            return ""  # Nova makes none any more
        return resource.properties.get("public_key")


class Flavor(Mapped):
    """OS::Nova::Flavor: with extra specs, and the projects that may use it."""

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        body = super().body(context, resource, values)
        if body.get("id") in (None, "", "auto"):
            body.pop("id", None)
        return body

    async def create(self, context: Context, resource: Resource) -> str | None:
        flavor = str(await super().create(context, resource))
        given = resource.properties
        if given.get("extra_specs"):
            await self._specify(context, flavor, given["extra_specs"])
        if not given.get("is_public"):
            values = await self.resolved(context, {"tenants": given.get("tenants") or []})
            for tenant in values["tenants"] or [context.project_id]:
                await self._allow(context, flavor, "AddTenantAccess", tenant)
        return flavor

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        flavor = resource.physical_id
        if "extra_specs" in changed:
            for key in await self._specs(context, flavor):
                await rpcs.call(context, f"{_V2}FlavorExtraSpecs.DeleteFlavorExtraSpec", [flavor, key])
            if new.get("extra_specs"):
                await self._specify(context, flavor, new["extra_specs"])
        if "tenants" in changed and not resource.properties.get("is_public"):
            found = await rpcs.listed(context, f"{_V2}FlavorAccess.ListFlavorAccess", path=[flavor])
            old = {one["tenant_id"] for one in found}
            values = await self.resolved(context, {"tenants": new.get("tenants") or []})
            for tenant in sorted(old - set(values["tenants"])):
                await self._allow(context, flavor, "RemoveTenantAccess", tenant)
            for tenant in sorted(set(values["tenants"]) - old):
                await self._allow(context, flavor, "AddTenantAccess", tenant)

    @staticmethod
    async def _specify(context: Context, flavor: str, specs: Mapping[str, Any]) -> None:
        body = {key: str(value) for key, value in specs.items()}
        operation = f"{_V2}FlavorExtraSpecs.CreateFlavorExtraSpecs"
        await rpcs.call(context, operation, [flavor], beside={"extra_specs": body})

    @staticmethod
    async def _allow(context: Context, flavor: str, verb: str, tenant: str) -> None:
        await rpcs.call(context, f"{_V2}FlavorAccess.{verb}", [flavor], {"tenant": tenant})

    @staticmethod
    async def _specs(context: Context, flavor: str) -> dict[str, Any]:
        found = await rpcs.call(context, f"{_V2}FlavorExtraSpecs.ListFlavorExtraSpecs", [flavor])
        return dict(found.get("extra_specs") or {})

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if name == "extra_specs" and resource.physical_id:
            return await self._specs(context, resource.physical_id)
        return await super().attribute(context, resource, name)


class ServerGroup(Mapped):
    """OS::Nova::ServerGroup: of the first of its policies."""

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        body = super().body(context, resource, values)
        return {**body, "policy": (values.get("policies") or ["anti-affinity"])[0]}


class HostAggregate(Mapped):
    """OS::Nova::HostAggregate: with its hosts and metadata."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        aggregate = str(await super().create(context, resource))
        if resource.properties.get("metadata"):
            await self._describe(context, aggregate, resource.properties["metadata"])
        for host in resource.properties.get("hosts") or ():
            await self._move(context, aggregate, "AddAggregateHost", host)
        return aggregate

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        aggregate = resource.physical_id
        if "hosts" in changed:
            there = list((await self.document(context, resource)).get("hosts") or ())
            wanted = list(new.get("hosts") or ())
            for host in [one for one in wanted if one not in there]:
                await self._move(context, aggregate, "AddAggregateHost", host)
            for host in [one for one in there if one not in wanted]:
                await self._move(context, aggregate, "RemoveAggregateHost", host)
        if "metadata" in changed and new.get("metadata"):
            await self._describe(context, aggregate, new["metadata"])
        await super().update(context, resource, new, changed - {"hosts", "metadata"})

    async def delete(self, context: Context, resource: Resource) -> None:
        for host in (await self.document(context, resource)).get("hosts") or ():
            await self._move(context, resource.physical_id, "RemoveAggregateHost", host)
        await super().delete(context, resource)

    @staticmethod
    async def _move(context: Context, aggregate: str, verb: str, host: str) -> None:
        await rpcs.call(context, f"{_V2}Aggregates.{verb}", [aggregate], {"host": host})

    @staticmethod
    async def _describe(context: Context, aggregate: str, metadata: Mapping[str, Any]) -> None:
        body = {"metadata": dict(metadata)}
        await rpcs.call(context, f"{_V2}Aggregates.SetAggregateMetadata", [aggregate], body)
