"""The layers of the clouds of a store that this process alone writes to (layers.py says what they are)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from uuid import uuid4

from mopenstack.core.store.base import Row, Rows, StoreState
from mopenstack.core.store.compiled import cloud_tables
from mopenstack.core.store.layers import Layer


class Layered(ABC):
    """What the process knows of the layers, and what is done with their rows, which a subclass keeps.

    Methods that write are called inside a transaction; `added` and `dropped` once it holds.
    """

    def __init__(self, state: StoreState) -> None:
        self._state = state

    # -- rows

    @abstractmethod
    def is_empty(self, layer: Layer) -> bool:
        """Whether there is nothing in a layer but transitions."""

    @abstractmethod
    def _put(self, layer: Layer, cloud: str) -> None:
        """Write which layer it lies above, and the cloud whose top layer it is; empty: none's."""

    @abstractmethod
    def _insert(self, layer: Layer, rows: Rows) -> None:
        """Write all rows of a new layer."""

    @abstractmethod
    def _copy_transitions(self, source: Layer, target: Layer) -> None:
        """Give a new layer the transitions that another one has under way."""

    @abstractmethod
    def _remove(self, layer: Layer) -> None:
        """Remove all rows of a layer."""

    @abstractmethod
    def _rows(self, layer: Layer, table: str) -> Iterable[Row]:
        """The rows of a table in a layer, without its name."""

    @abstractmethod
    def _places(self, layer: Layer) -> Iterable[tuple[str, str]]:
        """Kind and id of each object that lies in a layer."""

    @abstractmethod
    def _find(self, layer: Layer, kind: str, id: str) -> bytes | None:
        """An object's data in a layer; None where it is not in it."""

    def new(self, cloud: str, below: Layer | None = None) -> Layer:
        """A layer with a name that no other has: the cloud's, if it is free."""
        return Layer(cloud if cloud not in self._state.layers else f"{cloud}~{uuid4().hex}", below)

    def add(self, layer: Layer, cloud: str, transitions_of: Layer | None) -> None:
        """Write an empty top layer of a cloud, with the transitions that another one has under way."""
        self._put(layer, cloud)
        if transitions_of is not None:
            self._copy_transitions(transitions_of, layer)
            layer.scheduled |= transitions_of.scheduled

    def freeze(self, layer: Layer) -> None:
        """Write that a layer is no cloud's top layer any more."""
        self._put(layer, "")

    def fill(self, layer: Layer, rows: Rows, cloud: str = "") -> None:
        """Write a layer that holds the rows of a whole cloud."""
        self._put(layer, cloud)
        self._insert(layer, rows)
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
            self._remove(gone)
        return found

    def export(self, layer: Layer) -> Rows:
        """The rows of a cloud by its top layer, as if it had this one alone."""
        chain = layer.chain()
        found: Rows = {}
        for table, names in cloud_tables().items():
            layers = chain if table != "transitions" else chain[:1]
            found[table] = _visible(table, names, [(one, self._rows(one, table)) for one in layers])
        return found

    def differing(self, one: Layer, other: Layer) -> Iterator[tuple[str, str, bytes | None, bytes | None]]:
        """Kind, id and data of each object that is not the same in two clouds: what both share is not looked at."""
        first, second = one.chain(), other.chain()
        places: set[tuple[str, str]] = set()
        for layer in {*first} ^ {*second}:
            places.update(self._places(layer))
            places.update((kind, id) for kind, ids in layer.shadows.items() for id in ids)
        for kind, id in sorted(places):
            before, after = self._data(first, kind, id), self._data(second, kind, id)
            if before != after:
                yield kind, id, before, after

    def _data(self, chain: Iterable[Layer], kind: str, id: str) -> bytes | None:
        for layer in chain:
            data = self._find(layer, kind, id)
            if data is not None or layer.hides(kind, id):
                return data
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
