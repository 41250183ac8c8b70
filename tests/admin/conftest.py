"""Fixtures of the tests of mopenstack's own API."""

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.admin.asks import images
from tests.admin.behaviour_driver import Driver
from tests.conftest import Cloud, User


@pytest.fixture
def driver(cloud: Cloud, demo: User, admin: User) -> Driver:
    return Driver(cloud, demo, admin)


@pytest_asyncio.fixture
async def client(demo: User) -> User:
    """demo, who knows an image."""
    demo.headers["image"] = (await images(demo)).ok()["images"][0]["id"]
    return demo
