"""Work beside the calls: downloads and the like, in transactions of their own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Unavailable
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.store.base import Unreachable
from mopenstack.core.store.blobs import Blobs
from mopenstack.core.store.master_key import MasterKey

log = logging.getLogger(__name__)

AWAY_SECONDS = 60.0
"""How long work beside the calls waits for a database that cannot be reached."""
AWAY_PAUSE_SECONDS = 1.0
T = TypeVar("T")
Transact = Callable[..., Awaitable[Any]]
"""(cloud, context, run): run something in one transaction."""


class Unstarted:
    """Stands where no engine runs yet."""

    blobs: Blobs
    master_key: MasterKey

    async def transact(self, cloud: Cloud, context: RequestContext, run: Callable[[Call], Awaitable[T]]) -> T:
        raise RuntimeError("no engine runs")

    def start(self, work: Callable[[Background], Awaitable[None]]) -> None:
        raise RuntimeError("no engine runs")


class Tasks:
    """The running work of one process."""

    def __init__(self, blobs: Blobs, transact: Transact, master_key: MasterKey) -> None:
        self.blobs = blobs
        self.master_key = master_key
        self._transact = transact
        self._running: set[asyncio.Task[None]] = set()

    async def transact(self, cloud: Cloud, context: RequestContext, run: Callable[[Call], Awaitable[T]]) -> T:
        """Run something in a transaction of its own; no client waits for it, so it waits longer for a database."""
        until = asyncio.get_running_loop().time() + AWAY_SECONDS
        while True:
            try:
                result: T = await self._transact(cloud, context, run)
            except Unavailable as error:
                away = error.__cause__
                if not isinstance(away, Unreachable) or away.in_doubt or asyncio.get_running_loop().time() >= until:
                    raise
                await asyncio.sleep(AWAY_PAUSE_SECONDS)
            else:
                return result

    def start(self, work: Callable[[Background], Awaitable[None]]) -> None:
        """Run something beside the calls."""

        async def run() -> None:
            try:
                await work(self)
            except Unavailable as error:
                log.warning("Work beside the calls has ended: %s", error.text)

        coroutine: Coroutine[Any, Any, None] = run()
        task = asyncio.get_running_loop().create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End what runs."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
