"""What the engine does about transitions around a call: what is due before it, what its read may end, what is left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.registry import Registry
from mopenstack.core.store import Store
from mopenstack.core.store.bookkeeping import PARKED
from mopenstack.core.store.kinds import REGION, kind_of

ROUNDS_MAX = 1000
"""Most rounds in which transitions are led from state to state before one call."""


async def apply_due(registry: Registry, call: Call) -> bool:
    """Complete what is due, or lead it into its next state, which may be due as well; whether there was anything."""
    found = False
    for _ in range(ROUNDS_MAX):
        stepped = False
        for stored_kind, id, action in await call.tx.due(call.started):
            kind, _, region = stored_kind.partition(REGION)
            inner = call if region == call.cloud.region else call.of_region(region)
            lifecycle, found = registry.lifecycle_loaded(kind), True
            if lifecycle is not None:
                stepped |= await lifecycle.advance(inner, id, action)
            elif kind in registry.contract.resources:
                await inner.tx.unschedule(kind, id)
        if not stepped:
            break
    return found


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
