"""Trunks and sub-ports."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
async def ports(neutron: Any) -> Any:
    """Three ports of one network."""
    network, _ = await neutron.network()
    return [await neutron.create("ports", network_id=network["id"]) for _ in range(3)]


def _sub(port: Any, number: int = 5, kind: str = "vlan") -> dict[str, Any]:
    return {"port_id": port["id"], "segmentation_type": kind, "segmentation_id": number}


async def _action(neutron: Any, trunk: Any, action: str, *sub_ports: dict[str, Any]) -> Any:
    return await neutron.user.put("network", f"/v2.0/trunks/{trunk['id']}/{action}", {"sub_ports": list(sub_ports)})


async def test_a_trunk_and_its_sub_ports(neutron: Any, ports: Any) -> None:
    parent, one, two = ports
    trunk = await neutron.create("trunks", port_id=parent["id"], name="t", sub_ports=[_sub(one)])
    assert (trunk["status"], trunk["sub_ports"], trunk["revision_number"]) == ("DOWN", [_sub(one)], 0)
    added = (await _action(neutron, trunk, "add_subports", _sub(two, 9))).ok(200)
    assert added["sub_ports"] == [_sub(one), _sub(two, 9)]
    assert (await neutron.user.get("network", f"/v2.0/trunks/{trunk['id']}/get_subports")).ok(200) == {
        "sub_ports": [_sub(one), _sub(two, 9)]
    }
    details = (await neutron.show("ports", parent["id"]))["trunk_details"]
    assert details["trunk_id"] == trunk["id"]
    assert details["sub_ports"][0] == {**_sub(one), "mac_address": one["mac_address"]}
    removed = (await _action(neutron, trunk, "remove_subports", {"port_id": two["id"]})).ok(200)
    assert removed["sub_ports"] == [_sub(one)]
    text = f"Port {parent['id']} is currently a parent port for trunk {trunk['id']}."
    (await neutron.delete("ports", parent["id"])).refused(409, text)
    text = f"Port {one['id']} is currently a subport for trunk {trunk['id']}."
    (await neutron.delete("ports", one["id"])).refused(409, text)
    (await neutron.delete("trunks", trunk["id"])).ok(204)
    (await neutron.get("trunks", trunk["id"])).refused(404, f"Trunk {trunk['id']} could not be found.")
    assert "trunk_details" not in await neutron.show("ports", parent["id"])
    for port in ports:
        (await neutron.delete("ports", port["id"])).ok(204)


async def test_sub_ports_that_neutron_refuses(neutron: Any, ports: Any) -> None:
    parent, one, two = ports
    trunk = await neutron.create("trunks", port_id=parent["id"], sub_ports=[_sub(one)])

    async def refused(status: int, text: str, item: dict[str, Any], action: str = "add_subports") -> None:
        (await _action(neutron, trunk, action, item)).refused(status, text)

    await refused(409, f"Port {one['id']} is in use by another trunk.", _sub(one, 7))
    await refused(
        409, f"segmentation_type vlan and segmentation_id 5 already in use on trunk {trunk['id']}.", _sub(two)
    )
    await refused(400, "Invalid input for operation: Segmentation ID '4095' is not in range.", _sub(two, 4095))
    await refused(400, "Invalid input for operation: Unknown segmentation_type 'foo'.", _sub(two, 9, "foo"))
    await refused(
        400,
        f"Invalid input for operation: Invalid subport details '{{'port_id': '{two['id']}'}}': missing segmentation "
        "information. Must specify both segmentation_id and segmentation_type.",
        {"port_id": two["id"]},
    )
    await refused(
        400,
        "Unknown segmentation_type 'geneve'.",
        {"port_id": two["id"], "segmentation_type": "inherit"},
    )
    text = f"SubPort {two['id']} on trunk {trunk['id']} could not be found."
    await refused(404, text, {"port_id": two["id"]}, "remove_subports")
    text = f"Port {parent['id']} is currently in use and is not eligible for use as a parent port."
    (await neutron.post("trunks", port_id=parent["id"])).refused(409, text)


async def test_a_sub_port_is_no_larger_than_its_parent(neutron: Any, ports: Any) -> None:
    network = await neutron.create("networks", mtu=1400)
    await neutron.create("subnets", network_id=network["id"], ip_version=4, cidr="10.63.0.0/24")
    small = await neutron.create("ports", network_id=network["id"])
    (await neutron.post("trunks", port_id=small["id"], sub_ports=[_sub(ports[0])])).refused(
        409, f"of subport {ports[0]['id']} cannot be greater than MTU 1400 of trunk {small['id']}."
    )


async def test_a_disabled_trunk_stays_as_it_is(neutron: Any, ports: Any) -> None:
    trunk = await neutron.create("trunks", port_id=ports[0]["id"], admin_state_up=False)
    text = f"Trunk {trunk['id']} is currently disabled."
    (await _action(neutron, trunk, "add_subports", _sub(ports[1]))).refused(409, text)
    (await neutron.delete("trunks", trunk["id"])).refused(409, text)
    await neutron.update("trunks", trunk["id"], admin_state_up=True)
    (await neutron.delete("trunks", trunk["id"])).ok(204)


async def test_sub_ports_follow_their_parent(neutron: Any, admin_neutron: Any, ports: Any) -> None:
    parent, one, _ = ports
    trunk = await neutron.create("trunks", port_id=parent["id"], sub_ports=[_sub(one)])
    for host, status, owner in (("devstack", "ACTIVE", "trunk:subport"), ("", "DOWN", "trunk:subport")):
        await admin_neutron.update("ports", parent["id"], **{"binding:host_id": host})
        port = await admin_neutron.show("ports", one["id"])
        assert (port["binding:host_id"], port["status"], port["device_owner"]) == (host, status, owner)
        assert (await neutron.show("trunks", trunk["id"]))["status"] == status
    (await neutron.delete("trunks", trunk["id"])).ok(204)
    assert (await neutron.show("ports", one["id"]))["device_owner"] == ""
