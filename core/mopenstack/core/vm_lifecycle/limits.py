"""How often a user may ask: a number of requests in any minute."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.options import Option
from mopenstack.vm_lifecycle.v1 import refusals

WINDOW_SECONDS = 60.0
USERS_MAX = 10_000
"""So many users are counted; those that have not asked for longest are forgotten."""
LIMIT_MAX = 100_000


def _wrong(value: str) -> str:
    fine = value.isascii() and value.isdecimal() and len(value) <= len(str(LIMIT_MAX)) and int(value) <= LIMIT_MAX
    return "" if fine else f"it is a number from 0 to {LIMIT_MAX}"


RATE_LIMIT = Option(
    "vm_lifecycle.rate_limit", "0", "Requests of the VM lifecycle API a user and minute; 0: any number.", check=_wrong
)


@dataclass(slots=True)
class _Asked:
    """What a user asked in the last minute."""

    requests: deque[tuple[float, str]] = field(default_factory=deque)
    """Moment and ID of each, the oldest first."""
    ids: set[str] = field(default_factory=set)


class RateLimits:
    """When users asked in the last minute, by cloud and user."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], _Asked] = {}
        """By cloud and user."""

    def take(self, call: Call) -> None:
        """Count a request of the caller; raises RateLimited for one too many, which is not counted.

        A request whose transaction is run again counts once.
        """
        limit = int(call.cloud.options.get(RATE_LIMIT.name, RATE_LIMIT.default))
        if not limit:
            return
        key, now = (call.cloud.address, call.caller.user_id), call.time
        asked = self._asked.pop(key, None) or _Asked()
        self._asked[key] = asked  # the newest last
        while asked.requests and asked.requests[0][0] <= now - WINDOW_SECONDS:
            asked.ids.discard(asked.requests.popleft()[1])
        id = call.context.request_id
        if id and id in asked.ids:
            return
        if len(asked.requests) >= limit:
            wait = max(1, math.ceil(asked.requests[-limit][0] + WINDOW_SECONDS - now))
            raise refusals.RateLimited(limit=limit, retry_after=wait)
        asked.requests.append((now, id))
        asked.ids.add(id)
        if len(self._asked) > USERS_MAX:
            del self._asked[next(iter(self._asked))]
