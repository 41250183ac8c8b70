"""What every store keeps in this process, and the session that a driver gives a transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from google.protobuf.message import Message

from mopenstack.core.store.compiled import Statements
from mopenstack.core.store.held import Held
from mopenstack.core.store.kept_lists import KeptLists
from mopenstack.core.store.layers import Chains, Layer
from mopenstack.core.store.views import ANSWERS_BYTES_MAX, ANSWERS_MAX, Views

OBJECTS_MAX = 100_000
"""Decoded objects that an exclusive store keeps; the oldest tenth of each layer goes when it is full."""

COUNTERS_MAX = 20_000
"""Values of counters that an exclusive store keeps of a cloud; all go when it is full."""

Row = Sequence[Any]

Rows = dict[str, list[Row]]
"""Table -> the rows of a cloud, without the cloud's name."""

Template = Rows | Layer
"""What a new cloud begins with, as a store's `keep_template` gave it."""


class Conflicted(Exception):
    """The database refused the transaction because of a concurrent one (SQLSTATE 40001): run it again."""


class Unreachable(Exception):
    """The database cannot be reached.

    Nothing of the transaction is kept; only where it is `in_doubt`, it was about to be committed when the connection
    was lost, and may hold.
    """

    def __init__(self, why: str, *, in_doubt: bool) -> None:
        super().__init__(why)
        self.in_doubt = in_doubt


class StoreFull(Exception):
    """There is no room for what a transaction writes; none of it was kept."""


class UnusableDatabase(Exception):
    """The database is damaged, another program's, or of a newer mopenstack; it was left as it is."""


class Taken(Exception):
    """A claim's key has an owner already: `owner`."""

    def __init__(self, scope: str, key: str, owner: str) -> None:
        super().__init__(f"{key!r} is taken in {scope!r}")
        self.scope, self.key, self.owner = scope, key, owner


class CloudTaken(Exception):
    """The store has a cloud of that name already."""


class Session(Protocol):
    """One open transaction of a driver."""

    @property
    def is_current(self) -> bool:
        """Whether nothing was committed since it began that what it read may be older than."""

    async def one(self, statement: str, *values: Any) -> Row | None: ...

    async def all(self, statement: str, *values: Any) -> Sequence[Row]: ...

    async def run(self, statement: str, *values: Any) -> Row | None:
        """Execute a writing statement; its RETURNING row, if any."""

    async def run_each(self, statement: str, rows: Sequence[Row]) -> None:
        """Execute a writing statement once for the values of each row."""


class StoreState:
    """Decoded objects, rendered views and counters of one store, as this process knows them.

    `exclusive` says that no other process writes to the store. `keeps` says that objects and views are kept here: no
    other process writes, or each tells the others what it wrote. Otherwise every read asks the database.
    """

    exclusive: bool
    keeps: bool
    wait_seconds = 1.0
    """How long a call waits for a database that cannot be reached before it is refused."""
    statements: Statements
    url: str

    def __init__(self) -> None:
        self.chains = Chains()
        self.layers: dict[str, Layer] = {}
        """Every layer by name; only where this process alone writes."""
        self.on_layer_dropped: Callable[[str], None] = lambda name: None
        """What is told of each layer whose rows are gone: bytes are kept by layer."""
        self._kept = 0
        self.held = Held()
        self.views = Views(self.held)
        self.answers = Views(None, ANSWERS_MAX, ANSWERS_BYTES_MAX)
        """Whole answers that the gateway made of what was read."""
        self.lists = KeptLists()
        """Long lists in the orders that they were asked for in; only of a store that keeps."""
        self.commits: defaultdict[str, int] = defaultdict(int)
        """Cloud -> transactions that wrote, of which this process knows; only of a store that keeps."""
        self.generations: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.watched = ""
        """The one package whose generation is asked for: in a shared store a counter that the writes of all packages
        had in common would make them wait for each other."""
        self.shared: frozenset[str] = frozenset()
        """The packages whose objects all regions of a cloud have in common."""
        self.next_due: dict[str, float] = {}
        self.counters: defaultdict[str, dict[str, int]] = defaultdict(dict)
        """Cloud -> values of its counters as they were committed; only where this process alone writes."""

    def remember(self, layer: Layer, key: tuple[str, str], message: Message) -> None:
        """Keep a decoded object, by kind and id; only called where objects are kept."""
        if self._kept >= OBJECTS_MAX:
            for full in self.layers.values():
                for old in list(full.objects)[: len(full.objects) // 10 + 1]:
                    self.drop(full, old)
        before = layer.objects.get(key)
        if before is None:
            self._kept += 1
        else:
            self.held.drop(before)
        layer.objects[key] = message
        self.held.add(message)

    def drop(self, layer: Layer, key: tuple[str, str]) -> None:
        """Keep a decoded object no longer; an unknown key is no error."""
        message = layer.objects.pop(key, None)
        if message is not None:
            self._kept -= 1
            self.held.drop(message)

    def remember_counters(self, cloud: str, values: Mapping[str, int]) -> None:
        """Keep values of counters; only called where objects are kept."""
        kept = self.counters[cloud]
        if len(kept) >= COUNTERS_MAX:
            kept.clear()
        kept.update(values)

    def forget_cloud(self, name: str) -> None:
        """Drop what this process keeps of a cloud; the objects go with their layer."""
        self.views.drop_cloud(name)
        self.answers.drop_cloud(name)
        self.lists.drop_cloud(name)
        self.next_due.pop(name, None)
        self.counters.pop(name, None)
        for generation in [key for key in self.generations if key[0] == name]:
            self.generations[generation] += 1

    def look(self) -> bool:
        """Take notice of what other processes told that they wrote; false: nothing that is kept may be used now."""
        return True

    def changes(self, name: str) -> int:
        """A number that grows when something in a cloud changes; only where this process alone writes."""
        return sum(number for (cloud, _), number in self.generations.items() if cloud == name)
