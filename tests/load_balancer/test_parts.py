"""Listeners, pools, members, health monitors, L7 policies and rules."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import User
from tests.load_balancer.making import (
    API,
    LBAAS,
    NOWHERE,
    balancer,
    listener,
    make,
    pool,
    post,
    put,
    show,
    subnet,
    tree,
)

MONITOR: dict[str, Any] = {"type": "HTTP", "delay": 5, "timeout": 3, "max_retries": 3}


async def test_a_listener_has_octavias_defaults(demo: User) -> None:
    made = await listener(demo, (await balancer(demo))["id"])
    shown = await show(demo, f"/listeners/{made['id']}")
    wanted = {
        "connection_limit": -1, "timeout_client_data": 50000, "timeout_member_connect": 5000, "insert_headers": {},
        "timeout_member_data": 50000, "timeout_tcp_inspect": 0, "client_authentication": "NONE", "tags": [],
        "default_pool_id": None, "allowed_cidrs": None, "tls_ciphers": None, "tls_versions": None,
        "sni_container_refs": [], "hsts_preload": False, "provisioning_status": "ACTIVE", "operating_status": "ONLINE",
    }  # fmt: skip
    assert {key: shown.get(key, "missing") for key in wanted} == wanted


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"protocol": "ZZ"}, 400, "Value should be one of"),
        ({"protocol_port": 0}, 400, "Value should be greater or equal to 1"),
        ({"protocol_port": 80}, 409, "already using protocol HTTP and protocol_port 80"),
        ({"protocol": "UDP", "protocol_port": 80}, 201, ""),
        ({"protocol": "PROMETHEUS"}, 201, ""),
        ({"protocol": "TERMINATED_HTTPS"}, 400, "An SNI or default certificate container reference must be provided"),
        ({"insert_headers": {"X-Foo": "true"}}, 400, "dict_keys(['X-Foo']) is not a valid option for insert_headers"),
        ({"insert_headers": {"X-Forwarded-For": "true", "X-Forwarded-Port": "true"}}, 201, ""),
        ({"protocol": "TCP", "insert_headers": {"X-Forwarded-For": "true"}}, 400, "is not a valid option for"),
        ({"allowed_cidrs": ["10.0.0.0/8", "192.0.2.0/24"]}, 201, ""),
        ({"allowed_cidrs": ["2001:db8::/32"]}, 400, "CIDR 2001:db8::/32 IP version incompatible"),
        ({"allowed_cidrs": ["zz"]}, 400, "Value should be"),
        ({"default_pool_id": NOWHERE}, 404, f"Pool {NOWHERE} not found."),
        (
            {"default_tls_container_ref": "http://x/v1/containers/zz"},
            400,
            "Certificate container references are not allowed on HTTP protocol listeners.",
        ),
        ({"timeout_client_data": -1}, 400, "Value should be greater or equal to 0"),
        ({"connection_limit": -2}, 400, "Value should be greater or equal to -1"),
        ({"tags": ["a", "b"]}, 201, ""),
    ],
)
async def test_listeners(demo: User, values: dict[str, Any], status: int, said: str) -> None:
    made = await balancer(demo)
    await listener(demo, made["id"])
    given = {"loadbalancer_id": made["id"], "protocol": "HTTP", "protocol_port": 8080} | values
    answer = await post(demo, "/listeners", **given)
    if status == 201:
        assert answer.ok(201)["listener"]["loadbalancers"] == [{"id": made["id"]}]
    else:
        answer.refused(status, said)


async def test_a_listener_and_its_pool(demo: User) -> None:
    """A default pool must be of the load balancer and of a protocol that fits; it may be taken away again."""
    made, other = await balancer(demo), await balancer(demo)
    front = await listener(demo, made["id"])
    mine, foreign = await pool(demo, loadbalancer_id=made["id"]), await pool(demo, loadbalancer_id=other["id"])
    raw = await pool(demo, loadbalancer_id=made["id"], protocol="UDP")
    path = f"/listeners/{front['id']}"
    (await put(demo, path, default_pool_id=raw["id"])).refused(400, "The pool protocol 'UDP' is invalid while")
    (await put(demo, path, default_pool_id=foreign["id"])).refused(404)
    (await put(demo, path, default_pool_id=mine["id"])).ok(200)
    assert (await show(demo, f"/pools/{mine['id']}"))["listeners"] == [{"id": front["id"]}]
    (await put(demo, path, default_pool_id=None)).ok(200)
    assert (await show(demo, path))["default_pool_id"] is None
    (await post(demo, "/pools", listener_id=front["id"], protocol="HTTP", lb_algorithm="ROUND_ROBIN")).ok(201)
    twice = await post(demo, "/pools", listener_id=front["id"], protocol="HTTP", lb_algorithm="ROUND_ROBIN")
    twice.refused(409, "This listener already has a default pool")


async def test_a_pool_in_use_is_not_deleted(demo: User) -> None:
    made = await tree(demo)
    pools = {one["name"]: one["id"] for one in made["pools"]}
    (await demo.delete(API, f"{LBAAS}/pools/{pools['api']}")).refused(409, "is in use by L7 policy")
    (await demo.delete(API, f"{LBAAS}/pools/{pools['web']}")).ok(204)
    (front,) = made["listeners"]
    assert (await show(demo, f"/listeners/{front['id']}"))["default_pool_id"] is None
    assert (await demo.get(API, f"{LBAAS}/healthmonitors")).ok()["healthmonitors"] == []


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"lb_algorithm": "ZZ"}, 400, "Value should be one of"),
        ({"session_persistence": {"type": "APP_COOKIE", "cookie_name": "a"}}, 201, ""),
        ({"session_persistence": {"type": "APP_COOKIE"}}, 400, "cookie_name"),
        ({"session_persistence": {"type": "SOURCE_IP", "cookie_name": "a"}}, 400, "cookie_name"),
        ({"session_persistence": {"type": "SOURCE_IP"}}, 201, ""),
        ({"protocol": "UDP", "session_persistence": {"type": "HTTP_COOKIE"}}, 400, "not supported for UDP/SCTP"),
        ({"protocol": "PROXYV2"}, 201, ""),
        ({"tls_enabled": True, "tls_versions": ["TLSv1.2"]}, 201, ""),
        ({"tls_enabled": True, "tls_versions": ["zz"]}, 400, "Invalid TLS versions: zz"),
        ({"tls_enabled": True, "tls_ciphers": "a b"}, 400, "Invalid characters in cipher string."),
    ],
)
async def test_pools(demo: User, values: dict[str, Any], status: int, said: str) -> None:
    made = await balancer(demo)
    given = {"loadbalancer_id": made["id"], "protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN"} | values
    answer = await post(demo, "/pools", **given)
    answer.ok(201) if status == 201 else answer.refused(status, said)


async def test_members(demo: User) -> None:
    back = await pool(demo, loadbalancer_id=(await balancer(demo))["id"])
    path = f"/pools/{back['id']}/members"
    place = (await subnet(demo))["id"]
    one = await make(demo, path, address="10.0.0.9", protocol_port=80, subnet_id=place, name="one", tags=["a"])
    assert (one["weight"], one["backup"], one["vnic_type"], one["monitor_port"]) == (1, False, "normal", None)
    (await post(demo, path, address="10.0.0.9", protocol_port=80)).refused(
        409, "Another member on this pool is already using ip 10.0.0.9 on protocol_port 80"
    )
    (await post(demo, path, address="10.0.0.9", protocol_port=81, subnet_id=NOWHERE)).refused(
        400, f"Subnet {NOWHERE} not found."
    )
    (await post(demo, path, address="169.254.169.254", protocol_port=81)).refused(400, "member address")
    (await post(demo, path, address="10.0.0.10", protocol_port=81, weight=257)).refused(400, "lower or equal to 256")
    changed = (await put(demo, f"{path}/{one['id']}", weight=5, monitor_port=8080, backup=True)).ok(200)["member"]
    assert (changed["weight"], changed["monitor_port"], changed["backup"]) == (5, 8080, True)
    (await put(demo, f"{path}/{one['id']}", address="10.0.0.1")).refused(400, "Unknown attribute")
    other = await pool(demo, loadbalancer_id=(await balancer(demo))["id"])
    (await demo.get(API, f"{LBAAS}/pools/{other['id']}/members/{one['id']}")).refused(404)
    (await demo.delete(API, f"{LBAAS}{path}/{one['id']}")).ok(204)
    assert (await demo.get(API, f"{LBAAS}{path}")).ok()["members"] == []


async def test_all_members_at_once(demo: User) -> None:
    """Those given are there afterwards, with what they keep and what is the default again; or only further ones."""
    back = await pool(demo, loadbalancer_id=(await balancer(demo))["id"])
    path, place = f"/pools/{back['id']}/members", (await subnet(demo))["id"]
    kept = await make(demo, path, address="10.0.0.1", protocol_port=80, weight=5, name="kept", subnet_id=place)
    await make(demo, path, address="10.0.0.2", protocol_port=80)

    async def batch(members: list[dict[str, Any]], **params: str) -> list[dict[str, Any]]:
        (await demo.put(API, f"{LBAAS}{path}", {"members": members}, params=params)).ok(202)
        found: list[dict[str, Any]] = (await demo.get(API, f"{LBAAS}{path}")).ok()["members"]
        return sorted(found, key=lambda one: one["address"])

    first, third = {"address": "10.0.0.1", "protocol_port": 80}, {"address": "10.0.0.3", "protocol_port": 80}
    found = await batch([first, third])
    assert [one["address"] for one in found] == ["10.0.0.1", "10.0.0.3"]
    assert (found[0]["id"], found[0]["name"], found[0]["weight"], found[0]["subnet_id"]) == (
        kept["id"], "kept", 1, place,
    )  # fmt: skip
    (without, *_) = await batch([first | {"subnet_id": None}, third])
    assert without["subnet_id"] is None
    assert len(await batch([{"address": "10.0.0.4", "protocol_port": 80}], additive_only="true")) == 3
    assert await batch([]) == []
    for members, said in (
        ([third, third], "Another member on this pool is already using ip 10.0.0.3"),
        ([{"address": "zz", "protocol_port": 80}], "Value should be"),
        ([{"address": "10.0.0.4"}], "Mandatory field missing"),
    ):
        answer = await demo.put(API, f"{LBAAS}{path}", {"members": members})
        answer.refused(409 if "Another" in said else 400, said)
        assert (await demo.get(API, f"{LBAAS}{path}")).ok()["members"] == []


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({}, 201, ""),
        ({"type": "ZZ"}, 400, "Value should be one of"),
        ({"type": "PING", "expected_codes": "200"}, 400, "PING"),
        ({"timeout": 6}, 201, ""),
        ({"max_retries": 11}, 400, "lower or equal to 10"),
        ({"expected_codes": "200,202"}, 201, ""),
        ({"expected_codes": "zz"}, 400, "expected_codes"),
        ({"url_path": "zz"}, 400, "url_path"),
        ({"http_method": "ZZ"}, 400, "Value should be one of"),
        ({"type": "UDP-CONNECT"}, 400, "UDP-CONNECT"),
        ({"http_version": 1.1, "domain_name": "a.example"}, 201, ""),
        ({"domain_name": "a.example"}, 400, "http_version"),
    ],
)
async def test_health_monitors(demo: User, values: dict[str, Any], status: int, said: str) -> None:
    back = await pool(demo, loadbalancer_id=(await balancer(demo))["id"])
    answer = await post(demo, "/healthmonitors", pool_id=back["id"], **MONITOR | values)
    if status != 201:
        answer.refused(status, said)
        return
    made = answer.ok(201)["healthmonitor"]
    assert (made["url_path"], made["http_method"], made["max_retries_down"]) == ("/", "GET", 3)
    (await post(demo, "/healthmonitors", pool_id=back["id"], **MONITOR)).refused(409, "already has a health monitor")
    assert (await show(demo, f"/pools/{back['id']}"))["healthmonitor_id"] == made["id"]
    (await put(demo, f"/healthmonitors/{made['id']}", delay=10, url_path="/ok")).ok(200)
    (await demo.delete(API, f"{LBAAS}/healthmonitors/{made['id']}")).ok(204)
    assert (await show(demo, f"/pools/{back['id']}")).get("healthmonitor_id") is None


async def test_l7_policies_keep_their_order(demo: User) -> None:
    front = await listener(demo, (await balancer(demo))["id"])
    common = {"listener_id": front["id"], "action": "REJECT"}
    first, second = await make(demo, "/l7policies", **common), await make(demo, "/l7policies", **common)
    third = await make(demo, "/l7policies", position=1, **common)

    async def order() -> list[str]:
        listed = (await demo.get(API, f"{LBAAS}/l7policies")).ok()["l7policies"]
        positions = {one["position"]: one["id"] for one in listed}
        assert sorted(positions) == list(range(1, len(listed) + 1))
        return [positions[position] for position in sorted(positions)]

    assert await order() == [third["id"], first["id"], second["id"]]
    (await put(demo, f"/l7policies/{third['id']}", position=3)).ok(200)
    assert await order() == [first["id"], second["id"], third["id"]]
    (await demo.delete(API, f"{LBAAS}/l7policies/{first['id']}")).ok(204)
    assert await order() == [second["id"], third["id"]]


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"action": "REDIRECT_TO_URL", "redirect_url": "http://a.example/"}, 201, ""),
        ({"action": "REDIRECT_TO_URL", "redirect_url": "http://a.example/", "redirect_http_code": 307}, 201, ""),
        ({"action": "REDIRECT_TO_URL", "redirect_url": "zz"}, 400, "Value must be a valid URL string"),
        ({"action": "REDIRECT_TO_URL"}, 400, "redirect_url"),
        ({"action": "REDIRECT_PREFIX", "redirect_prefix": "https://a.example"}, 201, ""),
        ({"action": "REDIRECT_TO_POOL"}, 400, "redirect_pool_id"),
        ({"action": "REDIRECT_TO_POOL", "redirect_pool_id": NOWHERE}, 404, f"Pool {NOWHERE} not found."),
        ({"action": "ZZ"}, 400, "Value should be one of"),
    ],
)
async def test_l7_policies(demo: User, values: dict[str, Any], status: int, said: str) -> None:
    front = await listener(demo, (await balancer(demo))["id"])
    answer = await post(demo, "/l7policies", listener_id=front["id"], **values)
    answer.ok(201) if status == 201 else answer.refused(status, said)


@pytest.mark.parametrize(
    ("values", "status", "said"),
    [
        ({"type": "PATH", "compare_type": "STARTS_WITH", "value": "/api"}, 201, ""),
        ({"type": "COOKIE", "compare_type": "EQUAL_TO", "key": "a", "value": "b", "invert": True}, 201, ""),
        ({"type": "COOKIE", "compare_type": "EQUAL_TO", "value": "b"}, 400, "key"),
        (
            {"type": "FILE_TYPE", "compare_type": "CONTAINS", "value": "png"},
            400,
            "invalid comparison type for rule type",
        ),
        ({"type": "PATH", "compare_type": "REGEX", "value": "("}, 400, "Error parsing L7Rule"),
        ({"type": "SSL_CONN_HAS_CERT", "compare_type": "EQUAL_TO", "value": "True"}, 201, ""),
        ({"type": "HEADER", "compare_type": "EQUAL_TO", "key": "a b", "value": "b"}, 400, "Error parsing L7Rule"),
    ],
)
async def test_l7_rules(demo: User, values: dict[str, Any], status: int, said: str) -> None:
    front = await listener(demo, (await balancer(demo))["id"])
    policy = await make(demo, "/l7policies", listener_id=front["id"], action="REJECT")
    path = f"/l7policies/{policy['id']}/rules"
    answer = await post(demo, path, **values)
    if status != 201:
        answer.refused(status, said)
        return
    rule = answer.ok(201)["rule"]
    shown = await show(demo, f"/l7policies/{policy['id']}")
    assert shown["rules"] == [{"id": rule["id"]}]
    (await put(demo, f"{path}/{rule['id']}", invert=False, tags=["a"])).ok(200)
    (await demo.delete(API, f"{LBAAS}{path}/{rule['id']}")).ok(204)


async def test_hsts_needs_tls(demo: User) -> None:
    made = await balancer(demo)
    answer = await post(
        demo, "/listeners", loadbalancer_id=made["id"], protocol="HTTP", protocol_port=80, hsts_max_age=10
    )
    answer.refused(400, "HSTS")
