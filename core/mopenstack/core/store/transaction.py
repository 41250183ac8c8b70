"""What the rest of the core sees of the store: typed objects, queries by declared index, claims."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from mopenstack.core.store.base import Session, StoreState
from mopenstack.core.store.kinds import Kind, index_value, kind_of, stored
from mopenstack.core.store.views import Dependency

M = TypeVar("M", bound=Message)

PARKED = float("inf")

SETTINGS = "version:settings"
"""The counter of changes of a cloud's settings in a shared store."""


class Watched(str):
    """A package the generation of whose objects is asked for: a value of one of its service's modules."""


class Taken(Exception):
    """A claim's key has an owner already: `owner`."""

    def __init__(self, scope: str, key: str, owner: str) -> None:
        super().__init__(f"{key!r} is taken in {scope!r}")
        self.scope, self.key, self.owner = scope, key, owner


class Transaction:
    """Reads and writes of one call in one cloud.

    Messages that `get` and the queries return are shared: read them, never change them. Use `edit`
    for a copy to change, and `put` it; what was put belongs to the store.
    """

    __slots__ = ("_changed", "_generations", "_reads", "_session", "_versions", "_written", "cloud", "store")

    def __init__(self, store: StoreState, session: Session, cloud: str) -> None:
        self.store, self.cloud = store, cloud
        self._session = session
        self._written: dict[tuple[str, str], Message | None] = {}
        self._changed: set[Dependency] = set()
        self._generations: set[str] = set()
        self._reads: set[Dependency] | None = None
        self._versions: dict[str, int] | None = None

    # -- objects

    async def get(self, message: type[M], id: str) -> M | None:
        """The object, or None."""
        found: Any = await self._get(kind_of(message), id)
        return found  # type: ignore[no-any-return]  # a cast is a call, on the way of every read

    async def edit(self, message: type[M], id: str) -> M:
        """A private copy of an object that must exist."""
        found = await self.get(message, id)
        if found is None:
            raise KeyError(f"{message.__name__} {id}")
        return copy_of(found)

    async def put(self, message: Message, *, fresh: bool = False) -> None:
        """Insert or replace by `id`. `fresh` says that there is no older version (saves a read)."""
        kind = kind_of(type(message))
        key = stored(message).id
        new = kind.entries(message)
        old: set[tuple[str, str]] = set()
        if not fresh:
            before = await self._get(kind, key, note=False)
            old = kind.entries(before) if before is not None else set()
        statements = self.store.statements
        await self._session.run(statements.put, self.cloud, kind.name, key, message.SerializeToString())
        await self._reindex(kind, key, old, new)
        self._note(kind, key, message, old | new)

    async def delete(self, message: type[Message], id: str) -> None:
        """Remove an object, its index rows, its claims and its pending transition."""
        kind = kind_of(message)
        before = await self._get(kind, id, note=False)
        if before is None:
            return
        old = kind.entries(before)
        statements = self.store.statements
        await self._session.run(statements.remove, self.cloud, kind.name, id)
        await self._reindex(kind, id, old, set())
        await self._session.run(statements.release_all, self.cloud, f"{kind.name}/{id}")
        await self._session.run(statements.unschedule, self.cloud, kind.name, id)
        self._note(kind, id, None, old)

    async def query(self, message: type[M], **equal: Any) -> list[M]:
        """All objects whose fields have these values; at least one field must be declared `index`.

        A repeated field matches when it holds the value. In no particular order.
        """
        kind = kind_of(message)
        field = next((name for name in equal if name in kind.indexes), None)
        if field is None:
            raise ValueError(f"{kind.name}: none of {sorted(equal)} is declared `index`")
        value = index_value(equal.pop(field))
        if self._reads is not None:
            self._reads.add(("index", kind.name, field, value))
        found: list[Any] = await self._find(kind, field, value)
        if equal:
            found = [item for item in found if all(getattr(item, key) == want for key, want in equal.items())]
        return found

    async def scan(self, message: type[M]) -> list[M]:
        """Every object of the kind, in no particular order."""
        kind = kind_of(message)
        if self._reads is not None:
            self._reads.add(("kind", kind.name))
        if self._is_unknown(kind):
            return []
        rows = await self._session.all(self.store.statements.scan, self.cloud, kind.name)
        return [cast("M", self._decode(kind, id, data)) for id, data in rows]

    async def count(self, message: type[Message], **equal: Any) -> int:
        """How many; by one indexed field, or all of the kind."""
        kind = kind_of(message)
        if self._is_unknown(kind):
            return 0
        statements = self.store.statements
        if not equal:
            row = await self._session.one(statements.count, self.cloud, kind.name)
        else:
            ((field, value),) = equal.items()
            if field not in kind.indexes:
                raise ValueError(f"{kind.name}: {field} is not declared `index`")
            row = await self._session.one(statements.count_index, self.cloud, kind.name, field, index_value(value))
        assert row is not None
        return int(row[0])

    # -- claims, counters

    async def claim(self, scope: str, key: str, owner: Message) -> None:
        """Make `key` the owner's in `scope` for as long as the owner exists; raises Taken."""
        if not await self.take(scope, key, owner):
            held = await self.claimed(scope, key)
            if held != _owner_name(owner):
                raise Taken(scope, key, held or "")

    async def take(self, scope: str, key: str, owner: Message) -> bool:
        """The same; false if any object has the key, the owner itself too."""
        row = await self._session.run(self.store.statements.claim, self.cloud, scope, key, _owner_name(owner))
        return row is not None

    async def claimed(self, scope: str, key: str) -> str | None:
        """`kind/id` of the owner, or None."""
        row = await self._session.one(self.store.statements.claimed, self.cloud, scope, key)
        return str(row[0]) if row else None

    async def claims(self, scope: str) -> dict[str, str]:
        """Key -> `kind/id` of everything claimed in a scope."""
        rows = await self._session.all(self.store.statements.claims, self.cloud, scope)
        return {row[0]: row[1] for row in rows}

    async def release(self, scope: str, key: str) -> None:
        await self._session.run(self.store.statements.release, self.cloud, scope, key)

    async def counter(self, name: str) -> int:
        row = await self._session.one(self.store.statements.counter, self.cloud, name)
        return int(row[0]) if row else 0

    async def add(self, name: str, delta: int) -> int:
        """Add to a counter that starts at 0; the new value."""
        row = await self._session.run(self.store.statements.add, self.cloud, name, delta)
        assert row is not None
        return int(row[0])

    # -- transitions

    async def schedule(self, owner: Message, action: str, due: float) -> None:
        """Note that `action` completes for the object at `due`; one an object."""
        kind = kind_of(type(owner)).name
        key = stored(owner).id
        await self._session.run(self.store.statements.schedule, self.cloud, kind, key, action, due)
        self.store.next_due[self.cloud] = min(due, self.store.next_due.get(self.cloud, PARKED))

    async def unschedule(self, kind: str, id: str) -> None:
        await self._session.run(self.store.statements.unschedule, self.cloud, kind, id)

    async def scheduled(self, owner: Message) -> tuple[str, float] | None:
        """(action, due) of the transition under way, or None."""
        kind = kind_of(type(owner)).name
        row = await self._session.one(self.store.statements.scheduled, self.cloud, kind, stored(owner).id)
        return (str(row[0]), float(row[1])) if row else None

    def nothing_due(self, now: float) -> bool:
        """Whether this process knows, without asking the database, that nothing is due."""
        return self.store.exclusive and now < self.store.next_due.get(self.cloud, 0.0)

    async def due(self, now: float) -> list[tuple[str, str, str]]:
        """(kind, id, action) of every transition that is due, oldest first."""
        if self.nothing_due(now):
            return []
        rows = await self._session.all(self.store.statements.due, self.cloud, now)
        if self.store.exclusive and not rows:
            row = await self._session.one(self.store.statements.next_due, self.cloud)
            self.store.next_due[self.cloud] = float(row[0]) if row and row[0] is not None else PARKED
        return [(kind, id, action) for kind, id, action in rows]

    async def pending(self) -> list[tuple[str, str, str]]:
        """(kind, id, action) of every transition under way, due or not."""
        rows = await self._session.all(self.store.statements.due, self.cloud, PARKED)
        return [(kind, id, action) for kind, id, action in rows]

    # -- views and generations

    async def view(self, key: Hashable, build: Callable[[], Awaitable[M]]) -> M:
        """The kept view under `key`, or a new one that is kept until something it was built from changes."""
        if not self.store.exclusive or self._written:
            return await build()
        kept = self.store.views.get(self.cloud, key)
        if kept is not None:
            if self._reads is not None:
                self._reads |= self.store.views.dependencies(self.cloud, key)
            found: Any = kept
            return found  # type: ignore[no-any-return]  # as above
        outer, self._reads = self._reads, set()
        try:
            view = await build()
            if not self._written:
                self.store.views.put(self.cloud, key, view, self._reads)
        finally:
            if outer is not None:
                outer |= self._reads
            self._reads = outer
        return view

    async def generation(self, package: str) -> int:
        """A number that grows with every committed write to a kind of a package that is watched."""
        if self.store.exclusive:
            return self.store.generations[(self.cloud, package)]
        return (await self._versions_now()).get(_counter(package), 0)

    async def settings_version(self) -> int:
        """Of the cloud's settings in a shared store; 0: there is no such cloud."""
        return (await self._versions_now()).get(SETTINGS, 0)

    async def settings(self) -> bytes | None:
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
        if not self.store.exclusive and self.store.watched in self._generations:
            await self.add(_counter(self.store.watched), 1)

    def committed(self) -> None:
        """Make the writes known to what this process keeps; never called for a failed transaction."""
        store = self.store
        if not store.exclusive or not self._written:
            return
        for (kind, id), message in self._written.items():
            if message is None or kind_of(type(message)).history:
                store.drop((self.cloud, kind, id))
            else:
                store.remember((self.cloud, kind, id), message)
        store.views.changed(self.cloud, self._changed)
        for package in self._generations:
            store.generations[(self.cloud, package)] += 1

    # -- inside

    async def _get(self, kind: Kind, id: str, *, note: bool = True) -> Message | None:
        if note and self._reads is not None:
            self._reads.add(("object", kind.name, id))
        if (kind.name, id) in self._written:
            return self._written[(kind.name, id)]
        kept = self.store.objects.get((self.cloud, kind.name, id))
        if kept is not None:
            return kept
        if self._is_unknown(kind):
            return None
        row = await self._session.one(self.store.statements.get, self.cloud, kind.name, id)
        return self._decode(kind, id, row[0]) if row else None

    async def _find(self, kind: Kind, field: str, value: str) -> list[Message]:
        statements = self.store.statements
        if not self.store.exclusive:
            rows = await self._session.all(statements.find, self.cloud, kind.name, field, value)
            return [self._decode(kind, id, data) for id, data in rows]
        if self._is_unknown(kind):
            return []
        found = []
        for (id,) in await self._session.all(statements.ids, self.cloud, kind.name, field, value):
            item = await self._get(kind, id)
            if item is not None:
                found.append(item)
        return found

    def _is_unknown(self, kind: Kind) -> bool:
        """Whether the cloud never had an object of a kind: most hooks ask for kinds that are not in use."""
        return self.store.exclusive and kind.name not in self.store.kinds.get(self.cloud, ())

    def _decode(self, kind: Kind, id: str, data: bytes) -> Message:
        written = self._written.get((kind.name, id))
        if written is not None:
            return written
        if not self.store.exclusive:
            return kind.message.FromString(data)
        key = (self.cloud, kind.name, id)
        message = self.store.objects.get(key)
        if message is None:
            message = kind.message.FromString(data)
            if not kind.history:
                self.store.remember(key, message)
        return message

    async def _reindex(self, kind: Kind, id: str, old: set[tuple[str, str]], new: set[tuple[str, str]]) -> None:
        statements = self.store.statements
        for field, value in old - new:
            await self._session.run(statements.remove_index, self.cloud, kind.name, field, value, id)
        for field, value in new - old:
            await self._session.run(statements.add_index, self.cloud, kind.name, field, value, id)

    def _note(self, kind: Kind, id: str, message: Message | None, entries: set[tuple[str, str]]) -> None:
        self._written[(kind.name, id)] = message
        self._generations.add(kind.package)
        if self.store.exclusive:
            self.store.kinds.setdefault(self.cloud, set()).add(kind.name)
            self._changed |= {("object", kind.name, id), ("kind", kind.name)}
            self._changed |= {("index", kind.name, field, value) for field, value in entries}


def copy_of(message: M) -> M:
    """A private copy of a shared message."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy


def _counter(package: str = "") -> str:
    return f"version:{package}"


def _owner_name(owner: Message) -> str:
    return f"{kind_of(type(owner)).name}/{stored(owner).id}"
