"""Neutron finds a collection by its name with hyphens and with underscores (neutron.manager.NeutronManager)."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "path", ["floatingip-pools", "security_groups", "vpn/ipsec_site_connections", "qos/rule_types", "local-ips"]
)
async def test_collections(admin: Any, path: str) -> None:
    other = path.replace("-", "_") if "-" in path else path.replace("_", "-")
    shown = (await admin.get("network", f"/v2.0/{path}")).ok(200)
    assert shown == (await admin.get("network", f"/v2.0/{other}")).ok(200)


async def test_objects_and_parts_of_them(neutron: Any, admin_neutron: Any) -> None:
    group = await neutron.create("security_groups", name="g")
    assert (await neutron.show("security-groups", group["id"]))["id"] == group["id"]
    policy = await admin_neutron.create("qos/policies", name="p")
    for spelled in ("bandwidth_limit_rules", "bandwidth-limit-rules"):
        assert await admin_neutron.list(f"qos/policies/{policy['id']}/{spelled}") == []
    router = await neutron.create("routers")
    action = f"/v2.0/routers/{router['id']}/add-extraroutes"
    (await neutron.user.put("network", action, {"router": {"routes": []}})).refused(404)
