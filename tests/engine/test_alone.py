"""A transaction that was refused several times is waited for by those that begin; for a while."""

from __future__ import annotations

import asyncio

import pytest

from mopenstack.core.engine import alone
from mopenstack.core.engine.alone import LATE_FROM, Precedence


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_that_begin_wait_until_a_late_one_holds() -> None:
    precedence = Precedence()
    late = await precedence.begin("cloud", LATE_FROM)
    assert late is not None
    newcomer = asyncio.ensure_future(precedence.begin("cloud", 0))
    await _settle()
    precedence.end("cloud", late)  # refused once more
    again = await precedence.begin("cloud", LATE_FROM + 1)
    assert again is not None
    await _settle()
    assert not newcomer.done()
    precedence.end("cloud", again)
    assert await newcomer is None


async def test_another_cloud_and_one_that_was_refused_before_do_not_wait() -> None:
    precedence = Precedence()
    late = await precedence.begin("cloud", LATE_FROM)
    assert late is not None
    assert await precedence.begin("other", 0) is None
    assert await precedence.begin("cloud", 1) is None
    second = await precedence.begin("cloud", LATE_FROM)
    assert second is not None
    newcomer = asyncio.ensure_future(precedence.begin("cloud", 0))
    await _settle()
    precedence.end("cloud", late)
    await _settle()
    assert not newcomer.done()  # the second one is under way
    precedence.end("cloud", second)
    assert await newcomer is None


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "GIVE_WAY_SECONDS_MAX", 0.01)
    precedence = Precedence()
    late = await precedence.begin("cloud", LATE_FROM)
    assert late is not None
    assert await precedence.begin("cloud", 0) is None
    precedence.end("cloud", late)
