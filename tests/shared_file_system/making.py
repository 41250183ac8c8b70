"""What tests of Manila make, in one line each."""

from __future__ import annotations

from typing import Any

from tests.conftest import User

NEWEST = {"X-OpenStack-Manila-API-Version": "2.95", "X-OpenStack-Manila-API-Experimental": "true"}
NET, SUBNET = "1a2b3c4d-0000-4000-8000-000000000001", "1a2b3c4d-0000-4000-8000-000000000002"


class Manila:
    """A user's calls of the newest microversion."""

    def __init__(self, user: User, version: str = "2.95") -> None:
        self.user, self.project_id = user, user.project_id
        self.headers = {**NEWEST, "X-OpenStack-Manila-API-Version": version}

    async def send(self, verb: str, path: str, body: Any = None) -> Any:
        """The reply of a call."""
        return await self.user.send(verb, "share", f"/v2{path}", body, headers=self.headers)

    async def get(self, path: str) -> Any:
        return (await self.send("GET", path)).ok()

    async def make(self, path: str, envelope: str, **fields: Any) -> dict[str, Any]:
        """A new object, as the create answers it."""
        made = (await self.send("POST", path, {envelope: fields})).ok()
        return dict(made[envelope])

    async def act(self, path: str, action: str, body: Any = None) -> Any:
        """The reply of an action."""
        return await self.send("POST", f"{path}/action", {action: body})

    async def share(self, **fields: Any) -> dict[str, Any]:
        """A share of 1 GiB, on a back end by now."""
        made = await self.make("/shares", "share", **{"share_proto": "NFS", "size": 1, "name": "pb", **fields})
        return dict((await self.get(f"/shares/{made['id']}"))["share"])

    async def network(self, **fields: Any) -> dict[str, Any]:
        """A share network with one subnet."""
        return await self.make(
            "/share-networks", "share_network", **{"neutron_net_id": NET, "neutron_subnet_id": SUBNET, **fields}
        )

    async def refused(self, verb: str, path: str, body: Any = None) -> tuple[int, str]:
        """(status, message) of a refusal."""
        reply = await self.send(verb, path, body)
        (fault,) = reply.body.values()
        return reply.status, fault["message"]
