"""Some services beside a cloud that stands for a real one: another mopenstack, whose Keystone says who calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest_asyncio

from mopenstack.cli.beside import Beside
from mopenstack.cli.serve import Serving, Settings, serving
from mopenstack.gateway.beside.keystone import ServiceUser
from tests.client import User
from tests.conftest import Cloud

SERVICE_USER = "nova"

Start = Callable[..., Awaitable[Serving]]


async def make_service_user(admin: User) -> None:
    """The service user as `mopenstack register` leaves it: an administrator with the role of services."""
    users = (await admin.get("identity", f"/v3/users?name={SERVICE_USER}")).ok()["users"]
    projects = (await admin.get("identity", "/v3/projects?name=service")).ok()["projects"]
    for name in ("admin", "service"):
        (role,) = (await admin.get("identity", f"/v3/roles?name={name}")).ok()["roles"]
        path = f"/v3/projects/{projects[0]['id']}/users/{users[0]['id']}/roles/{role['id']}"
        (await admin.put("identity", path)).ok(204)


@pytest_asyncio.fixture
async def start(cloud: Cloud) -> AsyncIterator[Start]:
    """Starts a mopenstack beside the cloud: `services`, and the seconds for which tokens are kept."""
    await make_service_user(await cloud.user("admin"))
    async with AsyncExitStack() as stack:

        async def started(
            *services: str, cache: float = 300.0, auth_url: str = "", password: str = "secret"
        ) -> Serving:
            user = ServiceUser(SERVICE_USER, password)
            beside = Beside(auth_url or f"{cloud.url}/identity/v3", user, services, cache_seconds=cache)
            return await stack.enter_async_context(serving(Settings(port=0, services=services, beside=beside)))

        yield started


@pytest_asyncio.fixture
async def nova(start: Start) -> Serving:
    """Nova and Placement beside the cloud."""
    return await start("compute", "placement")


def at(place: Serving, user: User) -> User:
    """The same user, with the token of the cloud, at the services beside it."""
    return User(user.session, place.url, user.token, user.project_id, user.user_id)


def nobody(place: Serving, session: aiohttp.ClientSession) -> User:
    """A client without a token."""
    return User(session, place.url)
