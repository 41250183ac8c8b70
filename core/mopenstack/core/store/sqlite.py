"""SQLite: a file that survives `kill -9`.

Statements run in the event loop's own thread: a point read takes microseconds, a thread hop takes a
hundred. One transaction at a time holds the lock; it is short, since nothing that waits for the outside
(uploads, downloads) happens inside one.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from mopenstack.core.store.base import Row, StoreFull
from mopenstack.core.store.compiled import statements
from mopenstack.core.store.layered_store import LayeredStore, LayeredTransaction
from mopenstack.core.store.sqlite_layers import SqliteLayers

FILE_NAME = "mopenstack.sqlite3"


class DataFolderInUse(Exception):
    """Another process serves this data folder."""


class _Session:
    """Reads run in autocommit; the first write begins the transaction."""

    __slots__ = ("_connection", "writing")
    is_current = True

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
                self._begin()
            row: Row | None = self._connection.execute(statement, values).fetchone()
        except sqlite3.OperationalError as error:
            raise _full(error) from error
        return row

    async def run_each(self, statement: str, rows: Sequence[Row]) -> None:
        try:
            if not self.writing:
                self._begin()
            self._connection.executemany(statement, rows)
        except sqlite3.OperationalError as error:
            raise _full(error) from error

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self.writing = True


_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
"""SQLite says FULL of ENOSPC alone: the end of a quota and a file's largest size are failed writes to it, and the
WAL's index has a code of its own. Source: sqlite3 src/os_unix.c, unixWrite and unixShmMap."""


def _full(error: sqlite3.OperationalError) -> Exception:
    """StoreFull for an error of a disk that takes no more, the error itself for others."""
    return StoreFull(str(error)) if error.sqlite_errorcode in _NO_ROOM else error


class _Transacting(LayeredTransaction):
    __slots__ = ()
    _store: SqliteStore
    _session: _Session

    def _begin(self) -> _Session:
        return _Session(self._store.connection)

    async def _commit(self) -> None:
        try:
            await self._transaction.before_commit()
            if self._session.writing:
                self._store.connection.execute("COMMIT")
        except sqlite3.OperationalError as refused:
            raise _full(refused) from refused

    def _undo(self) -> None:
        connection = self._store.connection
        if self._session.writing and connection.in_transaction:  # a full disk may have ended it already
            connection.execute("ROLLBACK")


class SqliteStore(LayeredStore):
    """A file in a folder that this process has for itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._lock_file: IO[str] | None = None
        self._connection: sqlite3.Connection | None = None
        self.statements = statements("sqlite")
        self.url = f"sqlite:///{folder / FILE_NAME}"

    async def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._take_folder(self._folder)
        from mopenstack.core.store.migrations import upgrade_sqlite  # importing Alembic takes 0.2 s

        upgrade_sqlite(self._folder / FILE_NAME)
        self._connection = sqlite3.connect(self._folder / FILE_NAME, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        # With a WAL, NORMAL loses nothing when the process is killed, only (some) when the machine is.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        layered = SqliteLayers(self, self._connection)
        self.layered = layered
        with self._connection:
            layered.load()

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
        return self.connection.execute(self.statements.clouds).fetchall()

    def _settings_of(self, name: str) -> bytes | None:
        row = self.connection.execute(self.statements.get_cloud, (name,)).fetchone()
        return bytes(row[0]) if row else None

    def _put_cloud(self, name: str, data: bytes) -> None:
        self.connection.execute(self.statements.put_cloud, (name, data))

    def _remove_cloud(self, name: str) -> None:
        self.connection.execute(self.statements.remove_cloud, (name,))

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
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

    def _objects(self) -> Iterator[bytes]:
        return (row[0] for row in self.connection.execute("SELECT data FROM resources"))

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection; the transaction that holds the lock may use it."""
        assert self._connection is not None, "the store is not open"
        return self._connection
