"""Events between services: neutron_lib.callbacks, in the engine.

A service that stands on the resources of another one subscribes a coroutine. It runs in the same transaction; before a
change it may refuse it, or clean up what hangs on the object.

    @subscribes("before_delete", "port", "router")
    async def refuse_in_use(call, obj): ...

The generic create, update and delete publish, for every kind:
    after_create(call, object), after_update(call, old, new), before_delete(call, object)
A service publishes others by `call.publish(event, kind, ...)`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

Subscriber = Callable[..., Awaitable[None]]
"""(call, facts of the event)"""

F = TypeVar("F", bound=Subscriber)

_MARK = "__subscriptions__"


def subscribes(event: str, *kinds: str) -> Callable[[F], F]:
    """Subscribe a coroutine to an event of some kinds of resources; it is found when its service is loaded."""

    def mark(function: F) -> F:
        setattr(function, _MARK, (*subscriptions(function), *((event, kind) for kind in kinds)))
        return function

    return mark


def subscriptions(function: Any) -> tuple[tuple[str, str], ...]:
    """(event, kind) of everything that a function subscribes to."""
    found: tuple[tuple[str, str], ...] = getattr(function, _MARK, ())
    return found if isinstance(found, tuple) else ()  # an object may have all attributes
