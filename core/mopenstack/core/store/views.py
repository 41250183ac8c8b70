"""Built answers, kept until something that they were built from changes.

A view (a server as it is shown, with its addresses out of ports) is built by reading objects and
index entries; the transaction notes what was read, and a commit that writes any of it drops the view.
So a view can never be stale, and no resource needs to know who shows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any

from mopenstack.core.store.held import Held

VIEWS_MAX = 50_000
ANSWERS_MAX = 8_000
ANSWERS_BYTES_MAX = 32 * 1024 * 1024

Dependency = tuple[str, ...]
"""("object", kind, id), ("index", kind, field, value) or ("kind", kind)."""


class Views:
    """At most `most` of them and `bytes_max` of what they say to be their sizes; the oldest tenth goes when it is full.

    With `held` they are messages whose rendered JSON others keep.
    """

    def __init__(self, held: Held | None = None, most: int = VIEWS_MAX, bytes_max: int = 0) -> None:
        self._held, self._most, self._bytes_max = held, most, bytes_max
        self._views: dict[tuple[str, Hashable], tuple[Any, frozenset[Dependency], int]] = {}
        self._readers: defaultdict[str, dict[Dependency, set[tuple[str, Hashable]]]] = defaultdict(dict)
        """Cloud -> what was read -> the views that were built from it."""
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._views)

    def get(self, cloud: str, key: Hashable) -> Any:
        """The kept view; None if there is none."""
        found = self._views.get((cloud, key))
        return found[0] if found else None

    def dependencies(self, cloud: str, key: Hashable) -> frozenset[Dependency]:
        """What a kept view was built from: a view built from it depends on the same."""
        return self._views[(cloud, key)][1]

    def put(self, cloud: str, key: Hashable, view: Any, read: Iterable[Dependency], size: int = 0) -> None:
        """Keep a view until something of what was read for it changes."""
        if len(self._views) >= self._most or self._bytes > self._bytes_max:
            for old in list(self._views)[: len(self._views) // 10 or 1]:
                self._drop(old)
        dependencies = frozenset(read)
        self._drop((cloud, key))
        self._views[(cloud, key)] = (view, dependencies, size)
        self._bytes += size
        if self._held is not None:
            self._held.add(view)
        readers = self._readers[cloud]
        for dependency in dependencies:
            readers.setdefault(dependency, set()).add((cloud, key))

    def changed(self, cloud: str, dependencies: Iterable[Dependency]) -> None:
        """Drop every view that was built from one of these."""
        readers = self._readers.get(cloud)
        if not readers:
            return
        for dependency in readers.keys() & dependencies:
            for view in list(readers.get(dependency, ())):
                self._drop(view)

    def drop_cloud(self, cloud: str) -> None:
        """Drop all views of a cloud."""
        for view in [view for view in self._views if view[0] == cloud]:
            self._drop(view)
        self._readers.pop(cloud, None)

    def _drop(self, view: tuple[str, Hashable]) -> None:
        found = self._views.pop(view, None)
        if found is None:
            return
        self._bytes -= found[2]
        if self._held is not None:
            self._held.drop(found[0])
        readers = self._readers[view[0]]
        for dependency in found[1]:
            views = readers[dependency]
            views.discard(view)
            if not views:
                del readers[dependency]
