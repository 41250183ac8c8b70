"""What a transaction does beside objects: claims of unique keys, counters, and transitions under way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from google.protobuf.message import Message

from mopenstack.core.store.base import Session, StoreState, Taken
from mopenstack.core.store.kinds import REGION, kind_of, stored
from mopenstack.core.store.layers import Layer
from mopenstack.core.store.unsaved import Log, Unsaved

PARKED = float("inf")


class Bookkeeping:
    """Of one call in one cloud; the part of a Transaction that is not about objects."""

    __slots__ = (
        *("_beside", "_ended", "_layers", "_log", "_session", "_unsaved", "_written"),
        *("cloud", "layer", "store"),
    )

    _kind = staticmethod(kind_of)
    """How objects of a message class are kept."""

    def __init__(self, store: StoreState, session: Session, cloud: str) -> None:
        self.store, self.cloud = store, cloud
        self._session = session
        self._unsaved = Unsaved()
        self._written: dict[tuple[str, str], Message | None] = {}
        self._log: Log | None = None
        self._layers = store.chains[cloud]
        self.layer = self._layers[0].name
        """Where the cloud's changes are written."""
        self._beside = False
        self._ended: set[tuple[str, str]] = set()
        """Kind and id of objects whose transition was taken off: they have none any more."""

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """A part that is undone alone when it raises; what was written before it stays."""
        outer, counters, ended = self._log, dict(self._unsaved.counters), set(self._ended)
        log = self._log = [] if outer is None else outer
        begin = len(log)
        await self._session.run("SAVEPOINT part")
        try:
            yield
        except Exception:
            await self._session.run("ROLLBACK TO SAVEPOINT part")
            await self._session.run("RELEASE SAVEPOINT part")  # of this name may be an outer one
            self._unsaved.restore(log[begin:], counters, self._written)
            self._ended = ended
            del log[begin:]
            raise
        finally:
            self._log = outer
        await self._session.run("RELEASE SAVEPOINT part")

    async def claim(self, scope: str, key: str, owner: Message) -> None:
        """Make `key` the owner's in `scope` for as long as the owner exists; raises Taken."""
        if not await self.take(scope, key, owner):
            held = await self.claimed(scope, key)
            if held != _owner_name(owner):
                raise Taken(scope, key, held or "")

    async def take(self, scope: str, key: str, owner: Message) -> bool:
        """The same; false if any object has the key, the owner itself too."""
        return await self._take(scope, key, _owner_name(owner))

    async def _take(self, scope: str, key: str, owner: str) -> bool:
        self._beside = True
        self._layers[0].owners.add(owner.partition("/")[0])
        if await self._claimed_in(self._layers[1:], scope, key) is None:  # and so none was given up in the top layer
            row = await self._session.run(self.store.statements.claim, self.layer, scope, key, owner)
            return row is not None
        if await self.claimed(scope, key) is not None:
            return False
        await self._session.run(self.store.statements.put_claim, self.layer, scope, key, owner)
        return True

    async def claimed(self, scope: str, key: str) -> str | None:
        """`kind/id` of the owner, or None."""
        self._beside = True
        return await self._claimed_in(self._layers, scope, key)

    async def _claimed_in(self, layers: Sequence[Layer], scope: str, key: str) -> str | None:
        """The owner in the first of some layers that has the claim; None also where that one has given it up."""
        for layer in layers:
            row = await self._session.one(self.store.statements.claimed, layer.name, scope, key)
            if row:
                return str(row[0]) or None
        return None

    async def claims(self, scope: str) -> dict[str, str]:
        """Key -> `kind/id` of everything claimed in a scope."""
        self._beside = True
        found: dict[str, str] = {}
        for layer in self._layers:
            for key, owner in await self._session.all(self.store.statements.claims, layer.name, scope):
                found.setdefault(key, owner)
        return {key: owner for key, owner in found.items() if owner}

    async def release(self, scope: str, key: str) -> None:
        self._beside = True
        await self._session.run(self.store.statements.release, self.layer, scope, key)
        if len(self._layers) > 1 and await self.claimed(scope, key) is not None:
            await self._session.run(self.store.statements.put_claim, self.layer, scope, key, "")

    async def _release_all(self, kind: str, id: str) -> None:
        """Give up what an object has claimed."""
        if self.store.keeps and not any(kind in layer.owners for layer in self._layers):
            return
        owner, statements, top = f"{kind}/{id}", self.store.statements, self._layers[0]
        await self._session.run(statements.release_all, self.layer, owner)
        if len(self._layers) == 1 or not (top.hides(kind, id) or self._is_shared(kind, id)):
            return
        for layer in self._layers[1:]:
            for scope, key in await self._session.all(statements.claims_of, layer.name, owner):
                if await self.claimed(scope, key) == owner:
                    await self._session.run(statements.put_claim, self.layer, scope, key, "")

    def _is_shared(self, kind: str, id: str) -> bool:
        """Whether an object that this transaction changes lies in a layer below."""
        item = self._unsaved.of(kind).get(id)
        return item is not None and item.shared

    async def counter(self, name: str) -> int:
        """The value of a counter; 0 where it was never added to."""
        self._beside = True
        found = self._unsaved.counters.get(name)
        if found is None:
            found = self.store.counters[self.cloud].get(name)
        if found is None:
            found = 0
            for layer in self._layers:
                row = await self._session.one(self.store.statements.counter, layer.name, name)
                if row:
                    found = int(row[0])
                    break
            if self.store.keeps:
                self.store.remember_counters(self.cloud, {name: found})
        return found

    async def add(self, name: str, delta: int) -> int:
        """Add to a counter that starts at 0; the new value."""
        self._beside = True
        if self.store.keeps:
            value = self._unsaved.counters[name] = await self.counter(name) + delta
            return value
        row = await self._session.run(self.store.statements.add, self.layer, name, delta)
        assert row is not None
        return int(row[0])

    # -- transitions

    async def schedule(self, owner: Message, action: str, due: float) -> None:
        """Note that `action` completes for the object at `due`; one an object."""
        self._beside = True
        kind = self._kind(type(owner)).name
        key = stored(owner).id
        self._layers[0].scheduled.add(kind)
        self._ended.discard((kind, key))
        await self._session.run(self.store.statements.schedule, self.layer, kind, key, action, due)
        self.store.next_due[self.cloud] = min(due, self.store.next_due.get(self.cloud, PARKED))

    async def unschedule(self, kind: str, id: str) -> None:
        """Forget the transition of an object that is under way, if there is one."""
        await self._unschedule(kind, id)

    async def _unschedule(self, kind: str, id: str) -> None:
        self._beside = True
        if (kind, id) not in self._ended and (not self.store.keeps or kind in self._layers[0].scheduled):
            await self._session.run(self.store.statements.unschedule, self.layer, kind, id)
            self._ended.add((kind, id))

    async def scheduled(self, owner: Message) -> tuple[str, float] | None:
        """(action, due) of the transition under way, or None."""
        self._beside = True
        kind, id = self._kind(type(owner)).name, stored(owner).id
        if (kind, id) in self._ended:
            return None
        row = await self._session.one(self.store.statements.scheduled, self.layer, kind, id)
        return (str(row[0]), float(row[1])) if row else None

    def nothing_due(self, now: float) -> bool:
        """Whether this process knows, without asking the database, that nothing is due."""
        return self.store.keeps and now < self.store.next_due.get(self.cloud, 0.0)

    async def due(self, now: float) -> list[tuple[str, str, str]]:
        """(kind, id, action) of every transition that is due, in all regions (`kind@REGION`), oldest first.

        They are led on in this transaction: where this process knows what is due, they are not told again.
        """
        if self.nothing_due(now):
            return []
        rows = await self._session.all(self.store.statements.due, self.layer, now)
        if self.store.keeps:
            row = await self._session.one(self.store.statements.next_due, self.layer, now)
            self.store.next_due[self.cloud] = float(row[0]) if row and row[0] is not None else PARKED
        return [(kind, id, action) for kind, id, action, _ in rows]

    def tell_again(self, now: float) -> None:
        """Not all that is due is led on in this transaction: the next ones are told of it, too."""
        if self.store.keeps:
            self.store.next_due[self.cloud] = min(now, self.store.next_due.get(self.cloud, PARKED))

    async def pending(self) -> list[tuple[str, str, str]]:
        """(kind, id, action) of every transition under way, due or not."""
        self._beside = True
        rows = await self._session.all(self.store.statements.due, self.layer, PARKED)
        return [(kind, id, action) for kind, id, action, _ in rows if REGION not in kind]


def _owner_name(owner: Message) -> str:
    return f"{kind_of(type(owner)).name}/{stored(owner).id}"
