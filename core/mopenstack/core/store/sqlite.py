"""SQLite: in memory (the default), or a file that survives `kill -9`.

Statements run in the event loop's own thread: a point read takes microseconds, a thread hop takes a
hundred. One transaction at a time holds the lock; it is short, since nothing that waits for the outside
(uploads, downloads) happens inside one.
"""

from __future__ import annotations

import asyncio
import fcntl
import re
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Sequence, Set
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from mopenstack.core.store.base import CloudTaken, Row, StoreFull
from mopenstack.core.store.compiled import cloud_tables, sqlite_schema, statements
from mopenstack.core.store.store import Store
from mopenstack.core.store.transaction import Transaction

FILE_NAME = "mopenstack.sqlite3"


class DataFolderInUse(Exception):
    """Another process serves this data folder."""


class _Session:
    """Reads run in autocommit; the first write begins the transaction."""

    __slots__ = ("_connection", "writing")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.writing = False

    async def one(self, statement: str, *values: Any) -> Row | None:
        row: Row | None = self._connection.execute(statement, values).fetchone()
        return row

    async def all(self, statement: str, *values: Any) -> Sequence[Row]:
        return self._connection.execute(statement, values).fetchall()

    async def run(self, statement: str, *values: Any) -> Row | None:
        try:
            if not self.writing:
                self._connection.execute("BEGIN IMMEDIATE")
                self.writing = True
            row: Row | None = self._connection.execute(statement, values).fetchone()
        except sqlite3.OperationalError as error:
            raise _full(error) from error
        return row


_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
"""SQLite says FULL of ENOSPC alone: the end of a quota and a file's largest size are failed writes to it, and the
WAL's index has a code of its own. Source: sqlite3 src/os_unix.c, unixWrite and unixShmMap."""


def _full(error: sqlite3.OperationalError) -> Exception:
    """StoreFull for an error of a disk that takes no more, the error itself for others."""
    return StoreFull(str(error)) if error.sqlite_errorcode in _NO_ROOM else error


class Turn:
    """One at a time, in the order of arrival; as asyncio.Lock, at a fraction of its cost when none waits."""

    __slots__ = ("_taken", "_waiting")

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()

    async def acquire(self) -> None:
        if not self._taken:
            self._taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # the turn had come already: pass it on
            raise

    def release(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)  # stays taken: it is theirs now
                return
        self._taken = False


class _Transacting:
    """The block of one transaction; a class, since a generator costs as much as the transaction."""

    __slots__ = ("_cloud", "_due", "_session", "_store", "_transaction")

    def __init__(self, store: SqliteStore, cloud: str) -> None:
        self._store, self._cloud = store, cloud

    async def __aenter__(self) -> Transaction:
        store = self._store
        await store.lock.acquire()
        self._session = _Session(store.connection)
        self._due = store.next_due.get(self._cloud)
        self._transaction = Transaction(store, self._session, self._cloud)
        return self._transaction

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        store = self._store
        try:
            if self._session.writing and error is None:
                try:
                    store.connection.execute("COMMIT")
                except sqlite3.OperationalError as refused:
                    error = _full(refused)
                    raise error from refused
                self._transaction.committed()
        finally:
            if error is not None:
                if self._session.writing and store.connection.in_transaction:  # a full disk may have ended it already
                    store.connection.execute("ROLLBACK")
                if self._due is not None:
                    store.next_due[self._cloud] = self._due
            store.lock.release()


