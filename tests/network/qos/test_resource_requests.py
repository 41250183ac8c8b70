"""What ports ask Placement for, by the minimum rules of their QoS policy."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import pytest

POLICIES = "/v2.0/qos/policies"


@pytest.fixture
async def policy(admin: Any) -> Any:
    """A policy with a minimum of bandwidth in each direction, and one of packets; a limit asks for nothing."""
    made = (await admin.post("network", POLICIES, {"policy": {"name": "p", "shared": True}})).ok(201)["policy"]

    async def rule(type_: str, **fields: Any) -> Any:
        answer = await admin.post("network", f"{POLICIES}/{made['id']}/{type_}_rules", {f"{type_}_rule": fields})
        return answer.ok(201)[f"{type_}_rule"]["id"]

    await rule("bandwidth_limit", max_kbps=5000)
    made["packets"] = await rule("minimum_packet_rate", min_kpps=5, direction="any")
    await rule("minimum_bandwidth", min_kbps=1000, direction="egress")
    await rule("minimum_bandwidth", min_kbps=2000, direction="ingress")
    return made


async def test_a_port_shows_its_request_to_admins(neutron: Any, admin_neutron: Any, policy: Any) -> None:
    vlan = {"provider:network_type": "vlan", "provider:physical_network": "public"}
    network = await admin_neutron.create("networks", shared=True, **vlan)
    port = await neutron.create("ports", network_id=network["id"], qos_policy_id=policy["id"])
    assert "resource_request" not in port
    shown = (await admin_neutron.show("ports", port["id"]))["resource_request"]
    bandwidth, packets = shown["request_groups"]
    assert bandwidth["required"] == ["CUSTOM_PHYSNET_PUBLIC", "CUSTOM_VNIC_TYPE_NORMAL"]
    assert bandwidth["resources"] == {"NET_BW_EGR_KILOBIT_PER_SEC": 1000, "NET_BW_IGR_KILOBIT_PER_SEC": 2000}
    assert packets == {
        "id": str(uuid5(UUID(port["id"]), policy["packets"])),
        "required": ["CUSTOM_VNIC_TYPE_NORMAL"],
        "resources": {"NET_PACKET_RATE_KILOPACKET_PER_SEC": 5},
    }
    assert shown["same_subtree"] == [bandwidth["id"], packets["id"]]
    await neutron.update("ports", port["id"], qos_policy_id=None)
    assert (await admin_neutron.show("ports", port["id"]))["resource_request"] is None


async def test_a_networks_policy_counts_where_the_port_has_none(admin_neutron: Any, admin: Any, policy: Any) -> None:
    network = await admin_neutron.create("networks", qos_policy_id=policy["id"])
    port = await admin_neutron.create("ports", network_id=network["id"], **{"binding:vnic_type": "direct-physical"})
    bandwidth, _ = port["resource_request"]["request_groups"]
    assert bandwidth["required"] == ["CUSTOM_NETWORK_TUNNEL_PROVIDER", "CUSTOM_VNIC_TYPE_DIRECT_PHYSICAL"]
    path = f"{POLICIES}/{policy['id']}/minimum_packet_rate_rules/{policy['packets']}"
    (await admin.delete("network", path)).ok(204)
    listed = await admin_neutron.list("ports", f"id={port['id']}")
    assert [len(one["resource_request"]["request_groups"]) for one in listed] == [1]
