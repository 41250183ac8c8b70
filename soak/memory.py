"""Does the memory of a cloud grow with servers that are gone?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from soak.cloud import Cloud, Shape
from tests.client import User, sign_in

GROWTH_BYTES_MAX = 2000
"""What may stay of a server that was created and deleted, with its port."""
AT_ONCE = 4
SETTLED_AFTER = 0.2
"""The part of the servers that fills pools and caches before anything is measured."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Resident bytes before and after servers came and went."""

    servers: int
    before: int
    after: int

    @property
    def each(self) -> float:
        return (self.after - self.before) / self.servers

    def __str__(self) -> str:
        return (
            f"memory: {self.before / 1e6:.1f} MB, {self.after / 1e6:.1f} MB after {self.servers} servers: "
            f"{self.each:.0f} bytes each, at most {GROWTH_BYTES_MAX}"
        )


async def measure(servers: int, folder: Path) -> Growth:
    """Create and delete so many servers with a port each, on a cloud in memory."""
    with Cloud(Shape("memory"), folder) as cloud:
        async with aiohttp.ClientSession() as session:
            admin = await sign_in(session, cloud.url, "admin")
            body = await _body(admin)
            await _come_and_go(admin, body, int(servers * SETTLED_AFTER))
            before = cloud.rss_bytes()
            await _come_and_go(admin, body, servers)
            after = cloud.rss_bytes()
            left = (await admin.get("compute", "/v2.1/servers?all_tenants=1")).ok(200)["servers"]
            assert left == [], f"{len(left)} servers are left"
    return Growth(servers, before, after)


async def _body(admin: User) -> dict[str, Any]:
    network = (await admin.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok(201)["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/16"}
    (await admin.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
    image = (await admin.get("image", "/v2/images")).ok(200)["images"][0]["id"]
    return {"server": {"name": "s", "flavorRef": "42", "imageRef": image, "networks": [{"uuid": network}]}}


async def _come_and_go(admin: User, body: dict[str, Any], servers: int) -> None:
    async def some(count: int) -> None:
        for _ in range(count):
            id = (await admin.post("compute", "/v2.1/servers", body)).ok(202)["server"]["id"]
            shown = (await admin.get("compute", f"/v2.1/servers/{id}")).ok(200)["server"]
            assert shown["status"] == "ACTIVE", shown
            (await admin.delete("compute", f"/v2.1/servers/{id}")).ok(204)

    await asyncio.gather(*(some(servers // AT_ONCE) for _ in range(AT_ONCE)))
