"""OS::Heat::DeployedServer: a server that Heat did not make, which asks Heat for its deployments."""

from __future__ import annotations

from typing import Any

from mopenstack.core.orchestration.resource_types.base import Context, Resource
from mopenstack.core.orchestration.resource_types.described import Described
from mopenstack.core.orchestration.resource_types.own import stack_users
from mopenstack.core.orchestration.resource_types.services import user_data


class DeployedServer(Described):
    """Metadata alone."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        await context.set_metadata(resource, await user_data.deployments(context, resource, ()))
        return resource.uuid

    async def updated(self, context: Context, resource: Resource) -> float | None:
        await context.set_metadata(resource, await user_data.deployments(context, resource, ()))
        return None

    async def delete(self, context: Context, resource: Resource) -> None:
        await stack_users.drop(context, resource)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        if name == "name":
            return resource.properties.get("name") or context.physical_name(resource, self.limit)
        return resource.metadata.get("os-collect-config", {})
