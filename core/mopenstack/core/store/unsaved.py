"""What a transaction changed and writes when it commits: each object once, in a few statements for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TypeVar, cast

from google.protobuf.message import Message

from mopenstack.core.store.base import Row
from mopenstack.core.store.compiled import Statements
from mopenstack.core.store.kinds import stored

M = TypeVar("M", bound=Message)

Entries = Set[tuple[str, str]]
"""(field, value) of each index row of an object."""

Log = list[tuple[str, str, Message | None, Entries, bool]]
"""Of each change, in order: kind, id, message and entries before it, and whether there was a change before it."""

NO_ENTRIES: frozenset[tuple[str, str]] = frozenset()


class UnsavedObject:
    """An object that changed: what the store has of it and what it is now (None: nothing), each with its index entries.

    `shared` says that the store has it in a layer below, where it stays as it is.
    """

    __slots__ = ("before", "message", "new", "old", "saved", "shared")

    def __init__(self, before: Message | None, old: Entries, *, shared: bool) -> None:
        self.before, self.old, self.saved, self.shared = before, old, before is not None, shared
        self.new = old
        self.message: Message | None = None


_NO_OBJECTS: Mapping[str, UnsavedObject] = {}


class Unsaved:
    __slots__ = ("_objects", "counters", "shadows")

    def __init__(self) -> None:
        self._objects: defaultdict[str, dict[str, UnsavedObject]] = defaultdict(dict)
        self.counters: dict[str, int] = {}
        """Name of a counter -> its new value."""
        self.shadows: list[tuple[str, str]] = []
        """Kind and id of each changed object that lies in a layer below; once its rows were asked for."""

    def of(self, kind: str) -> Mapping[str, UnsavedObject]:
        """The changed objects of a kind, by id."""
        return self._objects.get(kind, _NO_OBJECTS)

    def changed(self) -> Iterable[tuple[str, Mapping[str, UnsavedObject]]]:
        """Each kind with its changed objects, by id."""
        return self._objects.items()

    def begin(self, kind: str, id: str, before: Message | None, old: Entries, *, shared: bool) -> None:
        """Note what the store has of an object that is about to change for the first time."""
        self._objects[kind][id] = UnsavedObject(before, old, shared=shared)

    def rows(self, layer: str, statements: Statements) -> Sequence[tuple[str, list[Row]]]:
        """Statements, each with the values of every row that it is for; what is to be written at last."""
        put: list[Row] = []
        removed: list[Row] = []
        indexed: list[Row] = []
        unindexed: list[Row] = []
        for kind, items in self._objects.items():
            for id, item in items.items():
                if item.message is not None:
                    put.append((layer, kind, id, item.message.SerializeToString()))
                elif item.saved and not item.shared:
                    removed.append((layer, kind, id))
                if item.shared:
                    self.shadows.append((kind, id))
                old, new = NO_ENTRIES if item.shared else item.old, item.new
                if old != new:
                    unindexed += [(layer, kind, *entry, id) for entry in old - new]
                    indexed += [(layer, kind, *entry, id) for entry in new - old]
        return (
            (statements.remove, removed),
            (statements.remove_index, unindexed),
            (statements.put, put),
            (statements.add_index, indexed),
            (statements.set_counter, [(layer, *counter) for counter in self.counters.items()]),
            (statements.add_shadow, [(layer, *shadow) for shadow in self.shadows]),
        )

    def restore(self, log: Log, counters: Mapping[str, int], written: dict[tuple[str, str], Message | None]) -> None:
        """Undo the changes of a log, the last one first."""
        for kind, id, message, entries, again in reversed(log):
            if again:
                item = self._objects[kind][id]
                item.message, item.new = message, entries
                written[(kind, id)] = message
            else:
                del self._objects[kind][id], written[(kind, id)]
        self.counters = dict(counters)

    def between(self, kind: str, found: Iterable[M], low: str, high: str) -> list[M]:
        """What was found in the store of the ids between two, as the transaction has changed it, by id."""
        changed = self.of(kind)
        written = (one.message for id, one in changed.items() if low <= id < high)
        items = {stored(one).id: one for one in (*found, *cast("Iterable[M]", filter(None, written)))}
        return [items[id] for id in sorted(items) if id not in changed or changed[id].message is not None]
