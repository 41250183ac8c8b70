"""Transactions that wait for each other's rows on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from mopenstack.core.store import Conflicted
from mopenstack.core.store.postgres import LOCK_MILLISECONDS_MAX, PostgresStore

CLOUD = "of-locks"


@pytest_asyncio.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    made = PostgresStore(postgres_url)
    await made.open()
    await made.create_cloud(CLOUD, b"{}", {})
    yield made
    await made.delete_cloud(CLOUD)
    await made.close()


async def _add(store: PostgresStore, first: str, second: str, both: asyncio.Barrier) -> None:
    async with store.transaction(CLOUD) as tx:
        await tx.add(first, 1)
        await both.wait()
        await tx.add(second, 1)


async def test_those_that_wait_for_each_other_are_not_left_to_the_server(store: PostgresStore) -> None:
    """It would find them after a second, and all that take turns behind them would wait as long."""
    both = asyncio.Barrier(2)
    done = await asyncio.gather(_add(store, "a", "b", both), _add(store, "b", "a", both), return_exceptions=True)
    refused = [one for one in done if one is not None]
    assert refused
    assert all(isinstance(one, Conflicted) for one in refused)
    assert any(isinstance(one.__cause__, asyncpg.LockNotAvailableError) for one in refused)
    async with store.transaction(CLOUD) as tx:
        assert [await tx.counter("a"), await tx.counter("b")] == [2 - len(refused)] * 2


async def test_a_turn_is_waited_for_longer(store: PostgresStore) -> None:
    begun = asyncio.Event()

    async def first() -> None:
        async with store.transaction(CLOUD, alone=True) as tx:
            begun.set()
            await tx.add("a", 1)
            await asyncio.sleep(3 * LOCK_MILLISECONDS_MAX / 1000)

    async def second() -> None:
        await begun.wait()
        async with store.transaction(CLOUD, alone=True) as tx:
            assert await tx.counter("a") == 1
            await tx.add("a", 1)

    await asyncio.gather(first(), second())
    async with store.transaction(CLOUD) as tx:
        assert await tx.counter("a") == 2
