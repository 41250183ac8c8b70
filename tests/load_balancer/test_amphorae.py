"""Amphorae: one or two a load balancer, replaced by others when they fail over."""

from __future__ import annotations

from typing import Any

from tests.client import User
from tests.conftest import Cloud

API = "load-balancer"
PATH = "/v2/octavia/amphorae"


async def make_balancer(user: User, **other: Any) -> dict[str, Any]:
    """A load balancer on the network `private`, that works."""
    (network,) = (await user.get("network", "/v2.0/networks", params={"name": "private"})).ok()["networks"]
    body = {"loadbalancer": {"name": "front", "vip_subnet_id": network["subnets"][0], **other}}
    made: dict[str, Any] = (await user.post(API, "/v2/lbaas/loadbalancers", body)).ok(201)["loadbalancer"]
    return made


async def amphorae(admin: User, balancer: dict[str, Any]) -> list[dict[str, Any]]:
    """The amphorae of a load balancer, oldest first."""
    listed = await admin.get(API, PATH, params={"loadbalancer_id": balancer["id"]})
    found: list[dict[str, Any]] = listed.ok()["amphorae"]
    return found


async def make_flavor(admin: User, topology: str) -> str:
    """The id of a flavor of load balancers of a topology."""
    data = f'{{"loadbalancer_topology": "{topology}"}}'
    body = {"flavorprofile": {"name": topology, "provider_name": "amphora", "flavor_data": data}}
    profile = (await admin.post(API, "/v2/lbaas/flavorprofiles", body)).ok(201)["flavorprofile"]
    body = {"flavor": {"name": topology, "flavor_profile_id": profile["id"]}}
    return str((await admin.post(API, "/v2/lbaas/flavors", body)).ok(201)["flavor"]["id"])


async def test_a_load_balancer_has_one(admin: User, demo: User) -> None:
    balancer = await make_balancer(demo)
    (amphora,) = await amphorae(admin, balancer)
    assert (amphora["role"], amphora["status"], amphora["vrrp_priority"]) == ("STANDALONE", "ALLOCATED", None)
    assert amphora["ha_ip"] == balancer["vip_address"]
    assert amphora["ha_port_id"] == balancer["vip_port_id"]
    assert (await admin.get(API, f"{PATH}/{amphora['id']}")).ok()["amphora"] == amphora
    for path in (PATH, f"{PATH}/{amphora['id']}"):
        (await demo.get(API, path)).refused(403)
    (await admin.get(API, f"{PATH}/{balancer['id']}")).refused(404, f"Amphora {balancer['id']} not found.")


async def test_lists_know_the_project_of_the_load_balancer(admin: User, demo: User) -> None:
    await make_balancer(demo)
    for project, count in ((demo.project_id, 1), (admin.project_id, 0)):
        listed = (await admin.get(API, PATH, params={"project_id": project})).ok()["amphorae"]
        assert len(listed) == count


async def test_the_flavor_says_how_many(admin: User, demo: User) -> None:
    pair = await make_balancer(demo, flavor_id=await make_flavor(admin, "ACTIVE_STANDBY"))
    found = await amphorae(admin, pair)
    assert {(one["role"], one["vrrp_priority"]) for one in found} == {("MASTER", 100), ("BACKUP", 90)}
    single = await make_balancer(demo, flavor_id=await make_flavor(admin, "SINGLE"))
    assert [one["role"] for one in await amphorae(admin, single)] == ["STANDALONE"]


async def test_ovn_has_none(admin: User, demo: User) -> None:
    assert await amphorae(admin, await make_balancer(demo, provider="ovn")) == []


async def test_only_a_broken_one_is_deleted(cloud: Cloud, admin: User, demo: User) -> None:
    (amphora,) = await amphorae(admin, await make_balancer(demo))
    path = f"{PATH}/{amphora['id']}"
    (await demo.delete(API, path)).refused(403)
    (await admin.delete(API, path)).refused(409, f"amphora {amphora['id']} is immutable and cannot be updated.")
    owner = User(cloud.session, cloud.serving.url)
    forced = f"/clouds/{cloud.name}/resources/amphora/{amphora['id']}/state"
    (await owner.put("_mopenstack", forced, {"state": "ERROR"})).ok()
    (await admin.delete(API, path)).ok(204)
    (await admin.get(API, path)).refused(404)


