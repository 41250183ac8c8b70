"""`mopenstack up --workers 2`, as a user starts it, on a database of its own."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from tests.client import User, sign_in
from tests.processes import START_SECONDS_MAX, detached

CONNECTIONS_MAX = 200
"""So many are tried until each worker has one."""


@dataclass(slots=True)
class Group:
    """What runs: where, the state folder of its starts, and the database."""

    url: str
    state: Path
    store: str
    status: dict[str, Any]
    stack: AsyncExitStack

    async def of_each_worker(self, name: str = "demo") -> dict[int, User]:
        """Process id -> a user whose one connection leads to that worker."""
        pids, found = set(self.status["workers"]), {}
        for _ in range(CONNECTIONS_MAX):
            # aiohttp keeps the one connection for all calls of the user.
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1))
            pid = (await User(session, self.url).get("_mopenstack", "/status")).ok()["pid"]
            assert pid in pids
            if pid in found:
                await session.close()
                continue
            await self.stack.enter_async_context(session)
            found[pid] = await sign_in(session, self.url, name)
            if len(found) == len(pids):
                return found
        raise AssertionError(f"of {len(pids)} workers only {found.keys()} take connections")


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


@pytest_asyncio.fixture(scope="session")
async def database(postgres_url: str) -> AsyncIterator[str]:
    """A database that no other test uses."""
    name = f"workers_{uuid.uuid4().hex}"
    await execute(postgres_url, f"CREATE DATABASE {name}")
    yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
    await execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(scope="session")
async def group(database: str, known_services: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Group]:
    """Two workers, for all tests of a file: what one does to a worker, the next one finds mended."""
    state = tmp_path_factory.mktemp("workers")
    options = ("--workers", "2", "--data", str(state / "blobs"))
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # no test that comes after reads it
            patch.setenv("MOPENSTACK_STORE", database)
            status = stack.enter_context(detached(state, *options, seconds=2 * START_SECONDS_MAX))
        yield Group(status["url"], state, database, status, stack)
