"""Faults: what a rule is about, how often it acts, and what it does, as clients over HTTP see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import Cloud, User

ADMIN = "_mopenstack"
RULES = "X-Mopenstack-Fault"


async def add(cloud: Cloud, **rule: Any) -> str:
    """Add a rule; its id."""
    made = await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/faults", {"fault": rule})
    id: str = made.ok(201)["fault"]["id"]
    return id


async def fault(cloud: Cloud, id: str) -> Mapping[str, Any]:
    """A rule as it is now."""
    shown: Mapping[str, Any] = (await cloud.admin_api.get(ADMIN, f"/clouds/{cloud.name}/faults/{id}")).ok()["fault"]
    return shown


async def statuses(user: User, times: int, api: str = "network", path: str = "/v2.0/networks") -> list[int]:
    """The statuses of so many reads."""
    return [(await user.get(api, path)).status for _ in range(times)]


# -- which calls, and how often


async def test_the_next_calls_fail(cloud: Cloud, demo: User) -> None:
    """As many calls as were asked for fail, in the service's own envelope, and then it works again."""
    path, volume = f"/v3/{demo.project_id}/volumes", {"volume": {"name": "v", "size": 1}}
    id = await add(cloud, operation="CreateVolume", times=2, status=503, message="The back end is away.")
    for _ in range(2):
        refused = await demo.post("volume", path, volume)
        assert refused.refused(503)["serviceUnavailable"]["message"] == "The back end is away."
        assert refused.headers[RULES] == id
    made = await demo.post("volume", path, volume)
    made.ok(202)
    assert RULES not in made.headers
    shown = await fault(cloud, id)
    assert (shown["hits"], shown["matched"], shown["ended"]) == (2, 2, True)


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        ({"nth": 3}, [200, 200, 500, 200, 200, 200]),
        ({"after": 2}, [200, 200, 500, 500, 500, 500]),
        ({"after": 1, "times": 2}, [200, 500, 500, 200, 200, 200]),
        ({"after": 1, "nth": 2}, [200, 200, 500, 200, 200, 200]),
        ({"probability": 0}, [200] * 6),
        ({"probability": 1}, [500] * 6),
    ],
    ids=str,
)
async def test_which_of_the_calls(rule: dict[str, Any], struck: list[int], cloud: Cloud, demo: User) -> None:
    id = await add(cloud, service="network", operation="ListNetworks", **rule)
    assert await statuses(demo, 6) == struck
    assert (await fault(cloud, id))["hits"] == struck.count(500)


async def test_chance_is_the_same_with_the_same_seed(cloud: Cloud, demo: User) -> None:
    found = []
    for seed in (7, 7, 8):
        id = await add(cloud, service="network", probability=0.5, seed=seed)
        found.append(await statuses(demo, 24))
        assert (await fault(cloud, id))["hits"] == found[-1].count(500)
        (await cloud.admin_api.delete(ADMIN, f"/clouds/{cloud.name}/faults/{id}")).ok(204)
    assert found[0] == found[1] != found[2]
    assert {200, 500} == set(found[0])


