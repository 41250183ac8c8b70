"""Address groups."""

from __future__ import annotations

from typing import Any


async def _action(neutron: Any, group: Any, action: str, *addresses: str) -> Any:
    path = f"/v2.0/address-groups/{group['id']}/{action}"
    return await neutron.user.put("network", path, {"addresses": list(addresses)})


async def test_a_group_and_its_addresses(neutron: Any, demo: Any) -> None:
    group = await neutron.create("address-groups", name="g", addresses=["192.168.0.2/32", "192.168.0.1/32"])
    assert group["addresses"] == ["192.168.0.1/32", "192.168.0.2/32"]
    assert (group["revision_number"], group["project_id"]) == (2, demo.project_id)
    changed = (await _action(neutron, group, "add_addresses", "2001:db8::/32")).ok(200)["address_group"]
    assert changed["addresses"][-1] == "2001:db8::/32"
    assert changed["shared"] is False
    changed = (await _action(neutron, group, "remove_addresses", "192.168.0.1/32")).ok(200)["address_group"]
    assert changed["addresses"] == ["192.168.0.2/32", "2001:db8::/32"]
    assert (await neutron.update("address-groups", group["id"], name=""))["name"] == ""


async def test_refusals(neutron: Any) -> None:
    (await neutron.post("address-groups", addresses=["z"])).refused(
        400, "Invalid input for addresses. Reason: 'z' is not a valid IP subnet."
    )
    group = await neutron.create("address-groups", addresses=["10.0.0.0/8"])
    (await _action(neutron, group, "add_addresses", "10.0.0.0/8")).refused(
        400, f"Addresses ['10.0.0.0/8'] already exist in the address group {group['id']}."
    )
    (await _action(neutron, group, "remove_addresses", "11.0.0.0/8")).refused(
        404, f"Addresses ['11.0.0.0/8'] not found in the address group {group['id']}."
    )


async def test_a_group_named_by_a_rule_is_in_use(neutron: Any) -> None:
    group = await neutron.create("address-groups", addresses=["10.0.0.0/8"])
    security_group = await neutron.create("security-groups", name="g")
    rule = await neutron.create(
        "security-group-rules",
        security_group_id=security_group["id"],
        direction="ingress",
        remote_address_group_id=group["id"],
    )
    (await neutron.delete("address-groups", group["id"])).refused(
        409, f"Address group {group['id']} is in use on one or more security group rules."
    )
    (await neutron.delete("security-group-rules", rule["id"])).ok(204)
    (await neutron.delete("address-groups", group["id"])).ok(204)
    (await neutron.get("address-groups", group["id"])).refused(404, "could not be found.")
