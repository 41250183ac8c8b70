"""Work that comes to its end, whatever becomes of the call that waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import suppress
from types import coroutine
from typing import Any


@coroutine
def to_its_end(work: Coroutine[Any, Any, Any]) -> Generator[Any, None, None]:
    """Wait for something that nothing may interrupt; a cancellation that comes meanwhile is no longer one.

    The work is part of the task that waits, which costs less than one of its own: where it waits for a future, the task
    waits for another one that is done after it.
    """
    while True:
        try:
            future = work.send(None)
        except StopIteration:
            return
        if future is None:  # it lets others go on
            with suppress(asyncio.CancelledError):
                yield
            continue
        future._asyncio_future_blocking = False
        while not future.done():
            ended = future.get_loop().create_future()
            future.add_done_callback(lambda _, ended=ended: ended.done() or ended.set_result(None))
            with suppress(asyncio.CancelledError):
                yield from ended
