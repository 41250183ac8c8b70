"""What clusters of a realm send one another, of which this one is in none.

Source: swift.common.middleware.container_sync.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mopenstack.core.object_store import limits
from mopenstack.core.object_store.requests import Request, Response, refusal

Next = Callable[[Request], Awaitable[Response]]
_TEXT = "X-Container-Sync-Auth header not valid; contact cluster operator for support."


async def part(req: Request, following: Next) -> Response:
    """Refuse signatures, none of which can be good."""
    if req.headers.get("x-container-sync-auth"):
        told = {"Www-Authenticate": f'SwiftContainerSync realm="{req.account}"'}
        raise refusal(401, _TEXT, told, limits.PLAIN)
    return await following(req)
