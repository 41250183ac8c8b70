"""What the provider ovn refuses, in its words (ovn_octavia_provider/driver.py)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import User
from tests.load_balancer.test_amphorae import make_balancer

API = "load-balancer"
UNSUPPORTED = "Provider 'ovn' does not support a requested option: "
LBAAS = "/v2/lbaas"


async def make(user: User, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a create answers."""
    made: dict[str, Any] = next(iter((await user.post(API, f"{LBAAS}{path}", body)).ok(201).values()))
    return made


async def stage(demo: User) -> tuple[str, str]:
    """A load balancer of OVN with a pool: (id of the load balancer, id of the pool)."""
    balancer = (await make_balancer(demo, provider="ovn"))["id"]
    body = {"pool": {"loadbalancer_id": balancer, "protocol": "TCP", "lb_algorithm": "SOURCE_IP_PORT"}}
    return balancer, (await make(demo, "/pools", body))["id"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"protocol": "HTTP"}, "OVN provider does not support HTTP protocol"),
        ({"allowed_cidrs": ["10.0.0.0/8"]}, "OVN provider does not support allowed_cidrs option"),
    ],
    ids=["HTTP", "CIDRs"],
)
async def test_listeners(demo: User, given: dict[str, Any], said: str) -> None:
    balancer, _ = await stage(demo)
    usual = {"loadbalancer_id": balancer, "protocol": "TCP", "protocol_port": 80}
    (await demo.post(API, f"{LBAAS}/listeners", {"listener": usual | given})).refused(501, UNSUPPORTED + said)
    listener = await make(demo, "/listeners", {"listener": usual})
    path = f"{LBAAS}/listeners/{listener['id']}"
    changed = {"listener": {"allowed_cidrs": ["10.0.0.0/8"]}}
    (await demo.put(API, path, changed)).refused(501, "OVN provider does not support allowed_cidrs option")
    (await demo.put(API, path, {"listener": {"name": "front"}})).ok(200)


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"protocol": "HTTP"}, 501, "OVN provider does not support HTTP protocol"),
        ({"lb_algorithm": "ROUND_ROBIN"}, 501, "OVN provider does not support ROUND_ROBIN algorithm"),
        ({"session_persistence": {"type": "HTTP_COOKIE"}}, 500, "'dict' object has no attribute 'type'"),
    ],
    ids=["HTTP", "round robin", "cookies"],
)
async def test_pools(demo: User, given: dict[str, Any], status: int, said: str) -> None:
    balancer, pool = await stage(demo)
    usual = {"loadbalancer_id": balancer, "protocol": "TCP", "lb_algorithm": "SOURCE_IP"}
    (await demo.post(API, f"{LBAAS}/pools", {"pool": usual | given})).refused(status, said)
    (await demo.put(API, f"{LBAAS}/pools/{pool}", {"pool": {"lb_algorithm": "ROUND_ROBIN"}})).refused(
        501, "OVN provider does not support ROUND_ROBIN algorithm"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"monitor_port": 81}, "OVN Load Balancer does not support different member monitor address or port."),
        ({"address": "fd00::9"}, "OVN provider does not support mixing IPv4/IPv6 configuration within the same"),
        ({"address": "192.0.2.9"}, "Subnet is required, or Loadbalancer associated with Pool must have a subnet, for"),
    ],
    ids=["monitor port", "IPv6", "elsewhere without a subnet"],
)
async def test_members(demo: User, given: dict[str, Any], said: str) -> None:
    _, pool = await stage(demo)
    usual = {"address": "10.0.0.61", "protocol_port": 80}
    path = f"{LBAAS}/pools/{pool}/members"
    (await demo.post(API, path, {"member": usual | given})).refused(501, UNSUPPORTED + said)
    member = await make(demo, f"/pools/{pool}/members", {"member": usual})
    refused = await demo.put(API, f"{path}/{member['id']}", {"member": {"monitor_port": 81}})
    refused.refused(501, "does not support different member monitor address or port.")
    batch = {"members": [usual | {"monitor_address": "10.0.0.62"}]}
    (await demo.put(API, path, batch)).refused(501, "OVN provider does not support monitor options")


async def test_monitors_and_policies(admin: User, demo: User) -> None:
    balancer, pool = await stage(demo)
    usual = {"pool_id": pool, "delay": 5, "timeout": 3, "max_retries": 2}
    (await demo.post(API, f"{LBAAS}/healthmonitors", {"healthmonitor": usual | {"type": "PING"}})).refused(
        501,
        UNSUPPORTED + "OVN provider does not support PING health monitor type. Supported types: UDP-CONNECT, TCP",
    )
    await make(demo, "/healthmonitors", {"healthmonitor": usual | {"type": "TCP"}})
    listener = {"loadbalancer_id": balancer, "protocol": "TCP", "protocol_port": 80}
    listener_id = (await make(demo, "/listeners", {"listener": listener}))["id"]
    policy = {"l7policy": {"listener_id": listener_id, "action": "REJECT"}}
    (await demo.post(API, f"{LBAAS}/l7policies", policy)).refused(
        501,
        "Provider 'ovn' does not support a requested action: This provider does not support creating l7policies.",
    )
    (await admin.put(API, f"{LBAAS}/loadbalancers/{balancer}/failover")).refused(
        501, UNSUPPORTED + "OVN provider does not support loadbalancer failover"
    )


async def test_a_whole_load_balancer_is_refused_for_a_part(demo: User) -> None:
    listener = {"protocol": "HTTP", "protocol_port": 80}
    before = (await demo.get(API, f"{LBAAS}/loadbalancers")).ok()["loadbalancers"]
    with pytest.raises(AssertionError, match="OVN provider does not support HTTP protocol"):
        await make_balancer(demo, provider="ovn", listeners=[listener])
    assert (await demo.get(API, f"{LBAAS}/loadbalancers")).ok()["loadbalancers"] == before