async def test_until_a_moment_of_the_clouds_clock(cloud: Cloud, demo: User) -> None:
    now = (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/clock/advance", {"seconds": 0})).ok()
    assert now["cloud"]["time"].startswith("20")
    clock = f"/clouds/{cloud.name}/clock"
    (await cloud.admin_api.put(ADMIN, clock, {"time": "2030-01-01T00:00:00Z", "rate": 0})).ok()
    demo = await cloud.user("demo")
    id = await add(cloud, service="network", until="2030-01-01T00:10:00Z")
    assert await statuses(demo, 2) == [500, 500]
    (await cloud.admin_api.post(ADMIN, f"{clock}/advance", {"seconds": 600})).ok()
    assert (await fault(cloud, id))["ended"] is True
    assert await statuses(demo, 2) == [200, 200]


async def test_by_service_method_and_path(cloud: Cloud, demo: User) -> None:
    """Other services, methods and paths work."""
    for name in ("cinder", "volumev3", "volume", "mopenstack.volume.v3"):
        await add(cloud, service=name, methods=["POST"], path="/v3/*/volumes", times=1, status=503)
        path = f"/v3/{demo.project_id}/volumes"
        (await demo.get("volume", path)).ok()
        (await demo.post("volume", f"/v3/{demo.project_id}/groups", {})).refused(404)
        assert await statuses(demo, 1) == [200]
        (await demo.post("volume", path, {"volume": {"size": 1}})).refused(503)
    await add(cloud, path="/network/v2.0/subnets", status=502)
    (await demo.get("network", "/v2.0/subnets")).refused(502)
    assert await statuses(demo, 1) == [200]


async def test_by_project_user_and_resource(cloud: Cloud, demo: User, admin: User) -> None:
    for who in ({"project": "demo"}, {"project": demo.project_id}, {"user": "dem?"}, {"user": demo.user_id}):
        id = await add(cloud, operation="ListNetworks", **who)
        assert await statuses(demo, 1) == [500]
        assert await statuses(admin, 1) == [200]
        (await cloud.admin_api.delete(ADMIN, f"/clouds/{cloud.name}/faults/{id}")).ok(204)
    body = {"network": {"name": "web-1"}}
    await add(cloud, resource="web-*", service="network")
    (await demo.post("network", "/v2.0/networks", body)).refused(500)
    (await cloud.admin_api.delete(ADMIN, f"/clouds/{cloud.name}/faults")).ok(204)
    made = [(await demo.post("network", "/v2.0/networks", {"network": {"name": name}})).ok(201)["network"]["id"]
            for name in ("web-1", "db-1")]  # fmt: skip
    await add(cloud, resource="web-*", service="network")
    assert await statuses(demo, 1, path=f"/v2.0/networks/{made[0]}") == [500]
    assert await statuses(demo, 1, path=f"/v2.0/networks/{made[1]}") == [200]
    await add(cloud, resource=made[1], operation="DeleteNetwork", status=409)
    (await demo.delete("network", f"/v2.0/networks/{made[1]}")).refused(409)


async def test_a_call_that_is_not_allowed_stays_so(cloud: Cloud, demo: User) -> None:
    """A rule about someone else's calls does not hide a bad token."""
    await add(cloud, operation="ListNetworks", project="demo")
    stranger = User(demo.session, demo.url, "no-token")
    assert await statuses(stranger, 1) == [401]


async def test_the_first_that_acts_decides_and_delays_add_up(cloud: Cloud, demo: User) -> None:
    ids = [
        await add(cloud, service="network", delay=0.01, jitter=0.01),
        await add(cloud, service="network", delay=0.02, effect="delay"),
        await add(cloud, service="network", status=503, times=1),
        await add(cloud, service="network", status=504),
    ]
    first = await demo.get("network", "/v2.0/networks")
    assert (first.status, first.headers[RULES]) == (503, ",".join(ids[:3]))
    second = await demo.get("network", "/v2.0/networks")
    assert (second.status, second.headers[RULES]) == (504, ",".join([*ids[:2], ids[3]]))
    shown = (await cloud.admin_api.get(ADMIN, f"/clouds/{cloud.name}/faults")).ok()["faults"]
    assert [one["id"] for one in shown] == [ids[0], ids[1], ids[3], ids[2]]
    assert [one["hits"] for one in shown] == [2, 2, 1, 1]


# -- what is refused


@pytest.mark.parametrize(
    ("rule", "status", "said"),
    [
        ({"operation": "CreateNothing"}, 400, "'CreateNothing' is no operation"),
        ({"operation": "CreateVolume", "service": "network"}, 400, "is no operation of network"),
        ({"service": "heat2"}, 400, "'heat2' is no service"),
        ({"from_service": "heat2", "service": "network"}, 400, "'heat2' is no service"),
        ({"operation": "mopenstack.admin.v1.Admin.*"}, 400, "is no operation"),
        ({"operation": "CreateFault"}, 400, "is no operation"),
        ({"operation": "AddFault"}, 400, "is no operation"),
        ({"service": "network", "status": 200}, 400, "no status of an error"),
        ({"service": "network", "status": 498}, 400, "no status of an error"),
        ({"service": "network", "status": 418000}, 400, "no status of an error"),
        ({"service": "network", "effect": "explode"}, 400, "explode"),
        ({"service": "network", "probability": 1.5}, 400, "probability"),
        ({"service": "network", "delay": 301}, 400, "delay"),
        ({"service": "network", "effect": "delay"}, 400, "more than 0"),
        ({"service": "network", "delay": 1, "jitter": 2}, 400, "jitter"),
        ({"service": "network", "message": "x" * 1001}, 400, "too long"),
        ({"service": "network", "path": "x" * 256}, 400, "too long"),
        ({"service": "network", "reason": "<b>"}, 400, "does not match"),
        ({"service": "network", "retry_after": 86401}, 400, "maximum"),
        ({"service": "network", "times": 1_000_001}, 400, "maximum"),
        ({"service": "network", "nth": 1, "times": 1}, 400, "does not go with"),
        ({"service": "network", "methods": ["BREW"]}, 400, "BREW"),
        ({"service": "network", "id": "mine"}, 400, "id"),
        ({"service": "network", "hits": 4}, 400, "hits"),
        ({"service": "network", "what": 4}, 400, "what"),
        ({"operation": "ListNetworks", "effect": "stuck"}, 400, "change something"),
        ({"from_service": "compute", "service": "network", "effect": "drop"}, 400, "between services"),
        ({"from_service": "compute", "service": "network", "user": "demo"}, 400, "between services"),
    ],
    ids=str,
)
async def test_what_is_refused(rule: dict[str, Any], status: int, said: str, cloud: Cloud) -> None:
    answer = await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/faults", {"fault": rule})
    answer.refused(status, said)
    assert (await cloud.admin_api.get(ADMIN, f"/clouds/{cloud.name}/faults")).ok()["faults"] == []


async def test_what_is_not_there(cloud: Cloud) -> None:
    api = cloud.admin_api
    for verb in ("GET", "DELETE"):
        (await api.send(verb, ADMIN, f"/clouds/{cloud.name}/faults/fault-9")).refused(404, "no fault fault-9")
        (await api.send(verb, ADMIN, "/clouds/nowhere/faults")).refused(404, "no cloud named nowhere")
    (await api.post(ADMIN, f"/clouds/{cloud.name}/faults", {})).refused(400, "fault")
    (await api.put(ADMIN, f"/clouds/{cloud.name}/scenarios/no-such", {})).refused(404, "storage-full")
    (await api.delete(ADMIN, f"/clouds/{cloud.name}/scenarios/storage-full")).refused(404, "does not run")
    (await api.put(ADMIN, f"/clouds/{cloud.name}/scenarios/storage-full", {"load": 101})).refused(400, "maximum")
    scenario = f"/clouds/{cloud.name}/scenarios/storage-full"
    (await api.put(ADMIN, scenario, {"service": "volume"})).refused(400, "not about one service")
    (await api.put(ADMIN, f"/clouds/{cloud.name}/scenarios/slow-service", {"service": "x"})).refused(400, "no service")


async def test_a_cloud_has_so_many_rules_and_no_more(cloud: Cloud, demo: User) -> None:
    for _ in range(200):
        await add(cloud, operation="ListSubnets")
    rule = {"fault": {"operation": "ListSubnets"}}
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/faults", rule)).refused(413, "at most 200")
    (await cloud.admin_api.put(ADMIN, f"/clouds/{cloud.name}/scenarios/slow-cloud", {})).refused(413, "at most 200")
    assert await statuses(demo, 1) == [200]
    (await cloud.admin_api.delete(ADMIN, f"/clouds/{cloud.name}/faults")).ok(204)
    await add(cloud, operation="ListSubnets")


async def test_health_and_admin_are_never_struck(cloud: Cloud, demo: User) -> None:
    """A rule about every call: health, the admin service, version documents and OpenAPI answer as ever."""
    id = await add(cloud, status=503)
    assert await statuses(demo, 1) == [503]
    for path in ("/healthcheck",):
        (await demo.get("network", path)).ok(200)
    (await demo.get("compute", "/")).ok(200)
    (await cloud.admin_api.get(ADMIN, "/status")).ok()
    (await cloud.admin_api.get(ADMIN, "/clouds")).ok()
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/clock/advance", {"seconds": 1})).ok()
    (await cloud.admin_api.delete(ADMIN, f"/clouds/{cloud.name}/faults/{id}")).ok(204)
    assert await statuses(demo, 1) == [200]


async def test_a_reset_ends_all_faults(cloud: Cloud) -> None:
    await add(cloud, service="network")
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/reset")).ok()
    assert (await cloud.admin_api.get(ADMIN, f"/clouds/{cloud.name}/faults")).ok()["faults"] == []


async def test_no_scorecard_counts_what_was_asked_for(cloud: Cloud, demo: User) -> None:
    """The checker of answers sees neither an injected refusal nor an answer that a rule acted on."""
    checks = cloud.serving.app.renderer.checks  # type: ignore[attr-defined]
    await add(cloud, operation="ListNetworks", status=507, times=1, reason="Whatever")
    await add(cloud, operation="ListNetworks", delay=0.001)
    before = (checks.checked.total(), checks.unpublished.total(), len(checks.failures), len(checks.violations))
    assert await statuses(demo, 2) == [507, 200]
    assert before == (checks.checked.total(), checks.unpublished.total(), len(checks.failures), len(checks.violations))
    (await cloud.admin_api.delete(ADMIN, f"/clouds/{cloud.name}/faults")).ok(204)
    assert await statuses(demo, 1) == [200]
    assert checks.checked.total() + checks.unpublished.total() == before[0] + before[1] + 2
