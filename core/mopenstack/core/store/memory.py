"""The state of clouds in this process's memory (the default): it ends with the process.

A transaction gathers what it writes, and writes all of it when it commits; one that fails has written nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any

from mopenstack.core.store import gathering
from mopenstack.core.store.base import Row, Rows
from mopenstack.core.store.compiled import Statements
from mopenstack.core.store.gathering import GatheringSession
from mopenstack.core.store.layered import Layered
from mopenstack.core.store.layered_store import LayeredStore, LayeredTransaction
from mopenstack.core.store.layers import Layer
from mopenstack.core.store.memory_rows import READS, WRITES, LayerRows

STATEMENTS = Statements(**{field.name: field.name for field in fields(Statements)})
"""There is no SQL to say: a statement is its own name."""
_NO_ROWS = LayerRows()


class _Session(GatheringSession):
    __slots__ = ("_store",)
    is_current = True

    def __init__(self, store: MemoryStore, layer: str) -> None:
        super().__init__(layer)
        self._store = store

    @property
    def _statements(self) -> Statements:
        return STATEMENTS

    async def _ask(self, statement: str, *values: Any) -> Sequence[Row]:
        layer, *more = values
        return READS[statement](self._store.rows.get(layer, _NO_ROWS), *more)

    async def one(self, statement: str, *values: Any) -> Row | None:
        rows = await self.all(statement, *values)
        return rows[0] if rows else None

    async def all(self, statement: str, *values: Any) -> Sequence[Row]:
        gathered = _GATHERED.get(statement)
        return await (self._ask(statement, *values) if gathered is None else gathered(self, *values))

    async def run(self, statement: str, *values: Any) -> Row | None:
        return await _GATHERS[statement](self, *values)

    async def run_each(self, statement: str, rows: Sequence[Row]) -> None:
        self.rows[statement] = rows

    def commit(self) -> None:
        """Write what was gathered."""
        rows = self._store.rows.get(self.layer)
        if rows is None:
            rows = self._store.rows[self.layer] = LayerRows()
        for statement, values in self.rows.items():
            write = WRITES.get(statement)
            if write is not None:  # what a layer hides, the process knows itself
                for row in values:
                    write(rows, *row[1:])
        for (scope, key), owner in self.claims.items():
            if owner is None:
                rows.release(scope, key)
            else:
                rows.put_claim(scope, key, owner)
        for (kind, id), due in self.dues.items():
            if due is None:
                rows.unschedule(kind, id)
            else:
                rows.schedule(kind, id, *due)


_GATHERED = gathering.reads(_Session, STATEMENTS)
_GATHERS = gathering.writes(_Session, STATEMENTS)


class _Transacting(LayeredTransaction):
    __slots__ = ()
    _store: MemoryStore

    def _begin(self) -> _Session:
        return _Session(self._store, self._store.chains[self._cloud][0].name)

    async def _commit(self) -> None:
        await self._transaction.before_commit()
        if self._session.writes:
            self._session.commit()

    def _undo(self) -> None:
        """Until it commits, it has written nothing."""


class _Layers(Layered):
    _state: MemoryStore

    def is_empty(self, layer: Layer) -> bool:
        return not layer.shadows and self._of(layer).is_empty

    def _put(self, layer: Layer, cloud: str) -> None:
        self._state.rows.setdefault(layer.name, LayerRows())

    def _insert(self, layer: Layer, rows: Rows) -> None:
        made = LayerRows()
        made.fill(rows)
        self._state.rows[layer.name] = made

    def _copy_transitions(self, source: Layer, target: Layer) -> None:
        self._state.rows[target.name].fill({"transitions": self._of(source).table("transitions")})

    def _remove(self, layer: Layer) -> None:
        self._state.rows.pop(layer.name, None)

    def _rows(self, layer: Layer, table: str) -> Iterable[Row]:
        return self._of(layer).table(table)

    def _places(self, layer: Layer) -> Iterable[tuple[str, str]]:
        return ((kind, id) for kind, objects in self._of(layer).resources.items() for id in objects)

    def _find(self, layer: Layer, kind: str, id: str) -> bytes | None:
        return self._of(layer).resources.get(kind, {}).get(id)

    def _of(self, layer: Layer) -> LayerRows:
        return self._state.rows.get(layer.name, _NO_ROWS)


class MemoryStore(LayeredStore):
    url = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.statements = STATEMENTS
        self.rows: dict[str, LayerRows] = {}
        """Of each layer, by its name."""
        self._clouds: dict[str, bytes] = {}
        self.layered = _Layers(self)

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """There is nothing to close."""

    def transaction(self, cloud: str, *, alone: bool = False) -> _Transacting:
        return _Transacting(self, cloud)

    async def clouds(self) -> list[tuple[str, bytes]]:
        return sorted(self._clouds.items())

    def _settings_of(self, name: str) -> bytes | None:
        return self._clouds.get(name)

    def _put_cloud(self, name: str, data: bytes) -> None:
        self._clouds[name] = data

    def _remove_cloud(self, name: str) -> None:
        self._clouds.pop(name, None)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        async with self.lock:
            yield

    def _objects(self) -> Iterator[bytes]:
        for rows in self.rows.values():
            for objects in rows.resources.values():
                yield from objects.values()
