"""The state of a cloud as layers: what it changed itself, above what it shares with other clouds.

A layer has a name, under which its rows stand in the tables, and may lie above another one. The top layer of a cloud is
written to by this cloud alone; the layers below never change again. So a new cloud is an empty layer above the seed,
and a fork of a cloud is two empty layers above what the cloud was: neither copies anything, whatever it holds.

An object that a cloud changes is written into its top layer; that hides the one below, and so does its deletion: both
leave its id among the `shadows` of the layer. Claims of keys that are given up leave a claim without an owner. The rows
of transitions are copied into a new top layer: they are few, and asked for by time.

In a shared store every cloud has one layer of its own name, of which nothing is kept in the process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf.message import Message

NO_IDS: frozenset[str] = frozenset()
FOUND_MAX = 1000
FOUND_ROWS_MAX = 20
ABSENT_MAX = 1000


class Layer:
    """One layer: kinds of its rows, ids that it hides below, and its objects that are kept decoded."""

    __slots__ = ("absent", "below", "found", "kinds", "name", "objects", "owners", "scheduled", "shadows", "users")

    def __init__(self, name: str, below: Layer | None = None) -> None:
        self.name, self.below = name, below
        self.users = 0
        """How many layers lie directly above it, and one more while it is the top layer of a cloud, or a template."""
        self.kinds: set[str] = set()
        """Every kind of which it has or had an object."""
        self.owners: set[str] = set()
        """Every kind of which an object has or had a claim."""
        self.scheduled: set[str] = set()
        """Every kind of which an object has or had a transition under way."""
        self.shadows: dict[str, set[str]] = {}
        """Kind -> ids of objects of the layers below that it changed or deleted."""
        self.objects: dict[tuple[str, str], Message] = {}
        self.absent: set[tuple[str, str]] = set()
        """Kind and id of objects that were asked for and are neither in it nor below; only of a cloud's top layer."""
        self.found: dict[tuple[Any, ...], Sequence[Sequence[Any]]] = {}
        """Statement with its values -> the rows; of a layer that never changes again."""

    def hides(self, kind: str, id: str) -> bool:
        return id in self.shadows.get(kind, NO_IDS)

    def hide(self, kind: str, id: str) -> None:
        self.shadows.setdefault(kind, set()).add(id)

    def keep(self, asked: tuple[Any, ...], rows: Sequence[Sequence[Any]]) -> None:
        """Keep what was found in it, where that is little: what a seed has is asked for again and again."""
        if len(rows) <= FOUND_ROWS_MAX and len(self.found) < FOUND_MAX:
            self.found[asked] = rows

    def miss(self, key: tuple[str, str]) -> None:
        """Keep that an object is not there: limits and the like, which most clouds lack, are asked for by each call."""
        if len(self.absent) >= ABSENT_MAX:
            self.absent.clear()
        self.absent.add(key)

    def chain(self) -> tuple[Layer, ...]:
        """It and what lies below, from the top."""
        return tuple(self._down())

    def _down(self) -> Iterator[Layer]:
        layer: Layer | None = self
        while layer is not None:
            yield layer
            layer = layer.below


class Chains(dict[str, tuple[Layer, ...]]):
    """Cloud -> its layers, from the top; one of the cloud's own name where nothing else is known."""

    def __missing__(self, cloud: str) -> tuple[Layer, ...]:
        found = self[cloud] = (Layer(cloud),)
        return found
