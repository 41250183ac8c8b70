"""The layers of clouds in SQLite: their rows in the tables, and what the process knows of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from uuid import uuid4

from mopenstack.core.store.base import Row, Rows, StoreState
from mopenstack.core.store.compiled import cloud_tables
from mopenstack.core.store.layers import Layer


class SqliteLayers:
    """Methods that write are called inside a transaction; `added` and `dropped` once it holds."""

    def __init__(self, state: StoreState, connection: sqlite3.Connection) -> None:
        self._state, self._connection = state, connection

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

    def new(self, cloud: str, below: Layer | None = None) -> Layer:
        """A layer with a name that no other has: the cloud's, if it is free."""
        return Layer(cloud if cloud not in self._state.layers else f"{cloud}~{uuid4().hex}", below)

    def is_empty(self, layer: Layer) -> bool:
        """Whether there is nothing in a layer but transitions."""
        tables = ("resources", "shadows", "claims", "counters")
        sql = " UNION ALL ".join(f"SELECT 1 FROM {table} WHERE cloud = ?1" for table in tables)  # noqa: S608
        return self._connection.execute(f"{sql} LIMIT 1", (layer.name,)).fetchone() is None

    # -- rows

    def add(self, layer: Layer, cloud: str, transitions_of: Layer | None) -> None:
        """Write an empty top layer of a cloud, with the transitions that another one has under way."""
        self._put(layer, cloud)
        if transitions_of is not None:
            names = ", ".join(cloud_tables()["transitions"])
            sql = f"INSERT INTO transitions SELECT ?, {names} FROM transitions WHERE cloud = ?"  # noqa: S608
            self._connection.execute(sql, (layer.name, transitions_of.name))
            layer.scheduled |= transitions_of.scheduled

    def freeze(self, layer: Layer) -> None:
        """Write that a layer is no cloud's top layer any more."""
        self._put(layer, "")

    def fill(self, layer: Layer, rows: Rows, cloud: str = "") -> None:
        """Write a layer that holds the rows of a whole cloud."""
        self._put(layer, cloud)
        for table, names in cloud_tables().items():
            marks = ", ".join("?" * (len(names) + 1))
            # The table's name is ours, never a caller's.
            sql = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608
            self._connection.executemany(sql, [(layer.name, *row) for row in rows.get(table, ())])
        layer.kinds, layer.scheduled = _column(rows, "resources", "kind"), _column(rows, "transitions", "kind")
        layer.owners = {owner.partition("/")[0] for owner in _column(rows, "claims", "owner")}

    def drop(self, layer: Layer) -> list[Layer]:
        """Remove the rows of a cloud's top layer, and of those below that no other needs; the layers that are gone.

        What others lie above stays, and belongs to no cloud.
        """
        if layer.users > 1:
            self.freeze(layer)
            return []
        found = [layer]
        while (below := found[-1].below) is not None and below.users == 1:
            found.append(below)
        for gone in found:
            for table in (*cloud_tables(), "shadows"):
                self._connection.execute(f"DELETE FROM {table} WHERE cloud = ?", (gone.name,))  # noqa: S608
            self._connection.execute(self._state.statements.remove_layer, (gone.name,))
        return found

    def export(self, layer: Layer) -> Rows:
        """The rows of a cloud by its top layer, as if it had this one alone."""
        chain = layer.chain()
        found: Rows = {}
        for table, names in cloud_tables().items():
            columns = ", ".join(names)
            sql = f"SELECT {columns} FROM {table} WHERE cloud = ?"  # noqa: S608
            layers = chain if table != "transitions" else chain[:1]
            found[table] = _visible(table, names, [(one, self._connection.execute(sql, (one.name,))) for one in layers])
        return found

    def _put(self, layer: Layer, cloud: str) -> None:
        below = layer.below.name if layer.below is not None else ""
        self._connection.execute(self._state.statements.put_layer, (layer.name, below, cloud))

    def differing(self, one: Layer, other: Layer) -> Iterator[tuple[str, str, bytes | None, bytes | None]]:
        """Kind, id and data of each object that is not the same in two clouds: what both share is not looked at."""
        first, second = one.chain(), other.chain()
        places: set[tuple[str, str]] = set()
        for layer in {*first} ^ {*second}:
            for table in ("resources", "shadows"):
                sql = f"SELECT kind, id FROM {table} WHERE cloud = ?"  # noqa: S608
                places.update(self._connection.execute(sql, (layer.name,)))
        for kind, id in sorted(places):
            before, after = self._data(first, kind, id), self._data(second, kind, id)
            if before != after:
                yield kind, id, before, after

    def _data(self, chain: Iterable[Layer], kind: str, id: str) -> bytes | None:
        for layer in chain:
            row = self._connection.execute(self._state.statements.get, (layer.name, kind, id)).fetchone()
            if row or layer.hides(kind, id):
                return bytes(row[0]) if row else None
        return None

    # -- what the process knows

    def added(self, layer: Layer, cloud: str = "") -> None:
        """Take up a layer whose rows are written; a cloud's new top layer, if one is named."""
        if layer.name not in self._state.layers:
            self._state.layers[layer.name] = layer
            if layer.below is not None:
                layer.below.users += 1
        if cloud:
            layer.users += 1
            if cloud in self._state.chains:
                self._state.chains[cloud][0].users -= 1
            self._state.chains[cloud] = layer.chain()

    def dropped(self, cloud: str, layers: Iterable[Layer]) -> None:
        """Forget a cloud's layers, and those whose rows are gone."""
        if cloud in self._state.chains:
            self._state.chains.pop(cloud)[0].users -= 1
        for layer in layers:
            if layer.below is not None:
                layer.below.users -= 1
            self._state.layers.pop(layer.name, None)
            for key in list(layer.objects):
                self._state.drop(layer, key)
            self._state.on_layer_dropped(layer.name)


def _column(rows: Rows, table: str, name: str) -> set[str]:
    """The values of one column in the rows of a table."""
    place = cloud_tables()[table].index(name)
    return {row[place] for row in rows.get(table, ())}


def _visible(table: str, names: list[str], found: Iterable[tuple[Layer, Iterable[Row]]]) -> list[Row]:
    """The rows of a table in all layers from the top, without those that a layer above hides or replaces."""
    rows: list[Row] = []
    if table in ("resources", "indexes"):
        kind, id = names.index("kind"), names.index("id")
        above: list[Layer] = []
        for layer, some in found:
            rows += [row for row in some if not any(one.hides(row[kind], row[id]) for one in above)]
            above.append(layer)
        return rows
    seen: dict[tuple[str, ...], Row] = {}
    keys = [place for place, name in enumerate(names) if name not in ("owner", "value", "action", "due")]
    for _, some in found:
        for row in some:
            seen.setdefault(tuple(row[place] for place in keys), row)
    if table == "claims":
        owner = names.index("owner")
        return [row for row in seen.values() if row[owner]]
    return list(seen.values())
