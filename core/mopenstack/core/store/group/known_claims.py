"""Who has what was claimed, as a process of a group knows it.

Each process tells what it claimed and released when it commits. What nobody told of is taken to be free: the server
refuses a claim that another object has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

CLAIMS_MAX = 50_000

Place = tuple[str, str]
"""Scope and key."""

ASK = "?"
"""In the place of an owner: an object may have it; the server knows."""


class KnownClaims:
    """Of the clouds of one store; all go when it is full."""

    def __init__(self) -> None:
        self._of: defaultdict[str, dict[Place, str | None]] = defaultdict(dict)
        self._count = 0

    def find(self, cloud: str, place: Place) -> str | None:
        """The owner, ASK, or None: no object is known to have it."""
        return self._of[cloud].get(place)

    def put(self, cloud: str, claims: Iterable[tuple[Place, str | None]]) -> None:
        """Take over owners; None: no object has it any more."""
        known = self._of[cloud]
        for place, owner in claims:
            if owner is None:
                known.pop(place, None)
                continue
            self._count += 1
            if self._count > CLAIMS_MAX:
                self._of.clear()
                self._count = 1
                known = self._of[cloud]
            known[place] = owner

    def drop_cloud(self, cloud: str) -> None:
        self._of.pop(cloud, None)
