"""Load balancers: their VIPs, updates, deletes, trees, statistics and who sees them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.load_balancer.making import (
    API,
    LBAAS,
    NOWHERE,
    balancer,
    force,
    listener,
    make,
    pool,
    post,
    put,
    show,
    subnet,
    tree,
)


async def test_the_vip_is_a_port(demo: User) -> None:
    """On a subnet, with an address of its own; the port goes with the load balancer."""
    place = await subnet(demo)
    made = await balancer(demo, name="front", vip_subnet_id=place["id"])
    assert (made["provisioning_status"], made["operating_status"], made["updated_at"]) == (
        "PENDING_CREATE",
        "OFFLINE",
        None,
    )
    assert made["vip_network_id"] == place["network_id"]
    port = (await demo.get("network", f"/v2.0/ports/{made['vip_port_id']}")).ok()["port"]
    assert (port["name"], port["device_owner"], port["device_id"]) == (
        f"octavia-lb-{made['id']}", "Octavia", f"lb-{made['id']}",
    )  # fmt: skip
    assert {"subnet_id": place["id"], "ip_address": made["vip_address"]} in port["fixed_ips"]
    shown = await show(demo, f"/loadbalancers/{made['id']}")
    assert (shown["provisioning_status"], shown["operating_status"]) == ("ACTIVE", "ONLINE")
    (await demo.delete(API, f"{LBAAS}/loadbalancers/{made['id']}")).ok(204)
    (await demo.get(API, f"{LBAAS}/loadbalancers/{made['id']}")).refused(404, f"Load Balancer {made['id']} not found.")
    (await demo.get("network", f"/v2.0/ports/{made['vip_port_id']}")).refused(404)


async def test_a_vip_by_port_network_and_address(demo: User) -> None:
    """A port that was given stays; a network is enough, and an address of it."""
    place = await subnet(demo)
    body = {"port": {"network_id": place["network_id"], "fixed_ips": [{"subnet_id": place["id"]}]}}
    port = (await demo.post("network", "/v2.0/ports", body)).ok(201)["port"]
    address = next(one["ip_address"] for one in port["fixed_ips"] if one["subnet_id"] == place["id"])
    made = await balancer(demo, vip_port_id=port["id"], vip_subnet_id=place["id"])
    assert (made["vip_address"], made["vip_port_id"]) == (address, port["id"])
    (await demo.delete(API, f"{LBAAS}/loadbalancers/{made['id']}")).ok(204)
    (await demo.get("network", f"/v2.0/ports/{port['id']}")).ok(200)
    by_network = await balancer(demo, vip_network_id=place["network_id"])
    assert by_network["vip_subnet_id"] == place["id"]
    ports = (await demo.get("network", f"/v2.0/ports?network_id={place['network_id']}")).ok()["ports"]
    used = {one["ip_address"] for port in ports for one in port["fixed_ips"]}
    start = place["cidr"].rpartition(".")[0]
    wanted = next(found for found in (f"{start}.{n}" for n in range(20, 60)) if found not in used)
    assert (await balancer(demo, vip_network_id=place["network_id"], vip_address=wanted))["vip_address"] == wanted
    taken = await post(demo, "/loadbalancers", vip_subnet_id=place["id"], vip_address=wanted)
    taken.refused(409, "The VIP IP address is already in use")


async def test_further_vips_are_addresses_of_the_port(demo: User) -> None:
    second = await subnet(demo, 6)
    made = await balancer(demo, vip_subnet_id=(await subnet(demo))["id"], additional_vips=[{"subnet_id": second["id"]}])
    (further,) = made["additional_vips"]
    assert (further["subnet_id"], further["port_id"]) == (second["id"], made["vip_port_id"])
    assert ":" in further["ip_address"]
    twice = [{"subnet_id": made["vip_subnet_id"]}]
    refused = await post(demo, "/loadbalancers", vip_subnet_id=made["vip_subnet_id"], additional_vips=twice)
    refused.refused(400, "Duplicate VIP subnet(s) specified")


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({}, 400, "VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id."),
        ({"vip_subnet_id": NOWHERE}, 400, f"Subnet {NOWHERE} not found."),
        ({"vip_network_id": NOWHERE}, 400, f"Network {NOWHERE} not found."),
        ({"vip_port_id": NOWHERE}, 400, f"Port {NOWHERE} not found."),
        ({"vip_subnet_id": "zz"}, 400, "Value should be UUID format"),
        ({"vip_subnet_id": "", "vip_address": "zz"}, 400, "Value should be"),
        ({"provider": "zz"}, 400, "Provider 'zz' is not enabled."),
        ({"flavor_id": NOWHERE}, 400, "Invalid flavor_id."),
        ({"availability_zone": "zz"}, 400, "Invalid availability zone."),
        ({"vip_qos_policy_id": NOWHERE}, 400, f"qos_policy {NOWHERE} not found."),
        ({"vip_sg_ids": [NOWHERE]}, 400, f"Security Group {NOWHERE} not found."),
        ({"vip_address": "192.0.2.7"}, 500, "Provider 'amphora' reports error"),
        ({"tags": "a"}, 400, "Value not a valid list: a"),
        ({"foo": 1}, 400, "Unknown attribute for argument load_balancer.loadbalancer: foo"),
    ],
)
async def test_creates_that_are_refused(demo: User, values: dict[str, Any], status: int, said: str) -> None:
    """In Octavia's words, and nothing stays behind."""
    place = (await subnet(demo))["id"]
    before = (await demo.get("network", "/v2.0/ports")).ok()["ports"]
    known = {"vip_subnet_id": place} if values and not values.keys() & {"vip_network_id", "vip_port_id"} else {}
    (await post(demo, "/loadbalancers", **known | values)).refused(status, said)
    assert (await demo.get("network", "/v2.0/ports")).ok()["ports"] == before


