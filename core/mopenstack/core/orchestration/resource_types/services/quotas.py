"""Quotas of a project as a resource: made and changed by the same call, deleted back to the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.mapped import Mapped, unspecified, without_nulls


class Quota(Mapped):
    """The limits of a project, which the property `project` names."""

    async def validate(self, context: Context, resource: Resource) -> None:
        unspecified(resource, *sorted(set(self.properties) - {"project"}))

    async def create(self, context: Context, resource: Resource) -> str | None:
        await self._set(context, resource.properties)
        return context.physical_name(resource)

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        await self._set(context, new)

    async def _set(self, context: Context, properties: Mapping[str, Any]) -> None:
        values = await self.resolved(context, without_nulls(dict(properties)))
        path, body = [str(values["project"])], self.sent(values)
        body = {self.row.wrapped: body} if self.row.wrapped else body
        await rpcs.call(context, self.rpc("Update"), path, body, microversion=self.row.microversion)

    async def delete(self, context: Context, resource: Resource) -> None:
        values = await self.resolved(context, {"project": resource.properties["project"]})
        await rpcs.call(context, self.rpc("Delete"), [values["project"]], microversion=self.row.microversion)
