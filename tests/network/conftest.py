"""What tests of the Network API share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

SINGULAR = {"rbac-policies": "rbac_policy", "address-scopes": "address_scope", "security-groups": "security_group"}


@dataclass(slots=True)
class Neutron:
    """One user's way to the Network API, in terms of resources: `await neutron.create("networks", name="n")`."""

    user: Any

    @staticmethod
    def key(collection: str) -> str:
        name = collection.rpartition("/")[2]
        if name.endswith("ies"):
            return f"{name[:-3]}y".replace("-", "_")
        return SINGULAR.get(name, name.removesuffix("s").replace("-", "_"))

    async def post(self, collection: str, **fields: Any) -> Any:
        return await self.user.post("network", f"/v2.0/{collection}", {self.key(collection): fields})

    async def create(self, collection: str, **fields: Any) -> Any:
        return (await self.post(collection, **fields)).ok(201)[self.key(collection)]

    async def put(self, collection: str, id: str, **fields: Any) -> Any:
        return await self.user.put("network", f"/v2.0/{collection}/{id}", {self.key(collection): fields})

    async def update(self, collection: str, id: str, **fields: Any) -> Any:
        return (await self.put(collection, id, **fields)).ok(200)[self.key(collection)]

    async def get(self, collection: str, id: str) -> Any:
        return await self.user.get("network", f"/v2.0/{collection}/{id}")

    async def show(self, collection: str, id: str) -> Any:
        return (await self.get(collection, id)).ok(200)[self.key(collection)]

    async def list(self, collection: str, query: str = "") -> Any:
        answer = (await self.user.get("network", f"/v2.0/{collection}{query and '?' + query}")).ok(200)
        return answer[collection.rpartition("/")[2].replace("-", "_")]

    async def delete(self, collection: str, id: str) -> Any:
        return await self.user.delete("network", f"/v2.0/{collection}/{id}")

    async def network(self, cidr: str = "10.60.0.0/24", **fields: Any) -> tuple[Any, Any]:
        """A network with one IPv4 subnet."""
        network = await self.create("networks", **fields)
        return network, await self.create("subnets", network_id=network["id"], ip_version=4, cidr=cidr)


@pytest.fixture
def neutron(demo: Any) -> Neutron:
    """The network of a member."""
    return Neutron(demo)


@pytest.fixture
def admin_neutron(admin: Any) -> Neutron:
    """The network of an admin."""
    return Neutron(admin)