async def test_security_groups_and_qos_are_the_ports(demo: User, admin: User) -> None:
    group = (await demo.post("network", "/v2.0/security-groups", {"security_group": {"name": "vip"}})).ok(201)
    policy = {"policy": {"name": "gold", "shared": True}}
    qos = (await admin.post("network", "/v2.0/qos/policies", policy)).ok(201)["policy"]["id"]
    made = await balancer(demo, vip_sg_ids=[group["security_group"]["id"]], vip_qos_policy_id=qos)
    port = (await admin.get("network", f"/v2.0/ports/{made['vip_port_id']}")).ok()["port"]
    assert (port["security_groups"], port["qos_policy_id"]) == ([group["security_group"]["id"]], qos)
    refused = await post(
        demo, "/listeners", loadbalancer_id=made["id"], protocol="TCP", protocol_port=1, allowed_cidrs=["10.0.0.0/8"]
    )
    refused.refused(400, "Allowed CIDRs are not allowed when using custom VIP Security Groups.")
    (await put(demo, f"/loadbalancers/{made['id']}", vip_qos_policy_id=None, vip_sg_ids=None)).ok(200)
    port = (await admin.get("network", f"/v2.0/ports/{made['vip_port_id']}")).ok()["port"]
    assert (port["security_groups"], port["qos_policy_id"]) == ([], None)


async def test_updates_and_filters(demo: User) -> None:
    made = await balancer(demo, name="a", tags=["red", "big"])
    changed = (await put(demo, f"/loadbalancers/{made['id']}", name=None, tags=["red"], admin_state_up=False)).ok(200)
    assert changed["loadbalancer"]["provisioning_status"] == "PENDING_UPDATE"
    shown = await show(demo, f"/loadbalancers/{made['id']}")
    assert (shown["name"], shown["tags"], shown["operating_status"]) == ("", ["red"], "OFFLINE")
    other = await balancer(demo, name="b")
    for query, found in (
        ({"tags": "red"}, [made]), ({"not-tags": "red"}, [other]), ({"name": "b"}, [other]), ({"tags": "big"}, []),
        ({"operating_status": "ONLINE"}, [other]), ({"admin_state_up": "false"}, [made]),
        ({"sort": "name:desc"}, [other, made]),
    ):  # fmt: skip
        listed = (await demo.get(API, f"{LBAAS}/loadbalancers", params=query)).ok()["loadbalancers"]
        assert [one["id"] for one in listed] == [one["id"] for one in found], query
    (await demo.get(API, f"{LBAAS}/loadbalancers", params={"foo": "1"})).refused(400, "One or more arguments")
    (await demo.get(API, f"{LBAAS}/loadbalancers", params={"limit": "x"})).refused(400, "'x' is not valid.")
    page = (await demo.get(API, f"{LBAAS}/loadbalancers", params={"limit": "1"})).ok()
    assert page["loadbalancers_links"][0]["href"].endswith(f"limit=1&marker={made['id']}")


