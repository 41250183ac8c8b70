"""The end of a process that is not ours: noticed at once where the kernel tells, else within a second."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import time

from mopenstack.cli.state import exists

LOOK_SECONDS = 0.5


async def ended(pid: int) -> None:
    """Return when there is no such process any more."""
    descriptor = _opened(pid)
    if descriptor is None:
        while exists(pid):  # noqa: ASYNC110  # nothing could set an event
            await asyncio.sleep(LOOK_SECONDS)
        return
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def wait(pid: int) -> None:
    """Return when there is no such process any more; without an event loop."""
    descriptor = _opened(pid)
    if descriptor is None:
        while exists(pid):
            time.sleep(LOOK_SECONDS)
        return
    try:
        select.select([descriptor], [], [])
    finally:
        os.close(descriptor)


def _opened(pid: int) -> int | None:
    """A descriptor that can be read when the process has ended; None where there is none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # another system than Linux, an older kernel, or it has ended already
        return None


async def until_stopped(until: int | None = None) -> None:
    """Wait for a signal, or for the end of a process."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    watch = None if until is None else loop.create_task(ended(until))
    if watch is not None:
        watch.add_done_callback(lambda _: stopped.set())
    await stopped.wait()
    if watch is not None:
        watch.cancel()
