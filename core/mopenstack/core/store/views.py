"""Built answers, kept until something that they were built from changes.

A view (a server as it is shown, with its addresses out of ports) is built by reading objects and
index entries; the transaction notes what was read, and a commit that writes any of it drops the view.
So a view can never be stale, and no resource needs to know who shows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from google.protobuf.message import Message

from mopenstack.core.store.held import Held

VIEWS_MAX = 50_000

Dependency = tuple[str, ...]
"""("object", kind, id), ("index", kind, field, value) or ("kind", kind)."""


class Views:
    def __init__(self, held: Held) -> None:
        self._held = held
        self._views: dict[tuple[str, Hashable], tuple[Message, frozenset[Dependency]]] = {}
        self._readers: defaultdict[tuple[str, Dependency], set[tuple[str, Hashable]]] = defaultdict(set)

    def get(self, cloud: str, key: Hashable) -> Message | None:
        found = self._views.get((cloud, key))
        return found[0] if found else None

    def dependencies(self, cloud: str, key: Hashable) -> frozenset[Dependency]:
        """What a kept view was built from: a view built from it depends on the same."""
        return self._views[(cloud, key)][1]

    def put(self, cloud: str, key: Hashable, view: Message, read: Iterable[Dependency]) -> None:
        if len(self._views) >= VIEWS_MAX:
            for old in list(self._views)[: VIEWS_MAX // 10]:
                self._drop(old)
        dependencies = frozenset(read)
        self._drop((cloud, key))
        self._views[(cloud, key)] = (view, dependencies)
        self._held.add(view)
        for dependency in dependencies:
            self._readers[(cloud, dependency)].add((cloud, key))

    def changed(self, cloud: str, dependencies: Iterable[Dependency]) -> None:
        """Drop every view that was built from one of these."""
        for dependency in dependencies:
            for view in list(self._readers.get((cloud, dependency), ())):
                self._drop(view)

    def drop_cloud(self, cloud: str) -> None:
        for view in [view for view in self._views if view[0] == cloud]:
            self._drop(view)

    def _drop(self, view: tuple[str, Hashable]) -> None:
        found = self._views.pop(view, None)
        if found is None:
            return
        self._held.drop(found[0])
        for dependency in found[1]:
            readers = self._readers.get((view[0], dependency))
            if readers is not None:
                readers.discard(view)
                if not readers:
                    del self._readers[(view[0], dependency)]