async def test_older_paths_are_the_same(demo: User) -> None:
    made = await balancer(demo)
    for path in ("/v2.0/lbaas", "/v2", "/v2.0"):
        assert (await demo.get(API, f"{path}/loadbalancers/{made['id']}")).ok()["loadbalancer"]["id"] == made["id"]


async def test_others_do_not_have_it(cloud: Cloud, demo: User, admin: User) -> None:
    made = await balancer(demo)
    stranger, reader = await cloud.user("alt_demo"), await cloud.user("demo_reader", "demo")
    path = f"{LBAAS}/loadbalancers/{made['id']}"
    (await stranger.get(API, path)).refused(403, "Policy does not allow this request to be performed.")
    assert (await stranger.get(API, f"{LBAAS}/loadbalancers")).ok()["loadbalancers"] == []
    (await stranger.get(API, f"{LBAAS}/loadbalancers", params={"project_id": demo.project_id})).refused(403)
    (await reader.get(API, path)).ok(200)
    (await reader.delete(API, path)).refused(403)
    assert len((await admin.get(API, f"{LBAAS}/loadbalancers")).ok()["loadbalancers"]) == 1
    (await demo.put(API, f"{path}/failover")).refused(403)
    (await admin.put(API, f"{path}/failover")).ok(202)


async def test_a_whole_tree_at_once(demo: User) -> None:
    """The answer shows all of it; afterwards each part is there, and cascade takes all away."""
    made = await tree(demo)
    (front,), pools = made["listeners"], {one["name"]: one for one in made["pools"]}
    assert front["default_pool_id"] == pools["web"]["id"]
    (policy,) = front["l7policies"]
    assert (policy["redirect_pool_id"], policy["position"]) == (pools["api"]["id"], 1)
    assert sorted(one["weight"] for one in pools["web"]["members"]) == [0, 1]
    assert pools["web"]["healthmonitor"]["expected_codes"] == "200"
    assert pools["api"]["healthmonitor"] is None
    shown = await show(demo, f"/loadbalancers/{made['id']}")
    assert shown["listeners"] == [{"id": front["id"]}]
    assert {one["id"] for one in shown["pools"]} == {one["id"] for one in made["pools"]}
    statuses = (await demo.get(API, f"{LBAAS}/loadbalancers/{made['id']}/status")).ok()["statuses"]["loadbalancer"]
    (seen,) = statuses["listeners"]
    assert [one["name"] for one in seen["pools"]] == ["web", "api"]
    assert {one["operating_status"] for one in seen["pools"][0]["members"]} == {"ONLINE", "DRAINING"}
    (await demo.delete(API, f"{LBAAS}/loadbalancers/{made['id']}")).refused(400, "it has children")
    (await demo.delete(API, f"{LBAAS}/loadbalancers/{made['id']}", params={"cascade": "True"})).ok(204)
    for path in ("loadbalancers", "listeners", "pools", "healthmonitors", "l7policies"):
        assert (await demo.get(API, f"{LBAAS}/{path}")).ok()[path] == []


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"listeners": [{"protocol": "HTTP", "protocol_port": 80, "default_pool": {"name": "zz"}}]}, 400,
         "Pool 'zz' was referenced but no full definition was found."),
        ({"listeners": [{"protocol": "HTTP", "protocol_port": 80}] * 2}, 409, "already using protocol HTTP"),
        ({"pools": [{"protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN", "name": "p"}] * 2}, 400, "must be unique"),
        ({"pools": [{"name": "p", "protocol": "HTTP"}]}, 400, "missing required attribute: lb_algorithm"),
        ({"listeners": [{"protocol": "ZZ", "protocol_port": 80}]}, 400, "Value should be one of"),
    ],
)  # fmt: skip
async def test_a_tree_is_made_whole_or_not_at_all(demo: User, values: dict[str, Any], status: int, said: str) -> None:
    place = (await subnet(demo))["id"]
    (await post(demo, "/loadbalancers", vip_subnet_id=place, **values)).refused(status, said)
    for path in ("loadbalancers", "listeners", "pools"):
        assert (await demo.get(API, f"{LBAAS}/{path}")).ok()[path] == []


