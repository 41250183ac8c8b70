"""A cloud of two regions, and users in each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest_asyncio

from tests.conftest import Cloud, User

REGIONS = ["GRA", "SBG"]


@dataclass(slots=True)
class Regions:
    """A cloud whose first region is GRA and whose other one is SBG."""

    first: Cloud

    def other(self, user: User) -> User:
        """The same user with the same token in SBG, at the addresses of its catalog."""
        return replace(user, url=f"{self.first.url}.SBG")

    async def demo(self) -> tuple[User, User]:
        return await self.user("demo")

    async def user(self, name: str, project: str | None = None) -> tuple[User, User]:
        """One token, in GRA and in SBG."""
        user = await self.first.user(name, project)
        return user, self.other(user)


@pytest_asyncio.fixture
async def regions(cloud: Cloud) -> AsyncIterator[Regions]:
    """It is gone after the test; answers are checked as those of the fixture `cloud` are."""
    name = f"{cloud.name}-regions"
    body = {"name": name, "regions": REGIONS}
    made = (await cloud.admin_api.post("_mopenstack", "/clouds", body)).ok(201)["cloud"]
    assert made["regions"] == REGIONS
    yield Regions(Cloud(name, cloud.serving, cloud.session))
    await cloud.admin_api.delete("_mopenstack", f"/clouds/{name}")
