"""Regions of a cloud: identity is one, resources are apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.regions.conftest import REGIONS, Regions

LISTS = (
    ("network", "/v2.0/networks", "networks"),
    ("network", "/v2.0/security-groups", "security_groups"),
    ("image", "/v2/images", "images"),
    ("volume", "/v3/volumes", "volumes"),
    ("compute", "/v2.1/servers", "servers"),
    ("compute", "/v2.1/os-keypairs", "keypairs"),
    ("load-balancer", "/v2/lbaas/loadbalancers", "loadbalancers"),
)


async def boot(user: User, name: str = "web") -> dict[str, Any]:
    """A server in one region, on a network of its own."""
    network = (await user.post("network", "/v2.0/networks", {"network": {"name": name}})).ok(201)["network"]
    subnet = {"network_id": network["id"], "cidr": "10.7.0.0/24", "ip_version": 4}
    (await user.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
    flavor = (await user.get("compute", "/v2.1/flavors")).ok()["flavors"][0]["id"]
    image = (await user.get("image", "/v2/images")).ok()["images"][0]["id"]
    server = {"name": name, "flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network["id"]}]}
    made: dict[str, Any] = (await user.post("compute", "/v2.1/servers", {"server": server})).ok(202)["server"]
    return made


async def ids(user: User, api: str, path: str, key: str) -> set[str]:
    found = (await user.get(api, path)).ok()[key]
    return {one.get("id") or one["keypair"]["fingerprint"] for one in found}


async def test_the_catalog_has_each_region(regions: Regions) -> None:
    """Every service has endpoints in both regions, each at its own address; Keystone is the same in both."""
    demo, _ = await regions.demo()
    assert [one["id"] for one in (await demo.get("identity", "/v3/regions")).ok()["regions"]] == REGIONS
    for service in (await demo.get("identity", "/v3/auth/catalog")).ok()["catalog"]:
        urls = {one["region"]: one["url"] for one in service["endpoints"] if one["interface"] == "public"}
        assert sorted(urls) == REGIONS, service["type"]
        assert urls["GRA"].startswith(f"{regions.first.url}/")
        if service["type"] == "identity":
            assert urls["SBG"] == urls["GRA"]
        else:
            assert urls["SBG"] == urls["GRA"].replace(regions.first.url, f"{regions.first.url}.SBG")


async def test_without_a_region_a_client_is_in_the_first_one(regions: Regions) -> None:
    """It takes the first endpoint of its service: in the token, in the catalog, and behind those of foreign regions."""
    admin, _ = await regions.user("admin")
    services = (await admin.get("identity", "/v3/services")).ok()["services"]
    for service in services:
        for number in range(3):
            endpoint = {
                "service_id": service["id"],
                "region": "AAA",
                "interface": "public",
                "url": f"http://a/{number}",
            }
            (await admin.post("identity", "/v3/endpoints", {"endpoint": endpoint})).ok(201)
    demo, _ = await regions.demo()
    token = await demo.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": demo.token})
    catalogs = [token.ok()["token"]["catalog"], (await demo.get("identity", "/v3/auth/catalog")).ok()["catalog"]]
    for catalog in catalogs:
        assert len(catalog) == len(services)
        for service in catalog:
            order = [one["region"] for one in service["endpoints"]]
            assert order == sorted(order, key=[*REGIONS, "AAA"].index), service["type"]
            assert set(order) == {*REGIONS, "AAA"}


async def test_nothing_but_identity_is_shared(regions: Regions) -> None:
    """What is made in one region is in no list of the other, and not found there; both began with their own seed."""
    gra, sbg = await regions.demo()
    before = {key: await ids(sbg, api, path, key) for api, path, key in LISTS}
    server = await boot(gra)
    (await gra.post("volume", "/v3/volumes", {"volume": {"size": 1, "name": "data"}})).ok(202)
    (await gra.post("compute", "/v2.1/os-keypairs", {"keypair": {"name": "key"}})).ok(200)
    for api, path, key in LISTS:
        here, there = await ids(gra, api, path, key), await ids(sbg, api, path, key)
        assert there == before[key], key
        assert not here & there, key
    (await sbg.get("compute", f"/v2.1/servers/{server['id']}")).refused(404)
    same = await boot(sbg)
    found = (await sbg.get("compute", f"/v2.1/servers/{same['id']}")).ok()["server"]
    assert found["status"] == "ACTIVE"
    assert found["links"][0]["href"].startswith(f"{sbg.url}/compute/")
    assert {one["addr"] for one in found["addresses"]["web"]}
    (await gra.get("compute", f"/v2.1/servers/{same['id']}")).refused(404)


async def test_the_same_names_and_addresses_in_both(regions: Regions) -> None:
    """Claims of one region are none in the other: names that must be unique, addresses, flavors by id."""
    for user in await regions.user("admin"):
        flavor = {"name": "mine", "id": "mine", "ram": 64, "vcpus": 1, "disk": 1}
        (await user.post("compute", "/v2.1/flavors", {"flavor": flavor})).ok(200)
        network = (await user.post("network", "/v2.0/networks", {"network": {"name": "n"}})).ok(201)["network"]
        subnet = {"network_id": network["id"], "cidr": "10.7.0.0/24", "ip_version": 4}
        (await user.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
        port = {"network_id": network["id"], "fixed_ips": [{"ip_address": "10.7.0.9"}]}
        (await user.post("network", "/v2.0/ports", {"port": port})).ok(201)
        (await user.post("network", "/v2.0/ports", {"port": port})).refused(409)
        (await user.post("compute", "/v2.1/flavors", {"flavor": flavor})).refused(409)


async def test_kept_answers_are_of_one_region(regions: Regions) -> None:
    """An answer that was kept is not given for the other region, and a write there does not leave it stale here."""
    gra, sbg = await regions.demo()
    for _ in range(3):
        before = [(await user.get("network", "/v2.0/networks")).content for user in (gra, sbg)]
    assert before[0] != before[1]
    (await sbg.post("network", "/v2.0/networks", {"network": {"name": "new"}})).ok(201)
    after = [(await user.get("network", "/v2.0/networks")).content for user in (gra, sbg)]
    assert after[0] == before[0]
    assert b'"new"' in after[1]


async def test_quotas_count_apart(regions: Regions) -> None:
    """A limit of one region is not the other's, and what is used here is not used there."""
    admin, other = await regions.user("admin")
    demo, demo_other = await regions.demo()
    path = f"/v2.0/quotas/{demo.project_id}"
    limit = len(await ids(demo, "network", "/v2.0/networks?project_id=" + demo.project_id, "networks")) + 1
    (await admin.put("network", path, {"quota": {"network": limit}})).ok()
    assert (await other.get("network", path)).ok()["quota"]["network"] == 100
    (await demo.post("network", "/v2.0/networks", {"network": {"name": "last"}})).ok(201)
    (await demo.post("network", "/v2.0/networks", {"network": {"name": "more"}})).refused(409)
    (await demo_other.post("network", "/v2.0/networks", {"network": {"name": "more"}})).ok(201)


