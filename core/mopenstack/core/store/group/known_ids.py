"""Which objects there are, as a process of a group knows it: ids of a kind, ids that an index names, or their number.

A list changes when an object comes, goes or changes an indexed field, and not with the object itself. What this process
commits it takes over; what another one commits drops the lists that may have changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from mopenstack.core.store.unsaved import Unsaved

LISTS_MAX = 50_000
IDS_MAX = 1_000_000

Key = tuple[str, ...]
"""(kind,), (kind, field, value), or ("", kind, id): of an object that is not there."""

Ids = dict[str, None]


class KnownIds:
    """Of the clouds of one store; all go when it is full."""

    def __init__(self) -> None:
        self._of: defaultdict[str, dict[Key, Ids | int]] = defaultdict(dict)
        self._ids = self._lists = 0

    def get(self, cloud: str, key: Key) -> Ids | int | None:
        """The ids, or how many there are; None: it is not known."""
        return self._of[cloud].get(key)

    def put(self, cloud: str, key: Key, found: Ids | int) -> None:
        self._lists += 1
        self._ids += len(found) if isinstance(found, dict) else 0
        if self._lists > LISTS_MAX or self._ids > IDS_MAX:
            self._of.clear()
            self._ids = self._lists = 0
        self._of[cloud][key] = found

    def take_over(self, cloud: str, changed: Unsaved) -> None:
        """What this process committed."""
        kept = self._of[cloud]
        for kind, objects in changed.changed():
            for id, item in objects.items():
                if item.message is not None and not item.saved:
                    kept.pop(("", kind, id), None)
                    self._add(kept, (kind,), id)
                elif item.message is None and item.saved:
                    self._remove(kept, (kind,), id)
                for entry in item.new - item.old:
                    self._add(kept, (kind, *entry), id)
                for entry in item.old - item.new:
                    self._remove(kept, (kind, *entry), id)

    def drop(self, cloud: str, dependencies: Iterable[Key]) -> None:
        """What another process changed (store.views.Dependency)."""
        kept = self._of.get(cloud)
        if not kept:
            return
        for what, *key in dependencies:
            kept.pop(("", *key) if what == "object" else tuple(key), None)

    def drop_cloud(self, cloud: str) -> None:
        self._of.pop(cloud, None)

    def _add(self, kept: dict[Key, Ids | int], key: Key, id: str) -> None:
        found = kept.get(key)
        if isinstance(found, dict):
            found[id] = None
            self._ids += 1
        elif found is not None:
            kept[key] = found + 1

    @staticmethod
    def _remove(kept: dict[Key, Ids | int], key: Key, id: str) -> None:
        found = kept.get(key)
        if isinstance(found, dict):
            found.pop(id, None)
        elif found is not None:
            kept[key] = found - 1
