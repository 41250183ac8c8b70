"""Servers that are gone stay in the lists that ask for them, and their logs can be read."""

from __future__ import annotations

from typing import Any

import pytest

from mopenstack.core.compute.servers import deleted_servers
from tests.compute.stage import SERVERS, at, boot, show


async def test_the_lists_that_ask_for_them(admin: Any, demo: Any) -> None:
    gone, there = await boot(demo, name="gone"), await boot(demo, name="there")
    (await demo.delete("compute", f"{SERVERS}/{gone}")).ok(204)
    (await demo.get("compute", f"{SERVERS}/{gone}")).refused(404)
    (await admin.get("compute", f"{SERVERS}/{gone}")).refused(404)
    for query, expected in (
        ("all_tenants=1", {there}),
        ("all_tenants=1&deleted=true", {gone}),
        ("all_tenants=1&status=DELETED", {gone}),
        ("all_tenants=1&changes-since=2000-01-01T00:00:00Z", {gone, there}),
        ("all_tenants=1&deleted=true&name=there", set()),
    ):
        found = (await admin.get("compute", f"{SERVERS}?{query}")).ok(200)["servers"]
        assert {item["id"] for item in found} == expected, query
    path = f"{SERVERS}/detail?all_tenants=1&deleted=true"
    (shown,) = (await admin.get("compute", path, **at("2.96"))).ok()["servers"]
    assert (shown["status"], shown["OS-EXT-STS:vm_state"]) == ("DELETED", "deleted")
    assert (shown["addresses"], shown["OS-EXT-STS:power_state"]) == ({}, 0)
    assert shown["OS-SRV-USG:terminated_at"]


async def test_members_see_them_as_changes_alone(demo: Any) -> None:
    gone = await boot(demo)
    (await demo.delete("compute", f"{SERVERS}/{gone}")).ok(204)
    assert (await demo.get("compute", f"{SERVERS}?deleted=true")).ok()["servers"] == []
    (await demo.get("compute", f"{SERVERS}?status=deleted")).refused(403, "Only administrators may list deleted")
    changed = (await demo.get("compute", f"{SERVERS}?changes-since=2000-01-01T00:00:00Z")).ok()["servers"]
    assert [item["id"] for item in changed] == [gone]


async def test_the_log_outlives_the_server(cloud: Any, admin: Any, demo: Any) -> None:
    id = await boot(demo)
    (await demo.delete("compute", f"{SERVERS}/{id}")).ok(204)
    path = f"{SERVERS}/{id}/os-instance-actions"
    (await demo.get("compute", path, **at("2.20"))).refused(404)
    found = (await demo.get("compute", path, **at("2.21"))).ok(200)["instanceActions"]
    assert {item["action"] for item in found} == {"create", "delete"}
    other = await cloud.user("admin", "demo")
    assert (await other.get("compute", path, **at("2.21"))).ok()["instanceActions"]


async def test_the_oldest_are_forgotten(demo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deleted_servers, "KEPT_MAX", 2)
    ids = [await boot(demo) for _ in range(3)]
    for id in ids:
        (await demo.delete("compute", f"{SERVERS}/{id}")).ok(204)
        (await demo.get("compute", SERVERS)).ok()
    changed = (await demo.get("compute", f"{SERVERS}?changes-since=2000-01-01T00:00:00Z")).ok()["servers"]
    assert {item["id"] for item in changed} == set(ids[1:])
    (await demo.get("compute", f"{SERVERS}/{ids[0]}/os-instance-actions", **at("2.21"))).refused(404)


async def test_pages_of_the_log_and_who_sees_events(admin: Any, demo: Any) -> None:
    id = await boot(demo)
    (await demo.post("compute", f"{SERVERS}/{id}/action", {"os-stop": None})).ok(202)
    await show(demo, id)
    path = f"{SERVERS}/{id}/os-instance-actions"
    page = (await demo.get("compute", f"{path}?limit=1", **at("2.58"))).ok(200)
    (newest,) = page["instanceActions"]
    assert (newest["action"], page["links"][0]["rel"]) == ("stop", "next")
    rest = (await demo.get("compute", f"{path}?marker={newest['request_id']}", **at("2.58"))).ok()["instanceActions"]
    assert [item["action"] for item in rest] == ["create"]
    one = f"{path}/{newest['request_id']}"
    assert "events" not in (await demo.get("compute", one, **at("2.50"))).ok()["instanceAction"]
    seen = (await demo.get("compute", one, **at("2.62"))).ok()["instanceAction"]["events"][0]
    assert "hostId" in seen
    assert not {"host", "traceback"} & seen.keys()
    assert "traceback" in (await admin.get("compute", one, **at("2.1"))).ok()["instanceAction"]["events"][0]
    (await demo.get("compute", f"{path}?foo=1", **at("2.58"))).refused(400)
