"""An engine that serves the library alone, in memory; a fresh cloud a test."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest_asyncio
from google.protobuf import json_format

from mopenstack.contract.calls import Page, Reply, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.operations import LATEST
from mopenstack.contract.service import chosen
from mopenstack.core.assembly import assemble
from mopenstack.core.engine.administration import Administration
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.clouds import Cloud, Profile
from mopenstack.core.engine.engine import Engine
from mopenstack.core.store.blobs import MemoryBlobs
from mopenstack.core.store.memory import MemoryStore
from tests.engine.library import SERVICE
from tests.engine.library.core.callers import ALICE

T = TypeVar("T")
CONTRACT = Contract([SERVICE])
SERVED = Contract([*chosen([]), SERVICE])
"""With the admin service, which is always there."""
_names = itertools.count(1)


@dataclass(slots=True)
class Library:
    """The engine and one cloud. `await library.ask("GetBook", book_id=id)`: the answer of an RPC, by its name."""

    engine: Engine
    cloud: Cloud

    def request(self, rpc: str, **fields: Any) -> Any:
        """The request of an RPC with these fields."""
        return json_format.ParseDict(fields, self.operation(rpc).request())

    def operation(self, rpc: str) -> Any:
        """Of the library, or else of the admin service, by the method's name."""
        operations = [one for one in self.engine.registry.contract.operations if one.method == rpc]
        return min(operations, key=lambda one: one.package.startswith("mopenstack."))

    async def reply(
        self, rpc: str, caller: Caller | None = ALICE, /, microversion: int = LATEST, context: Any = None, **fields: Any
    ) -> Reply:
        """The whole reply."""
        context = context or RequestContext(cloud=self.cloud.name, microversion=microversion)
        return await self.engine.call(self.operation(rpc), self.request(rpc, **fields), context, caller)

    async def ask(self, rpc: str, caller: Caller | None = ALICE, /, **fields: Any) -> Any:
        """The result: a message, or the items of a page."""
        result = (await self.reply(rpc, caller, **fields)).result
        return list(result.items) if isinstance(result, Page) else result

    async def book(self, title: str = "Elements", caller: Caller = ALICE, **fields: Any) -> Any:
        """A new book."""
        return await self.ask("CreateBook", caller, book={"title": title, **fields})

    async def shelf(self, name: str = "A1", caller: Caller = ALICE, **fields: Any) -> Any:
        """A new shelf."""
        return await self.ask("CreateShelf", caller, shelf={"name": name, **fields})

    async def transact(self, run: Callable[[Call], Awaitable[T]]) -> T:
        """Run something in a transaction, in the cloud's own name."""
        return await self.engine.transact(self.cloud, RequestContext(cloud=self.cloud.name), run)

    async def stored(self, kind: str, id: str) -> Any:
        """The object as the store has it, with what no caller sees; None: it is not there."""
        message = self.engine.registry.contract.resources[kind]
        async with self.engine.store.transaction(self.cloud.name) as tx:
            return await tx.get(message, id)


@pytest_asyncio.fixture(scope="session")
async def administration() -> AsyncIterator[Administration]:
    """The library's engine, in memory."""
    made = assemble(SERVED, MemoryStore(), MemoryBlobs())
    await made.engine.open()
    yield made
    await made.engine.close()


async def _library(administration: Administration, profile: Profile) -> AsyncIterator[Library]:
    cloud = await administration.create_cloud(f"library-{next(_names)}", profile)
    yield Library(administration.engine, cloud)
    await administration.delete_cloud(cloud.name)


@pytest_asyncio.fixture
async def library(administration: Administration) -> AsyncIterator[Library]:
    """A cloud in which everything takes no time."""
    async for made in _library(administration, "instant"):
        yield made


@pytest_asyncio.fixture
async def slow_library(administration: Administration) -> AsyncIterator[Library]:
    """A cloud in which things take their time, by its clock."""
    async for made in _library(administration, "realistic"):
        yield made
