"""Who else has a say when an object is deleted: the callbacks of neutron_lib.callbacks, as plain functions.

A service that stands on ports, routers or subnets registers a function; it may refuse the delete, or clean up
what hung on the object. It runs before the object's own checks, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mopenstack.core.engine.call import Call

Hook = Callable[[Call, Any], Awaitable[None]]

_HOOKS: dict[str, list[Hook]] = {}
"""Kind of the object -> hooks, in the order of the modules' names."""


def before_removal(*kinds: str) -> Callable[[Hook], Hook]:
    """Register a coroutine of (call, object) for objects of these kinds."""

    def register(hook: Hook) -> Hook:
        for kind in kinds:
            _HOOKS.setdefault(kind, []).append(hook)
        return hook

    return register


async def announce_removal(call: Call, kind: str, obj: Any) -> None:
    """Let everybody know, before an object goes."""
    for hook in _HOOKS.get(kind, ()):
        await hook(call, obj)
