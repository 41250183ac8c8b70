"""Where Magnum's operators choose, and a user of a mock cloud may."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.options import Option, switch

DRIVERS = Option(
    "container_infra.drivers",
    "heat",
    "Which cluster drivers there are. heat: the one that Magnum has itself, for images of fedora-coreos; it refuses to "
    "upgrade clusters. capi: that of magnum-capi-helm beside it, for images of ubuntu and flatcar, whose clusters can "
    "be upgraded, and the count of their masters changed.",
    ("heat", "capi"),
)
HEAT = switch(
    "container_infra.heat",
    False,
    "Whether each cluster, and each node group that is added to one, has a stack in Heat, with servers in Nova. "
    "Without it, or without Heat, clusters have addresses and no servers.",
)


def _number(value: str) -> str:
    return "" if value.isdecimal() and len(value) <= 6 else "a number from 0 on"


async def _limit(call: Any, value: str) -> None:
    await call.quota.set_limits("container_infra", "class:default", {"clusters": int(value)})


MAX_CLUSTERS = Option(
    "container_infra.max_clusters_per_project",
    "20",
    "How many clusters a project may have that was given no quota (magnum.conf, [quotas]).",
    check=_number,
    apply=_limit,
)
