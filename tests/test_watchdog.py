"""The watchdog of the event loop: it sees work, not waiting, and says where."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.watchdog import LOOK_SECONDS, Watchdog, Watched, watching


def _work(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(100))


async def _answer(at_once: float, times: int, waits: float = 0.0) -> str:
    for _ in range(times):
        _work(at_once)
        await asyncio.sleep(waits)
    return "answered"


async def _seen(watchdog: Watchdog, at_once: float, times: int, waits: float = 0.0) -> list[str]:
    before = len(watchdog.blocks)
    assert await Watched(watchdog, _answer(at_once, times, waits), "GET /x") == "answered"
    return watchdog.blocks[before:]


async def test_what_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.watchdog.CALIBRATION", 0)
    with watching() as watchdog:
        watchdog.limit = 0.1
        (block,) = await _seen(watchdog, 0.1 + 3 * LOOK_SECONDS, 1)
        assert block.startswith("GET /x: 0.")
        assert await _seen(watchdog, 0.02, 10) == [], "each step is short"
        assert await _seen(watchdog, 0.001, 1, waits=0.3) == [], "waiting does not block others"


async def test_a_slow_processor_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with watching() as watchdog:
        watchdog.limit = 0.01
        monkeypatch.setattr("tests.watchdog.calibration", lambda: 1.0)
        assert await _seen(watchdog, 0.1, 1) == []


async def test_errors_pass() -> None:
    """What is thrown into the wait, and what comes out, is as without."""

    async def cancelled() -> str:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return "ended"
        return ""

    with watching() as watchdog:

        async def whole() -> str:
            return await Watched(watchdog, cancelled(), "x")

        task = asyncio.ensure_future(whole())
        await asyncio.sleep(0)
        task.cancel()
        assert await task == "ended"
