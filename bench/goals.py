"""What `make bench` should show, and what of it this run does not show. A benchmark is no test: nothing fails."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from database import WRITE
from instruments import JOURNAL, RESOURCES
from many import MANY, PEER

Figures = Mapping[str, Mapping[str, list[float]]]
"""Figure -> server -> values."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit of a figure's median; of its ratio to a peer's median where there is one."""

    figure: str
    limit: float
    peer: str = ""
    least: bool = False
    """Whether the limit is the least that is wanted; else it is the most."""

    def text(self, figures: Figures) -> str | None:
        """What was seen, and whether it is so; None where the run has no such figure."""
        servers = figures.get(self.figure, {})
        if "mopenstack" not in servers or (self.peer and self.peer not in servers):
            return None
        seen = statistics.median(servers["mopenstack"])
        if self.peer:
            seen /= statistics.median(servers[self.peer])
        held = seen >= self.limit if self.least else seen <= self.limit
        of = f" of {self.peer}" if self.peer else ""
        wanted = f"{'at least' if self.least else 'at most'} {self.limit:g}{of}"
        return f"{'held  ' if held else 'missed'}  {self.figure}: {seen:.3g}{of}, wanted {wanted}"


GOALS = (
    Goal("cold start to the first answer (s)", 1.2, "moto"),
    Goal("mopenstack env (s of CPU)", 0.12),
    Goal("memory after start (MB)", 80),
    Goal("memory a fresh cloud, of 1000 (kB)", 50),
    Goal("fresh cloud (ms)", 0.5),
    Goal("GET of a server, 32 at once (1/s)", 0.9, "bare aiohttp", least=True),
    Goal("list of 100 with detail (ms)", 0.35),
    Goal("list of 1000 with detail (ms)", 3),
    Goal("boot to ACTIVE: POST and first GET (ms)", 1.8),
    Goal("delete (ms)", 0.8),
    Goal("GET of a server on PostgreSQL, 32 at once (1/s)", 0.5, "SQLite", least=True),
    Goal(WRITE, 1.6, "SQLite"),
    Goal(f"snapshot of {RESOURCES} servers (ms)", 100),
    Goal(f"load of {RESOURCES} servers (ms)", 100),
    Goal(f"fork of {RESOURCES} servers (ms)", 5),
    Goal(JOURNAL, 0.95, "without it", least=True),
    Goal(f"first page of 50 of {MANY} servers (ms)", 1.2, PEER),
    Goal(f"a server by its name among {MANY} (ms)", 1.2, PEER),
    Goal(f"GET of a server among {MANY} (ms)", 1.2, PEER),
    Goal(f"POST of a server among {MANY} (ms)", 1.2, PEER),
)


def report(figures: Figures) -> str:
    """A line a goal, the missed ones last."""
    return "\n".join(sorted(filter(None, (goal.text(figures) for goal in GOALS))))
