"""Swift: containers."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from mopenstack.contract.faults import Fault, NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.mapped import Mapped, Row, table

_V1 = "mopenstack.object_store.v1."


class Container(Mapped):
    """OS::Swift::Container: its id is its name."""

    checks: ClassVar[bool] = True

    async def create(self, context: Context, resource: Resource) -> str | None:
        given = resource.properties
        name = str(given.get("name") or context.physical_name(resource, self.limit))
        body: dict[str, Any] = {"metadata": dict(given.get("X-Container-Meta") or {})}
        body.update({"read": given["X-Container-Read"]} if given.get("X-Container-Read") is not None else {})
        body.update({"write": given["X-Container-Write"]} if given.get("X-Container-Write") is not None else {})
        await rpcs.call(context, f"{_V1}Containers.CreateContainer", [account(context), name], body)
        if given.get("X-Account-Meta"):
            meta = {"metadata": dict(given["X-Account-Meta"])}
            await rpcs.call(context, f"{_V1}Accounts.UpdateAccount", [account(context)], meta)
        return name

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        return

    async def path(self, context: Context, resource: Resource) -> list[str]:
        return [account(context), resource.physical_id]

    async def document(self, context: Context, resource: Resource) -> dict[str, Any]:
        path = await self.path(context, resource)
        answer = await rpcs.raw(context, f"{_V1}Containers.ShowContainer", path)
        return {key.lower(): value for key, value in answer.headers.items()}

    async def check(self, context: Context, resource: Resource) -> None:
        await self.document(context, resource)

    async def delete(self, context: Context, resource: Resource) -> None:
        path = await self.path(context, resource)
        names = await names_in(context, path)
        if names and not resource.properties.get("PurgeOnDelete"):
            text = f"Deleting non-empty container ({resource.physical_id}) when PurgeOnDelete is False"
            raise ResourceFailure(f"{text} is not supported for resource.", "ResourceActionNotSupported")
        for name in names:
            await rpcs.call(context, f"{_V1}Objects.DeleteObject", [*path, name])
        await rpcs.call(context, f"{_V1}Containers.DeleteContainer", path)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        address = root(context)
        if name == "DomainName":
            return urlsplit(address).hostname
        if name in ("WebsiteURL", "RootURL"):
            return address if name == "RootURL" else f"{address}/{resource.physical_id}"
        if not resource.physical_id:
            return None
        try:
            found = await self.document(context, resource)
        except NotFound:
            return None
        except Fault:
            return None
        words = {"ObjectCount": "x-container-object-count", "BytesUsed": "x-container-bytes-used"}
        return found if name == "HeadContainer" else found.get(words.get(name, name))


async def names_in(context: Context, path: list[str]) -> list[str]:
    """The names of the objects of a container, in their order; raises NotFound."""
    answer = await rpcs.raw(context, f"{_V1}Containers.ListObjects", path)
    text = b"".join([chunk async for chunk in answer.chunks]).decode()
    return [line for line in text.split("\n") if line]


def account(context: Context) -> str:
    """The account of the project."""
    return f"AUTH_{context.project_id}"


def root(context: Context) -> str:
    """The address of the account."""
    return f"{context.call.context.cloud_url}/object-store/v1/{account(context)}"


TYPES = {**table(Row("OS::Swift::Container", _V1 + "Containers", "Container"), kind=Container)}
