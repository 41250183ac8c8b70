"""From which attempt on a transaction is alone: after all others of its cloud that are alone, in all processes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from mopenstack.contract.operations import Operation
from mopenstack.core.store import Store

ALONE_FROM = 1
"""Those that were refused go one after the other."""


def alone_from(store: Store, operation: Operation | None) -> int:
    """The attempt, counted from 0.

    Where the processes of a group share a database, what writes is alone from the beginning: it would have to be made
    again after each other write. Calls that give tokens write seldom.
    """
    if store.exclusive or not store.keeps or operation is None or operation.anonymous:
        return ALONE_FROM
    return ALONE_FROM if operation.reads else 0


LATE_FROM = 3
"""The attempt from which on others give way: what reads much is refused as long as short ones begin beside it."""
GIVE_WAY_SECONDS_MAX = 0.5


class Precedence:
    """Transactions that were refused several times come before those of the same cloud in this process that begin."""

    def __init__(self) -> None:
        self._late: dict[str, list[asyncio.Future[None]]] = {}
        """Cloud -> one for each late transaction that is under way, done when its attempt is over."""

    async def begin(self, cloud: str, attempt: int) -> asyncio.Future[None] | None:
        """Give way before the first attempt of a transaction; of a late one, what is to be given to `end`."""
        if attempt >= LATE_FROM:
            late = asyncio.get_running_loop().create_future()
            self._late.setdefault(cloud, []).append(late)
            return late
        if not attempt and cloud in self._late:
            with suppress(TimeoutError):
                async with asyncio.timeout(GIVE_WAY_SECONDS_MAX):
                    while cloud in self._late:
                        await asyncio.wait(self._late[cloud])
        return None

    def end(self, cloud: str, late: asyncio.Future[None]) -> None:
        """An attempt is over; the next one of the same transaction begins before those that wait are woken."""
        late.set_result(None)
        self._late[cloud].remove(late)
        if not self._late[cloud]:
            del self._late[cloud]
