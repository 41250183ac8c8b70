"""Subnet pools and address scopes."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"prefixes": ["x"]}, 400, "Invalid input for prefixes. Reason: 'x' is not a valid IP subnet."),
        ({"prefixes": ["10.0.0.0/8", "fd00::/48"]}, 400, "Cannot mix IPv4 and IPv6 prefixes in a subnet pool."),
        ({"min_prefixlen": 28, "max_prefixlen": 20}, 400, "min_prefixlen=28, max_prefixlen=20."),
        ({"default_prefixlen": 4, "min_prefixlen": 16}, 400, "default_prefixlen=4, min_prefixlen=16."),
        ({"shared": True}, 403, "(rule:create_subnetpool and rule:create_subnetpool:shared)"),
        ({"address_scope_id": "00000000-0000-0000-0000-00000000dead"}, 404, "Address scope 00000000"),
    ],
)
async def test_create_refusals(neutron: Any, fields: dict[str, Any], status: int, text: str) -> None:
    (await neutron.post("subnetpools", **{"name": "p", "prefixes": ["10.0.0.0/8"], **fields})).refused(status, text)


async def test_an_update_answers_with_numbers(neutron: Any) -> None:
    pool = await neutron.create("subnetpools", name="p", prefixes=["10.10.0.0/16"], default_prefixlen=25)
    changed = await neutron.update("subnetpools", pool["id"], default_prefixlen=26, description="d")
    assert (changed["default_prefixlen"], changed["min_prefixlen"], changed["description"]) == (26, 8, "d")
    assert (await neutron.show("subnetpools", pool["id"]))["default_prefixlen"] == "26"
    (await neutron.put("subnetpools", pool["id"], prefixes=["10.10.0.0/17"])).refused(
        400, "Illegal update to prefixes: Existing prefixes must be a subset of the new prefixes."
    )


async def test_a_pool_has_a_quota(neutron: Any) -> None:
    pool = await neutron.create("subnetpools", name="p", prefixes=["10.10.0.0/16"], default_quota=100)
    network = await neutron.create("networks")
    await neutron.create("subnets", network_id=network["id"], ip_version=4, subnetpool_id=pool["id"], prefixlen=26)
    again = await neutron.post(
        "subnets", network_id=network["id"], ip_version=4, subnetpool_id=pool["id"], prefixlen=26
    )
    again.refused(409, "Per-project subnet pool prefix quota exceeded.")


async def test_scopes_hold_pools_of_their_version(neutron: Any) -> None:
    scope = await neutron.create("address-scopes", name="s", ip_version=4)
    assert set(scope) == {"id", "name", "project_id", "tenant_id", "shared", "ip_version"}
    pool = await neutron.create("subnetpools", name="p", prefixes=["10.1.0.0/16"], address_scope_id=scope["id"])
    (await neutron.delete("address-scopes", scope["id"])).refused(409, "subnet pools in use on the address scope.")
    taken = "subnetpools within an address scope must have unique prefixes."
    overlap = {"name": "q", "prefixes": ["10.1.2.0/24"], "address_scope_id": scope["id"]}
    (await neutron.post("subnetpools", **overlap)).refused(409, taken)
    network = await neutron.create("networks")
    await neutron.create("subnets", network_id=network["id"], ip_version=4, subnetpool_id=pool["id"], prefixlen=24)
    assert (await neutron.show("networks", network["id"]))["ipv4_address_scope"] == scope["id"]


async def test_a_pool_in_another_projects_scope_stays(neutron: Any, admin_neutron: Any) -> None:
    scope = await admin_neutron.create("address-scopes", name="s", ip_version=4, shared=True)
    pool = await neutron.create("subnetpools", name="p", prefixes=["10.1.0.0/16"], address_scope_id=scope["id"])
    text = (
        f"Illegal subnetpool update : subnetpool {pool['id']} cannot be updated when associated with shared address "
        f"scope {scope['id']}."
    )
    for changes in ({"prefixes": ["10.0.0.0/15"]}, {"name": "q"}, {"address_scope_id": None}):
        (await neutron.put("subnetpools", pool["id"], **changes)).refused(400, text)
    changed = await admin_neutron.update("subnetpools", pool["id"], prefixes=["10.0.0.0/15"])
    assert changed["prefixes"] == ["10.0.0.0/15"]


async def test_prefixes_come_and_go(neutron: Any, demo: Any) -> None:
    pool = await neutron.create("subnetpools", name="p", prefixes=["10.10.0.0/16"], min_prefixlen=24)
    network = await neutron.create("networks")
    await neutron.create("subnets", network_id=network["id"], ip_version=4, subnetpool_id=pool["id"])
    path = f"/v2.0/subnetpools/{pool['id']}"
    more = (await demo.put("network", f"{path}/add_prefixes", {"prefixes": ["10.11.0.0/16"]})).ok(200)
    assert more == {"prefixes": ["10.10.0.0/15"]}
    used = {"prefixes": ["10.10.0.0/24"]}
    (await demo.put("network", f"{path}/remove_prefixes", used)).refused(400, "Illegal update to prefixes: One or more")
    less = (await demo.put("network", f"{path}/remove_prefixes", {"prefixes": ["10.11.0.0/16"]})).ok(200)
    assert less == {"prefixes": ["10.10.0.0/16"]}