async def test_counters_are_what_a_test_sets(cloud: Cloud, demo: User) -> None:
    made = await balancer(demo)
    first, second = await listener(demo, made["id"]), await listener(demo, made["id"], protocol_port=81)
    zero = dict.fromkeys(("active_connections", "bytes_in", "bytes_out", "request_errors", "total_connections"), 0)
    path = f"{LBAAS}/loadbalancers/{made['id']}/stats"
    assert (await demo.get(API, path)).ok()["stats"] == zero
    for one, number in ((first, 5), (second, 7)):
        await force(cloud, demo, "load_balancer_listener", one["id"], statistics={"bytes_in": number})
    assert (await demo.get(API, path)).ok()["stats"] == zero | {"bytes_in": 12}
    assert (await demo.get(API, f"{LBAAS}/listeners/{first['id']}/stats")).ok()["stats"] == zero | {"bytes_in": 5}


async def test_a_quota_holds(demo: User, admin: User) -> None:
    quota = {"quota": {"load_balancer": 1, "pool": 0}}
    (await admin.put(API, f"{LBAAS}/quotas/{demo.project_id}", quota)).ok(202)
    made = await balancer(demo)
    refused = await post(demo, "/loadbalancers", vip_subnet_id=made["vip_subnet_id"])
    refused.refused(403, "Quota has been met for resources: Load Balancer")
    refused = await post(demo, "/pools", loadbalancer_id=made["id"], protocol="HTTP", lb_algorithm="ROUND_ROBIN")
    refused.refused(403, "Quota has been met for resources: Pool")
    (await demo.delete(API, f"{LBAAS}/loadbalancers/{made['id']}")).ok(204)
    await balancer(demo)


async def test_the_version_document(cloud: Cloud, demo: User) -> None:
    versions = (await cloud.anonymous.get(API, "/")).ok()["versions"]
    assert (versions[0]["id"], versions[-1]["id"], versions[-1]["status"]) == ("v2.0", "v2.30", "CURRENT")
    assert (await demo.get(API, "/v2")).ok() == "v2"
    assert (await demo.get(API, "/nope")).refused(404)["title"] == "Not Found"
    assert (await demo.get(API, f"{LBAAS}/pools/{NOWHERE}/members")).refused(404)["title"] == "Bad Request"


async def test_parts_of_what_is_not_there(demo: User) -> None:
    (await post(demo, "/listeners", loadbalancer_id=NOWHERE, protocol="HTTP", protocol_port=80)).refused(
        404, f"Load Balancer {NOWHERE} not found."
    )
    (await post(demo, "/l7policies", listener_id=NOWHERE, action="REJECT")).refused(
        404, f"Listener {NOWHERE} not found."
    )
    (await post(demo, "/pools", protocol="HTTP", lb_algorithm="ROUND_ROBIN")).refused(
        400, "Must provide at least one of"
    )
    monitor = {"type": "TCP", "delay": 1, "timeout": 1, "max_retries": 1}
    (await post(demo, "/healthmonitors", pool_id=NOWHERE, **monitor)).refused(404, f"Pool {NOWHERE} not found.")
    made = await balancer(demo)
    empty = await pool(demo, loadbalancer_id=made["id"])
    (await make(demo, f"/pools/{empty['id']}/members", address="10.0.0.9", protocol_port=1))
    (await demo.get(API, f"{LBAAS}/pools/{empty['id']}/members/{NOWHERE}")).refused(404, f"Member {NOWHERE} not found.")
