"""The connections of a process of a group.

The statements of its transactions are transactions of their own, and leave nothing behind in a connection: it is used
again as it is. So it goes back into the pool, which would look after it each time, only where more are there than are
used.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any

from mopenstack.core.store.base import Unreachable
from mopenstack.core.store.postgres import lost

if TYPE_CHECKING:
    from mopenstack.core.store.postgres_hosts import Hosts

ACQUIRE_SECONDS_MAX = 30.0
IDLE_MAX = 4


class Idle:
    """Connections of a pool that are ready for the next transaction."""

    def __init__(self, pool: Any, hosts: Hosts) -> None:
        self._pool, self._hosts = pool, hosts
        self._idle: list[Any] = []
        self._used: dict[Any, AbstractContextManager[None]] = {}

    async def take(self) -> Any:
        """A connection; raises Unreachable."""
        while self._idle:
            connection = self._idle.pop()
            if self._is_open(connection):
                break
            await self._release(connection)
        else:
            try:
                connection = await self._pool.acquire(timeout=ACQUIRE_SECONDS_MAX)
            except self._hosts.away as error:
                raise lost(error) from error
        used = self._used[connection] = self._hosts.in_use(connection)
        used.__enter__()
        try:
            await self._hosts.confirm(connection)
        except self._hosts.away as error:
            await self.give(connection, error)
            raise lost(error) from error
        except BaseException as error:
            await self.give(connection, error)
            raise
        return connection

    async def give(self, connection: Any, error: BaseException | None) -> None:
        """Give it back; `error` is what its transaction ended with."""
        silent = error if isinstance(error, Unreachable | OSError) else None
        self._used.pop(connection).__exit__(type(silent) if silent else None, silent, None)
        if error is not None and self._hosts.is_useless(error) and self._is_open(connection):
            connection.terminate()
        ended = error is None or isinstance(error, Exception)  # else the server may be asked to end it still
        if ended and len(self._idle) < IDLE_MAX and self._is_open(connection):
            self._idle.append(connection)
        else:
            await self._release(connection)

    def _is_open(self, connection: Any) -> bool:
        """The pool takes a connection that was lost from who has it: then it cannot even be asked."""
        try:
            return not connection.is_closed()
        except self._hosts.away:
            return False

    async def close(self) -> None:
        """Give all that are ready back to the pool."""
        while self._idle:
            await self._release(self._idle.pop())

    async def _release(self, connection: Any) -> None:
        """Into the pool, which ends one that was lost."""
        with suppress(*self._hosts.away):
            await self._pool.release(connection)
