"""The layers of clouds in SQLite: their rows in the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from mopenstack.core.store.base import Row, Rows, StoreState
from mopenstack.core.store.compiled import cloud_tables
from mopenstack.core.store.layered import Layered
from mopenstack.core.store.layers import Layer


class SqliteLayers(Layered):
    def __init__(self, state: StoreState, connection: sqlite3.Connection) -> None:
        super().__init__(state)
        self._connection = connection

    def load(self) -> None:
        """Take up the layers of a file; those that no cloud has any more are dropped."""
        state, run = self._state, self._connection.execute
        rows = {name: (below, cloud) for name, below, cloud in run(state.statements.layers)}
        for name, _ in run(state.statements.clouds):
            if not any(cloud == name for _, cloud in rows.values()):
                rows[name] = ("", name)  # it has this one layer
        for name in rows:
            self._load(name, rows)
        for name, (_, cloud) in rows.items():
            if cloud:
                self.added(state.layers[name], cloud)
        for name, kind in run(state.statements.kinds):
            if name in state.layers:
                state.layers[name].kinds.add(kind)
        for name, kind in run("SELECT DISTINCT cloud, substr(owner, 1, instr(owner, '/') - 1) FROM claims"):
            if name in state.layers:
                state.layers[name].owners.add(kind)
        for name, kind in run("SELECT DISTINCT cloud, kind FROM transitions"):
            if name in state.layers:
                state.layers[name].scheduled.add(kind)
        for name, kind, id in run(state.statements.shadows):
            if name in state.layers:
                state.layers[name].hide(kind, id)
        for layer in [layer for layer in state.layers.values() if not layer.users]:
            self.dropped("", self.drop(layer))

    def _load(self, name: str, rows: dict[str, tuple[str, str]]) -> Layer:
        found = self._state.layers.get(name)
        if found is None:
            below = rows[name][0]
            found = self._state.layers[name] = Layer(name, self._load(below, rows) if below else None)
            if found.below is not None:
                found.below.users += 1
        return found

    # The tables' names below are ours, never a caller's.

    def is_empty(self, layer: Layer) -> bool:
        tables = ("resources", "shadows", "claims", "counters")
        sql = " UNION ALL ".join(f"SELECT 1 FROM {table} WHERE cloud = ?1" for table in tables)  # noqa: S608
        return self._connection.execute(f"{sql} LIMIT 1", (layer.name,)).fetchone() is None

    def _put(self, layer: Layer, cloud: str) -> None:
        below = layer.below.name if layer.below is not None else ""
        self._connection.execute(self._state.statements.put_layer, (layer.name, below, cloud))

    def _insert(self, layer: Layer, rows: Rows) -> None:
        for table, names in cloud_tables().items():
            marks = ", ".join("?" * (len(names) + 1))
            sql = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608
            self._connection.executemany(sql, [(layer.name, *row) for row in rows.get(table, ())])

    def _copy_transitions(self, source: Layer, target: Layer) -> None:
        names = ", ".join(cloud_tables()["transitions"])
        sql = f"INSERT INTO transitions SELECT ?, {names} FROM transitions WHERE cloud = ?"  # noqa: S608
        self._connection.execute(sql, (target.name, source.name))

    def _remove(self, layer: Layer) -> None:
        for table in (*cloud_tables(), "shadows"):
            self._connection.execute(f"DELETE FROM {table} WHERE cloud = ?", (layer.name,))  # noqa: S608
        self._connection.execute(self._state.statements.remove_layer, (layer.name,))

    def _rows(self, layer: Layer, table: str) -> Iterable[Row]:
        columns = ", ".join(cloud_tables()[table])
        return self._connection.execute(f"SELECT {columns} FROM {table} WHERE cloud = ?", (layer.name,))  # noqa: S608

    def _places(self, layer: Layer) -> Iterable[tuple[str, str]]:
        return self._connection.execute("SELECT kind, id FROM resources WHERE cloud = ?", (layer.name,))

    def _find(self, layer: Layer, kind: str, id: str) -> bytes | None:
        row = self._connection.execute(self._state.statements.get, (layer.name, kind, id)).fetchone()
        return bytes(row[0]) if row else None
