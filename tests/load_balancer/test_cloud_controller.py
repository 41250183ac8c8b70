"""What Kubernetes' cloud provider calls for a Service of the type LoadBalancer, in its order.

Source: cloud-provider-openstack, pkg/openstack/loadbalancer.go (ensureOctaviaLoadBalancer, deleteOctaviaResources).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.load_balancer.making import API, LBAAS, advance, balancer, make, put, set_profile, show, subnet

NAME = "kube_service_cluster_default_web"


PROVISIONING = {"ACTIVE", "PENDING_CREATE", "PENDING_UPDATE", "PENDING_DELETE"}
"""octavia/common/constants.py, SUPPORTED_PROVISIONING_STATUSES; no call of these may end in ERROR."""
OPERATING = {"ONLINE", "OFFLINE", "DEGRADED", "ERROR", "DRAINING", "NO_MONITOR"}
"""SUPPORTED_OPERATING_STATUSES."""


def states_of(shown: Any) -> Iterator[tuple[str, str]]:
    """Key and word of every state in an answer, of what is inside of others, too."""
    for key, value in shown.items() if isinstance(shown, dict) else enumerate(shown):
        if key in ("provisioning_status", "operating_status"):
            yield key, value
        elif isinstance(value, dict | list):
            yield from states_of(value)


async def look(demo: User, id: str) -> dict[str, Any]:
    """The load balancer; all that is below it is in a state that Octavia has."""
    tree = (await demo.get(API, f"{LBAAS}/loadbalancers/{id}/status")).ok()["statuses"]
    seen = set(states_of(tree))
    for kind in ("loadbalancers", "listeners", "pools", "healthmonitors"):
        seen |= set(states_of((await demo.get(API, f"{LBAAS}/{kind}")).ok()[kind]))
    assert {word for key, word in seen if key == "provisioning_status"} <= PROVISIONING
    assert {word for key, word in seen if key == "operating_status"} <= OPERATING
    return await show(demo, f"/loadbalancers/{id}")


async def wait(cloud: Cloud, demo: User, admin: User, id: str) -> dict[str, Any]:
    """Poll until the load balancer is ACTIVE, as `waitLoadbalancerActiveProvisioningStatus` does."""
    for _ in range(20):
        shown = await look(demo, id)
        if shown["provisioning_status"] == "ACTIVE":
            return shown
        assert shown["provisioning_status"].startswith("PENDING")
        await advance(cloud, admin, 10)
    raise AssertionError("it does not get ACTIVE")


@pytest.mark.parametrize("profile", ["instant", "realistic"])
async def test_a_service_of_kubernetes(cloud: Cloud, demo: User, admin: User, profile: str) -> None:
    await set_profile(cloud, admin, profile)
    place = (await subnet(demo))["id"]
    before = {one["id"] for one in (await demo.get("network", "/v2.0/ports")).ok()["ports"]}
    assert (await demo.get(API, f"{LBAAS}/loadbalancers", params={"name": NAME})).ok()["loadbalancers"] == []
    nodes = [
        {"name": f"node-{n}", "address": f"10.0.0.{n}", "protocol_port": 30080, "subnet_id": place, "weight": 1}
        for n in (21, 22)
    ]
    monitor = {"name": "monitor_0", "type": "TCP", "delay": 5, "timeout": 3, "max_retries": 1}
    back = {
        "name": "pool_0", "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN", "members": nodes, "healthmonitor": monitor,
    }  # fmt: skip
    front = {
        "name": "listener_0", "protocol": "TCP", "protocol_port": 80, "connection_limit": -1, "tags": [NAME],
        "default_pool": back,
    }  # fmt: skip
    made = await balancer(
        demo, name=NAME, description="Kubernetes external service", vip_subnet_id=place, listeners=[front], tags=[NAME]
    )
    shown = await wait(cloud, demo, admin, made["id"])
    assert (shown["tags"], len(shown["listeners"]), len(shown["pools"])) == ([NAME], 1, 1)

    # Its parts are found by what they are below of.
    listed = (await demo.get(API, f"{LBAAS}/listeners", params={"loadbalancer_id": made["id"]})).ok()["listeners"]
    assert [one["tags"] for one in listed] == [[NAME]]
    pools = (await demo.get(API, f"{LBAAS}/pools", params={"loadbalancer_id": made["id"]})).ok()["pools"]
    (pool_id,) = [one["id"] for one in pools]
    members = f"{LBAAS}/pools/{pool_id}/members"
    assert len((await demo.get(API, members)).ok()["members"]) == 2

    # A node goes, another one comes; a port is added.
    nodes = [nodes[1], nodes[1] | {"name": "node-23", "address": "10.0.0.23"}]
    (await demo.put(API, members, {"members": nodes})).ok(202)
    if profile == "realistic":
        (await demo.put(API, members, {"members": nodes})).refused(409, "is immutable and cannot be updated.")
    await wait(cloud, demo, admin, made["id"])
    assert {one["name"] for one in (await demo.get(API, members)).ok()["members"]} == {"node-22", "node-23"}
    further = await make(
        demo, "/listeners", loadbalancer_id=made["id"], name="listener_1", protocol="TCP", protocol_port=443
    )
    await wait(cloud, demo, admin, made["id"])
    (await put(demo, f"/listeners/{further['id']}", allowed_cidrs=["192.0.2.0/24"], tags=[NAME])).ok(200)
    await wait(cloud, demo, admin, made["id"])

    # A second Service shares it, and leaves again.
    for tags in ([NAME, "kube_service_cluster_default_other"], [NAME]):
        (await put(demo, f"/loadbalancers/{made['id']}", tags=tags)).ok(200)
        await wait(cloud, demo, admin, made["id"])
        found = (await demo.get(API, f"{LBAAS}/loadbalancers", params={"tags": tags[-1]})).ok()["loadbalancers"]
        assert [one["id"] for one in found] == [made["id"]]

    # The Service is deleted: nothing stays.
    (await demo.delete(API, f"{LBAAS}/loadbalancers/{made['id']}", params={"cascade": "true"})).ok(204)
    await advance(cloud, admin, 600)
    for kind in ("loadbalancers", "listeners", "pools", "healthmonitors"):
        assert (await demo.get(API, f"{LBAAS}/{kind}")).ok()[kind] == []
    assert {one["id"] for one in (await demo.get("network", "/v2.0/ports")).ok()["ports"]} == before
