"""Quotas, extensions, zones, agents and segments: what an operator looks at."""

from __future__ import annotations

from typing import Any

import pytest

DEFAULTS = {
    "network": 100,
    "subnet": 100,
    "subnetpool": -1,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "rbac_policy": 10,
    "security_group": 10,
    "security_group_rule": 100,
    "trunk": -1,
    "firewall_rule": 100,
    "firewall_group": 10,
    "firewall_policy": 10,
    "ikepolicy": -1,
    "ipsecpolicy": -1,
    "endpoint_group": -1,
    "vpnservice": -1,
    "ipsec_site_connection": -1,
    "bgpvpn": -1,
}


async def test_limits_are_enforced_and_given_back(neutron: Any, demo: Any, admin: Any) -> None:
    path = f"/v2.0/quotas/{demo.project_id}"
    assert (await demo.get("network", path)).ok(200) == {"quota": DEFAULTS}
    used = (await demo.get("network", f"{path}/details")).ok(200)["quota"]["network"]
    assert used == {"limit": 100, "used": used["used"], "reserved": 0}
    changed = (await admin.put("network", path, {"quota": {"network": used["used"] + 1}})).ok(200)["quota"]
    assert changed == {**DEFAULTS, "network": used["used"] + 1}
    network = await neutron.create("networks")
    (await neutron.post("networks")).refused(409, "Quota exceeded for resources: ['network'].")
    (await neutron.delete("networks", network["id"])).ok(204)
    await neutron.create("networks")
    text = f"Quota limit 0 for network must be greater than or equal to already used {used['used'] + 1}"
    (await admin.put("network", path, {"quota": {"network": 0}})).refused(400, text)
    (await admin.put("network", path, {"quota": {"network": 0, "force": True}})).ok(200)
    listed = (await admin.get("network", "/v2.0/quotas")).ok(200)["quotas"]
    assert [(one["project_id"], one["tenant_id"], one["network"]) for one in listed] == [
        (demo.project_id, demo.project_id, 0)
    ]
    (await admin.delete("network", path)).ok(204)
    (await admin.delete("network", path)).refused(404, f"Quota for project {demo.project_id} could not be found.")
    assert (await demo.get("network", f"{path}/default")).ok(200) == {"quota": DEFAULTS}


async def test_the_defaults_are_an_option(cloud: Any, neutron: Any, demo: Any, admin: Any) -> None:
    path = f"/v2.0/quotas/{demo.project_id}"
    await cloud.set_options(network__quotas="router=2, port=-1")
    limits = {**DEFAULTS, "router": 2, "port": -1}
    assert (await demo.get("network", path)).ok(200) == {"quota": limits}
    assert (await demo.get("network", f"{path}/default")).ok(200) == {"quota": limits}
    await neutron.create("routers")
    (await neutron.post("routers")).refused(409, "Quota exceeded for resources: ['router'].")
    (await admin.put("network", path, {"quota": {"router": 3}})).ok(200)
    await neutron.create("routers")
    await cloud.set_options(network__quotas="")
    assert (await demo.get("network", f"{path}/default")).ok(200) == {"quota": DEFAULTS}


@pytest.mark.parametrize("value", ["router", "router=x", "router=-2", "color=1", "router=1,,=2"])
async def test_defaults_that_are_none(cloud: Any, value: str) -> None:
    with pytest.raises(AssertionError, match="write RESOURCE=LIMIT"):
        await cloud.set_options(network__quotas=value)


async def test_refusals(demo: Any, admin: Any) -> None:
    mine, other = f"/v2.0/quotas/{demo.project_id}", f"/v2.0/quotas/{admin.project_id}"
    (await demo.put("network", mine, {"quota": {}})).refused(403, "rule:update_quota is disallowed by policy")
    (await demo.get("network", other)).refused(403, "rule:get_quota is disallowed by policy")
    (await demo.get("network", "/v2.0/quotas")).refused(403, "rule:get_quota is disallowed by policy")
    small = "Invalid input for network. Reason: '-2' is too small - must be at least '-1'."
    (await admin.put("network", mine, {"quota": {"network": -2}})).refused(400, small)
    (await admin.put("network", mine, {"quota": {"foo": 1}})).refused(400, "Unrecognized attribute(s) 'foo'")
    own = {"quota": {"project_id": demo.project_id}}
    (await admin.put("network", mine, own)).refused(400, "Unrecognized attribute(s) 'project_id'")
    assert (await demo.get("network", "/v2.0/quotas/tenant")).ok(200) == {"tenant": {"tenant_id": demo.project_id}}


async def test_extensions(demo: Any) -> None:
    found = {one["alias"] for one in (await demo.get("network", "/v2.0/extensions")).ok(200)["extensions"]}
    assert {"security-group", "router", "provider", "external-net", "port-security", "standard-attr-tag"} <= found
    shown = (await demo.get("network", "/v2.0/extensions/net-mtu")).ok(200)["extension"]
    assert shown == {
        "name": "Network MTU",
        "alias": "net-mtu",
        "description": "Provides MTU attribute for a network resource.",
        "updated": "2015-03-25T10:00:00-00:00",
        "links": [],
    }
    (await demo.get("network", "/v2.0/extensions/nope")).refused(404)


async def test_zones(demo: Any) -> None:
    zones = (await demo.get("network", "/v2.0/availability_zones")).ok(200)["availability_zones"]
    assert zones == [{"state": "available", "name": "nova", "resource": of} for of in ("network", "router")]


async def test_agents_are_an_admins(demo: Any, admin: Any) -> None:
    assert (await demo.get("network", "/v2.0/agents")).ok(200) == {"agents": []}
    agents = (await admin.get("network", "/v2.0/agents?binary=neutron-l3-agent")).ok(200)["agents"]
    assert [agent["alive"] for agent in agents] == [True]
    path = f"/v2.0/agents/{agents[0]['id']}"
    changed = (await admin.put("network", path, {"agent": {"admin_state_up": False, "description": "d"}})).ok(200)
    assert (changed["agent"]["admin_state_up"], changed["agent"]["description"]) == (False, "d")
    (await demo.get("network", path)).refused(404, f"Agent {agents[0]['id']} could not be found.")


async def test_segments(neutron: Any, admin_neutron: Any) -> None:
    network = await admin_neutron.create("networks")
    (own,) = await admin_neutron.list("segments", f"network_id={network['id']}")
    (await neutron.post("segments", network_id=network["id"], network_type="local")).refused(
        403, "rule:create_segment is disallowed by policy"
    )
    made = await admin_neutron.create("segments", network_id=network["id"], network_type="local", name="s")
    assert (made["name"], made["physical_network"], made["segmentation_id"]) == ("s", None, None)
    assert (made["description"], own["description"]) == ("", None)
    (await admin_neutron.put("segments", made["id"], description=None)).refused(400, "'None' is not a valid string.")
    assert (await admin_neutron.update("segments", made["id"], name=""))["name"] == ""
    on_segment = {"network_id": network["id"], "ip_version": 4, "segment_id": own["id"]}
    await admin_neutron.create("subnets", cidr="10.60.0.0/24", **on_segment)
    (await admin_neutron.delete("segments", own["id"])).refused(409, f"Segment '{own['id']}' cannot be deleted")
    (await admin_neutron.delete("segments", made["id"])).ok(204)
    assert (await admin_neutron.show("networks", network["id"]))["l2_adjacency"] is False
