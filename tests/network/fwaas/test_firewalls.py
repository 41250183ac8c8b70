"""Firewall rules, policies and groups."""

from __future__ import annotations

from typing import Any

RULES, POLICIES, GROUPS = "fwaas/firewall_rules", "fwaas/firewall_policies", "fwaas/firewall_groups"


async def _action(neutron: Any, policy: Any, action: str, **what: Any) -> Any:
    return await neutron.user.put("network", f"/v2.0/{POLICIES}/{policy['id']}/{action}", what)


async def _router_port(neutron: Any) -> str:
    _, subnet = await neutron.network()
    router = await neutron.create("routers")
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    return str((await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)["port_id"])


async def test_every_project_has_a_default_group(neutron: Any, admin_neutron: Any) -> None:
    (group,) = await neutron.list(GROUPS)
    assert (group["name"], group["status"], group["ports"]) == ("default", "INACTIVE", [])
    policy = await neutron.show(POLICIES, group["ingress_firewall_policy_id"])
    assert policy["name"] == "default ingress"
    rules = [await neutron.show(RULES, id) for id in policy["firewall_rules"]]
    assert [(rule["ip_version"], rule["action"]) for rule in rules] == [(4, "deny"), (6, "deny")]
    (await neutron.put(GROUPS, group["id"], description="mine")).refused(409)
    (await neutron.delete(GROUPS, group["id"])).refused(409, "Deleting default firewall group not allowed.")
    (await admin_neutron.delete(GROUPS, group["id"])).ok(204)
    (await neutron.get(POLICIES, policy["id"])).refused(404)
    (again,) = await neutron.list(GROUPS)
    assert again["id"] != group["id"]


async def test_a_group_is_active_with_ports(neutron: Any) -> None:
    port = await _router_port(neutron)
    group = await neutron.create(GROUPS, name="g")
    assert group["status"] == "INACTIVE"
    group = await neutron.update(GROUPS, group["id"], ports=[port])
    assert (group["status"], group["revision_number"]) == ("ACTIVE", 1)
    (await neutron.delete(GROUPS, group["id"])).refused(409, f"Firewall group {group['id']} is still active.")
    (await neutron.post(GROUPS, ports=[port])).refused(409)
    assert (await neutron.update(GROUPS, group["id"], admin_state_up=False))["status"] == "DOWN"
    (await neutron.update(GROUPS, group["id"], ports=[]))
    (await neutron.delete(GROUPS, group["id"])).ok(204)


async def test_a_port_that_goes_leaves_its_group(neutron: Any) -> None:
    port = await _router_port(neutron)
    group = await neutron.create(GROUPS, ports=[port])
    router = (await neutron.show("ports", port))["device_id"]
    path = f"/v2.0/routers/{router}/remove_router_interface"
    (await neutron.user.put("network", path, {"port_id": port})).ok(200)
    shown = await neutron.show(GROUPS, group["id"])
    assert (shown["ports"], shown["status"]) == ([], "INACTIVE")


async def test_only_ports_of_routers_and_servers(neutron: Any) -> None:
    network, _ = await neutron.network()
    port = await neutron.create("ports", network_id=network["id"])
    text = f"Port {port['id']} of firewall group is invalid."
    (await neutron.post(GROUPS, ports=[port["id"]])).refused(409, text)


async def test_rules_have_an_order(neutron: Any) -> None:
    first, second, third = [(await neutron.create(RULES, protocol="tcp"))["id"] for _ in range(3)]
    policy = await neutron.create(POLICIES, firewall_rules=[first], audited=True)
    (await _action(neutron, policy, "insert_rule", firewall_rule_id=second)).ok(200)
    answer = (await _action(neutron, policy, "insert_rule", firewall_rule_id=third, insert_after=second)).ok(200)
    assert answer["firewall_rules"] == [second, third, first]
    assert answer["audited"] is False
    assert (await neutron.show(RULES, third))["firewall_policy_id"] == [policy["id"]]
    (await _action(neutron, policy, "remove_rule", firewall_rule_id=second)).ok(200)
    assert (await neutron.show(POLICIES, policy["id"]))["firewall_rules"] == [third, first]
    (await _action(neutron, policy, "remove_rule", firewall_rule_id=second)).refused(
        400, f"Firewall rule {second} is not associated with firewall policy {policy['id']}."
    )
    (await neutron.delete(RULES, first)).refused(409, f"Firewall rule {first} is being used.")
    (await neutron.put(POLICIES, policy["id"], firewall_rules=[first, first])).refused(
        400, f"Invalid input for firewall_rules. Reason: Duplicate items in the list: '{first}'."
    )


async def test_an_audit_ends_with_a_change(neutron: Any) -> None:
    rule = await neutron.create(RULES, protocol="udp")
    policy = await neutron.create(POLICIES, firewall_rules=[rule["id"]], audited=True)
    await neutron.update(RULES, rule["id"], action="allow")
    assert (await neutron.show(POLICIES, policy["id"]))["audited"] is False


async def test_ports_are_normalised(neutron: Any) -> None:
    rule = await neutron.create(RULES, protocol="tcp", source_port="80:80", destination_port=443)
    assert (rule["source_port"], rule["destination_port"]) == ("80", "443")
    assert (await neutron.update(RULES, rule["id"], source_port="0"))["source_port"] is None
    (await neutron.put(RULES, rule["id"], destination_port="90:80")).refused(
        400,
        "Invalid input for destination_port. Reason: First port in a port range must be lower than the second port.",
    )
    assert [one["id"] for one in await neutron.list(RULES, "protocol=TCP&destination_port=443")] == [rule["id"]]


async def test_what_is_shared_is_seen_by_all(neutron: Any, admin_neutron: Any) -> None:
    rule = await admin_neutron.create(RULES, protocol="icmp", shared=True)
    hidden = await admin_neutron.create(RULES, protocol="icmp")
    assert rule["id"] in [one["id"] for one in await neutron.list(RULES)]
    (await neutron.get(RULES, hidden["id"])).refused(404)
    (await neutron.put(RULES, rule["id"], name="x")).refused(403)
    policy = await neutron.create(POLICIES, firewall_rules=[rule["id"]])
    assert policy["firewall_rules"] == [rule["id"]]
    shared = await admin_neutron.create(POLICIES, shared=True)
    (await admin_neutron.put(POLICIES, shared["id"], firewall_rules=[hidden["id"]])).refused(404)
