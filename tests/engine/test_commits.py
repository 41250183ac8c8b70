"""A commit comes to its end, whatever becomes of the call that waits for it."""

from __future__ import annotations

import asyncio

import pytest

from mopenstack.core.store.postgres import to_its_end


async def test_a_cancelled_call_waits_for_its_commit() -> None:
    done = []

    async def commit() -> None:
        await asyncio.sleep(0.05)
        done.append("held")

    async def call() -> str:
        await to_its_end(commit())
        return "answered"

    task = asyncio.create_task(call())
    for _ in range(3):
        await asyncio.sleep(0.005)
        task.cancel()
    assert await task == "answered"
    assert done == ["held"]


async def test_what_a_commit_raises_is_raised() -> None:
    async def commit() -> None:
        await asyncio.sleep(0)
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        await to_its_end(commit())
