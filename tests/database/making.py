"""What the tests of the database service make again and again."""

from __future__ import annotations

from typing import Any

from tests.conftest import User

API = "database"
MYSQL = {"type": "mysql", "version": "8.0.32"}


def path(user: User, rest: str) -> str:
    """An address of the service's, below the user's project."""
    return f"/v1.0/{user.project_id}{rest}"


async def network_of(user: User) -> str:
    """The network `private`."""
    found = (await user.get("network", "/v2.0/networks", params={"name": "private"})).ok()["networks"]
    return str(found[0]["id"])


async def asked(user: User, **values: Any) -> dict[str, Any]:
    """The body of a create."""
    usual = {"name": "db", "flavorRef": "1", "volume": {"size": 2}, "datastore": MYSQL}
    return {"instance": usual | {"nics": [{"net-id": await network_of(user)}]} | values}


async def instance(user: User, **values: Any) -> dict[str, Any]:
    """A new instance, as it is when it is built."""
    made = (await user.post(API, path(user, "/instances"), await asked(user, **values))).ok(200)["instance"]
    return await show(user, made["id"])


async def replica(user: User, source: str, **values: Any) -> dict[str, Any]:
    """A new replica, or the last of some."""
    body = {"name": "copy", "replica_of": source, "nics": [{"net-id": await network_of(user)}], **values}
    made = (await user.post(API, path(user, "/instances"), {"instance": body})).ok(200)["instance"]
    return await show(user, made["id"])


async def show(user: User, id: str) -> dict[str, Any]:
    """An instance as it is now."""
    shown: dict[str, Any] = (await user.get(API, path(user, f"/instances/{id}"))).ok()["instance"]
    return shown


async def act(user: User, id: str, action: str, **values: Any) -> Any:
    """The answer to an action."""
    return await user.post(API, path(user, f"/instances/{id}/action"), {action: values})
