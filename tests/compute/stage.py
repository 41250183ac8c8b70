"""Steps that tests of servers share."""

from __future__ import annotations

from typing import Any

from tests.conftest import User

SERVERS = "/v2.1/servers"


def at(microversion: str) -> dict[str, Any]:
    return {"headers": {"OpenStack-API-Version": f"compute {microversion}"}}


async def boot(user: User, *, hints: dict[str, Any] | None = None, **server: Any) -> str:
    """A server without networks, if not said otherwise, that runs; its id."""
    if "imageRef" not in server and "block_device_mapping_v2" not in server:
        server["imageRef"] = (await user.get("image", "/v2/images")).ok()["images"][0]["id"]
    body: dict[str, Any] = {"server": {"name": "s", "flavorRef": "42", "networks": "none", **server}}
    if hints:
        body["os:scheduler_hints"] = hints
    id = str((await user.post("compute", SERVERS, body, **at("2.87"))).ok(202)["server"]["id"])
    await show(user, id)
    return id


async def show(user: User, id: str) -> dict[str, Any]:
    return dict((await user.get("compute", f"{SERVERS}/{id}", **at("2.96"))).ok(200)["server"])


async def act(user: User, id: str, action: dict[str, Any], microversion: str = "2.87") -> Any:
    return await user.post("compute", f"{SERVERS}/{id}/action", action, **at(microversion))
