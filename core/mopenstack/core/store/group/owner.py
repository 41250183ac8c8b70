"""A database that a group of processes has for itself.

The process that starts the others holds an advisory lock at the server. A process on its own looks for that lock on
each connection that it makes (store.presence), and is refused; its connections have a name by which the owner sees that
it is there already. So one of the two is refused, whichever comes second.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from mopenstack.core.store.base import Unreachable, UnusableDatabase
from mopenstack.core.store.group.memory import GroupMemory
from mopenstack.core.store.postgres import masked
from mopenstack.core.store.presence import OWNED, OWNER_LOCK, SINGLE

LOOK_SECONDS = 2.0
"""How often it is looked whether the lock is held still, and how long the server may take to say so."""
AGAIN_SECONDS = 0.25
OPEN_SECONDS = 10.0

OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
TAKE = f"SELECT pg_try_advisory_lock({OWNER_LOCK})"
LET_GO = f"SELECT pg_advisory_unlock({OWNER_LOCK})"


class Owner:
    """Has the database at a URL for its group."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._keeping: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._hosts: Any = None

    async def take(self) -> bool:
        """Whether the group has it; false: processes on their own use it. Raises Unreachable, UnusableDatabase."""
        from mopenstack.core.store.postgres_hosts import BadStoreUrl, Hosts

        try:
            self._hosts = Hosts(self._url)
        except BadStoreUrl as error:
            raise UnusableDatabase(str(error)) from None
        until = asyncio.get_running_loop().time() + (OPEN_SECONDS if self._hosts.several else 1.0)
        while True:
            try:
                return await self._take()
            except self._hosts.away as error:
                if asyncio.get_running_loop().time() > until:
                    why = str(error) or type(error).__name__
                    raise Unreachable(f"{masked(self._url)} cannot be reached: {why}", in_doubt=False) from error
                await asyncio.sleep(AGAIN_SECONDS)

    async def _take(self) -> bool:
        connection = await self._hosts.connect()
        try:
            if not await connection.fetchval(TAKE):
                raise UnusableDatabase(OWNED)
            if await connection.fetchval(OTHERS, SINGLE):
                await connection.execute(LET_GO)
                connection.terminate()
                return False
        except BaseException:
            connection.terminate()
            raise
        self._lost.clear()
        connection.add_termination_listener(lambda _: self._lost.set())
        self._connection = connection
        return True

    def keep(self, memory: GroupMemory) -> None:
        """Have it until `close`; while it may be another's, the epoch of the memory is odd."""
        self._keeping = asyncio.create_task(self._keep(memory))

    async def _keep(self, memory: GroupMemory) -> None:
        while True:
            await self._until_lost()
            memory.set_epoch(memory.epoch + 1)
            self._connection.terminate()
            await self._take_again()
            memory.set_epoch(memory.epoch + 1)

    async def _until_lost(self) -> None:
        while not self._lost.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), LOOK_SECONDS)
            if not self._lost.is_set():
                try:
                    await self._connection.fetchval("SELECT 1", timeout=LOOK_SECONDS)
                except self._hosts.away:
                    return

    async def _take_again(self) -> None:
        """Wait until the group has it again."""
        while True:
            with suppress(UnusableDatabase, *self._hosts.away):
                if await self._take():
                    return
            await asyncio.sleep(AGAIN_SECONDS)

    async def close(self) -> None:
        """Let go of it."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        if self._connection is not None:
            self._connection.terminate()
        if self._hosts is not None:
            self._hosts.close()
