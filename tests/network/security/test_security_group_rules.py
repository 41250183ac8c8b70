"""Security group rules: values, and when two rules are the same."""

from __future__ import annotations

from typing import Any

import pytest

NOBODY = "00000000-0000-0000-0000-00000000dead"
PROTOCOLS = (
    "Only protocol values (None, 'any', 'ah', 'dccp', 'egp', 'esp', 'gre', 'hopopt', 'icmp', 'igmp', 'ip', 'ipip', "
    "'ipv6-encap', 'ipv6-frag', 'ipv6-icmp', 'icmpv6', 'ipv6-nonxt', 'ipv6-opts', 'ipv6-route', 'ospf', 'pgm', "
    "'rsvp', 'sctp', 'tcp', 'udp', 'udplite', 'vrrp') and integer representations [0 to 255] are supported."
)


async def test_a_new_rule_as_neutron_shows_it(neutron: Any, demo: Any) -> None:
    group = await neutron.create("security-groups", name="g")
    made = await neutron.create(
        "security-group-rules",
        security_group_id=group["id"],
        direction="ingress",
        protocol="TCP",
        port_range_min=80,
        port_range_max=81,
        remote_ip_prefix="10.0.0.5/8",
        ethertype="ipv4",
    )
    for key in ("id", "created_at", "updated_at"):
        made.pop(key)
    assert made == {
        "project_id": demo.project_id,
        "tenant_id": demo.project_id,
        "security_group_id": group["id"],
        "ethertype": "IPv4",
        "direction": "ingress",
        "protocol": "tcp",
        "port_range_min": 80,
        "port_range_max": 81,
        "remote_ip_prefix": "10.0.0.5/8",
        "remote_address_group_id": None,
        "normalized_cidr": "10.0.0.0/8",
        "remote_group_id": None,
        "belongs_to_default_sg": False,
        "description": "",
        "revision_number": 0,
    }


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"protocol": "tcp"}, {"protocol": 6}),
        ({"protocol": "tcp"}, {"protocol": "tcp", "remote_ip_prefix": "0.0.0.0/0"}),
        ({"protocol": "udp"}, {"protocol": "udp", "port_range_min": 1, "port_range_max": 65535}),
        ({"protocol": "icmpv6", "ethertype": "IPv6"}, {"protocol": 58, "ethertype": "IPv6"}),
        ({"protocol": "any"}, {}),
    ],
)
async def test_the_same_said_differently_is_a_duplicate(
    neutron: Any, first: dict[str, Any], second: dict[str, Any]
) -> None:
    group = await neutron.create("security-groups", name="g")
    base = {"security_group_id": group["id"], "direction": "ingress"}
    made = await neutron.create("security-group-rules", **base, **first)
    reply = await neutron.post("security-group-rules", **base, **second)
    reply.refused(409, f"Security group rule already exists. Rule id is {made['id']}.")
    (await neutron.delete("security-group-rules", made["id"])).ok(204)
    await neutron.create("security-group-rules", **base, **second)


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"protocol": "tcp", "port_range_min": 90, "port_range_max": 80}, 400, "port_range_min must be <="),
        ({"protocol": "tcp", "port_range_min": 90}, 400, "port_range_min must be <= port_range_max"),
        ({"protocol": "tcp", "port_range_min": 1, "port_range_max": 65536}, 400, "Invalid value for port 65536"),
        ({"protocol": "tcp", "port_range_min": 0, "port_range_max": 80}, 400, "Invalid value for port 0"),
        ({"port_range_min": 1, "port_range_max": 80}, 400, "Must also specify protocol if port range is given."),
        ({"protocol": "foo"}, 400, f"Security group rule protocol foo not supported. {PROTOCOLS}"),
        ({"protocol": 256}, 400, f"Security group rule protocol 256 not supported. {PROTOCOLS}"),
        (
            {"protocol": "icmp", "port_range_min": 256},
            400,
            "Invalid value for ICMP type (port_range_min) 256. It must be 0 to 255.",
        ),
        (
            {"protocol": "icmp", "port_range_max": 1},
            400,
            "ICMP code (port-range-max) 1 is provided but ICMP type (port-range-min) is missing.",
        ),
        ({"protocol": "icmpv6"}, 400, "Invalid ethertype IPv4 for protocol icmpv6."),
        (
            {"ethertype": "IPv6", "remote_ip_prefix": "10.0.0.0/8"},
            400,
            "Conflicting value ethertype IPv6 for CIDR 10.0.0.0/8",
        ),
        ({"remote_ip_prefix": "x"}, 400, "Invalid CIDR x given as IP prefix."),
        (
            {"protocol": "vrrp", "port_range_min": 1, "port_range_max": 2},
            400,
            "Ports cannot be specified for protocol 112. Ports are only supported for DCCP, SCTP, TCP, UDP, UDPLITE.",
        ),
        ({"remote_address_group_id": NOBODY}, 404, f"Address group {NOBODY} could not be found."),
        ({"remote_group_id": NOBODY}, 404, f"Security group {NOBODY} does not exist"),
        ({"security_group_id": NOBODY}, 404, f"Security group {NOBODY} does not exist"),
        ({"direction": "in"}, 400, "Invalid input for direction. Reason: in is not in valid_values."),
        ({"direction": None}, 400, "Invalid input for direction. Reason: None is not in valid_values."),
        ({"foo": 1}, 400, "Unrecognized attribute(s) 'foo'"),
        ({"normalized_cidr": "x"}, 400, "Attribute 'normalized_cidr' not allowed in POST"),
    ],
)
async def test_values_that_neutron_refuses(neutron: Any, fields: dict[str, Any], status: int, text: str) -> None:
    group = await neutron.create("security-groups", name="g")
    reply = await neutron.post(
        "security-group-rules", **{"security_group_id": group["id"], "direction": "ingress"} | fields
    )
    assert reply.refused(status)["NeutronError"]["message"].endswith(text) or text in str(reply.body)


