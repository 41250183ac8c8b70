"""Security groups: the default group, the rules that groups begin with, what may not be changed or deleted."""

from __future__ import annotations

from typing import Any

STAMPS = ("id", "created_at", "updated_at", "standard_attr_id", "tenant_id", "project_id")


def _shape(rule: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key not in (*STAMPS, "security_group_id")}


def _egress(ethertype: str, belongs: bool | None) -> dict[str, Any]:
    return {
        "ethertype": ethertype,
        "direction": "egress",
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
        "remote_address_group_id": None,
        "normalized_cidr": None,
        "remote_group_id": None,
        "belongs_to_default_sg": belongs,
        "description": None,
        "tags": [],
        "revision_number": 0,
    }


async def test_a_new_group_as_neutron_shows_it(neutron: Any, demo: Any) -> None:
    group = await neutron.create("security-groups", name="web", description="d")
    rules = group.pop("security_group_rules")
    assert sorted(map(str, map(_shape, rules))) == sorted(str(_egress(one, False)) for one in ("IPv4", "IPv6"))
    for key in ("id", "created_at", "updated_at"):
        group.pop(key)
    assert group == {
        "name": "web",
        "stateful": True,
        "tenant_id": demo.project_id,
        "project_id": demo.project_id,
        "description": "d",
        "shared": False,
        "tags": [],
        "revision_number": 1,
    }


async def test_a_list_makes_the_default_group(neutron: Any) -> None:
    (group,) = await neutron.list("security-groups", "name=default")
    assert group["description"] == "Default security group"
    assert {rule["belongs_to_default_sg"] for rule in group["security_group_rules"]} == {None}
    shown = await neutron.show("security-groups", group["id"])
    assert {rule["belongs_to_default_sg"] for rule in shown["security_group_rules"]} == {True}
    ingress = [rule for rule in shown["security_group_rules"] if rule["direction"] == "ingress"]
    assert {rule["ethertype"] for rule in ingress} == {"IPv4", "IPv6"}
    assert {rule["remote_group_id"] for rule in ingress} == {group["id"]}
    assert len(await neutron.list("security-groups", "name=default")) == 1


async def test_the_default_group_is_protected(neutron: Any) -> None:
    (group,) = await neutron.list("security-groups", "name=default")
    (await neutron.post("security-groups", name="Default")).refused(409, "Default security group already exists.")
    (await neutron.put("security-groups", group["id"], name="x")).refused(
        409, "Updating default security group not allowed."
    )
    # demo's default group is on the ports of the private network, if there are any; a fresh one is not.
    reply = await neutron.delete("security-groups", group["id"])
    assert reply.status == 409
    assert reply.body["NeutronError"]["type"] in ("SecurityGroupCannotRemoveDefault", "SecurityGroupInUse")


async def test_a_group_on_a_port_is_in_use(neutron: Any) -> None:
    network, _ = await neutron.network()
    group = await neutron.create("security-groups", name="g")
    port = await neutron.create("ports", network_id=network["id"], security_groups=[group["id"]])
    text = f"Security Group {group['id']} in use."
    (await neutron.delete("security-groups", group["id"])).refused(409, text)
    (await neutron.put("security-groups", group["id"], stateful=False)).refused(409, text)
    (await neutron.delete("ports", port["id"])).ok(204)
    assert (await neutron.update("security-groups", group["id"], stateful=False))["stateful"] is False
    (await neutron.delete("security-groups", group["id"])).ok(204)
    text = f"Security group {group['id']} does not exist"
    (await neutron.get("security-groups", group["id"])).refused(404, text)


async def test_templates_of_new_groups(neutron: Any, admin_neutron: Any) -> None:
    templates = await neutron.list("default-security-group-rules")
    assert len(templates) == 4
    made = await admin_neutron.create(
        "default-security-group-rules", direction="ingress", protocol="tcp", port_range_min=22, port_range_max=22
    )
    assert (made["used_in_default_sg"], made["used_in_non_default_sg"]) == (False, True)
    group = await neutron.create("security-groups", name="g")
    assert [rule["port_range_min"] for rule in group["security_group_rules"] if rule["protocol"] == "tcp"] == [22]
    (await neutron.post("default-security-group-rules", direction="egress")).refused(403)
    for template in templates:
        (await admin_neutron.delete("default-security-group-rules", template["id"])).ok(204)
    assert len(await neutron.list("default-security-group-rules")) == 1


async def test_quota_counts_the_rules_that_groups_begin_with(neutron: Any, admin_neutron: Any, demo: Any) -> None:
    await neutron.create("security-groups", name="g")
    await admin_neutron.user.put("network", f"/v2.0/quotas/{demo.project_id}", {"quota": {"security_group_rule": 7}})
    reply = await neutron.post("security-groups", name="h")
    reply.refused(409, "Quota exceeded for resources: ['security_group_rule'].")
    assert [one["name"] for one in await neutron.list("security-groups", "name=h")] == []


async def test_another_projects_group_is_not_seen(neutron: Any, admin_neutron: Any, cloud: Any) -> None:
    group = await admin_neutron.create("security-groups", name="g")
    (await neutron.get("security-groups", group["id"])).refused(404, "does not exist")
    assert group["id"] not in {one["id"] for one in await neutron.list("security-groups")}


async def test_a_group_shared_by_a_policy(neutron: Any, admin_neutron: Any, demo: Any) -> None:
    group = await admin_neutron.create("security-groups", name="g")
    await admin_neutron.create(
        "rbac-policies",
        object_type="security_group",
        object_id=group["id"],
        action="access_as_shared",
        target_tenant=demo.project_id,
    )
    assert (await neutron.show("security-groups", group["id"]))["shared"] is True
    assert [one["id"] for one in await neutron.list("security-groups", "shared=true")] == [group["id"]]
    (await neutron.delete("security-groups", group["id"])).refused(
        403, "rule:delete_security_group is disallowed by policy"
    )
