"""What the rest of the core sees of the store: typed objects, queries by declared index, claims."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from mopenstack.core.store.base import Row, Session, StoreState
from mopenstack.core.store.base import Taken as Taken
from mopenstack.core.store.bookkeeping import PARKED as PARKED
from mopenstack.core.store.kinds import Kind, index_value, kind_of, stored
from mopenstack.core.store.layers import Layer
from mopenstack.core.store.unsaved import NO_ENTRIES
from mopenstack.core.store.views import Dependency
from mopenstack.core.store.walks import Walking

M = TypeVar("M", bound=Message)

SETTINGS = "version:settings"
"""The counter of changes of a cloud's settings in a shared store."""


class Watched(str):
    """A package the generation of whose objects is asked for: a value of one of its service's modules."""


class Transaction(Walking):
    """Reads and writes of one call in one cloud.

    Messages that `get` and the queries return are shared: read them, never change them. Use `edit`
    for a copy to change, and `put` it; what was put belongs to the store.
    """

    __slots__ = ("_changed", "_generations", "_reads", "_versions")

    def __init__(self, store: StoreState, session: Session, cloud: str) -> None:
        super().__init__(store, session, cloud)
        self._changed: set[Dependency] = set()
        self._generations: set[str] = set()
        self._reads: set[Dependency] | None = None
        self._versions: dict[str, int] | None = None

    # -- objects

    async def get(self, message: type[M], id: str) -> M | None:
        """The object, or None."""
        found: Any = await self._get(self._kind(message), id)
        return found  # type: ignore[no-any-return]  # a cast is a call, on the way of every read

    async def edit(self, message: type[M], id: str) -> M:
        """A private copy of an object that must exist."""
        found = await self.get(message, id)
        if found is None:
            raise KeyError(f"{message.__name__} {id}")
        return copy_of(found)

    async def put(self, message: Message, *, fresh: bool = False) -> None:
        """Insert or replace by `id`. `fresh` says that there is no older version (saves a read)."""
        kind = self._kind(type(message))
        key = stored(message).id
        if key not in self._unsaved.of(kind.name):
            before = None if fresh else await self._get(kind, key, note=False)
            if before is None:
                self._unsaved.begin(kind.name, key, None, NO_ENTRIES, shared=False)
            else:
                await self._keep(kind, key, before)
        self._change(kind, key, message)

    async def delete(self, message: type[Message], id: str) -> None:
        """Remove an object, its index rows, its claims and its pending transition."""
        kind = self._kind(message)
        before = await self._get(kind, id, note=False)
        if before is None:
            return
        if id not in self._unsaved.of(kind.name):
            await self._keep(kind, id, before)
        await self._release_all(kind.name, id)
        await self._unschedule(kind.name, id)
        self._change(kind, id, None)

    # -- what was read

    def note_reads(self) -> None:
        """Begin to note what is read, for `reads`."""
        self._reads = set()

    def read_beside(self) -> None:
        """Something was read that is no object: what comes of it cannot be kept."""
        self._beside = True

    def reads(self) -> frozenset[Dependency] | None:
        """All that was read since `note_reads`; None where that is not all that counts, or something was written."""
        if self._reads is None or self._beside or self._written or self._unsaved.counters or not self.store.keeps:
            return None
        return frozenset(self._reads)

    async def query(self, message: type[M], **equal: Any) -> list[M]:
        """All objects whose fields have these values; at least one field must be declared `index`.

        A repeated field matches when it holds the value. In no particular order.
        """
        kind = self._kind(message)
        for field in equal:
            if field in kind.indexes:
                break
        else:
            raise ValueError(f"{kind.name}: none of {sorted(equal)} is declared `index`")
        if self._reads is None and self._is_unknown(kind):
            return []
        value = index_value(equal.pop(field))
        if self._reads is not None:
            self._reads.add(("index", kind.name, field, value))
        found: list[Any] = await self._find(kind, field, value)
        for key, want in equal.items():
            found = [item for item in found if getattr(item, key) == want]
        return found

    async def scan(self, message: type[M]) -> list[M]:
        """Every object of the kind, in no particular order."""
        kind = self._kind(message)
        if self._reads is not None:
            self._reads.add(("kind", kind.name))
        if self._is_unknown(kind):
            return []
        unsaved = self._unsaved.of(kind.name)
        found: list[M] = []
        for layer, rows in await self._rows(kind, self.store.statements.scan):
            found += [cast("M", self._decode(layer, kind, id, data)) for id, data in rows if id not in unsaved]
        return found + [cast("M", item.message) for item in unsaved.values() if item.message is not None]

    async def between(self, message: type[M], low: str, high: str, limit: int, *, descending: bool = False) -> list[M]:
        """At most `limit` objects with low <= id < high, by their ids, or the other way round; decoded anew."""
        kind = self._kind(message)
        if self._reads is not None:
            self._reads.add(("kind", kind.name))
        more = len(self._unsaved.of(kind.name))
        hidden = sum(len(layer.shadows.get(kind.name, ())) for layer in self._layers)
        statement = self.store.statements.between_down if descending else self.store.statements.between
        found: list[M] = []
        for _, rows in await self._rows(kind, statement, low, high, limit + more + hidden):
            found += [message.FromString(row[1]) for row in rows]
        if more:
            found = self._unsaved.between(kind.name, found, low, high)[:: -1 if descending else 1]
        elif len(self._layers) > 1:
            found.sort(key=lambda item: stored(item).id, reverse=descending)
        return found[:limit]

    async def count(self, message: type[Message], **equal: Any) -> int:
        """How many; by one indexed field, or all of the kind."""
        kind = self._kind(message)
        if self._reads is not None:
            self._reads |= {("index", kind.name, field, index_value(value)) for field, value in equal.items()} or {
                ("kind", kind.name)
            }
        if self._is_unknown(kind):
            return 0
        statements, unsaved = self.store.statements, self._unsaved.of(kind.name).values()
        if not equal:
            number = await self._sum(kind, statements.count)
            number -= sum(len(layer.shadows.get(kind.name, ())) for layer in self._layers)
            change = sum((item.message is not None) - item.saved for item in unsaved)
        else:
            ((field, value),) = equal.items()
            if field not in kind.indexes:
                raise ValueError(f"{kind.name}: {field} is not declared `index`")
            entry = (field, index_value(value))
            if any(kind.name in layer.shadows for layer in self._layers):
                number = 0
                for _, rows in await self._rows(kind, statements.ids, *entry):
                    number += len(rows)
            else:
                number = await self._sum(kind, statements.count_index, *entry)
            change = sum((entry in item.new) - (entry in item.old) for item in unsaved)
        return number + change

    # -- views and generations

    async def view(self, key: Hashable, build: Callable[[], Awaitable[M]]) -> M:
        """The kept view under `key`, or a new one that is kept until something it was built from changes."""
        if not self.store.keeps:
            return await build()
        kept = self.store.views.get(self.cloud, key)
        if kept is not None and self._changed.isdisjoint(self.store.views.dependencies(self.cloud, key)):
            if self._reads is not None:
                self._reads |= self.store.views.dependencies(self.cloud, key)
            found: Any = kept
            return found  # type: ignore[no-any-return]  # as above
        if self._written:
            return await build()
        outer, self._reads = self._reads, set()
        beside, self._beside = self._beside, False
        try:
            view = await build()
            if not self._written and not self._beside and self._session.is_current:
                self.store.views.put(self.cloud, key, view, self._reads)
        finally:
            if outer is not None:
                outer |= self._reads
            self._reads = outer
            self._beside |= beside
        return view

    async def generation(self, package: str) -> int:
        """A number that grows with every committed write to a kind of a package that is watched."""
        if self.store.keeps:
            return self.store.generations[(self.cloud, package)]
        return (await self._versions_now()).get(_counter(package), 0)

    async def settings_version(self) -> int:
        """Of the cloud's settings in a shared store; 0: there is no such cloud."""
        return (await self._versions_now()).get(SETTINGS, 0)

    async def settings(self) -> bytes | None:
        self._beside = True
        row = await self._session.one(self.store.statements.get_cloud, self.cloud)
        return bytes(row[0]) if row else None

    async def _versions_now(self) -> dict[str, int]:
        """All of them with one read: every call on a shared store asks for two."""
        if self._versions is None:
            rows = await self._session.all(
                self.store.statements.versions, self.cloud, SETTINGS, _counter(self.store.watched)
            )
            self._versions = {row[0]: int(row[1]) for row in rows}
        return self._versions

    # -- for the stores

    async def before_commit(self) -> None:
        """Write what was put, deleted and added."""
        if self._written or self._unsaved.counters:
            for statement, rows in self._unsaved.rows(self.layer, self.store.statements):
                if rows:
                    await self._session.run_each(statement, rows)
        if not self.store.keeps and self.store.watched in self._generations:
            await self.add(_counter(self.store.watched), 1)

    def committed(self) -> None:
        """Make the writes known to what this process keeps; never called for a failed transaction."""
        store = self.store
        if not store.keeps:
            return
        if self._unsaved.counters:
            store.remember_counters(self.cloud, self._unsaved.counters)
        if not self._written:
            return
        top = self._layers[0]
        top.absent.difference_update(self._written)
        for key, message in self._written.items():
            if message is None or kind_of(type(message)).history:
                store.drop(top, key)
            else:
                store.remember(top, key, message)
        for kind, id in self._unsaved.shadows:
            top.hide(kind, id)
        store.commits[self.cloud] += 1
        for name, objects in self._unsaved.changed():
            store.lists.changed(self.cloud, name, objects.values())
        store.views.changed(self.cloud, self._changed)
        store.answers.changed(self.cloud, self._changed)
        for package in self._generations:
            store.generations[(self.cloud, package)] += 1

    # -- inside

    async def _get(self, kind: Kind, id: str, *, note: bool = True) -> Message | None:
        if note and self._reads is not None:
            self._reads.add(("object", kind.name, id))
        key = (name := kind.name, id)
        if key in self._written:
            return self._written[key]
        unread = []  # on the way of every read: what is asked of a layer is written out
        for layer in self._layers:
            kept = layer.objects.get(key)
            if kept is not None:
                return kept
            if name in layer.kinds or not self.store.keeps:
                unread.append(layer)
            if name in layer.shadows and id in layer.shadows[name]:
                break
        if not unread or key in self._layers[0].absent:
            return None
        for layer in unread:
            row = await self._session.one(self.store.statements.get, layer.name, name, id)
            if row:
                return self._decode(layer, kind, id, row[0])
        if self.store.exclusive:
            self._layers[0].miss(key)
        return None

    async def _find(self, kind: Kind, field: str, value: str) -> list[Message]:
        unsaved, statements = self._unsaved.of(kind.name), self.store.statements
        found = []
        if not self.store.keeps:
            rows = await self._session.all(statements.find, self.layer, kind.name, field, value)
            found = [self._decode(self._layers[0], kind, id, data) for id, data in rows if id not in unsaved]
        else:
            for _, rows in await self._rows(kind, statements.ids, field, value):
                for (id,) in rows:
                    item = await self._get(kind, id, note=False) if id not in unsaved else None  # the index is noted
                    if item is not None:
                        found.append(item)
        if unsaved:
            entry = (field, value)
            found += [item.message for item in unsaved.values() if item.message is not None and entry in item.new]
        return found

    async def _rows(self, kind: Kind, statement: str, *values: Any) -> list[tuple[Layer, Sequence[Row]]]:
        """What a statement finds in each layer: rows that begin with an id, without those that a layer above hides."""
        found = []
        hidden: list[set[str]] = []
        for layer in self._layers:
            if kind.name in layer.kinds or not self.store.exclusive:
                asked = (statement, kind.name, *values)
                rows = layer.found.get(asked)
                if rows is None:
                    rows = await self._session.all(statement, layer.name, kind.name, *values)
                    if layer is not self._layers[0]:
                        layer.keep(asked, rows)
                if hidden:
                    rows = [row for row in rows if not any(row[0] in ids for ids in hidden)]
                found.append((layer, rows))
            if kind.name in layer.shadows:
                hidden.append(layer.shadows[kind.name])
        return found

    async def _sum(self, kind: Kind, statement: str, *values: Any) -> int:
        """The sum of the numbers that a statement finds in each layer."""
        found = 0
        for layer in self._layers:
            if kind.name in layer.kinds or not self.store.keeps:
                row = await self._session.one(statement, layer.name, kind.name, *values)
                assert row is not None
                found += int(row[0])
        return found

    def _is_unknown(self, kind: Kind) -> bool:
        """Whether the cloud never had an object of a kind; hooks of other services ask for many of these."""
        if not self.store.keeps:
            return False
        for layer in self._layers:  # noqa: SIM110  # a generator costs as much as all the rest
            if kind.name in layer.kinds:
                return False
        return True

    def _decode(self, layer: Layer, kind: Kind, id: str, data: bytes) -> Message:
        if not self.store.keeps:
            return kind.message.FromString(data)
        key = (kind.name, id)
        message = layer.objects.get(key)
        if message is None:
            message = kind.message.FromString(data)
            if not kind.history:
                self.store.remember(layer, key, message)
        return message

    async def _keep(self, kind: Kind, id: str, before: Message) -> None:
        """Note what the store has of an object that is about to change."""
        self._unsaved.begin(kind.name, id, before, kind.entries(before), shared=await self._is_below(kind, id))

    async def _is_below(self, kind: Kind, id: str) -> bool:
        """Whether an object that is there is not in the top layer."""
        top = self._layers[0]
        if len(self._layers) == 1 or top.hides(kind.name, id) or (kind.name, id) in top.objects:
            return False
        return kind.name not in top.kinds or not await self._session.one(
            self.store.statements.get, top.name, kind.name, id
        )

    def _change(self, kind: Kind, id: str, message: Message | None) -> None:
        """Note what an object, for which `_keep` was called, is now; None: there is none."""
        item = self._unsaved.of(kind.name)[id]
        if self._log is not None:
            self._log.append((kind.name, id, item.message, item.new, (kind.name, id) in self._written))
        item.message = message
        gone, item.new = item.new, kind.entries(message) if message is not None else NO_ENTRIES
        self._written[(kind.name, id)] = message
        self._generations.add(kind.package)
        if self.store.keeps:
            self._layers[0].kinds.add(kind.name)
            self._changed.add(("object", kind.name, id))
            self._changed.add(("kind", kind.name))
            for field, value in item.old | item.new | gone:
                self._changed.add(("index", kind.name, field, value))


def copy_of(message: M) -> M:
    """A private copy of a shared message."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def _counter(package: str = "") -> str:
    return f"version:{package}"
