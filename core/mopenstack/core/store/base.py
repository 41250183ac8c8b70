"""What every store keeps in this process, and the session that a driver gives a transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol

from google.protobuf.message import Message

from mopenstack.core.store.compiled import Statements
from mopenstack.core.store.held import Held
from mopenstack.core.store.views import Views

OBJECTS_MAX = 100_000
"""Decoded objects that an exclusive store keeps; the oldest tenth goes when it is full."""

Row = Sequence[Any]


class Conflicted(Exception):
    """The database refused the transaction because of a concurrent one (SQLSTATE 40001): run it again."""


class Unreachable(Exception):
    """The database cannot be reached; the transaction did not begin, or what became of it is not known."""

    def __init__(self, why: str, *, begun: bool) -> None:
        super().__init__(why)
        self.begun = begun


class StoreFull(Exception):
    """There is no room for what a transaction writes; none of it was kept."""


class UnusableDatabase(Exception):
    """The database is damaged, another program's, or of a newer mopenstack; it was left as it is."""


class CloudTaken(Exception):
    """The store has a cloud of that name already."""


class Session(Protocol):
    """One open transaction of a driver."""

    async def one(self, statement: str, *values: Any) -> Row | None: ...

    async def all(self, statement: str, *values: Any) -> Sequence[Row]: ...

    async def run(self, statement: str, *values: Any) -> Row | None:
        """Execute a writing statement; its RETURNING row, if any."""


class StoreState:
    """Decoded objects, rendered views and counters of one store, as this process knows them.

    `exclusive` says that no other process writes to the store: only then objects and views are kept here. Otherwise
    every read asks the database.
    """

    exclusive: bool
    statements: Statements
    url: str

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Message] = {}
        self.held = Held()
        self.views = Views(self.held)
        self.generations: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.watched = ""
        """The one package whose generation is asked for: in a shared store a counter that the writes of all packages
        had in common would make them wait for each other."""
        self.next_due: dict[str, float] = {}
        self.kinds: dict[str, set[str]] = {}
        """Cloud -> every kind of which it has or had an object; only where this process alone writes."""

    def remember(self, key: tuple[str, str, str], message: Message) -> None:
        """Keep a decoded object; only called when exclusive."""
        if len(self.objects) >= OBJECTS_MAX:
            for old in list(self.objects)[: OBJECTS_MAX // 10]:
                self.drop(old)
        self.drop(key)
        self.objects[key] = message
        self.held.add(message)

    def drop(self, key: tuple[str, str, str]) -> None:
        """Keep a decoded object no longer; an unknown key is no error."""
        message = self.objects.pop(key, None)
        if message is not None:
            self.held.drop(message)

    def forget_cloud(self, name: str) -> None:
        """Drop what this process keeps of a cloud."""
        for key in [key for key in self.objects if key[0] == name]:
            self.drop(key)
        self.views.drop_cloud(name)
        self.next_due.pop(name, None)
        self.kinds.pop(name, None)
        for generation in [key for key in self.generations if key[0] == name]:
            self.generations[generation] += 1
