"""Work beside the calls: downloads and the like, in transactions of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.store.blobs import Blobs

T = TypeVar("T")
Transact = Callable[..., Awaitable[Any]]
"""(cloud, context, run): run something in one transaction."""


class Unstarted:
    """Stands where no engine runs yet."""

    blobs: Blobs

    async def transact(self, cloud: Cloud, context: RequestContext, run: Callable[[Call], Awaitable[T]]) -> T:
        raise RuntimeError("no engine runs")

    def start(self, work: Callable[[Background], Awaitable[None]]) -> None:
        raise RuntimeError("no engine runs")


class Tasks:
    """The running work of one process."""

    def __init__(self, blobs: Blobs, transact: Transact) -> None:
        self.blobs = blobs
        self._transact = transact
        self._running: set[asyncio.Task[None]] = set()

    async def transact(self, cloud: Cloud, context: RequestContext, run: Callable[[Call], Awaitable[T]]) -> T:
        """Run something in a transaction of its own."""
        result: T = await self._transact(cloud, context, run)
        return result

    def start(self, work: Callable[[Background], Awaitable[None]]) -> None:
        """Run something beside the calls."""

        async def run() -> None:
            await work(self)

        coroutine: Coroutine[Any, Any, None] = run()
        task = asyncio.get_running_loop().create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End what runs."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
