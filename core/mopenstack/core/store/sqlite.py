"""SQLite: in memory (the default), or a file that survives `kill -9`.

Statements run in the event loop's own thread: a point read takes microseconds, a thread hop takes a
hundred. One transaction at a time holds the lock; it is short, since nothing that waits for the outside
(uploads, downloads) happens inside one.
"""

from __future__ import annotations

import fcntl
import re
import sqlite3
from collections.abc import AsyncIterator, Sequence, Set
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

from mopenstack.core.store.base import CloudTaken, Row, Rows, StoreFull, Template
from mopenstack.core.store.compiled import sqlite_schema, statements
from mopenstack.core.store.layers import Layer
from mopenstack.core.store.sqlite_layers import SqliteLayers
from mopenstack.core.store.store import Differing, Store
from mopenstack.core.store.transaction import Transaction
from mopenstack.core.store.turns import Turn

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
            if error is None:
                try:
                    await self._transaction.before_commit()
                    if self._session.writing:
                        store.connection.execute("COMMIT")
                except sqlite3.OperationalError as refused:
                    error = _full(refused)
                    raise error from refused
                except BaseException as refused:
                    error = refused
                    raise
                self._transaction.committed()
        finally:
            if error is not None:
                if self._session.writing and store.connection.in_transaction:  # a full disk may have ended it already
                    store.connection.execute("ROLLBACK")
                if self._due is None:
                    store.next_due.pop(self._cloud, None)
                else:
                    store.next_due[self._cloud] = self._due
            store.lock.release()


class SqliteStore(Store):
    exclusive = keeps = True

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
            self.layered = SqliteLayers(self, self._connection)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._take_folder(self._folder)
        from mopenstack.core.store.migrations import upgrade_sqlite  # Alembic costs 0.2 s that memory need not pay

        upgrade_sqlite(self._folder / FILE_NAME)
        self._connection = sqlite3.connect(self._folder / FILE_NAME, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        # With a WAL, NORMAL loses nothing when the process is killed, only (some) when the machine is.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self.layered = SqliteLayers(self, self._connection)
        with self._connection:
            self.layered.load()

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

    async def keep_template(self, rows: Rows) -> Template:
        layer = self.layered.new("template@")
        layer.users = 1
        async with self._writing():
            self.layered.fill(layer, rows)
        self.layered.added(layer)
        return layer

    async def create_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        async with self._writing():
            self._must_be_new(name)
            layer = self._plant(name, data, template, folder)
        self.layered.added(layer, name)

    async def replace_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        async with self._writing():
            dropped = self.layered.drop(self.chains[name][0])
            layer = self._plant(name, data, template, folder)
        self.layered.dropped(name, dropped)
        self.forget_cloud(name)
        self.layered.added(layer, name)

    async def copy_cloud(self, source: str, name: str, data: bytes) -> None:
        async with self._writing():
            self._must_be_new(name)
            top, again = self.chains[source][0], None
            below = top.below if top.below is not None and self.layered.is_empty(top) else top
            if below is top:
                self.layered.freeze(top)
                again = self.layered.new(source, top)
                self.layered.add(again, source, top)
            layer = self.layered.new(name, below)
            self.layered.add(layer, name, top)
            self._run(self.statements.put_cloud, name, data)
        if again is not None:
            self.layered.added(again, source)
        self.layered.added(layer, name)

    async def delete_cloud(self, name: str) -> bool:
        async with self._writing():
            found = self.connection.execute(self.statements.get_cloud, (name,)).fetchone() is not None
            self._run(self.statements.remove_cloud, name)
            dropped = self.layered.drop(self.chains[name][0]) if found else []
        self.layered.dropped(name, dropped)
        self.forget_cloud(name)
        return found

    def _must_be_new(self, name: str) -> None:
        if self.connection.execute(self.statements.get_cloud, (name,)).fetchone() is not None:
            raise CloudTaken(name)

    def new_folder(self, name: str) -> str:
        return self.layered.new(name).name

    def _plant(self, name: str, data: bytes, template: Template, folder: str = "") -> Layer:
        """Write a cloud as a template has it; its top layer."""
        self._run(self.statements.put_cloud, name, data)
        if isinstance(template, Layer):
            layer = self.layered.new(name, template)
            self.layered.add(layer, name, template)
        else:
            layer = Layer(folder) if folder else self.layered.new(name)
            self.layered.fill(layer, template, name)
        return layer

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

    async def mentioned(self, keys: Set[str]) -> set[str]:
        # As bytes in the messages: which field of which kind keeps a key, its service alone knows.
        wanted, lengths = {key.encode() for key in keys}, {len(key.encode()) for key in keys}
        folders = sorted({re.escape(key.partition("/")[0]) for key in keys})
        found: set[bytes] = set()
        start = re.compile(f"(?:{'|'.join(folders)})/".encode())
        for (data,) in self.connection.execute("SELECT data FROM resources") if keys else ():
            for place in start.finditer(data):
                found |= wanted.intersection(data[place.start() : place.start() + length] for length in lengths)
        return {key.decode() for key in found}

    async def export_cloud(self, name: str) -> Rows:
        async with self.lock:
            return self.layered.export(self.chains[name][0])

    async def differing(self, one: str, other: str) -> list[Differing]:
        async with self.lock:
            return list(self.layered.differing(self.chains[one][0], self.chains[other][0]))

    @property
    def connection(self) -> sqlite3.Connection:
        """The open connection; the transaction that holds the lock may use it."""
        assert self._connection is not None, "the store is not open"
        return self._connection

    def _run(self, statement: str, *values: Any) -> None:
        self.connection.execute(statement, values)

    async def _all(self, statement: str, *values: Any) -> list[Any]:
        return self.connection.execute(statement, values).fetchall()
