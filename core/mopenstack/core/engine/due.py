"""What the engine does about transitions around a call: what is due before it, what its read may end, what is left."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.outside import Made, Outside
from mopenstack.core.engine.registry import Registry
from mopenstack.core.store import Store
from mopenstack.core.store.bookkeeping import PARKED
from mopenstack.core.store.kinds import REGION, kind_of

log = logging.getLogger(__name__)

ROUNDS_MAX = 1000
"""Most rounds in which transitions are led from state to state before one call."""


Due = tuple[str, str, str]
"""A transition that is due, as the store tells it: kind, id, action."""


class Apart:
    """Transitions that need what takes a while (outside.py): each is completed apart from the calls, which go on."""

    def __init__(
        self,
        registry: Registry,
        transact: Callable[..., Awaitable[Any]],
        start: Callable[[Callable[[Background], Awaitable[None]]], None],
    ) -> None:
        self._registry, self._transact, self._start = registry, transact, start
        self._at_work: set[tuple[str, str, str]] = set()

    def __contains__(self, key: tuple[str, str, str]) -> bool:
        return key in self._at_work

    async def make(self, cloud: Cloud, context: RequestContext, wanted: Outside, made: Made) -> None:
        """Make what a call needs; of what a transition needs, complete that apart."""
        due = wanted.due
        if due is None:
            await made.add(wanted)
            return
        key = (cloud.name, *due[:2])
        if key not in self._at_work:
            self._at_work.add(key)
            own = RequestContext(cloud=context.cloud, cloud_url=context.cloud_url)
            self._start(lambda _: self._complete(cloud, own, due, key))

    async def _complete(self, cloud: Cloud, context: RequestContext, due: Due, key: tuple[str, str, str]) -> None:
        async def run(call: Call) -> None:
            if due in await call.tx.due(call.started):
                await _step(self._registry, call, due)

        try:
            await self._transact(cloud, context, run)
        except Exception:
            log.exception("%s %s was not completed: %s", *due)
        finally:
            self._at_work.discard(key)


async def apply_due(registry: Registry, call: Call, apart: Apart) -> bool:
    """Complete what is due, or lead it into its next state, which may be due as well; whether there was anything.

    What is completed apart is left out.
    """
    found = False
    for _ in range(ROUNDS_MAX):
        stepped = False
        for due in await call.tx.due(call.started):
            if (call.cloud.name, *due[:2]) in apart:
                call.tx.tell_again(call.started)
                continue
            found = True
            try:
                stepped |= await _step(registry, call, due)
            except Outside as wanted:
                wanted.due = due
                raise
        if not stepped:
            break
    return found


async def _step(registry: Registry, call: Call, due: Due) -> bool:
    stored_kind, id, action = due
    kind, _, region = stored_kind.partition(REGION)
    inner = call if region == call.cloud.region else call.of_region(region)
    lifecycle = registry.lifecycle_loaded(kind)
    if lifecycle is not None:
        return await lifecycle.advance(inner, id, action)
    if kind in registry.contract.resources:
        await inner.tx.unschedule(kind, id)
    return False


async def note_read(registry: Registry, call: Call) -> None:
    """Count a GET of a resource itself: its transition may be done after some."""
    if call.target is None or call.operation is None:
        return
    route = call.operation.routes[0]
    if route.verb != "GET" or not route.path.endswith("}"):
        return
    lifecycle = registry.lifecycles.get(kind_of(type(call.target)).name)
    if lifecycle is not None:
        await lifecycle.note_read(call, call.target)


class AfterCalls:
    """Completes what a call has made due at once when its answer is on its way, so that the next call need not.

    Only where this process alone writes. What cannot be completed now, the next call meets.
    """

    def __init__(
        self,
        store: Store,
        transact: Callable[..., Awaitable[Any]],
        start: Callable[[Callable[[Background], Awaitable[None]]], None],
    ) -> None:
        self._store, self._transact, self._start = store, transact, start
        self._at_work: set[str] = set()

    def look(self, cloud: Cloud, context: RequestContext) -> None:
        """Begin, where something is due and nothing is at work on it."""
        name, store = cloud.name, self._store
        if store.exclusive and store.next_due.get(name, PARKED) <= cloud.clock.time() and name not in self._at_work:
            self._at_work.add(name)
            self._start(lambda _: self._complete(cloud, context))

    async def _complete(self, cloud: Cloud, context: RequestContext) -> None:
        try:
            with suppress(Exception):
                await self._transact(cloud, context, only_due)
        finally:
            self._at_work.discard(cloud.name)


async def only_due(call: Call) -> None:
    """What is run where nothing is wanted but what is due: every transaction begins with that."""