async def test_a_token_holds_everywhere_until_it_is_revoked(regions: Regions) -> None:
    gra, sbg = await regions.demo()
    (await sbg.get("compute", "/v2.1/servers")).ok()
    (await gra.delete("identity", "/v3/auth/tokens", headers={"X-Subject-Token": gra.token})).ok(204)
    for user in (gra, sbg):
        (await user.get("compute", "/v2.1/servers")).refused(401)


async def test_nested_calls_stay_in_the_region(regions: Regions) -> None:
    """A stack of Heat makes its network and server's port where it is itself, with identity of the one Keystone."""
    _, sbg = await regions.demo()
    template = {
        "heat_template_version": "2021-04-16",
        "resources": {
            "net": {"type": "OS::Neutron::Net", "properties": {"name": "by-heat"}},
            "wait": {"type": "OS::Heat::WaitConditionHandle"},
        },
    }
    body = {"stack_name": "s", "template": template}
    stack = (await sbg.post("heat-api", f"/v1/{sbg.project_id}/stacks", body)).ok(201)["stack"]
    shown = (await sbg.get("heat-api", f"/v1/{sbg.project_id}/stacks/s/{stack['id']}")).ok()["stack"]
    assert shown["stack_status"] == "CREATE_COMPLETE", shown
    for user, there in zip(await regions.demo(), (0, 1), strict=True):
        assert len((await user.get("network", "/v2.0/networks?name=by-heat")).ok()["networks"]) == there