class SqliteStore(Store):
    exclusive = True

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._folder = folder
        self.lock = Turn()
        self._lock_file: IO[str] | None = None
        self._connection: sqlite3.Connection | None = None
        self.statements = statements("sqlite")
        self.url = f"sqlite:///{folder / FILE_NAME}" if folder else "sqlite:// (memory)"

    async def open(self) -> None:
        if self._folder is None:
            self._connection = sqlite3.connect(":memory:", isolation_level=None)
            for statement in sqlite_schema():
                self._connection.execute(statement)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._take_folder(self._folder)
        from mopenstack.core.store.migrations import upgrade_sqlite  # Alembic costs 0.2 s that memory need not pay

        upgrade_sqlite(self._folder / FILE_NAME)
        self._connection = sqlite3.connect(self._folder / FILE_NAME, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        # With a WAL, NORMAL loses nothing when the process is killed, only (some) when the machine is.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        for cloud, kind in self._connection.execute("SELECT DISTINCT cloud, kind FROM resources"):
            self.kinds.setdefault(cloud, set()).add(kind)

    def _take_folder(self, folder: Path) -> None:
        self._lock_file = (folder / "lock").open("a+")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock_file.close()
            raise DataFolderInUse(f"{folder} is in use by another mopenstack process") from None

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._lock_file is not None:
            self._lock_file.close()

    def transaction(self, cloud: str, *, alone: bool = False) -> _Transacting:
        return _Transacting(self, cloud)

    async def clouds(self) -> list[tuple[str, bytes]]:
        return await self._all(self.statements.clouds)

    async def save_cloud(self, name: str, data: bytes) -> None:
        async with self._writing():
            self._run(self.statements.put_cloud, name, data)

    async def create_cloud(self, name: str, data: bytes, rows: dict[str, list[Row]]) -> None:
        async with self._writing():
            if self.connection.execute(self.statements.get_cloud, (name,)).fetchone() is not None:
                raise CloudTaken(name)
            self._fill(name, data, rows)

    async def replace_cloud(self, name: str, data: bytes, rows: dict[str, list[Row]]) -> None:
        async with self._writing():
            self._empty(name)
            self._fill(name, data, rows)

    async def delete_cloud(self, name: str) -> bool:
        async with self._writing():
            found = self.connection.execute(self.statements.get_cloud, (name,)).fetchone() is not None
            self._empty(name)
        self.forget_cloud(name)
        return found

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """All or nothing, outside of a cloud's own transactions."""
        async with self.lock:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                yield
                self.connection.execute("COMMIT")
            except BaseException as error:
                if self.connection.in_transaction:  # a full disk may have ended it already
                    self.connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise _full(error) from error
                raise

    def _empty(self, name: str) -> None:
        for table in cloud_tables():
            self.connection.execute(f"DELETE FROM {table} WHERE cloud = ?", (name,))  # noqa: S608
        self._run(self.statements.remove_cloud, name)

    def _fill(self, name: str, data: bytes, rows: dict[str, list[Row]]) -> None:
        self._run(self.statements.put_cloud, name, data)
        for table, names in cloud_tables().items():
            marks = ", ".join("?" * (len(names) + 1))
            # The table's name is ours, never a caller's.
            sql = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608
            self.connection.executemany(sql, [(name, *row) for row in rows.get(table, ())])
        self.forget_cloud(name)
        place = cloud_tables()["resources"].index("kind")
        self.kinds[name] = {row[place] for row in rows.get("resources", ())}

    async def mentioned(self, name: str, keys: Set[str]) -> set[str]:
        # As bytes in the messages: which field of which kind keeps a key, its service alone knows.
        wanted, lengths = {key.encode() for key in keys}, {len(key.encode()) for key in keys}
        found: set[bytes] = set()
        start = re.compile(re.escape(f"{name}/".encode()))
        rows = self.connection.execute("SELECT data FROM resources WHERE cloud = ?", (name,)) if keys else ()
        for (data,) in rows:
            for place in start.finditer(data):
                found |= wanted.intersection(data[place.start() : place.start() + length] for length in lengths)
        return {key.decode() for key in found}

    async def export_cloud(self, name: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        async with self.lock:
            for table, names in cloud_tables().items():
                columns = ", ".join(names)
                sql = f"SELECT {columns} FROM {table} WHERE cloud = ?"  # noqa: S608
                found[table] = self.connection.execute(sql, (name,)).fetchall()
        return found

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection; the transaction that holds the lock may use it."""
        assert self._connection is not None, "the store is not open"
        return self._connection

    def _run(self, statement: str, *values: Any) -> None:
        self.connection.execute(statement, values)

    async def _all(self, statement: str, *values: Any) -> list[Any]:
        return self.connection.execute(statement, values).fetchall()
