"""Placement as its admin uses it: at the newest microversion, if a test does not say otherwise."""

from __future__ import annotations

from typing import Any

import pytest_asyncio


class Placement:
    """Requests of one user to Placement at one microversion; `at` gives another one."""

    def __init__(self, user: Any, version: str = "1.39") -> None:
        self.user, self.version = user, version

    def at(self, version: str) -> Placement:
        return Placement(self.user, version)

    async def send(self, verb: str, path: str, json: Any = None) -> Any:
        headers = {"OpenStack-API-Version": f"placement {self.version}", "Content-Type": "application/json"}
        return await self.user.send(verb, "placement", path, json, headers=headers)

    async def get(self, path: str) -> Any:
        return await self.send("GET", path)

    async def put(self, path: str, json: Any = None) -> Any:
        return await self.send("PUT", path, json)

    async def post(self, path: str, json: Any = None) -> Any:
        return await self.send("POST", path, json)

    async def delete(self, path: str) -> Any:
        return await self.send("DELETE", path)

    async def provider(self, name: str, parent: str | None = None, **inventories: Any) -> str:
        """A new provider's UUID; an inventory is its total, or all that is said of it."""
        body: dict[str, Any] = {"name": name} | ({"parent_provider_uuid": parent} if parent else {})
        id = (await self.post("/resource_providers", body)).ok(200)["uuid"]
        records = {key: {"total": value} if isinstance(value, int) else value for key, value in inventories.items()}
        if records:
            body = {"resource_provider_generation": 0, "inventories": records}
            (await self.put(f"/resource_providers/{id}/inventories", body)).ok(200)
        return str(id)

    async def generation(self, id: str) -> int:
        return int((await self.get(f"/resource_providers/{id}")).ok()["generation"])

    async def label(self, id: str, *traits: str, aggregates: list[str] | None = None) -> None:
        """Give a provider traits, custom ones made first, and aggregates."""
        for trait in traits:
            if trait.startswith("CUSTOM_"):
                await self.put(f"/traits/{trait}")
        body: dict[str, Any] = {"traits": list(traits), "resource_provider_generation": await self.generation(id)}
        (await self.put(f"/resource_providers/{id}/traits", body)).ok(200)
        if aggregates is not None:
            body = {"aggregates": aggregates, "resource_provider_generation": await self.generation(id)}
            (await self.put(f"/resource_providers/{id}/aggregates", body)).ok(200)


def allocation(amounts: dict[str, dict[str, int]], generation: int | None = None, **more: Any) -> dict[str, Any]:
    """The body of a consumer that shall hold amounts by provider."""
    return {
        "allocations": {id: {"resources": held} for id, held in amounts.items()},
        "project_id": "p",
        "user_id": "u",
        "consumer_generation": generation,
        "consumer_type": "INSTANCE",
        **more,
    }


@pytest_asyncio.fixture
async def placement(admin: Any) -> Placement:
    return Placement(admin)
