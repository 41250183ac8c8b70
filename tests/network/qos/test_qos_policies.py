"""QoS policies, their rules and the rule types."""

from __future__ import annotations

from typing import Any

import pytest

POLICIES = "/v2.0/qos/policies"


async def _policy(user: Any, **fields: Any) -> Any:
    return (await user.post("network", POLICIES, {"policy": fields})).ok(201)["policy"]


async def _rule(user: Any, policy: Any, type_: str, **fields: Any) -> Any:
    return await user.post("network", f"{POLICIES}/{policy['id']}/{type_}_rules", {f"{type_}_rule": fields})


async def test_a_policy_shows_its_rules(admin: Any) -> None:
    policy = await _policy(admin, name="p")
    assert (policy["rules"], policy["revision_number"], policy["is_default"]) == ([], 0, False)
    limit = (await _rule(admin, policy, "bandwidth_limit", max_kbps=1000)).ok(201)["bandwidth_limit_rule"]
    assert limit == {"max_kbps": 1000, "max_burst_kbps": 0, "direction": "egress", "id": limit["id"]}
    mark = (await _rule(admin, policy, "dscp_marking", dscp_mark=26)).ok(201)["dscp_marking_rule"]
    shown = (await admin.get("network", f"{POLICIES}/{policy['id']}")).ok(200)["policy"]
    assert shown["rules"] == [
        {**limit, "qos_policy_id": policy["id"], "type": "bandwidth_limit"},
        {"dscp_mark": 26, "id": mark["id"], "qos_policy_id": policy["id"], "type": "dscp_marking"},
    ]
    path = f"{POLICIES}/{policy['id']}/bandwidth_limit_rules"
    assert (await admin.get("network", f"{path}?max_kbps=1000")).ok(200)["bandwidth_limit_rules"] == [limit]
    assert (await admin.get("network", f"{path}?max_kbps=1")).ok(200)["bandwidth_limit_rules"] == []
    reply = await admin.put("network", f"{path}/{limit['id']}", {"bandwidth_limit_rule": {"direction": "ingress"}})
    assert reply.ok(200)["bandwidth_limit_rule"]["direction"] == "ingress"
    (await admin.delete("network", f"{path}/{limit['id']}")).ok(204)
    (await admin.get("network", f"{path}/{limit['id']}")).refused(
        404, f"QoS rule {limit['id']} for policy {policy['id']} could not be found."
    )


@pytest.mark.parametrize(
    ("type_", "fields", "status", "text"),
    [
        ("bandwidth_limit", {"max_kbps": 5}, 409, "Rule bandwidth_limit conflicts with rule {rule} which already"),
        ("bandwidth_limit", {}, 400, "Failed to parse request. Required attribute 'max_kbps' not specified"),
        ("bandwidth_limit", {"max_kbps": -1}, 400, "max_kbps. Reason: '-1' is too small - must be at least '0'."),
        ("dscp_marking", {"dscp_mark": 7}, 400, "Invalid input for dscp_mark. Reason: 7 is not in valid_values."),
        (
            "minimum_bandwidth",
            {"min_kbps": 5000000},
            409,
            "as the existing rule of type bandwidth_limit has value 1000.",
        ),
    ],
)
async def test_rules_that_neutron_refuses(
    admin: Any, type_: str, fields: dict[str, Any], status: int, text: str
) -> None:
    policy = await _policy(admin, name="p")
    rule = (await _rule(admin, policy, "bandwidth_limit", max_kbps=1000)).ok(201)["bandwidth_limit_rule"]
    reply = await _rule(admin, policy, type_, **fields)
    reply.refused(status, text.format(rule=rule["id"], policy=policy["id"]))


async def test_who_may_see_and_make_policies(admin: Any, demo: Any) -> None:
    (await demo.post("network", POLICIES, {"policy": {"name": "p"}})).refused(
        403, "rule:create_policy is disallowed by policy"
    )
    policy = await _policy(admin, name="p")
    path = f"{POLICIES}/{policy['id']}"
    (await demo.get("network", path)).refused(404, f"QoS policy {policy['id']} could not be found.")
    (await admin.put("network", path, {"policy": {"shared": True}})).ok(200)
    (await demo.get("network", path)).ok(200)
    (await demo.get("network", "/v2.0/qos/rule-types/bandwidth_limit")).refused(403, "Not authorized.")
    types = (await demo.get("network", "/v2.0/qos/rule-types")).ok(200)["rule_types"]
    assert {"type": "dscp_marking"} in types
    found = (await admin.get("network", "/v2.0/qos/rule-types/bandwidth_limit")).ok(200)["rule_type"]
    assert found["drivers"][0]["supported_parameters"][0] == {
        "parameter_name": "max_kbps",
        "parameter_values": {"start": 0, "end": 2147483647},
        "parameter_type": "range",
    }


async def test_a_policy_in_use_stays(admin: Any, admin_neutron: Any) -> None:
    policy = await _policy(admin, name="p")
    network = await admin_neutron.create("networks", qos_policy_id=policy["id"])
    reply = await admin.delete("network", f"{POLICIES}/{policy['id']}")
    reply.refused(409, f"QoS Policy {policy['id']} is used by network {network['id']}.")
    await admin_neutron.update("networks", network["id"], qos_policy_id=None)
    (await admin.delete("network", f"{POLICIES}/{policy['id']}")).ok(204)


@pytest.mark.parametrize("collection", ["networks", "ports"])
async def test_a_policy_that_its_project_does_not_see_stays(
    admin: Any, admin_neutron: Any, neutron: Any, collection: str
) -> None:
    """Other attributes change beside it, and it goes as soon as the project may see it."""
    policy = await _policy(admin, name="p")
    network, _ = await neutron.network()
    id = network["id"]
    if collection == "ports":
        id = (await neutron.create("ports", network_id=id))["id"]
    await admin_neutron.update(collection, id, qos_policy_id=policy["id"])
    assert (await neutron.update(collection, id, name="n"))["qos_policy_id"] == policy["id"]
    (await neutron.put(collection, id, qos_policy_id=None)).refused(
        403, f"Failed to remove provided policy {policy['id']} because you are not authorized."
    )
    (await admin.put("network", f"{POLICIES}/{policy['id']}", {"policy": {"shared": True}})).ok(200)
    assert (await neutron.update(collection, id, qos_policy_id=None))["qos_policy_id"] is None


async def test_one_default_policy_a_project(admin: Any) -> None:
    await _policy(admin, name="p", is_default=True)
    reply = await admin.post("network", POLICIES, {"policy": {"name": "q", "is_default": True}})
    reply.refused(409, f"A default QoS policy exists for project {admin.project_id}.")
