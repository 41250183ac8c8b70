"""Operating statuses: what follows upwards from members, listeners and what a test forces."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mopenstack.core.load_balancer.health import Tree, statuses
from mopenstack.load_balancer.v2.statuses_pb2 import Operating, Provisioning

ONLINE, OFFLINE, DEGRADED, ERROR = Operating.ONLINE, Operating.OFFLINE, Operating.DEGRADED, Operating.ERROR
DRAINING, NO_MONITOR = Operating.DRAINING, Operating.NO_MONITOR


def thing(id: str, **other: Any) -> Any:
    """Any object of a load balancer, switched on and ACTIVE."""
    usual = {"admin_state_up": True, "provisioning_status": Provisioning.ACTIVE, "forced_status": 0}
    return SimpleNamespace(id=id, **usual | other)


def member(id: str, **other: Any) -> Any:
    return thing(id, **{"pool_id": "pool", "weight": 1, **other})


def tree(*members: Any, watched: bool = True, **other: Any) -> Tree:
    """A load balancer with one listener, whose default pool has these members."""
    usual: dict[str, Any] = {
        "balancer": thing("balancer"),
        "listeners": [thing("listener", default_pool_id="pool")],
        "pools": [thing("pool")],
        "members": {"pool": members},
        "monitors": {"pool": thing("monitor")} if watched else {},
    }
    return Tree(**usual | other)


def test_all_is_well() -> None:
    found = statuses(tree(member("a"), member("b", weight=0)))
    assert found == {"balancer": ONLINE, "listener": ONLINE, "pool": ONLINE, "a": ONLINE, "b": DRAINING}


def test_nobody_looks_without_a_monitor() -> None:
    found = statuses(tree(member("a"), watched=False, down={"a"}))
    assert (found["a"], found["pool"], found["balancer"]) == (NO_MONITOR, ONLINE, ONLINE)


@pytest.mark.parametrize(
    ("down", "pool", "balancer"),
    [({"a"}, DEGRADED, DEGRADED), ({"a", "b"}, ERROR, ERROR), (set(), ONLINE, ONLINE)],
    ids=["one is down", "all are down", "none is down"],
)
def test_what_is_down_shows_above(down: set[str], pool: int, balancer: int) -> None:
    found = statuses(tree(member("a"), member("b"), down=down))
    assert {id for id in ("a", "b") if found[id] == ERROR} == down
    assert (found["pool"], found["listener"], found["balancer"]) == (pool, ONLINE, balancer)


def test_a_pool_that_nobody_listens_for_is_offline() -> None:
    found = statuses(tree(member("a"), listeners=[thing("listener", default_pool_id="")]))
    assert found == {"balancer": ONLINE, "listener": ONLINE, "pool": OFFLINE, "a": OFFLINE}
    redirecting = thing("policy", listener_id="listener", redirect_pool_id="pool")
    found = statuses(tree(member("a"), listeners=[thing("listener", default_pool_id="")], policies=[redirecting]))
    assert (found["pool"], found["a"]) == (ONLINE, ONLINE)


def test_what_is_switched_off_is_offline() -> None:
    off = {"admin_state_up": False}
    assert set(statuses(tree(member("a"), balancer=thing("balancer", **off))).values()) == {OFFLINE}
    found = statuses(tree(member("a"), listeners=[thing("listener", default_pool_id="pool", **off)]))
    assert found == {"balancer": ONLINE, "listener": OFFLINE, "pool": OFFLINE, "a": OFFLINE}
    found = statuses(tree(member("a"), pools=[thing("pool", **off)]))
    assert (found["listener"], found["pool"], found["balancer"]) == (ONLINE, OFFLINE, ONLINE)
    found = statuses(tree(member("a", **off), member("b")))
    assert (found["a"], found["b"], found["pool"]) == (OFFLINE, ONLINE, ONLINE)


def test_what_is_new_has_not_been_seen() -> None:
    new = {"provisioning_status": Provisioning.PENDING_CREATE}
    assert set(statuses(tree(member("a"), balancer=thing("balancer", **new))).values()) == {OFFLINE}
    found = statuses(tree(member("a", **new), member("b")))
    assert (found["a"], found["b"], found["pool"]) == (OFFLINE, ONLINE, ONLINE)


@pytest.mark.parametrize("forced", [ERROR, DEGRADED])
def test_what_is_forced_counts_above(forced: int) -> None:
    found = statuses(tree(member("a"), pools=[thing("pool", forced_status=forced)]))
    assert (found["a"], found["pool"], found["balancer"]) == (ONLINE, forced, forced)
    found = statuses(tree(member("a", forced_status=ERROR), member("b")))
    assert (found["a"], found["pool"], found["balancer"]) == (ERROR, DEGRADED, DEGRADED)
    found = statuses(tree(member("a"), listeners=[thing("listener", default_pool_id="pool", forced_status=DEGRADED)]))
    assert (found["listener"], found["balancer"]) == (DEGRADED, DEGRADED)
    assert statuses(tree(member("a"), balancer=thing("balancer", forced_status=forced)))["balancer"] == forced
