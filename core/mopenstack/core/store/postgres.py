"""PostgreSQL (and what speaks its protocol): many cores on one state.

SERIALIZABLE throughout, so that what holds in one process holds in many; a transaction that the server
refuses is run again by the engine, as one is that a server took with it: until it is asked to commit, nothing of it is
kept. What became of a commit that was not answered is not known, and is told so. Nothing is kept in the process.
"""

from __future__ import annotations

import asyncio
import random
import time
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from mopenstack.core.store.base import (
    CloudTaken,
    Conflicted,
    Row,
    Rows,
    StoreFull,
    Template,
    Unreachable,
    UnusableDatabase,
)
from mopenstack.core.store.compiled import cloud_tables, statements
from mopenstack.core.store.presence import OWNED, SINGLE, is_owned
from mopenstack.core.store.store import Store
from mopenstack.core.store.transaction import SETTINGS, Transaction

if TYPE_CHECKING:
    from mopenstack.core.store.postgres_hosts import Hosts

POOL_MAX = 10
STATEMENTS_KEPT = 300  # prepared, a connection
OPEN_SECONDS = 30.0
"""How long a start waits for one of several hosts that takes writes: they may be choosing one."""
OPEN_PAUSE_SECONDS = 0.25
ACQUIRE_SECONDS_MAX = 30.0
WHOLE_ATTEMPTS_MAX = 10
LOCK_MILLISECONDS_MAX = 100
"""How long a transaction waits for a row that another one writes: once that has committed, it is refused anyway, and
two that wait for each other the server would find after a second only (deadlock_timeout)."""
CLOSE_SECONDS_MAX = 3.0
"""How long a server may take to let go of the connections at the end."""
T = TypeVar("T")
_TURNS = 7355609
"""The first half of the advisory locks' keys; the second is the cloud."""


NUL = "\ufffe"
"""What stands for NUL in ids and keys: PostgreSQL's text cannot hold it, and this is no character."""


def in_postgres(values: Sequence[Any]) -> list[Any]:
    """The values of a statement as PostgreSQL takes them."""
    return [value.replace("\0", NUL) if isinstance(value, str) and "\0" in value else value for value in values]


def _again(method: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., Coroutine[Any, Any, T]]:
    """A method that is one transaction is run again where the server refuses it because of a concurrent one."""

    @wraps(method)
    async def run(*arguments: Any, **named: Any) -> T:
        import asyncpg

        for attempt in range(WHOLE_ATTEMPTS_MAX):
            try:
                return await method(*arguments, **named)
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
                if attempt == WHOLE_ATTEMPTS_MAX - 1:
                    raise Unreachable("there are too many concurrent changes", in_doubt=False) from error
                await asyncio.sleep(random.random() * 0.02 * 2 ** min(attempt, 6))  # noqa: S311  # no secret
        raise AssertionError

    return run


class _Session:
    """Statements of one transaction. `wrote`: one of them was to write."""

    __slots__ = ("_connection", "_hosts", "wrote")
    is_current = True

    def __init__(self, connection: Any, hosts: Hosts) -> None:
        self._connection, self._hosts = connection, hosts
        self.wrote = False

    async def one(self, statement: str, *values: Any) -> Row | None:
        try:
            row: Row | None = await self._connection.fetchrow(statement, *in_postgres(values))
        except self._hosts.away as error:
            raise lost(error) from error
        return row

    async def all(self, statement: str, *values: Any) -> Sequence[Row]:
        try:
            rows: Sequence[Row] = await self._connection.fetch(statement, *in_postgres(values))
        except self._hosts.away as error:
            raise lost(error) from error
        return rows

    async def run(self, statement: str, *values: Any) -> Row | None:
        self.wrote = True
        return await self.one(statement, *values)

    async def run_each(self, statement: str, rows: Sequence[Row]) -> None:
        self.wrote = True
        try:
            await self._connection.executemany(statement, [in_postgres(row) for row in rows])
        except self._hosts.away as error:
            raise lost(error) from error


def lost(error: BaseException, *, in_doubt: bool = False) -> Unreachable:
    return error if isinstance(error, Unreachable) else Unreachable(type(error).__name__, in_doubt=in_doubt)


