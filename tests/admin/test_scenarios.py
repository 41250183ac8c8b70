"""Scenarios: what they refuse, and that the load decides how strong they are."""

from __future__ import annotations

import pytest

from mopenstack.core.admin import scenarios
from tests.admin import test_scenario_effects
from tests.admin.asks import (
    Ask,
    boot,
    hasten,
    images,
    is_late,
    networks,
    new_balancer,
    new_container,
    new_image,
    new_network,
    new_secret,
    new_volume,
    new_zone,
    rules,
    servers,
    start,
    volumes,
)
from tests.admin.test_faults import ADMIN, RULES
from tests.conftest import Cloud, User

LATE = ("slow-cloud", "database-slow")


@pytest.mark.parametrize("name", LATE)
async def test_late_answers(name: str, cloud: Cloud, client: User) -> None:
    await start(cloud, name)
    late = [await is_late(cloud, client) for _ in range(6)]
    assert any(late)
    assert sum(rule["hits"] for rule in await rules(cloud)) == 6


@pytest.mark.parametrize(("service", "path"), [("compute", "/v2.1/servers"), ("image", "/v2/images")])
async def test_slow_service(service: str, path: str, cloud: Cloud, client: User) -> None:
    await start(cloud, "slow-service", service=service)
    assert await is_late(cloud, client, path, service)
    assert RULES not in (await networks(client)).headers


REFUSED: list[tuple[str, Ask, int, str, bool]] = [
    # scenario, what fails, its status, a part of its body, whether it goes on to be done all the same
    ("failing-service", servers, 500, "computeFault", False),
    ("unavailable-service", networks, 503, "<h1>503 Service Unavailable</h1>", False),
    ("rate-limited", servers, 429, "overLimit", False),
    ("rate-limited", volumes, 413, "overLimitFault", False),
    ("quota-squeezed", boot, 403, "Quota exceeded for instances", False),
    ("quota-squeezed", new_network, 409, "OverQuota", False),
    ("quota-squeezed", new_volume, 413, "VolumeLimitExceeded", False),
    ("quota-squeezed", new_balancer, 403, "Quota has been met", False),
    ("quota-squeezed", new_zone, 413, "over_quota", False),
    ("quota-squeezed", new_secret, 403, "a quota has been reached", False),
    ("image-service-away", images, 503, "<h1>503", False),
    ("image-service-away", boot, 500, "GlanceConnectionFailed", False),
    ("messaging-timeouts", new_zone, 504, "timeout", False),
    ("messaging-timeouts", boot, 500, "MessagingTimeout", False),
    ("secret-store-away", new_secret, 500, "please contact site administrator", False),
    ("deadlocks", new_network, 409, "HTTPConflict", False),
    ("tokens-revoked", networks, 401, "requires authentication", False),
    ("keystone-overloaded", networks, 503, "Keystone service is temporarily unavailable", False),
    ("database-lost", servers, 500, "computeFault", False),
    ("false-negatives", new_network, 500, "internal server error", True),
    *(
        ("maintenance-window", ask, 503, "<h1>503", False)
        for ask in (boot, new_network, new_volume, new_image, new_zone, new_secret, new_container, new_balancer)
    ),
]


@pytest.mark.parametrize(
    ("name", "ask", "status", "said", "done"), REFUSED, ids=[f"{case[0]} {case[1].__name__}" for case in REFUSED]
)
async def test_what_is_refused(
    name: str, ask: Ask, status: int, said: str, done: bool, cloud: Cloud, client: User
) -> None:
    """Of some calls at least one is refused so, by a rule of the scenario; without it none is."""
    count = await _count(client, ask) if done else 0
    running = await start(cloud, name, 100)
    await hasten(cloud)
    found = [await ask(client) for _ in range(8)]
    struck = [answer for answer in found if answer.status == status]
    assert struck, [answer.status for answer in found]
    assert all(said in str(answer.body) for answer in struck)
    assert all(answer.headers[RULES].split(",")[-1] in running["faults"] for answer in struck)
    (await cloud.admin_api.delete(ADMIN, f"/clouds/{cloud.name}/scenarios/{name}")).ok(204)
    if done:
        assert await _count(client, ask) == count + 8
    assert RULES not in (await ask(client)).headers


async def _count(user: User, ask: Ask) -> int:
    assert ask is new_network
    return len((await networks(user)).ok()["networks"])


# -- the dial, the end, and the list


async def test_each_scenario_has_a_test() -> None:
    """Those of the table, and those whose names are the functions'."""
    tested = {case[0] for case in REFUSED} | {*LATE, "no-valid-host", "port-binding-fails"}
    functions = [name for name in (*globals(), *vars(test_scenario_effects)) if name.startswith("test_")]
    tested |= {name.removeprefix("test_").replace("_", "-") for name in functions}
    assert scenarios.known().keys() <= tested
    assert len(scenarios.known()) >= 25


@pytest.mark.parametrize("name", sorted(scenarios.known()))
async def test_the_load_of_a_scenario(name: str, cloud: Cloud) -> None:
    """At each load its rules are accepted, in place of those of the load before; at none there are none."""
    sizes = []
    for load in (1, 37, 100):
        running = await start(cloud, name, load)
        listed = (await cloud.admin_api.get(ADMIN, f"/clouds/{cloud.name}/scenarios")).ok()["scenarios"]
        assert next(one for one in listed if one["name"] == name) == running
        assert running["load"] == load
        assert [rule["id"] for rule in await rules(cloud)] == running["faults"]
        sizes.append(len(running["faults"]))
    assert sizes[0] == sizes[2] > 0
    running = await start(cloud, name, 0)
    assert (running["load"], running["faults"], await rules(cloud)) == (0, [], [])


async def test_a_load_makes_it_stronger(cloud: Cloud, client: User) -> None:
    struck = []
    for load in (5, 50, 100):
        await start(cloud, "failing-service", load, service="network")
        struck.append([(await networks(client)).status for _ in range(60)].count(500))
    assert struck[0] < struck[1] < struck[2] == 60


async def test_a_scenario_ends_with_its_time(cloud: Cloud, client: User) -> None:
    running = await start(cloud, "failing-service", service="network", seconds=600)
    assert (await networks(client)).status == 500
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/clock/advance", {"seconds": 601})).ok()
    (await networks(client)).ok()
    listed = (await cloud.admin_api.get(ADMIN, f"/clouds/{cloud.name}/scenarios")).ok()["scenarios"]
    assert next(one for one in listed if one["name"] == "failing-service")["load"] == 0
    assert running["load"] == 100


async def test_scenarios_run_beside_rules_and_each_other(cloud: Cloud, client: User) -> None:
    rule = {"fault": {"operation": "ListSubnets", "status": 502}}
    (await cloud.admin_api.post(ADMIN, f"/clouds/{cloud.name}/faults", rule)).ok(201)
    await start(cloud, "failing-service")
    await start(cloud, "lost-writes")
    assert (await servers(client)).status == 500
    (await client.get("network", "/v2.0/subnets")).refused(502)
    (await cloud.admin_api.delete(ADMIN, f"/clouds/{cloud.name}/scenarios/failing-service")).ok(204)
    (await servers(client)).ok()
    assert {rule["scenario"] for rule in await rules(cloud)} == {"", "lost-writes"}
