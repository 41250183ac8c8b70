"""A user's view of the Block Storage API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

NOBODY = "00000000-0000-0000-0000-00000000dead"


@dataclass(slots=True)
class Volumes:
    """Calls as one user; `at` is the microversion."""

    user: Any

    async def send(self, verb: str, path: str, json: Any = None, at: str = "") -> Any:
        headers = {"OpenStack-API-Version": f"volume {at}"} if at else {}
        return await self.user.send(verb, "volume", f"/v3{path}", json, headers=headers)

    async def get(self, path: str, at: str = "") -> Any:
        return await self.send("GET", path, at=at)

    async def post(self, path: str, json: Any, at: str = "") -> Any:
        return await self.send("POST", path, json, at)

    async def put(self, path: str, json: Any, at: str = "") -> Any:
        return await self.send("PUT", path, json, at)

    async def delete(self, path: str, at: str = "") -> Any:
        return await self.send("DELETE", path, at=at)

    async def make(self, at: str = "", **body: Any) -> Any:
        """A new volume, ready: as a first show has it."""
        made = (await self.post("/volumes", {"volume": {"size": 1, **body}}, at)).ok(202)["volume"]
        return await self.show(made["id"], at)

    async def show(self, id: str, at: str = "") -> Any:
        return (await self.get(f"/volumes/{id}", at)).ok(200)["volume"]

    async def act(self, id: str, action: str, value: Any = None, at: str = "") -> Any:
        return await self.post(f"/volumes/{id}/action", {action: value}, at)

    async def snapshot(self, volume_id: str, **body: Any) -> Any:
        made = (await self.post("/snapshots", {"snapshot": {"volume_id": volume_id, **body}})).ok(202)["snapshot"]
        return (await self.get(f"/snapshots/{made['id']}")).ok(200)["snapshot"]


@pytest.fixture
def volumes(demo: Any) -> Volumes:
    """Cinder as the member demo sees it."""
    return Volumes(demo)


@pytest.fixture
def admin_volumes(admin: Any) -> Volumes:
    """Cinder as the admin sees it."""
    return Volumes(admin)


@pytest_asyncio.fixture
async def unlimited(admin: Any, demo: Any) -> None:
    """No quota for demo's volumes and gigabytes."""
    path = f"/v3/{admin.project_id}/os-quota-sets/{demo.project_id}"
    (await admin.put("volume", path, {"quota_set": {"volumes": -1, "gigabytes": -1}})).ok(200)
