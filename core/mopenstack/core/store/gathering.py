"""A transaction's claims and transitions, gathered until it commits; what it reads sees them.

For a store whose writes are made at once at the end: the objects and counters are gathered by the transaction itself
(unsaved.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from mopenstack.core.store.base import Row
from mopenstack.core.store.compiled import Statements

Claims = dict[tuple[str, str], str | None]
Dues = dict[tuple[str, str], tuple[str, float] | None]


class GatheringSession(ABC):
    """`layer`: the one that is written to, a cloud's top layer."""

    __slots__ = ("_parts", "claims", "dues", "layer", "rows")

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self.claims: Claims = {}
        """(scope, key) -> the owner that the transaction gave it; None: it was released."""
        self.dues: Dues = {}
        """(kind, id) -> action and moment of the transition that was scheduled; None: it was unscheduled."""
        self.rows: dict[str, Sequence[Row]] = {}
        """Kind of write -> rows of it, without their layer; once the transaction is about to be committed."""
        self._parts: list[tuple[Claims, Dues]] = []

    @abstractmethod
    async def _ask(self, statement: str, *values: Any) -> Sequence[Row]:
        """What the store has, without what this transaction wrote."""

    @property
    @abstractmethod
    def _statements(self) -> Statements: ...

    @property
    def writes(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.rows or self.claims or self.dues)

    # -- reads

    async def _claimed(self, layer: str, scope: str, key: str) -> Sequence[Row]:
        if layer == self.layer and (scope, key) in self.claims:
            owner = self.claims[scope, key]
            return [] if owner is None else [(owner,)]
        return await self._ask(self._statements.claimed, layer, scope, key)

    async def _claims(self, layer: str, scope: str) -> Sequence[Row]:
        rows = await self._ask(self._statements.claims, layer, scope)
        if layer != self.layer or not self.claims:
            return rows
        found: dict[str, str | None] = {row[0]: row[1] for row in rows}
        found |= {key: owner for (where, key), owner in self.claims.items() if where == scope}
        return [(key, owner) for key, owner in found.items() if owner is not None]

    async def _claims_of(self, layer: str, owner: str) -> Sequence[Row]:
        rows = await self._ask(self._statements.claims_of, layer, owner)
        if layer != self.layer or not self.claims:
            return rows
        found = {(row[0], row[1]) for row in rows if (row[0], row[1]) not in self.claims}
        return sorted(found | {place for place, taken in self.claims.items() if taken == owner})

    async def _due(self, layer: str, now: float) -> Sequence[Row]:
        found = await self._ask(self._statements.due, layer, now)
        if not self.dues:
            return found
        rows = [tuple(row) for row in found if (row[0], row[1]) not in self.dues]
        rows += [(*key, *due) for key, due in self.dues.items() if due and due[1] <= now]
        return sorted(rows, key=lambda row: (row[3], row[0], row[1]))

    async def _next_due(self, layer: str, now: float) -> Sequence[Row]:
        found = await self._ask(self._statements.next_due, layer, now)
        own = [due[1] for due in self.dues.values() if due and due[1] > now]
        moments = [*own, *(row[0] for row in found if row[0] is not None)]
        return [(min(moments),)] if moments else []

    async def _scheduled(self, layer: str, kind: str, id: str) -> Sequence[Row]:
        if (kind, id) in self.dues:
            due = self.dues[kind, id]
            return [] if due is None else [due]
        return await self._ask(self._statements.scheduled, layer, kind, id)

    # -- writes

    async def _claim(self, layer: str, scope: str, key: str, owner: str) -> Row | None:
        if await self._claimed(layer, scope, key):
            return None
        self.claims[scope, key] = owner
        return (owner,)

    async def _put_claim(self, _: str, scope: str, key: str, owner: str) -> None:
        self.claims[scope, key] = owner

    async def _release(self, _: str, scope: str, key: str) -> None:
        self.claims[scope, key] = None

    async def _release_all(self, layer: str, owner: str) -> None:
        for place in await self._claims_of(layer, owner):
            await self._release(layer, place[0], place[1])

    async def _schedule(self, _: str, kind: str, id: str, action: str, due: float) -> None:
        self.dues[kind, id] = (action, due)

    async def _unschedule(self, _: str, kind: str, id: str) -> None:
        self.dues[kind, id] = None

    async def _begin_part(self) -> None:
        self._parts.append((dict(self.claims), dict(self.dues)))

    async def _undo_part(self) -> None:
        self.claims, self.dues = self._parts[-1]

    async def _end_part(self) -> None:
        self._parts.pop()


Read = Callable[..., Awaitable[Sequence[Row]]]
Write = Callable[..., Awaitable[Row | None]]


def reads(own: type[GatheringSession], statements: Statements) -> dict[str, Read]:
    """Statement -> what finds it with what was gathered."""
    return {
        statements.claimed: own._claimed,
        statements.claims: own._claims,
        statements.claims_of: own._claims_of,
        statements.due: own._due,
        statements.next_due: own._next_due,
        statements.scheduled: own._scheduled,
    }


def writes(own: type[GatheringSession], statements: Statements) -> Mapping[str, Write]:
    """Writing statement -> what gathers its rows."""
    return {
        statements.claim: own._claim,
        statements.put_claim: own._put_claim,
        statements.release: own._release,
        statements.release_all: own._release_all,
        statements.schedule: own._schedule,
        statements.unschedule: own._unschedule,
        "SAVEPOINT part": own._begin_part,
        "ROLLBACK TO SAVEPOINT part": own._undo_part,
        "RELEASE SAVEPOINT part": own._end_part,
    }
