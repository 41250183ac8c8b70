"""Whole answers to reads, kept until something that they were made of changes.

The gateway asks with a key that holds everything of the request that an answer may depend on. What the core read for it
is noted by the transaction; an answer that also depends on time, counters, bytes or chance is not kept. Only where this
process alone writes to the store, or each that does tells the others what it wrote (store.group).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import DEFAULT, Cloud
from mopenstack.core.engine.regions import split
from mopenstack.core.store import Store
from mopenstack.core.store.views import Dependency

ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""Of the answers that are kept."""


class Basis(NamedTuple):
    """What an answer was made of: all reads, the generation of the identity objects, when the token expires."""

    reads: frozenset[Dependency]
    generation: int
    expires_at: float
    commits: int
    cloud: str


class Answers:
    """The kept answers of the clouds of one store."""

    def __init__(self, store: Store, clouds: dict[str, Cloud]) -> None:
        self._store, self._clouds = store, clouds
        self._told = store.keeps and not store.exclusive
        """Whether other processes tell what they wrote."""

    def basis(self, call: Call) -> Basis | None:
        """Of the call's answer, once its handler is through; None for one that may not be kept."""
        reads = call.tx.reads()
        if reads is None or call.has_after or call.caller.access_rules or not call.caller.expires_at:
            return None
        generation = self._generation(call.cloud.name)
        return Basis(reads, generation, call.caller.expires_at, self._store.commits[call.cloud.name], call.cloud.name)

    def find(self, cloud_name: str, key: Hashable) -> Any:
        """The kept answer; None: there is none, or it may not be given now."""
        if self._told and not self._store.look():
            return None
        name = cloud_name or DEFAULT
        cloud = self._clouds.get(name)
        if cloud is None:  # the key says of which region it is
            name = split(name)[0]
            cloud = self._clouds.get(name)
        kept = self._store.answers.get(name, key)
        if kept is None or cloud is None or cloud.faults or cloud.behaviours:
            return None
        answer, generation, expires_at = kept
        now = cloud.clock.time()
        if generation != self._generation(name) or expires_at <= now or now >= self._store.next_due.get(name, 0.0):
            return None
        return answer

    def commits(self, cloud_name: str) -> int:
        """How many transactions have written to a cloud."""
        name = cloud_name or DEFAULT
        return self._store.commits[name if name in self._clouds else split(name)[0]]

    def keep(self, key: Hashable, basis: Basis, answer: Any, size: int) -> None:
        """Keep an answer of `size` bytes; one that is too large, or that a write has overtaken, is not kept."""
        if size <= ANSWER_BYTES_MAX and basis.commits == self._store.commits[basis.cloud]:
            kept = (answer, basis.generation, basis.expires_at)
            self._store.answers.put(basis.cloud, key, kept, basis.reads, size)

    def _generation(self, cloud: str) -> int:
        return self._store.generations[(cloud, self._store.watched)]
