"""A short round of `make soak`: each shape of a cloud loses something while clients write."""

from __future__ import annotations

from pathlib import Path

import pytest

from soak import disturbances
from soak.cloud import NODES, SHAPES, Shape
from soak.memory import measure
from soak.report import report
from soak.soak import Plan, run

ONLY = {
    "sqlite": ("full disk and SIGKILL", "SIGTERM up"),
    "sqlite-split": ("SIGKILL all", "SIGTERM gateway"),
    "postgresql": ("SIGKILL PostgreSQL", "SIGKILL up"),
    "postgresql-split": ("SIGKILL core", "full disk"),
    "postgresql-workers": ("SIGKILL worker", "SIGKILL up"),
}
"""What is taken away in the short round; together all kinds of it."""
SERVERS = 800
GROWTH_BYTES_MAX = 8000
"""Of so few servers; what the collector has not got to yet is part of it."""


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_what_was_acknowledged_stands(shape: Shape, tmp_path: Path) -> None:
    names = ONLY[shape.name]
    plan = Plan(seed=1, writes=(60, 90), only=names)
    outcome = await run(shape, plan, tmp_path / "cloud", lambda rounds: rounds < len(names), print)
    assert outcome.wrong == [], report(plan.seed, [outcome])
    assert set(outcome.rounds) == set(names)
    assert outcome.answers["acknowledged"] > 4 * plan.writes[0]


async def test_three_nodes_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """A round of `make ha`, without its limit of time: leader and core are killed, a node is stopped."""
    plan = Plan(seed=1, clients=6, writes=(20, 30))
    kinds = [name for name, _ in disturbances.NODES]
    outcome = await run(NODES, plan, tmp_path / "cloud", lambda rounds: rounds < len(kinds), print)
    assert outcome.wrong == [], report(plan.seed, [outcome])
    assert set(outcome.rounds) == set(kinds)
    assert set(outcome.answers) <= {"acknowledged", "503", "400", "403", "409", "413"}, outcome.answers


async def test_memory_is_flat(tmp_path: Path) -> None:
    growth = await measure(SERVERS, tmp_path / "cloud")
    assert growth.each < GROWTH_BYTES_MAX, str(growth)