async def test_configuring_changes_nothing(admin: User, demo: User) -> None:
    (amphora,) = await amphorae(admin, await make_balancer(demo))
    path = f"{PATH}/{amphora['id']}"
    (await demo.put(API, f"{path}/config")).refused(403)
    (await admin.put(API, f"{path}/config")).ok(202)
    assert (await admin.get(API, path)).ok()["amphora"] == amphora
    (await admin.put(API, f"{PATH}/{amphora['loadbalancer_id']}/config")).refused(404)


async def test_counters_of_its_listeners(cloud: Cloud, admin: User, demo: User) -> None:
    balancer = await make_balancer(demo)
    (amphora,) = await amphorae(admin, balancer)
    path = f"{PATH}/{amphora['id']}/stats"
    (await demo.get(API, path)).refused(403)
    (await admin.get(API, path)).refused(404, f"Amphora stats for {amphora['id']} not found.")
    body = {"listener": {"loadbalancer_id": balancer["id"], "protocol": "TCP", "protocol_port": 80}}
    listener = (await demo.post(API, "/v2/lbaas/listeners", body)).ok(201)["listener"]
    owner = User(cloud.session, cloud.serving.url)
    counters = {"active_connections": 1, "bytes_in": 2, "bytes_out": 3, "request_errors": 4, "total_connections": 5}
    forced = f"/clouds/{cloud.name}/resources/load_balancer_listener/{listener['id']}/state"
    (await owner.put("_mopenstack", forced, {"state": "ACTIVE", "fields": {"statistics": counters}})).ok()
    names = {"id": amphora["id"], "listener_id": listener["id"], "loadbalancer_id": balancer["id"]}
    assert (await admin.get(API, path)).ok() == {"amphora_stats": [names | counters]}


async def test_a_failover_replaces_it(admin: User, demo: User) -> None:
    balancer = await make_balancer(demo)
    (old,) = await amphorae(admin, balancer)
    (await demo.put(API, f"{PATH}/{old['id']}/failover")).refused(403)
    (await admin.put(API, f"{PATH}/{old['id']}/failover")).ok(202)
    (new,) = await amphorae(admin, balancer)
    assert (new["role"], new["status"]) == (old["role"], "ALLOCATED")
    assert new["id"] != old["id"]
    (await admin.get(API, f"{PATH}/{old['id']}")).refused(404)
    (await admin.put(API, f"/v2/lbaas/loadbalancers/{balancer['id']}/failover")).ok(202)
    (newer,) = await amphorae(admin, balancer)
    assert newer["id"] != new["id"]


async def test_only_one_of_a_pair_is_replaced(cloud: Cloud, admin: User, demo: User) -> None:
    balancer = await make_balancer(demo, flavor_id=await make_flavor(admin, "ACTIVE_STANDBY"))
    before = {one["role"]: one["id"] for one in await amphorae(admin, balancer)}
    owner = User(cloud.session, cloud.serving.url)
    (await owner.put("_mopenstack", f"/clouds/{cloud.name}/profile", {"profile": "manual"})).ok()
    (await admin.put(API, f"{PATH}/{before['MASTER']}/failover")).ok(202)
    shown = (await demo.get(API, f"/v2/lbaas/loadbalancers/{balancer['id']}")).ok()["loadbalancer"]
    assert shown["provisioning_status"] == "PENDING_UPDATE"
    immutable = f"Load Balancer {balancer['id']} is immutable and cannot be updated."
    (await admin.put(API, f"{PATH}/{before['BACKUP']}/failover")).refused(409, immutable)
    (await owner.post("_mopenstack", f"/clouds/{cloud.name}/complete")).ok()
    after = {one["role"]: one["id"] for one in await amphorae(admin, balancer)}
    assert after.keys() == before.keys()
    assert after["BACKUP"] == before["BACKUP"]
    assert after["MASTER"] != before["MASTER"]
