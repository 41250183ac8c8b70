"""What stands still while something changes, and what a server's state makes of a member."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.load_balancer.making import (
    API,
    LBAAS,
    advance,
    balancer,
    force,
    listener,
    make,
    pool,
    post,
    put,
    set_profile,
    show,
    tree,
)

MEMBER = {"address": "10.0.0.9", "protocol_port": 80}


async def test_nothing_else_changes_before_the_first_change_is_done(cloud: Cloud, demo: User, admin: User) -> None:
    """Octavia's three refusals of a load balancer that is PENDING_*, and when they end."""
    made = await balancer(demo)
    front = await listener(demo, made["id"])
    back = await pool(demo, loadbalancer_id=made["id"])
    await set_profile(cloud, admin, "realistic")
    (await put(demo, f"/listeners/{front['id']}", name="new")).ok(200)
    for path, status in (
        (f"/loadbalancers/{made['id']}", "PENDING_UPDATE"),
        (f"/listeners/{front['id']}", "PENDING_UPDATE"),
        (f"/pools/{back['id']}", "ACTIVE"),
    ):
        assert (await show(demo, path))["provisioning_status"] == status
    immutable = f"Load Balancer {made['id']} is immutable and cannot be updated."
    (await put(demo, f"/loadbalancers/{made['id']}", name="x")).refused(409, "Invalid state PENDING_UPDATE of")
    cascade = await demo.delete(API, f"{LBAAS}/loadbalancers/{made['id']}", params={"cascade": "true"})
    cascade.refused(409, "Invalid state PENDING_UPDATE of")
    (await put(demo, f"/pools/{back['id']}", name="x")).refused(409, immutable)
    (await post(demo, f"/pools/{back['id']}/members", **MEMBER)).refused(409, immutable)
    (await post(demo, "/listeners", loadbalancer_id=made["id"], protocol="TCP", protocol_port=9)).refused(
        409, immutable
    )
    (await admin.put(API, f"{LBAAS}/loadbalancers/{made['id']}/failover")).refused(409)
    await advance(cloud, admin, 600)
    assert (await show(demo, f"/loadbalancers/{made['id']}"))["provisioning_status"] == "ACTIVE"
    assert (await show(demo, f"/listeners/{front['id']}"))["provisioning_status"] == "ACTIVE"
    (await put(demo, f"/pools/{back['id']}", name="x")).ok(200)


async def test_a_load_balancer_in_error(cloud: Cloud, demo: User) -> None:
    """It can be changed no more than one that is pending, but be deleted."""
    made = await balancer(demo)
    front = await listener(demo, made["id"])
    await force(cloud, demo, "load_balancer", made["id"], "ERROR")
    assert (await show(demo, f"/loadbalancers/{made['id']}"))["provisioning_status"] == "ERROR"
    (await put(demo, f"/listeners/{front['id']}", name="x")).refused(409)
    (await demo.delete(API, f"{LBAAS}/loadbalancers/{made['id']}", params={"cascade": "true"})).ok(204)


async def test_deleted_parts_are_seen_until_they_are_gone(cloud: Cloud, demo: User, admin: User) -> None:
    made = await tree(demo)
    await set_profile(cloud, admin, "realistic")
    (front,) = made["listeners"]
    (await demo.delete(API, f"{LBAAS}/listeners/{front['id']}")).ok(204)
    assert (await show(demo, f"/listeners/{front['id']}"))["provisioning_status"] == "PENDING_DELETE"
    await advance(cloud, admin, 600)
    (await demo.get(API, f"{LBAAS}/listeners/{front['id']}")).refused(404, f"Listener {front['id']} not found.")
    assert (await demo.get(API, f"{LBAAS}/l7policies")).ok()["l7policies"] == []


@pytest.mark.parametrize(
    ("values", "operating"),
    [
        ({}, "NO_MONITOR"),
        ({"weight": 0}, "DRAINING"),
        ({"admin_state_up": False}, "OFFLINE"),
    ],
)
async def test_members_without_a_monitor(demo: User, values: dict[str, Any], operating: str) -> None:
    made = await balancer(demo)
    back = await pool(demo, loadbalancer_id=made["id"])
    member = await make(demo, f"/pools/{back['id']}/members", **MEMBER | values)
    assert (await show(demo, f"/pools/{back['id']}/members/{member['id']}"))["operating_status"] in (
        operating,
        "NO_MONITOR",
    )


async def test_a_member_that_fails_is_told_of_above(cloud: Cloud, demo: User) -> None:
    """One of two: the pool and the load balancer are degraded; both: in error."""
    made = await balancer(demo)
    front = await listener(demo, made["id"])
    back = await pool(demo, listener_id=front["id"])
    monitor = await make(demo, "/healthmonitors", pool_id=back["id"], type="HTTP", delay=5, timeout=3, max_retries=3)
    members = [
        await make(demo, f"/pools/{back['id']}/members", address=f"10.0.0.{n}", protocol_port=80) for n in (8, 9)
    ]
    assert monitor["provisioning_status"] == "PENDING_CREATE"

    async def states() -> list[str]:
        paths = (f"/loadbalancers/{made['id']}", f"/listeners/{front['id']}", f"/pools/{back['id']}")
        return [(await show(demo, path))["operating_status"] for path in paths]

    assert await states() == ["ONLINE", "ONLINE", "ONLINE"]
    await force(cloud, demo, "load_balancer_member", members[0]["id"], forced_status="ERROR")
    assert await states() == ["DEGRADED", "ONLINE", "DEGRADED"]
    await force(cloud, demo, "load_balancer_member", members[1]["id"], forced_status="ERROR")
    assert await states() == ["ERROR", "ONLINE", "ERROR"]
    for member in members:
        await force(cloud, demo, "load_balancer_member", member["id"], forced_status="STATUS_UNSPECIFIED")
    assert await states() == ["ONLINE", "ONLINE", "ONLINE"]