async def test_a_stack_of_heat_in_another_region(regions: Regions) -> None:
    """OS::Heat::Stack makes its stack in the region that it names, and ends it there."""
    gra, sbg = await regions.demo()
    inner = {"heat_template_version": "2021-04-16", "resources": {"net": {"type": "OS::Neutron::Net"}}}
    properties = {"context": {"region_name": "SBG"}, "template": json.dumps(inner)}
    template = {
        "heat_template_version": "2021-04-16",
        "resources": {"there": {"type": "OS::Heat::Stack", "properties": properties}},
    }
    path = f"/v1/{gra.project_id}/stacks"
    body = {"stack_name": "outer", "template": template}
    stack = (await gra.post("heat-api", path, body)).ok(201)["stack"]
    shown = (await gra.get("heat-api", f"{path}/outer/{stack['id']}")).ok()["stack"]
    assert shown["stack_status"] == "CREATE_COMPLETE", shown
    names = [[one["stack_name"] for one in (await user.get("heat-api", path)).ok()["stacks"]] for user in (gra, sbg)]
    assert names[0] == ["outer"]
    assert [name.startswith("outer-there-") for name in names[1]] == [True]
    (await gra.delete("heat-api", f"{path}/outer/{stack['id']}")).ok(204)
    assert (await sbg.get("heat-api", path)).ok()["stacks"] == []


async def test_transitions_of_each_region(regions: Regions) -> None:
    """What takes time goes on in its region, also when the next call is one of another region."""
    admin = regions.first.admin_api
    name = regions.first.name
    (await admin.put("_mopenstack", f"/clouds/{name}/profile", {"profile": "realistic"})).ok()
    gra, sbg = await regions.demo()
    server, other = await boot(gra), await boot(sbg)
    states = [
        (await user.get("compute", f"/v2.1/servers/{one['id']}")).ok()["server"]["status"]
        for user, one in ((gra, server), (sbg, other))
    ]
    assert states == ["BUILD", "BUILD"]
    (await admin.post("_mopenstack", f"/clouds/{name}/clock/advance", {"seconds": 600})).ok()
    (await gra.get("compute", "/v2.1/servers")).ok()
    for user, one in ((gra, server), (sbg, other)):
        assert (await user.get("compute", f"/v2.1/servers/{one['id']}")).ok()["server"]["status"] == "ACTIVE"
    (await admin.put("_mopenstack", f"/clouds/{name}/profile", {"profile": "manual"})).ok()
    waiting = await boot(sbg, "waiting")
    found = (await admin.get("_mopenstack", f"/clouds/{name}/transitions")).ok()["transitions"]
    assert waiting["id"] in {one["id"] for one in found}
    forced = f"/clouds/{name}.SBG/resources/server/{waiting['id']}/state"
    (await admin.put("_mopenstack", forced, {"state": "ERROR"})).ok(204)
    assert (await sbg.get("compute", f"/v2.1/servers/{waiting['id']}")).ok()["server"]["status"] == "ERROR"
    await boot(sbg, "last")
    done = (await admin.post("_mopenstack", f"/clouds/{name}/complete")).ok()["completed"]
    assert done


@pytest.mark.parametrize("by_address", [False, True])
async def test_a_fault_of_one_region(regions: Regions, by_address: bool) -> None:
    admin, name = regions.first.admin_api, regions.first.name
    fault = {"operation": "ListServers*", "status": 503} | ({} if by_address else {"region": "SBG"})
    path = f"/clouds/{name}{'.SBG' if by_address else ''}/faults"
    assert (await admin.post("_mopenstack", path, {"fault": fault})).ok()["fault"]["region"] == "SBG"
    gra, sbg = await regions.demo()
    (await gra.get("compute", "/v2.1/servers")).ok()
    (await sbg.get("compute", "/v2.1/servers")).refused(503)
    wrong = fault | {"region": "RBX"}
    (await admin.post("_mopenstack", path, {"fault": wrong})).refused(400, "has no region 'RBX'")
    (await admin.put("_mopenstack", f"/clouds/{name}/scenarios/rate-limited", {"region": "RBX"})).refused(400)


