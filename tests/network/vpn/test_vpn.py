"""VPN services, endpoint groups, policies and connections between sites."""

from __future__ import annotations

from typing import Any

import pytest

CONNECTIONS = "vpn/ipsec-site-connections"


@pytest.fixture
async def site(neutron: Any) -> dict[str, Any]:
    """A router with a gateway and a subnet, and all that a connection needs."""
    (public,) = await neutron.list("networks", "name=public")
    _, subnet = await neutron.network()
    router = await neutron.create("routers", external_gateway_info={"network_id": public["id"]})
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)
    return {
        "router": router,
        "subnet": subnet,
        "ikepolicy_id": (await neutron.create("vpn/ikepolicies", lifetime={"value": 1200}))["id"],
        "ipsecpolicy_id": (await neutron.create("vpn/ipsecpolicies"))["id"],
    }


def _connection(site: dict[str, Any], **more: Any) -> dict[str, Any]:
    policies = {name: site[name] for name in ("ikepolicy_id", "ipsecpolicy_id")}
    return {"psk": "s", "peer_address": "203.0.113.9", "peer_id": "203.0.113.9", **policies, **more}


async def test_a_connection_by_endpoint_groups(neutron: Any, site: Any) -> None:
    service = await neutron.create("vpn/vpnservices", router_id=site["router"]["id"])
    gateway = site["router"]["external_gateway_info"]["external_fixed_ips"]
    assert service["external_v4_ip"] in [one["ip_address"] for one in gateway]
    assert service["status"] == "PENDING_CREATE"
    assert (await neutron.show("vpn/vpnservices", service["id"]))["status"] == "ACTIVE"
    local = await neutron.create("vpn/endpoint-groups", type="subnet", endpoints=[site["subnet"]["id"]])
    peer = await neutron.create("vpn/endpoint-groups", type="cidr", endpoints=["10.3.0.0/24", "10.2.0.0/24"])
    assert peer["endpoints"] == ["10.2.0.0/24", "10.3.0.0/24"]
    ends = {"local_ep_group_id": local["id"], "peer_ep_group_id": peer["id"]}
    made = await neutron.create(CONNECTIONS, **_connection(site, vpnservice_id=service["id"], **ends))
    assert (made["status"], made["dpd"]) == ("PENDING_CREATE", {"action": "hold", "interval": 30, "timeout": 120})
    assert (await neutron.show(CONNECTIONS, made["id"]))["status"] == "ACTIVE"
    changed = await neutron.update(CONNECTIONS, made["id"], admin_state_up=False, dpd={"timeout": 60})
    assert (changed["status"], changed["dpd"]["interval"], changed["dpd"]["timeout"]) == ("DOWN", 30, 60)
    (await neutron.put(CONNECTIONS, made["id"], peer_cidrs=["10.9.0.0/24"])).refused(
        400, "Peer CIDRs cannot be specified, when using endpoint groups"
    )
    (await neutron.delete("vpn/ipsecpolicies", site["ipsecpolicy_id"])).refused(409)
    (await neutron.delete(CONNECTIONS, made["id"])).ok(204)
    (await neutron.delete("vpn/endpoint-groups", peer["id"])).ok(204)


async def test_a_connection_by_the_services_subnet(neutron: Any, site: Any) -> None:
    ids = {"router_id": site["router"]["id"], "subnet_id": site["subnet"]["id"]}
    service = await neutron.create("vpn/vpnservices", **ids)
    body = _connection(site, vpnservice_id=service["id"])
    (await neutron.post(CONNECTIONS, **body, peer_cidrs=["fd00::/64"])).refused(
        400, "IP versions are not compatible between peer and local endpoints"
    )
    (await neutron.post(CONNECTIONS, **{**body, "peer_address": "peer.example"}, peer_cidrs=["10.3.0.0/24"])).refused(
        400, "Peer address peer.example cannot be resolved"
    )
    made = await neutron.create(CONNECTIONS, **body, peer_cidrs=["10.3.0.0/24"])
    assert (made["peer_cidrs"], made["local_ep_group_id"]) == (["10.3.0.0/24"], None)


async def test_what_a_vpn_stands_on_stays(neutron: Any, site: Any) -> None:
    router, subnet = site["router"]["id"], site["subnet"]["id"]
    service = await neutron.create("vpn/vpnservices", router_id=router, subnet_id=subnet)
    path = f"/v2.0/routers/{router}/remove_router_interface"
    (await neutron.user.put("network", path, {"subnet_id": subnet})).refused(
        409, f"Subnet {subnet} is used by VPNService {service['id']}"
    )
    used = f"Router {router} is currently used by VPN service ({service['id']})"
    (await neutron.put("routers", router, external_gateway_info={})).refused(409, used)
    (await neutron.delete("vpn/vpnservices", service["id"])).ok(204)
    (await neutron.update("routers", router, external_gateway_info={}))
    group = await neutron.create("vpn/endpoint-groups", type="subnet", endpoints=[subnet])
    (await neutron.user.put("network", path, {"subnet_id": subnet})).ok(200)
    (await neutron.delete("subnets", subnet)).refused(409, f"Subnet {subnet} is used by endpoint group {group['id']}")


async def test_a_gateway_is_needed(neutron: Any) -> None:
    router = await neutron.create("routers")
    (await neutron.post("vpn/vpnservices", router_id=router["id"])).refused(
        400, f"Router {router['id']} has no external network gateway set"
    )


async def test_what_is_not_said_of_a_lifetime_stays(neutron: Any, site: Any) -> None:
    changed = await neutron.update("vpn/ikepolicies", site["ikepolicy_id"], lifetime={"units": "seconds"}, name="n")
    assert changed["lifetime"] == {"units": "seconds", "value": 1200}


@pytest.mark.parametrize("collection", ["vpn/ikepolicies", "vpn/ipsecpolicies"])
async def test_a_lifetime_as_a_text(neutron: Any, collection: str) -> None:
    """It is what the answer to its own request says, and a number from then on."""
    policy = await neutron.create(collection, lifetime={"value": "1200"})
    assert policy["lifetime"] == {"units": "seconds", "value": "1200"}
    assert (await neutron.show(collection, policy["id"]))["lifetime"]["value"] == 1200
    changed = await neutron.update(collection, policy["id"], lifetime={"units": "seconds", "value": "2000"})
    assert changed["lifetime"] == {"units": "seconds", "value": "2000"}
    assert (await neutron.list(collection, f"id={policy['id']}"))[0]["lifetime"]["value"] == 2000
    for value, why in (("10", "'10' is too small - must be at least '60'"), ("x", "'x' is not an integer")):
        refused = await neutron.put(collection, policy["id"], lifetime={"value": value})
        refused.refused(400, f"Invalid input for lifetime. Reason: {why}.")
    refused = await neutron.post(collection, lifetime={"value": None})
    refused.refused(400, "Invalid input for lifetime. Reason: 'None' is not an integer.")


async def test_readers_see_no_vpn(neutron: Any, site: Any, cloud: Any) -> None:
    reader = await cloud.user("demo_reader", "demo")
    path = f"/v2.0/vpn/ikepolicies/{site['ikepolicy_id']}"
    assert (await reader.get("network", "/v2.0/vpn/ikepolicies")).ok(200) == {"ikepolicies": []}
    (await reader.get("network", path)).refused(404, f"IKEPolicy {site['ikepolicy_id']} could not be found")
    (await reader.put("network", path, {"ikepolicy": {"name": "n"}})).refused(403)
