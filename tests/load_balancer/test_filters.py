"""Filters of lists: Octavia takes the names of its columns as well, and what the path names already."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import User

API = "load-balancer"
ROOT = "/v2/lbaas"


async def make(user: User, path: str, envelope: str, **values: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await user.post(API, ROOT + path, {envelope: values})).ok(201)[envelope]
    return made


@pytest.fixture
async def made(demo: User) -> dict[str, str]:
    """The ids of a load balancer and of its parts."""
    (network,) = (await demo.get("network", "/v2.0/networks", params={"name": "private"})).ok()["networks"]
    balancer = await make(demo, "/loadbalancers", "loadbalancer", vip_subnet_id=network["subnets"][0])
    of = {"loadbalancer_id": balancer["id"]}
    listener = await make(demo, "/listeners", "listener", protocol="HTTP", protocol_port=80, **of)
    pool = await make(demo, "/pools", "pool", protocol="HTTP", lb_algorithm="ROUND_ROBIN", **of)
    policy = await make(demo, "/l7policies", "l7policy", action="REJECT", listener_id=listener["id"])
    at = {"type": "PATH", "compare_type": "STARTS_WITH", "value": "/a"}
    rule = await make(demo, f"/l7policies/{policy['id']}/rules", "rule", **at)
    member = await make(demo, f"/pools/{pool['id']}/members", "member", address="10.1.0.7", protocol_port=80)
    timing = {"delay": 5, "timeout": 4, "max_retries": 3, "max_retries_down": 2}
    monitor = await make(demo, "/healthmonitors", "healthmonitor", type="PING", pool_id=pool["id"], **timing)
    objects = {"balancer": balancer, "listener": listener, "pool": pool, "policy": policy}
    objects |= {"rule": rule, "member": member, "monitor": monitor}
    return {name: one["id"] for name, one in objects.items()}


@pytest.mark.parametrize(
    ("path", "key", "found", "missed"),
    [
        ("/l7policies/{policy}/rules", "rules", "l7policy_id={policy}", "l7policy_id={pool}"),
        ("/pools/{pool}/members", "members", "pool_id={pool}", "pool_id={policy}"),
        ("/pools/{pool}/members", "members", "ip_address=10.1.0.7", "ip_address=10.1.0.8"),
        ("/listeners", "listeners", "load_balancer_id={balancer}", "load_balancer_id={pool}"),
        ("/loadbalancers", "loadbalancers", "enabled=true", "enabled=false"),
        ("/healthmonitors", "healthmonitors", "rise_threshold=3&fall_threshold=2", "rise_threshold=2"),
    ],
)
async def test_names_of_columns(demo: User, made: dict[str, str], path: str, key: str, found: str, missed: str) -> None:
    listed = (await demo.get(API, (ROOT + path + "?" + found).format(**made))).ok()[key]
    assert [one["id"] for one in listed if one["id"] in made.values()]
    assert (await demo.get(API, (ROOT + path + "?" + missed).format(**made))).ok()[key] == []


async def test_other_names_are_refused(demo: User, made: dict[str, str]) -> None:
    for path in (
        "/listeners?ip_address=10.1.0.7",
        f"/pools/{made['pool']}/members?load_balancer_id={made['balancer']}",
    ):
        (await demo.get(API, ROOT + path)).refused(400, "One or more arguments are either duplicate or invalid")


@pytest.mark.parametrize(
    ("kind", "held"), [("loadbalancers", "listeners"), ("listeners", "l7policies"), ("pools", "members")]
)
async def test_no_list_is_filtered_by_what_its_objects_hold(demo: User, kind: str, held: str) -> None:
    """Octavia leaves it to SQLAlchemy."""
    (await demo.get(API, f"{ROOT}/{kind}", params={held: "zz"})).refused(500, "Can't compare a collection")
    (await demo.get(API, f"{ROOT}/{kind}", params={"zz": held})).refused(400)


async def test_the_versions_are_told_to_every_verb(demo: User) -> None:
    """pecan exposes the index of the root so; what is below is REST's."""
    told = (await demo.get(API, "/")).ok()
    assert (await demo.post(API, "/", {})).ok(200) == told
    (await demo.post(API, "/v2", {})).refused(404)
