"""The rows of one layer in this process's memory, and what each reading statement finds in them.

What is found is in the order of ids, as it is in a database, whose index says so.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from mopenstack.core.store.base import Row

Ids = str | set[str]
"""Ids that a value of an index names: almost always one."""


class LayerRows:
    __slots__ = ("_indexes", "_moments", "_order", "_owned", "claims", "counters", "resources", "transitions")

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, bytes]] = {}
        """Kind -> id -> the object's bytes."""
        self.claims: dict[str, dict[str, str]] = {}
        """Scope -> key -> owner; "" for a claim of a layer below that was given up."""
        self.counters: dict[str, int] = {}
        self.transitions: dict[tuple[str, str], tuple[str, float]] = {}
        """Kind and id -> action, and when it is due."""
        self._indexes: dict[tuple[str, str], dict[str, Ids]] = {}
        """Kind and field -> value -> ids."""
        self._owned: dict[str, set[tuple[str, str]]] = {}
        """Owner -> scope and key of its claims."""
        self._moments: list[tuple[float, str, str]] = []
        """When, kind and id of each transition, in this order."""
        self._order: dict[str, list[str]] = {}
        """Kind -> its ids in their order, of kinds of which a part of that was asked for."""

    # -- reads

    def get(self, kind: str, id: str) -> Sequence[Row]:
        data = self.resources.get(kind, _NOTHING).get(id)
        return () if data is None else ((data,),)

    def scan(self, kind: str) -> Sequence[Row]:
        return sorted(self.resources.get(kind, _NOTHING).items())

    def between(self, kind: str, low: str, high: str, limit: int) -> Sequence[Row]:
        order, first, end = self._range(kind, low, high)
        return self._of(kind, order[first : min(end, first + limit)])

    def between_down(self, kind: str, low: str, high: str, limit: int) -> Sequence[Row]:
        order, first, end = self._range(kind, low, high)
        return self._of(kind, order[max(first, end - limit) : end][::-1])

    def _range(self, kind: str, low: str, high: str) -> tuple[list[str], int, int]:
        order = self._order.get(kind)
        if order is None:
            order = self._order[kind] = sorted(self.resources.get(kind, _NOTHING))
        first = bisect_left(order, low)
        return order, first, max(first, bisect_left(order, high))

    def _of(self, kind: str, ids: Iterable[str]) -> Sequence[Row]:
        objects = self.resources.get(kind, _NOTHING)
        return [(id, objects[id]) for id in ids]

    def count(self, kind: str) -> Sequence[Row]:
        return ((len(self.resources.get(kind, _NOTHING)),),)

    def ids(self, kind: str, field: str, value: str) -> Sequence[Row]:
        return [(id,) for id in self._named(kind, field, value)]

    def count_index(self, kind: str, field: str, value: str) -> Sequence[Row]:
        return ((len(self._named(kind, field, value)),),)

    def _named(self, kind: str, field: str, value: str) -> Sequence[str]:
        found = self._indexes.get((kind, field), _NOTHING).get(value)
        return () if found is None else (found,) if isinstance(found, str) else sorted(found)

    def claimed(self, scope: str, key: str) -> Sequence[Row]:
        owner = self.claims.get(scope, _NOTHING).get(key)
        return () if owner is None else ((owner,),)

    def claims_in(self, scope: str) -> Sequence[Row]:
        return sorted(self.claims.get(scope, _NOTHING).items())

    def claims_of(self, owner: str) -> Sequence[Row]:
        return sorted(self._owned.get(owner, ()))

    def counter(self, name: str) -> Sequence[Row]:
        value = self.counters.get(name)
        return () if value is None else ((value,),)

    def due(self, now: float) -> Sequence[Row]:
        end = bisect_left(self._moments, (now, _LAST, ""))
        return [(kind, id, *self.transitions[kind, id]) for _, kind, id in islice(self._moments, end)]

    def next_due(self, now: float) -> Sequence[Row]:
        place = bisect_left(self._moments, (now, _LAST, ""))
        return ((self._moments[place][0] if place < len(self._moments) else None,),)

    def scheduled(self, kind: str, id: str) -> Sequence[Row]:
        found = self.transitions.get((kind, id))
        return () if found is None else (found,)

    # -- writes

    def put(self, kind: str, id: str, data: bytes) -> None:
        objects = self.resources.setdefault(kind, {})
        if kind in self._order and id not in objects:
            insort(self._order[kind], id)
        objects[id] = data

    def remove(self, kind: str, id: str) -> None:
        if self.resources.get(kind, _NOTHING).pop(id, None) is not None and kind in self._order:
            order = self._order[kind]
            del order[bisect_left(order, id)]

    def add_index(self, kind: str, field: str, value: str, id: str) -> None:
        values = self._indexes.setdefault((kind, field), {})
        found = values.setdefault(value, id)
        if isinstance(found, set):
            found.add(id)
        elif found != id:
            values[value] = {found, id}

    def remove_index(self, kind: str, field: str, value: str, id: str) -> None:
        values = self._indexes.get((kind, field), {})
        found = values.get(value)
        if isinstance(found, set):
            found.discard(id)
            if not found:
                del values[value]
        elif found == id:
            del values[value]

    def set_counter(self, name: str, value: int) -> None:
        self.counters[name] = value

    def put_claim(self, scope: str, key: str, owner: str) -> None:
        self.release(scope, key)
        self.claims.setdefault(scope, {})[key] = owner
        self._owned.setdefault(owner, set()).add((scope, key))

    def release(self, scope: str, key: str) -> None:
        owner = self.claims.get(scope, _NOTHING).pop(key, None)
        if owner is None:
            return
        if not self.claims[scope]:
            del self.claims[scope]
        self._owned[owner].discard((scope, key))
        if not self._owned[owner]:
            del self._owned[owner]

    def schedule(self, kind: str, id: str, action: str, due: float) -> None:
        self.unschedule(kind, id)
        self.transitions[kind, id] = (action, due)
        insort(self._moments, (due, kind, id))

    def unschedule(self, kind: str, id: str) -> None:
        found = self.transitions.pop((kind, id), None)
        if found is not None:
            del self._moments[bisect_left(self._moments, (found[1], kind, id))]

    # -- all of it

    def fill(self, rows: Mapping[str, Iterable[Row]]) -> None:
        """Write the rows of a whole cloud, by table."""
        writes: dict[str, Callable[..., None]] = {
            "resources": self.put,
            "indexes": self.add_index,
            "claims": self.put_claim,
            "counters": self.set_counter,
            "transitions": self.schedule,
        }
        for table, write in writes.items():
            for row in rows.get(table, ()):
                write(*row)

    def table(self, name: str) -> Iterator[Row]:
        """The rows of a table."""
        match name:
            case "resources":
                yield from ((kind, *one) for kind in sorted(self.resources) for one in self.scan(kind))
            case "indexes":
                for kind, field in sorted(self._indexes):
                    for value in sorted(self._indexes[kind, field]):
                        yield from ((kind, field, value, id) for id in self._named(kind, field, value))
            case "claims":
                yield from ((scope, *one) for scope in sorted(self.claims) for one in self.claims_in(scope))
            case "counters":
                yield from sorted(self.counters.items())
            case "transitions":
                yield from ((*key, *self.transitions[key]) for key in sorted(self.transitions))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but transitions."""
        return not (any(self.resources.values()) or self.claims or self.counters)


_NOTHING: dict[Any, Any] = {}
_LAST = "\U0010ffff"
"""Behind every kind: what is due at a moment is due, whatever it is of."""

READS: dict[str, Callable[..., Sequence[Row]]] = {
    **{
        name: getattr(LayerRows, name)
        for name in (
            *("get", "scan", "between", "between_down", "count", "ids", "count_index", "claimed", "claims_of"),
            *("counter", "due", "next_due", "scheduled"),
        )
    },
    "claims": LayerRows.claims_in,
}
"""Reading statement -> what finds its rows."""

WRITES: dict[str, Callable[..., None]] = {
    name: getattr(LayerRows, name) for name in ("put", "remove", "add_index", "remove_index", "set_counter")
}
"""Statement that writes what a transaction changed -> what writes one of its rows; claims and transitions are
gathered."""
