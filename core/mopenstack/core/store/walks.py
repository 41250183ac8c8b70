"""Lists that a transaction reads in their order, object by object, out of what is kept of them and what it changed."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from typing import Any, Generic, TypeVar, cast

from google.protobuf.message import Message

from mopenstack.core.store.bookkeeping import Bookkeeping
from mopenstack.core.store.kept_lists import ALL, KeptList, Scope
from mopenstack.core.store.kinds import Kind, stored
from mopenstack.core.store.orders import Order, id_of
from mopenstack.core.store.texts import Column, Wanted
from mopenstack.core.store.views import Dependency

M = TypeVar("M", bound=Message)


class Walking(Bookkeeping):
    """The part of a Transaction that reads lists in their order."""

    __slots__ = ()
    _reads: set[Dependency] | None

    def walk(self, message: type[M], scopes: Sequence[Scope], order: Order) -> Walk[M] | None:
        """The objects of any of these scopes in an order; None where they are not all kept."""
        if not self.store.keeps:
            return None
        kind, lists = self._kind(message), []
        for scope in scopes:
            found = self.store.lists.get(self.cloud, kind.name, scope, order)
            if found is None:
                return None
            lists.append(found)
        if self._reads is not None:
            self._reads |= {("kind", kind.name) if one == ALL else ("index", kind.name, *one) for one in scopes}
        return Walk(self, kind, scopes, order, lists)

    async def keep(self, message: type[Message], scopes: Sequence[Scope], order: Order) -> None:
        """Keep what these scopes have in an order for the walks of later calls."""
        kind = self._kind(message)
        if not self.store.keeps or kind.history or self._unsaved.of(kind.name):
            return
        for scope in scopes:
            if self.store.lists.get(self.cloud, kind.name, scope, order) is None:
                objects = await in_scopes(self, message, (scope,))
                if self._session.is_current:
                    self.store.lists.put(self.cloud, kind.name, scope, order, objects)

    async def _get(self, kind: Kind, id: str, *, note: bool = True) -> Message | None:
        raise NotImplementedError


async def in_scopes(tx: Any, message: type[M], scopes: Sequence[Scope]) -> list[M]:
    """All objects of any of these scopes, in no particular order."""
    if len(scopes) == 1:
        return await _in_scope(tx, message, scopes[0])
    return list({stored(one).id: one for scope in scopes for one in await _in_scope(tx, message, scope)}.values())


async def _in_scope(tx: Any, message: type[M], scope: Scope) -> list[M]:
    found: list[M] = await (tx.scan(message) if scope == ALL else tx.query(message, **{scope[0]: scope[1]}))
    return found


class Walk(Generic[M]):
    """What a transaction sees of one list."""

    __slots__ = ("_kind", "_left", "_lists", "_order", "_scopes", "_tx")

    def __init__(
        self, tx: Walking, kind: Kind, scopes: Sequence[Scope], order: Order, lists: Sequence[KeptList]
    ) -> None:
        self._tx, self._kind, self._scopes, self._order, self._lists = tx, kind, scopes, order, lists
        self._left: Iterator[str] = iter(())

    async def find(self, id: str) -> M | None:
        """An object of the list, by its id; None where the list does not have it."""
        found = await self._tx._get(self._kind, id)
        if found is None or not self._holds(self._kind.entries(found)):
            return None
        return cast("M", found)

    async def begin(self, after: M | None = None, *, backwards: bool = False, wanted: Wanted | None = None) -> None:
        """Go to the beginning of the list, or of what lies behind one of its objects, or to the end for `backwards`.

        With `wanted` objects are left out in which that is not to be found.
        """
        if wanted is not None:
            await self._write(wanted.column)
        behind = self._order.entry(after) if after is not None else None
        self._left = self._entries(behind, wanted, up=backwards is self._order.reverse)

    async def next(self) -> M | None:
        """The next object; None at the end."""
        for entry in self._left:
            return cast("M", await self._tx._get(self._kind, id_of(entry), note=False))
        return None

    def _holds(self, entries: Iterable[Scope]) -> bool:
        return ALL in self._scopes or not set(self._scopes).isdisjoint(entries)

    def _entries(self, behind: str | None, wanted: Wanted | None, *, up: bool) -> Iterator[str]:
        found = [one.entries(behind, wanted, up=up) for one in self._lists]
        kept = found[0] if len(found) == 1 else _once(merge(*found, reverse=not up))
        unsaved = self._tx._unsaved.of(self._kind.name)
        if not unsaved:
            return kept
        gone, new = set(), list[str]()
        for item in unsaved.values():
            if item.before is not None:
                gone.add(self._order.entry(item.before))
            if item.message is not None and self._holds(item.new):
                entry = self._order.entry(item.message)
                if behind is None or (entry > behind if up else entry < behind):
                    insort(new, entry)
        left = (entry for entry in kept if entry not in gone)
        return merge(left, new if up else reversed(new), reverse=not up)

    async def _write(self, column: Column) -> None:
        """See to it that the lists have a field as text, as it is committed."""
        unsaved = self._tx._unsaved.of(self._kind.name)
        for kept in self._lists:
            for chunk in kept.chunks:
                if column in chunk.texts:
                    continue
                lines = []
                for entry in reversed(chunk.entries) if self._order.reverse else chunk.entries:
                    changed = unsaved.get(id_of(entry))
                    found = changed.before if changed is not None else None
                    found = found or await self._tx._get(self._kind, id_of(entry), note=False)
                    lines.append(column.value(found))
                if not self._tx._session.is_current:
                    return
                chunk.write(column, lines)


def _once(entries: Iterable[str]) -> Iterator[str]:
    """Without the repetitions of neighbours."""
    last = ""
    for entry in entries:
        if entry != last:
            yield entry
        last = entry