async def test_reset_fork_snapshot_and_end_are_of_all_regions(regions: Regions) -> None:
    admin, name = regions.first.admin_api, regions.first.name
    _, sbg = await regions.demo()
    made = (await sbg.post("network", "/v2.0/networks", {"network": {"name": "kept"}})).ok(201)["network"]["id"]
    snapshot = f"{name}-s"
    (await admin.post("_mopenstack", f"/clouds/{name}/snapshots", {"name": snapshot})).ok(201)
    fork = {"name": f"{name}-f", "source": f"cloud:{name}"}
    assert (await admin.post("_mopenstack", "/clouds", fork)).ok(201)["cloud"]["regions"] == REGIONS
    copy = Regions(Cloud(fork["name"], regions.first.serving, regions.first.session))
    try:
        _, there = await copy.demo()
        assert (await there.get("network", f"/v2.0/networks/{made}")).ok()["network"]["name"] == "kept"
        (await there.delete("network", f"/v2.0/networks/{made}")).ok(204)
        assert (await sbg.get("network", f"/v2.0/networks/{made}")).ok()
    finally:
        (await admin.delete("_mopenstack", f"/clouds/{fork['name']}")).ok(204)
    for word in ("reset", ""):
        refused = await admin.send(
            "POST" if word else "DELETE", "_mopenstack", f"/clouds/{name}.SBG/{word}".rstrip("/")
        )
        refused.refused(400, f"{name}.SBG is a region of the cloud {name}")
    (await admin.post("_mopenstack", f"/clouds/{name}/reset")).ok()
    _, sbg = await regions.demo()
    (await sbg.get("network", f"/v2.0/networks/{made}")).refused(404)
    assert len(await ids(sbg, "network", "/v2.0/networks", "networks")) >= 2
    (await admin.post("_mopenstack", f"/clouds/{name}/snapshots/{snapshot}/load")).ok()
    _, sbg = await regions.demo()
    (await sbg.get("network", f"/v2.0/networks/{made}")).ok()
    (await admin.delete("_mopenstack", f"/snapshots/{snapshot}")).ok(204)


async def test_a_region_that_is_not_there(regions: Regions) -> None:
    demo = await regions.first.user("demo")
    wrong = User(demo.session, f"{regions.first.url}.RBX", demo.token, demo.project_id)
    (await wrong.get("compute", "/v2.1/servers")).refused(404)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["A", "a"], "name of its own"),
        (["A", "B/C"], "cannot name a region"),
        (["A", ""], "cannot name a region"),
        (["-"], "cannot name a region"),
        (["A~B"], "cannot name a region"),
        ([f"R{number}" for number in range(17)], ""),
    ],
)
async def test_names_that_are_refused(cloud: Cloud, names: list[str], why: str) -> None:
    body = {"name": f"{cloud.name}-wrong", "regions": names}
    (await cloud.admin_api.post("_mopenstack", "/clouds", body)).refused(400, why)
    known = {one["name"] for one in (await cloud.admin_api.get("_mopenstack", "/clouds")).ok()["clouds"]}
    assert body["name"] not in known


async def test_a_seed_is_planted_in_each_region(cloud: Cloud) -> None:
    """Calls of Keystone once, but for those that name the region; others in each, or in the one that they name."""
    seed: list[dict[str, Any]] = [
        {"like": "devstack"},
        {"call": "CreateRole", "request": {"role": {"name": "once"}}},
        {"call": "CreateNetwork", "api": "network", "request": {"network": {"name": "net-${region}"}}},
        {"call": "CreateNetwork", "api": "network", "region": "B", "request": {"network": {"name": "only-b"}}},
    ]
    name = f"{cloud.name}-seeded"
    (
        await cloud.admin_api.post("_mopenstack", "/clouds", {"name": name, "regions": ["A", "B"], "seed_calls": seed})
    ).ok()
    try:
        made = Cloud(name, cloud.serving, cloud.session)
        admin = await made.user("admin")
        assert len((await admin.get("identity", "/v3/roles?name=once")).ok()["roles"]) == 1
        for region, expected in (
            (admin, {"net-A"}),
            (User(admin.session, f"{made.url}.B", admin.token), {"net-B", "only-b"}),
        ):
            found = (await region.get("network", "/v2.0/networks")).ok()["networks"]
            assert {one["name"] for one in found} - {"public", "private", "shared"} == expected
    finally:
        (await cloud.admin_api.delete("_mopenstack", f"/clouds/{name}")).ok(204)
