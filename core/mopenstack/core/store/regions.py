"""A transaction as the calls of a further region of a cloud see it.

All regions of a cloud are rows of that cloud: what is not shared has `@REGION` behind its kind, the scope of its claims
and the names of its counters. So a snapshot, a copy, a reset or the end of a cloud is one of all its regions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from typing import Any, TypeVar

from google.protobuf.message import Message

from mopenstack.core.store.kinds import REGION, Kind, kind_of, stored
from mopenstack.core.store.transaction import PARKED, Transaction

M = TypeVar("M", bound=Message)


class RegionTransaction(Transaction):
    """The state is that of the transaction it is made of (`home`): what one reads and writes, the other has too."""

    __slots__ = ("_home", "_suffix")
    _home: Transaction
    _suffix: str

    def __init__(self, home: Transaction, region: str) -> None:
        object.__setattr__(self, "_home", home)
        object.__setattr__(self, "_suffix", REGION + region)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_home"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._home, name, value)

    def _kind(self, message: type[Message]) -> Kind:
        kind = kind_of(message)
        return kind if kind.package in self.store.shared else _of_region(message, self._suffix)

    async def view(self, key: Hashable, build: Callable[[], Awaitable[M]]) -> M:
        return await super().view((self._suffix, key), build)

    # -- claims, counters, transitions

    async def take(self, scope: str, key: str, owner: Message) -> bool:
        name = f"{self._kind(type(owner)).name}/{stored(owner).id}"
        return await self._home._take(scope + self._suffix, key, name)

    async def claimed(self, scope: str, key: str) -> str | None:
        owner = await self._home.claimed(scope + self._suffix, key)
        return owner if owner is None else self._name(owner)

    async def claims(self, scope: str) -> dict[str, str]:
        found = await self._home.claims(scope + self._suffix)
        return {key: self._name(owner) for key, owner in found.items()}

    async def release(self, scope: str, key: str) -> None:
        await self._home.release(scope + self._suffix, key)

    async def _release_all(self, kind: str, id: str) -> None:
        await self._home._release_all(kind, id)

    async def counter(self, name: str) -> int:
        return await self._home.counter(name + self._suffix)

    async def add(self, name: str, delta: int) -> int:
        return await self._home.add(name + self._suffix, delta)

    async def unschedule(self, kind: str, id: str) -> None:
        await self._home.unschedule(kind + self._suffix, id)

    async def pending(self) -> list[tuple[str, str, str]]:
        rows = await self._session.all(self.store.statements.due, self.layer, PARKED)
        self._beside = True
        return [
            (kind.removesuffix(self._suffix), id, action) for kind, id, action, _ in rows if kind.endswith(self._suffix)
        ]

    def _name(self, owner: str) -> str:
        """The name of an owner as calls of the region know it."""
        kind, slash, id = owner.partition("/")
        return kind.removesuffix(self._suffix) + slash + id


def seen_in(transaction: Transaction, region: str) -> Transaction:
    """The same transaction as the calls of a region see it; empty: those of the first one."""
    home = transaction._home if isinstance(transaction, RegionTransaction) else transaction
    return RegionTransaction(home, region) if region else home


KINDS_MAX = 8192
_kinds: dict[tuple[type[Message], str], Kind] = {}
"""(message, suffix of a region) -> how its objects are kept; all go when it is full."""


def _of_region(message: type[Message], suffix: str) -> Kind:
    found = _kinds.get((message, suffix))
    if found is None:
        if len(_kinds) >= KINDS_MAX:
            _kinds.clear()
        kind = kind_of(message)
        found = _kinds[(message, suffix)] = replace(kind, name=kind.name + suffix)
    return found
