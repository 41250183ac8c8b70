"""How many calls of each operation ended how, and how long they took, since the process began."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from mopenstack.contract.operations import Operation

BOUNDS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: a call counts for the first bound that it took no longer than."""


@dataclass(slots=True)
class Count:
    """Of the calls of one operation that ended with one status."""

    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    """By bound, and the slower ones at the end."""

    @property
    def calls(self) -> int:
        return sum(self.buckets)


class CallCounts:
    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Count] = {}

    def add(self, operation: Operation | None, status: str, seconds: float) -> None:
        """Count a call; one that belongs to no operation counts under an empty name."""
        key = (operation.name if operation is not None else "", status)
        count = self._found.get(key)
        if count is None:
            count = self._found[key] = Count()
        count.seconds += seconds
        count.buckets[bisect_left(BOUNDS, seconds)] += 1

    def all(self) -> list[tuple[str, str, Count]]:
        """Operation, status and count of each pair that was seen."""
        return [(operation, status, count) for (operation, status), count in sorted(self._found.items())]
