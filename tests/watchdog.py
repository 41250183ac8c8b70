"""Reports what keeps the event loop to itself: a step of a request, from one wait to the next, of over LIMIT seconds.

What counts is the processor time of the loop's thread, so that a busy machine is no fault of ours, without that of the
garbage collector and of the checks and the work that only tests do. A processor that became slower since the start
(others share it) is measured again before a step is reported. A thread looks at the stack of a step that is too long.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
import traceback
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from mopenstack.core.engine.engine import Engine
from mopenstack.gateway.answers.checker import Checks
from mopenstack.gateway.app import App

T = TypeVar("T")

LIMIT = 0.2
"""Seconds, on a machine that counts to CALIBRATION in less than a fifteenth of them."""
CALIBRATION = 200_000
CALIBRATION_RATIO = 15
LOOK_SECONDS = 0.05
"""How often the thread looks."""


@dataclass(slots=True)
class Step:
    """A step under way."""

    what: str
    started: float
    excluded: float
    stack: str = ""


@dataclass
class Watchdog:
    limit: float
    blocks: list[str] = field(default_factory=list)
    """What blocked the loop: the request, the seconds, the stack."""
    excluded: float = 0.0
    """Seconds that do not count, of all steps so far."""
    _step: Step | None = None
    _thread: int = 0
    _collecting: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    def begin(self, what: str) -> Step | None:
        """A step begins; returns the one around it."""
        around, self._thread = self._step, threading.get_ident()
        self._step = Step(what, time.thread_time(), self.excluded)
        return around

    def end(self, around: Step | None) -> None:
        """The step is over."""
        step, self._step = self._step, around
        assert step is not None
        seconds = time.thread_time() - step.started - (self.excluded - step.excluded)
        if seconds > self.limit and around is None and seconds > CALIBRATION_RATIO * calibration():
            self.blocks.append(f"{step.what}: {seconds:.3f} s at once\n{step.stack}")

    def collected(self, phase: str, info: dict[str, int]) -> None:
        """A callback of the garbage collector."""
        if threading.get_ident() == self._thread:
            now = time.thread_time()
            if phase == "start":
                self._collecting = now
            else:
                self.excluded += now - self._collecting

    def look(self) -> None:
        """The thread: keep the stack of a step that goes on too long."""
        while not self._ended.wait(LOOK_SECONDS):
            step = self._step
            if step is None or step.stack:
                continue
            used = time.clock_gettime(time.pthread_getcpuclockid(self._thread)) - step.started
            if used - (self.excluded - step.excluded) > self.limit:
                frame = sys._current_frames().get(self._thread)
                step.stack = "".join(traceback.format_stack(frame)[-12:]) if frame is not None else ""

    def stop(self) -> None:
        self._ended.set()


class Watched(Coroutine[Any, Any, T]):
    """A coroutine whose steps are watched."""

    def __init__(self, watchdog: Watchdog, coroutine: Coroutine[Any, Any, T], what: str) -> None:
        self._watchdog, self._coroutine, self._what = watchdog, coroutine, what

    def send(self, value: Any) -> Any:
        around = self._watchdog.begin(self._what)
        try:
            return self._coroutine.send(value)
        finally:
            self._watchdog.end(around)

    def throw(self, *error: Any) -> Any:
        around = self._watchdog.begin(self._what)
        try:
            return self._coroutine.throw(*error)
        finally:
            self._watchdog.end(around)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, T]:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                waited = self.send(value) if error is None else self.throw(error)
            except StopIteration as end:
                result: T = end.value
                return result
            value, error = None, None
            try:
                value = yield waited
            except GeneratorExit:
                self.close()
                raise
            except BaseException as thrown:  # goes on in the coroutine, as `await` has it
                error = thrown


def calibration() -> float:
    """The seconds that this processor needs at this moment to count to CALIBRATION."""
    before, count = time.thread_time(), 0
    while count < CALIBRATION:
        count += 1
    return time.thread_time() - before


def _beside(work: Any) -> str | None:
    """What a function is called, be it bound to arguments or not; None: a test's own, which is not watched."""
    function = getattr(work, "func", work)
    return None if function.__module__.startswith("tests.") else f"beside: {function.__qualname__}"


@contextmanager
def watching() -> Iterator[Watchdog]:
    """Watch what this process answers over HTTP and gRPC, and what it does beside that."""
    watchdog = Watchdog(max(LIMIT, CALIBRATION_RATIO * calibration()))
    places: list[tuple[type, str, Callable[..., str | None]]] = [
        (App, "__call__", lambda app, request: f"{request.method} {request.raw_path[:200]}"),
        (Engine, "call", lambda engine, operation, *_, **__: operation.name),
        (Engine, "transact", lambda engine, cloud, context, run, operation=None, **_: _beside(run)),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    for owner, name, told in places:
        setattr(owner, name, _watched(watchdog, getattr(owner, name), told))
    check = Checks.check
    Checks.check = _excluded(watchdog, check)  # type: ignore[method-assign]
    gc.callbacks.append(watchdog.collected)
    thread = threading.Thread(target=watchdog.look, daemon=True)
    thread.start()
    try:
        yield watchdog
    finally:
        watchdog.stop()
        thread.join()
        gc.callbacks.remove(watchdog.collected)
        Checks.check = check  # type: ignore[method-assign]
        for owner, name, function in before:
            setattr(owner, name, function)


def _watched(watchdog: Watchdog, function: Callable[..., Any], told: Callable[..., str | None]) -> Callable[..., Any]:
    @wraps(function)
    async def watched(*arguments: Any, **named: Any) -> Any:
        what, work = told(*arguments, **named), function(*arguments, **named)
        return await (work if what is None else Watched(watchdog, work, what))

    return watched


def _excluded(watchdog: Watchdog, function: Callable[..., None]) -> Callable[..., None]:
    @wraps(function)
    def excluded(*arguments: Any) -> None:
        before = time.thread_time()
        try:
            function(*arguments)
        finally:
            watchdog.excluded += time.thread_time() - before

    return excluded
