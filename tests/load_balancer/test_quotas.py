"""Quotas of Octavia: limits of projects, null for the default."""

from __future__ import annotations

from tests.client import User

API = "load-balancer"
NONE = dict.fromkeys(("load_balancer", "listener", "member", "pool", "health_monitor", "l7policy", "l7rule"), -1)


def path_of(project: str) -> str:
    return f"/v2/lbaas/quotas/{project}"


async def test_a_project_reads_its_own(admin: User, demo: User) -> None:
    assert (await demo.get(API, path_of(demo.project_id))).ok() == {"quota": NONE}
    assert (await demo.get(API, f"{path_of(demo.project_id)}/default")).ok() == {"quota": NONE}
    assert (await demo.get(API, path_of(admin.project_id))).status == 403
    assert (await demo.put(API, path_of(demo.project_id), {"quota": {"pool": 1}})).status == 403
    assert (await demo.delete(API, path_of(demo.project_id))).status == 403


async def test_defaults_are_for_admins(admin: User, demo: User) -> None:
    assert (await admin.get(API, path_of("defaults"))).ok() == {"quota": NONE}
    (await demo.get(API, path_of("defaults"))).refused(403)


async def test_limits_are_set_under_both_names_and_null_is_the_default(admin: User, demo: User) -> None:
    path = path_of(demo.project_id)
    given = {"loadbalancer": 1, "load_balancer": 5, "healthmonitor": 0, "l7rule": 3}
    answered = (await admin.put(API, path, {"quota": given})).ok(202)
    assert answered == {"quota": {**NONE, "load_balancer": 1, "health_monitor": 0, "l7rule": 3}}
    answered = (await admin.put(API, path, {"quota": {"load_balancer": None, "pool": 7}})).ok(202)
    assert answered == {"quota": {**NONE, "pool": 7, "health_monitor": 0, "l7rule": 3}}
    (listed,) = (await demo.get(API, "/v2/lbaas/quotas")).ok()["quotas"]
    assert listed["project_id"] == listed["tenant_id"] == demo.project_id
    assert (listed["loadbalancer"], listed["load_balancer"], listed["healthmonitor"], listed["pool"]) == (
        None,
        None,
        0,
        7,
    )


async def test_a_reset_leaves_the_project_listed(admin: User, demo: User) -> None:
    path = path_of(demo.project_id)
    (await admin.delete(API, path)).refused(404, f"Quotas {demo.project_id} not found.")
    (await admin.put(API, path, {"quota": {"pool": 7}})).ok(202)
    (await admin.delete(API, path)).ok(202)
    (await admin.delete(API, path)).ok(202)
    assert (await demo.get(API, path)).ok() == {"quota": NONE}
    listed = (await admin.get(API, "/v2/lbaas/quotas")).ok()["quotas"]
    assert [(one["project_id"], one["pool"]) for one in listed] == [(demo.project_id, None)]


async def test_lists_are_of_the_own_project(admin: User, demo: User) -> None:
    for user in (admin, demo):
        (await admin.put(API, path_of(user.project_id), {"quota": {}})).ok(202)
    everyone = (await admin.get(API, "/v2/lbaas/quotas")).ok()["quotas"]
    assert {one["project_id"] for one in everyone} == {admin.project_id, demo.project_id}
    own = (await demo.get(API, "/v2/lbaas/quotas")).ok()["quotas"]
    assert [one["project_id"] for one in own] == [demo.project_id]
    assert (await demo.get(API, "/v2/lbaas/quotas", params={"project_id": admin.project_id})).status == 403


async def test_lists_have_an_order(admin: User, demo: User) -> None:
    for user, limit in ((admin, 1), (demo, 2)):
        (await admin.put(API, path_of(user.project_id), {"quota": {"load_balancer": limit}})).ok(202)
    for sort, limits in (("load_balancer:desc", [2, 1]), ("load_balancer:asc", [1, 2])):
        listed = (await admin.get(API, "/v2/lbaas/quotas", params={"sort": sort})).ok()["quotas"]
        assert [one["loadbalancer"] for one in listed] == limits
    (await admin.get(API, "/v2/lbaas/quotas", params={"sort": "zz"})).refused(400, "Supplied sort key 'zz' is not")
    (await admin.get(API, "/v2/lbaas/quotas", params={"zz": "1"})).refused(400, "One or more arguments are either")
    (only,) = (await admin.get(API, "/v2/lbaas/quotas", params={"load_balancer": "2"})).ok()["quotas"]
    assert only["project_id"] == demo.project_id


async def test_limits_are_numbers(admin: User, demo: User) -> None:
    for wrong in (-2, 2_000_000_001, "a"):
        assert (await admin.put(API, path_of(demo.project_id), {"quota": {"pool": wrong}})).status == 400
