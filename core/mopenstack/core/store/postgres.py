"""PostgreSQL (and what speaks its protocol): many cores on one state.

SERIALIZABLE throughout, so that what holds in one process holds in many; a transaction that the server
refuses is run again by the engine. Nothing is kept in the process.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from mopenstack.core.store.base import CloudTaken, Conflicted, Row, StoreFull, Unreachable
from mopenstack.core.store.compiled import cloud_tables, statements
from mopenstack.core.store.store import Store
from mopenstack.core.store.transaction import SETTINGS, Transaction

POOL_MAX = 10
ACQUIRE_SECONDS_MAX = 30.0
_TURNS = 7355609
"""The first half of the advisory locks' keys; the second is the cloud."""


NUL = "\ufffe"
"""What stands for NUL in ids and keys: PostgreSQL's text cannot hold it, and this is no character."""


def _storable(values: Sequence[Any]) -> list[Any]:
    """The values of a statement as PostgreSQL takes them."""
    return [value.replace("\0", NUL) if isinstance(value, str) and "\0" in value else value for value in values]


class _Session:
    __slots__ = ("_connection",)

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def one(self, statement: str, *values: Any) -> Row | None:
        row: Row | None = await self._connection.fetchrow(statement, *_storable(values))
        return row

    async def all(self, statement: str, *values: Any) -> Sequence[Row]:
        rows: Sequence[Row] = await self._connection.fetch(statement, *_storable(values))
        return rows

    run = one


class PostgresStore(Store):
    exclusive = False

    def __init__(self, url: str) -> None:
        super().__init__()
        self._dsn = url
        self.url = masked(url)
        self._pool: Any = None
        self.statements = statements("postgresql")

    async def open(self) -> None:
        import asyncpg  # the driver is an extra: `pip install mopenstack[postgres]`

        from mopenstack.core.store.migrations import upgrade

        connection = await asyncpg.connect(self._dsn)
        try:
            await upgrade_postgres(connection, upgrade)
        finally:
            await connection.close()
        # What a sequential scan reads is locked as a whole: every write would be a conflict.
        settings = {"enable_seqscan": "off"}
        self._pool = await asyncpg.create_pool(self._dsn, min_size=1, max_size=POOL_MAX, server_settings=settings)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    @asynccontextmanager
    async def transaction(self, cloud: str, *, alone: bool = False) -> AsyncIterator[Transaction]:
        import asyncpg

        refused = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
        begun = committed = False
        try:
            async with self._connection() as connection, _turn(connection, cloud if alone else ""):
                try:
                    async with connection.transaction(isolation="serializable"):
                        begun = True
                        transaction = Transaction(self, _Session(connection), cloud)
                        yield transaction
                        await transaction.before_commit()
                    committed = True
                except refused as error:
                    raise Conflicted(str(error)) from error
                except asyncpg.DiskFullError as error:
                    raise StoreFull(str(error)) from error
        except _away() as error:
            if not committed:  # else it was lost on its way back into the pool
                raise Unreachable(type(error).__name__, begun=begun) from error

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        async with self._pool.acquire(timeout=ACQUIRE_SECONDS_MAX) as connection:
            yield connection

    async def clouds(self) -> list[tuple[str, bytes]]:
        try:
            return [(row[0], row[1]) for row in await self._pool.fetch(self.statements.clouds)]
        except _away() as error:
            raise Unreachable(type(error).__name__, begun=False) from error

    async def change_cloud(self, name: str, change: Callable[[bytes], bytes]) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            found = await connection.fetchrow(f"{self.statements.get_cloud} FOR UPDATE", name)
            if found is None:
                return False
            await connection.execute(self.statements.put_cloud, name, change(bytes(found[0])))
            await connection.execute(self.statements.add, name, SETTINGS, 1)
        return True

    async def create_cloud(self, name: str, data: bytes, rows: dict[str, list[Row]]) -> None:
        async with self._writing(name) as connection:
            if await connection.fetchrow(self.statements.get_cloud, name) is not None:
                raise CloudTaken(name)
            await self._fill(connection, name, data, rows)

    async def replace_cloud(self, name: str, data: bytes, rows: dict[str, list[Row]]) -> None:
        async with self._writing(name) as connection:
            await self._empty(connection, name)
            await self._fill(connection, name, data, rows)

    async def delete_cloud(self, name: str) -> bool:
        async with self._writing(name) as connection:
            found = await connection.fetchrow(self.statements.get_cloud, name) is not None
            await self._empty(connection, name)
        return found

    @asynccontextmanager
    async def _writing(self, name: str) -> AsyncIterator[Any]:
        """All or nothing, one process after the other for a cloud."""
        try:
            async with self._connection() as connection, connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", _TURNS, _turn_key(name))
                yield connection
        except _away() as error:
            raise Unreachable(type(error).__name__, begun=False) from error

    async def _empty(self, connection: Any, name: str) -> None:
        for table in cloud_tables():
            await connection.execute(f"DELETE FROM {table} WHERE cloud = $1", name)  # noqa: S608
        await connection.execute(self.statements.remove_cloud, name)

    async def _fill(self, connection: Any, name: str, data: bytes, rows: dict[str, list[Row]]) -> None:
        await connection.execute(self.statements.put_cloud, name, data)
        for table in cloud_tables():
            records = [(name, *row) for row in rows.get(table, ())]
            await connection.copy_records_to_table(table, records=records)

    async def export_cloud(self, name: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        async with self._pool.acquire() as connection, connection.transaction(isolation="serializable"):
            for table, names in cloud_tables().items():
                columns = ", ".join(names)
                sql = f"SELECT {columns} FROM {table} WHERE cloud = $1"  # noqa: S608
                found[table] = [tuple(row) for row in await connection.fetch(sql, name)]
        return found


def masked(url: str) -> str:
    """A database's address without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username or ''}:***@{place}").geturl()


@cache
def _away() -> tuple[type[BaseException], ...]:
    """What asyncpg raises where the server is not there, starts, or ends."""
    import asyncpg

    return (
        OSError,
        TimeoutError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,  # the server's last word is read still, and something was asked already
        asyncpg.PostgresConnectionError,
        asyncpg.CannotConnectNowError,
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
        asyncpg.TooManyConnectionsError,
    )


@asynccontextmanager
async def _turn(connection: Any, cloud: str) -> AsyncIterator[None]:
    """One after the other for a cloud's transactions, in all processes; for no cloud, at once.

    The lock is taken before the transaction begins: what it sees is what the one before it left.
    """
    if not cloud:
        yield
        return
    await connection.execute("SELECT pg_advisory_lock($1, $2)", _TURNS, _turn_key(cloud))
    try:
        yield
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1, $2)", _TURNS, _turn_key(cloud))


def _turn_key(cloud: str) -> int:
    """A cloud's advisory lock: a number of 32 bits with a sign."""
    return zlib.crc32(cloud.encode()) - 2**31


async def upgrade_postgres(connection: Any, upgrade: Any) -> None:
    """Run the migrations' statements over asyncpg: Alembic renders them, so that no second driver is needed."""
    from mopenstack.core.store.migrations import check_version

    # One process at a time: a session lock held while the schema is looked at and changed.
    await connection.execute("SELECT pg_advisory_lock(7355608)")
    try:
        current = None
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is not None:
            current = await connection.fetchval("SELECT version_num FROM alembic_version")
            check_version("The database", current)
        script = upgrade("postgresql://", current)
        if script.strip():
            await connection.execute(script)
    finally:
        await connection.execute("SELECT pg_advisory_unlock(7355608)")