class PostgresStore(Store):
    exclusive = keeps = False
    dialect = "postgresql"
    """What the migrations are written for."""
    begin = f"BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL lock_timeout = {LOCK_MILLISECONDS_MAX}"
    """How a transaction begins."""
    server_settings: Mapping[str, str] = {
        # What a sequential scan reads is locked as a whole: every write would be a conflict.
        "enable_seqscan": "off",
        "application_name": SINGLE,
        # A transaction whose process has gone silent does not hold what it locked for ever.
        "idle_in_transaction_session_timeout": "60s",
    }

    def __init__(self, url: str) -> None:
        super().__init__()
        self._dsn = url
        self.url = masked(url)
        self._pool: Any = None
        self._hosts: Hosts
        self.statements = statements("postgresql")

    async def open(self) -> None:
        """Connect and bring the schema up to date; raises Unreachable, UnusableDatabase."""
        import asyncpg  # the driver is an extra: `pip install mopenstack[postgres]`

        from mopenstack.core.store.postgres_hosts import BadStoreUrl, Hosts, PlacedConnection

        try:
            self._hosts = Hosts(self._dsn)
        except BadStoreUrl as error:
            raise UnusableDatabase(str(error)) from None
        until = asyncio.get_running_loop().time() + (OPEN_SECONDS if self._hosts.several else self.wait_seconds)
        while True:
            try:
                await self._upgrade()
                break
            except self._hosts.away as error:
                if asyncio.get_running_loop().time() >= until:
                    why = str(error) or type(error).__name__
                    raise Unreachable(f"{self.url} cannot be reached: {why}", in_doubt=False) from error
                await asyncio.sleep(OPEN_PAUSE_SECONDS)
        self._pool = await asyncpg.create_pool(
            min_size=0,
            max_size=POOL_MAX,
            connect=partial(self._hosts.connect, self._dsn),
            connection_class=PlacedConnection,
            statement_cache_size=STATEMENTS_KEPT,
            server_settings=dict(self.server_settings),
            init=self._admitted,
        )

    async def _admitted(self, connection: Any) -> None:
        """Raise Unreachable for a connection to a database that a group has for itself."""
        if await is_owned(connection):
            raise Unreachable(OWNED, in_doubt=False)

    async def _upgrade(self) -> None:
        from mopenstack.core.store.migrations import upgrade

        connection = await self._hosts.connect()
        try:
            with self._hosts.in_use(connection):
                await self._admitted(connection)
                await self._migrate(connection, upgrade)
        finally:
            connection.terminate()

    async def _migrate(self, connection: Any, upgrade: Any) -> None:
        # One process at a time: a session lock held while the schema is looked at and changed.
        await connection.execute("SELECT pg_advisory_lock(7355608)")
        try:
            await upgrade_postgres(connection, upgrade, self.dialect)
        finally:
            await connection.execute("SELECT pg_advisory_unlock(7355608)")

    async def close(self) -> None:
        if self._pool is not None:
            self._hosts.close()
            try:
                await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS_MAX)
            except self._hosts.away:
                self._pool.terminate()

    @asynccontextmanager
    async def transaction(self, cloud: str, *, alone: bool = False) -> AsyncIterator[Transaction]:
        import asyncpg

        refused = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)
        gone: tuple[type[BaseException], ...] = (Unreachable, *self._hosts.away)
        committing = committed = False
        try:
            async with self._connection() as connection, self._turn(connection, cloud if alone else ""):
                try:
                    async with _transaction(connection, self.begin):
                        session = _Session(connection, self._hosts)
                        transaction = Transaction(self, session, cloud)
                        yield transaction
                        await transaction.before_commit()
                        committing = session.wrote
                    committed = True
                except refused as error:
                    raise Conflicted(str(error)) from error
                except asyncpg.DiskFullError as error:
                    raise StoreFull(str(error)) from error
                except asyncpg.StatementCompletionUnknownError as error:
                    raise lost(error, in_doubt=True) from error
        except gone as error:
            if not committed:  # else it was lost on its way back into the pool
                raise lost(error, in_doubt=committing) from error

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """A connection of the pool; one that is of no use any more does not go back."""
        connection = await self._pool.acquire(timeout=ACQUIRE_SECONDS_MAX)
        with self._hosts.in_use(connection):
            try:
                await self._hosts.confirm(connection)
                yield connection
            except BaseException as error:
                if self._hosts.is_useless(error):
                    connection.terminate()
                raise
            finally:
                await self._pool.release(connection)

    def _turn(self, connection: Any, cloud: str) -> AbstractAsyncContextManager[None]:
        return _turn(connection, cloud)

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Any]:
        """A connection for what is no transaction of a call; raises Unreachable."""
        try:
            async with self._connection() as connection:
                yield connection
        except self._hosts.away as error:
            raise lost(error) from error

    async def clouds(self) -> list[tuple[str, bytes]]:
        async with self._asking() as connection:
            return [(row[0], row[1]) for row in await connection.fetch(self.statements.clouds)]

    @_again
    async def change_cloud(self, name: str, change: Callable[[bytes], bytes]) -> bool:
        async with self._asking() as connection, connection.transaction():
            found = await connection.fetchrow(f"{self.statements.get_cloud} FOR UPDATE", name)
            if found is None:
                return False
            await connection.execute(self.statements.put_cloud, name, change(bytes(found[0])))
            await connection.execute(self.statements.add, name, SETTINGS, 1)
        return True

    @_again
    async def create_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        async with self._writing(name) as connection:
            if await connection.fetchrow(self.statements.get_cloud, name) is not None:
                raise CloudTaken(name)
            await self._fill(connection, name, data, template)

    @_again
    async def replace_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        async with self._writing(name) as connection:
            await self._empty(connection, name)
            await self._fill(connection, name, data, template)

    @_again
    async def delete_cloud(self, name: str) -> bool:
        async with self._writing(name) as connection:
            found = await connection.fetchrow(self.statements.get_cloud, name) is not None
            await self._empty(connection, name)
        self.on_layer_dropped(name)
        return found

    @asynccontextmanager
    async def _writing(self, name: str) -> AsyncIterator[Any]:
        """All or nothing, one process after the other for a cloud."""
        async with self._asking() as connection, connection.transaction():
            await self._alone(connection, name)
            yield connection

    async def _alone(self, connection: Any, name: str) -> None:
        """Until the transaction ends, no other process writes a cloud as a whole."""
        await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", _TURNS, _turn_key(name))

    async def _empty(self, connection: Any, name: str) -> None:
        for table in cloud_tables():
            await connection.execute(f"DELETE FROM {table} WHERE cloud = $1", name)  # noqa: S608
        await connection.execute(self.statements.remove_cloud, name)

    async def _fill(self, connection: Any, name: str, data: bytes, template: Template) -> None:
        assert isinstance(template, dict), "a shared store keeps no layers"
        await connection.execute(self.statements.put_cloud, name, data)
        for table in cloud_tables():
            records = [(name, *row) for row in template.get(table, ())]
            await connection.copy_records_to_table(table, records=records)
        # A version that no cloud of the same name had before.
        await connection.execute(self.statements.set_counter, name, SETTINGS, time.time_ns())

    @_again
    async def export_cloud(self, name: str) -> Rows:
        found: Rows = {}
        async with self._asking() as connection, connection.transaction(isolation="serializable"):
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


@asynccontextmanager
async def _transaction(connection: Any, begin: str) -> AsyncIterator[None]:
    """A transaction, the end of which even a caller waits for that is cancelled meanwhile: what came of it is known."""
    await connection.execute(begin)
    try:
        yield
    except BaseException:
        await to_its_end(connection.execute("ROLLBACK"))
        raise
    await to_its_end(connection.execute("COMMIT"))


async def to_its_end(work: Coroutine[Any, Any, Any]) -> None:
    """Wait for something that nothing may interrupt; a cancellation that comes meanwhile is no longer one."""
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
        except Exception:
            break  # the task's own
    task.result()


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


async def upgrade_postgres(connection: Any, upgrade: Any, dialect: str = "postgresql") -> None:
    """Run the migrations' statements over asyncpg: Alembic renders them, so that no second driver is needed."""
    from mopenstack.core.store.migrations import check_version

    current = None
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is not None:
        current = await connection.fetchval("SELECT version_num FROM alembic_version")
        check_version("The database", current)
    script = upgrade(f"{dialect}://", current)
    if script.strip():
        await connection.execute(script)
