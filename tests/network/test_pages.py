"""Pages of Neutron's lists: markers, and lists of things that have no id."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("path", ["availability_zones", "floatingip_pools", "log/loggable-resources"])
@pytest.mark.parametrize("query", ["limit=1", "limit=1&page_reverse=True"])
async def test_things_without_an_id(admin: Any, path: str, query: str) -> None:
    """All of them, and no links: nothing could be the marker."""
    whole = (await admin.get("network", f"/v2.0/{path}")).ok(200)
    assert (await admin.get("network", f"/v2.0/{path}?{query}")).ok(200) == whole


async def test_a_marker_that_is_not_there(neutron: Any) -> None:
    """Looked at only where there is a limit (neutron.db._utils.get_marker_obj; recordings/network-networks.jsonl)."""
    await neutron.create("networks", name="n")
    user = neutron.user
    assert (await user.get("network", "/v2.0/networks?marker=nope")).ok(200)["networks"]
    (await user.get("network", "/v2.0/networks?limit=1&marker=nope")).refused(404, "Network nope could not be found.")


@pytest.mark.parametrize("kind", ["network", "router", "port"])
async def test_a_marker_of_a_plugin_without_pages(neutron: Any, kind: str) -> None:
    """The API cuts by itself, and nothing comes behind a marker that is not there (PaginationEmulatedHelper)."""
    vpn = await neutron.create("bgpvpn/bgpvpns")
    network, _ = await neutron.network()
    port = await neutron.create("ports", network_id=network["id"])
    router = await neutron.create("routers")
    path = f"bgpvpn/bgpvpns/{vpn['id']}/{kind}_associations"
    ids = {"network": network["id"], "router": router["id"], "port": port["id"]}
    made = await neutron.create(path, **{f"{kind}_id": ids[kind]})
    key = f"{kind}_associations"
    user = neutron.user
    assert [one["id"] for one in (await user.get("network", f"/v2.0/{path}?marker=x")).ok(200)[key]] == [made["id"]]
    assert (await user.get("network", f"/v2.0/{path}?limit=1&marker=x")).ok(200)[key] == []
    assert (await user.get("network", f"/v2.0/{path}?limit=1&marker={made['id']}")).ok(200)[key] == []
