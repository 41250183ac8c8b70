"""Who else has a say in what happens to an object: neutron_lib.callbacks, as plain functions.

A service that stands on ports, routers or subnets registers a function. It runs in the same transaction, before the
object's own checks; it may refuse, or clean up what hung on the object.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mopenstack.core.engine.call import Call

Hook = Callable[[Call, Any], Awaitable[None]]
Attachment = Callable[[Call, Any, str], Awaitable[None]]

_REMOVALS: dict[str, list[Hook]] = {}
"""Kind of the object -> functions of (call, object)."""
_BINDINGS: list[Hook] = []
"""Functions of (call, port)."""
_ATTACHMENTS: list[Attachment] = []
"""Functions of (call, router, network id)."""


def before_removal(*kinds: str) -> Callable[[Hook], Hook]:
    """Register a function for objects of these kinds that are deleted."""

    def register(function: Hook) -> Hook:
        for kind in kinds:
            _REMOVALS.setdefault(kind, []).append(function)
        return function

    return register


def after_binding(function: Hook) -> Hook:
    """Register a function for ports that got a host, another one, or lost theirs."""
    _BINDINGS.append(function)
    return function


def before_attachment(function: Attachment) -> Attachment:
    """Register a function for networks that routers get an interface on."""
    _ATTACHMENTS.append(function)
    return function


async def announce_removal(call: Call, kind: str, obj: Any) -> None:
    """Let everybody know, before an object goes."""
    for function in _REMOVALS.get(kind, ()):
        await function(call, obj)


async def announce_binding(call: Call, port: Any) -> None:
    """Let everybody know that a port is on another host, or on none."""
    for function in _BINDINGS:
        await function(call, port)


async def announce_attachment(call: Call, router: Any, network_id: str) -> None:
    """Let everybody know, before a router gets an interface on a network."""
    for function in _ATTACHMENTS:
        await function(call, router, network_id)