async def test_only_one_remote(neutron: Any) -> None:
    group = await neutron.create("security-groups", name="g")
    reply = await neutron.post(
        "security-group-rules",
        security_group_id=group["id"],
        direction="ingress",
        remote_ip_prefix="10.0.0.0/8",
        remote_group_id=group["id"],
    )
    reply.refused(400, "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.")


async def test_a_rule_goes_with_the_group_that_it_names(neutron: Any) -> None:
    group, remote = [await neutron.create("security-groups", name=name) for name in ("g", "r")]
    rule = await neutron.create(
        "security-group-rules", security_group_id=group["id"], direction="ingress", remote_group_id=remote["id"]
    )
    assert (await neutron.show("security-groups", group["id"]))["revision_number"] == 2
    (await neutron.delete("security-groups", remote["id"])).ok(204)
    text = f"Security group rule {rule['id']} does not exist"
    (await neutron.get("security-group-rules", rule["id"])).refused(404, text)


async def test_filters(neutron: Any) -> None:
    group = await neutron.create("security-groups", name="g")
    rule = await neutron.create(
        "security-group-rules", security_group_id=group["id"], direction="ingress", protocol="tcp"
    )
    found = await neutron.list("security-group-rules", f"security_group_id={group['id']}&protocol=tcp")
    assert [one["id"] for one in found] == [rule["id"]]
    assert len(await neutron.list("security-group-rules", f"security_group_id={group['id']}")) == 3


async def test_rules_in_bulk_all_or_none(neutron: Any) -> None:
    group = await neutron.create("security-groups", name="g")
    base = {"security_group_id": group["id"], "direction": "ingress"}

    async def post(*rules: dict[str, Any]) -> Any:
        body = {"security_group_rules": [base | rule for rule in rules]}
        return await neutron.user.post("network", "/v2.0/security-group-rules", body)

    made = (await post({"protocol": "tcp"}, {"protocol": "udp"})).ok(201)["security_group_rules"]
    assert [rule["protocol"] for rule in made] == ["tcp", "udp"]
    (await post({"protocol": "gre"}, {"protocol": "tcp"})).refused(409, "Security group rule already exists.")
    assert await neutron.list("security-group-rules", f"security_group_id={group['id']}&protocol=gre") == []


async def test_nothing_of_a_rule_can_be_changed(neutron: Any) -> None:
    group = await neutron.create("security-groups", name="g")
    rule = group["security_group_rules"][0]
    (await neutron.put("security-group-rules", rule["id"], direction="ingress")).refused(
        400, "Cannot update read-only attribute direction"
    )
    text = f"Security group rule {NOBODY} does not exist"
    (await neutron.put("security-group-rules", NOBODY, direction="ingress")).refused(404, text)


async def test_rules_of_two_groups_at_once(neutron: Any) -> None:
    groups = [(await neutron.create("security-groups", name=name))["id"] for name in ("one", "two")]
    rules = [{"security_group_id": id, "direction": "ingress"} for id in groups]
    body = {"security_group_rules": rules}
    refused = await neutron.user.post("network", "/v2.0/security-group-rules", body)
    refused.refused(400, "Only allowed to update rules for one security profile at a time")
    assert len(await neutron.list("security-group-rules", f"security_group_id={groups[0]}&direction=ingress")) == 0
