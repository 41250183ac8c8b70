"""A transaction some of whose kinds are kept by services elsewhere."""

from __future__ import annotations

from typing import Any, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.elsewhere import Elsewhere, Question
from mopenstack.contract.faults import NotFound, NotServed
from mopenstack.core.beside.lookups import Lookups, fits, items_of, object_of, stored_as
from mopenstack.core.beside.replay import Replay
from mopenstack.core.store import Transaction
from mopenstack.core.store.kinds import kind_of
from mopenstack.core.store.transaction import copy_of

M = TypeVar("M", bound=Message)


class BesideTransaction:
    """The transaction of the store, but reads of kinds that are elsewhere are asked there, in the service's own name.

    What is read there is never kept for other calls. Writes of such kinds raise NotServed: they are made by operations.
    """

    def __init__(self, inner: Transaction, elsewhere: Elsewhere, lookups: Lookups, replay: Replay) -> None:
        self._inner = inner
        self._elsewhere, self._lookups, self._replay = elsewhere, lookups, replay

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def nothing_due(self, now: float) -> bool:
        """Whether nothing is due, or what is due has to wait for services that do not answer."""
        return self._replay.skips_due or self._inner.nothing_due(now)

    async def get(self, message: type[M], id: str) -> M | None:
        """The object, or None."""
        if not self._elsewhere.has(kind_of(message).package):
            return await self._inner.get(message, id)
        try:
            found: M = stored_as(message, object_of(self._ask(self._lookups.of_one(message, id))))
        except NotFound:
            return None
        return found

    async def edit(self, message: type[M], id: str) -> M:
        """A private copy of an object that must exist."""
        if not self._elsewhere.has(kind_of(message).package):
            return await self._inner.edit(message, id)
        found = await self.get(message, id)
        if found is None:
            raise KeyError(f"{message.__name__} {id}")
        return copy_of(found)

    async def query(self, message: type[M], **equal: Any) -> list[M]:
        """All objects whose fields have these values."""
        if not self._elsewhere.has(kind_of(message).package):
            return await self._inner.query(message, **equal)
        found = items_of(self._ask(self._lookups.of_many(message, equal)))
        return [one for one in (stored_as(message, one) for one in found) if fits(one, equal)]

    async def scan(self, message: type[M]) -> list[M]:
        """Every object of the kind that the service may see."""
        if not self._elsewhere.has(kind_of(message).package):
            return await self._inner.scan(message)
        return await self.query(message)

    async def count(self, message: type[Message], **equal: Any) -> int:
        """How many."""
        if not self._elsewhere.has(kind_of(message).package):
            return await self._inner.count(message, **equal)
        return len(await self.query(message, **equal))

    async def put(self, message: Message, *, fresh: bool = False) -> None:
        """Insert or replace an object that is kept here."""
        self._only_here(type(message))
        await self._inner.put(message, fresh=fresh)

    async def delete(self, message: type[Message], id: str) -> None:
        """Remove an object that is kept here."""
        self._only_here(message)
        await self._inner.delete(message, id)

    def _ask(self, question: Question) -> Message:
        self._inner.read_beside()
        return self._replay.answer(question)

    def _only_here(self, message: type[Message]) -> None:
        kind = kind_of(message)
        if self._elsewhere.has(kind.package):
            place = self._elsewhere.place(kind.package)
            raise NotServed(f"This is not done where objects of the kind {kind.name} are kept by {place}.")
