"""Who else has a say in what happens to an object: neutron_lib.callbacks, as plain functions.

A service that stands on ports, routers or subnets registers a function. It runs in the same transaction, before the
object's own checks; it may refuse, or clean up what hung on the object.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mopenstack.core.engine.call import Call

Removal = Callable[[Call, Any], Awaitable[None]]
Attachment = Callable[[Call, Any, str], Awaitable[None]]

_REMOVALS: dict[str, list[Removal]] = {}
"""Kind of the object -> functions of (call, object)."""
_ATTACHMENTS: list[Attachment] = []
"""Functions of (call, router, network id)."""


def before_removal(*kinds: str) -> Callable[[Removal], Removal]:
    """Register a function for objects of these kinds that are deleted."""

    def register(function: Removal) -> Removal:
        for kind in kinds:
            _REMOVALS.setdefault(kind, []).append(function)
        return function

    return register


def before_attachment(function: Attachment) -> Attachment:
    """Register a function for networks that routers get an interface on."""
    _ATTACHMENTS.append(function)
    return function


async def announce_removal(call: Call, kind: str, obj: Any) -> None:
    """Let everybody know, before an object goes."""
    for function in _REMOVALS.get(kind, ()):
        await function(call, obj)


async def announce_attachment(call: Call, router: Any, network_id: str) -> None:
    """Let everybody know, before a router gets an interface on a network."""
    for function in _ATTACHMENTS:
        await function(call, router, network_id)
