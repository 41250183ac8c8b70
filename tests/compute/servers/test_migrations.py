"""Moves of servers: migrations and their rows, groups that are kept, hosts that are down."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compute.stage import SERVERS, act, at, boot, show

pytestmark = pytest.mark.usefixtures("two_hosts")

MIGRATIONS = "/v2.1/os-migrations"
OTHER = {"devstack": "compute-2", "compute-2": "devstack"}


async def rows(admin: Any, server: str, microversion: str = "2.80") -> list[dict[str, Any]]:
    path = f"{MIGRATIONS}?instance_uuid={server}"
    return list((await admin.get("compute", path, **at(microversion))).ok(200)["migrations"])


async def host(admin: Any, server: str) -> str:
    return str((await show(admin, server))["OS-EXT-SRV-ATTR:host"])


async def test_a_cold_migration_is_confirmed_or_reverted(admin: Any, demo: Any) -> None:
    for end, status in (("confirmResize", "confirmed"), ("revertResize", "reverted")):
        id = await boot(demo)
        before = await host(admin, id)
        (await act(admin, id, {"migrate": None})).ok(202)
        assert (await show(demo, id))["status"] == "VERIFY_RESIZE"
        assert await host(admin, id) == OTHER[before]
        (row,) = await rows(admin, id)
        assert (row["status"], row["migration_type"]) == ("finished", "migration")
        assert (row["source_compute"], row["dest_compute"]) == (before, OTHER[before])
        assert row["old_instance_type_id"] == row["new_instance_type_id"]
        (await act(demo, id, {end: None})).ok()
        assert await host(admin, id) == (OTHER[before] if status == "confirmed" else before)
        assert (await rows(admin, id))[0]["status"] == status


async def test_a_resize_is_a_migration_too(admin: Any, demo: Any) -> None:
    id = await boot(demo)
    (await act(demo, id, {"resize": {"flavorRef": "84"}})).ok(202)
    (row,) = await rows(admin, id, "2.1")
    assert "migration_type" not in row
    assert row["old_instance_type_id"] != row["new_instance_type_id"]
    assert (await rows(admin, id))[0]["migration_type"] == "resize"


async def test_what_can_be_done_while_a_server_migrates_alive(cloud: Any, admin: Any, demo: Any) -> None:
    behind = cloud.serving.engine.clouds[cloud.name]
    for way, moved, status in (("force_complete", True, "completed"), ("abort", False, "cancelled")):
        behind.profile = "instant"
        id = await boot(demo)
        before = await host(admin, id)
        behind.profile = "manual"
        live = {"os-migrateLive": {"host": None, "block_migration": "auto"}}
        (await act(admin, id, live)).ok(202)
        path = f"{SERVERS}/{id}/migrations"
        (seen,) = (await admin.get("compute", path, **at("2.80"))).ok(200)["migrations"]
        assert (seen["status"], seen["server_uuid"]) == ("running", id)
        (row,) = await rows(admin, id)
        assert [link["rel"] for link in row["links"]] == ["self", "bookmark"]
        one = f"{path}/{seen['id']}"
        assert (await admin.get("compute", one, **at("2.80"))).ok()["migration"] == seen
        (await demo.get("compute", one, **at("2.80"))).refused(403)
        if way == "abort":
            (await admin.delete("compute", one, **at("2.24"))).ok(202)
        else:
            (await admin.post("compute", f"{one}/action", {"force_complete": None}, **at("2.22"))).ok(202)
        assert await host(admin, id) == (OTHER[before] if moved else before)
        assert (await show(demo, id))["status"] == "ACTIVE"
        assert (await rows(admin, id))[0]["status"] == status
        log = f"{SERVERS}/{id}/os-instance-actions"
        listed = (await admin.get("compute", log, **at("2.51"))).ok()["instanceActions"]
        (entry,) = (item["request_id"] for item in listed if item["action"] == "live-migration")
        events = (await admin.get("compute", f"{log}/{entry}", **at("2.51"))).ok()["instanceAction"]["events"]
        assert {event["result"] for event in events} == {"Success"}
        last = "compute_post_live_migration_at_destination" if moved else "compute_check_can_live_migrate_source"
        assert events[0]["event"] == last
        (await admin.get("compute", one, **at("2.80"))).refused(404, "is not in progress.")
        (await admin.delete("compute", one, **at("2.24"))).refused(409, "Cannot 'abort live migration' instance")


async def test_ports_are_bound_where_the_server_runs(admin: Any, demo: Any) -> None:
    network = (await demo.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    id = await boot(demo, networks=[{"uuid": network}])
    (await act(admin, id, {"os-migrateLive": {"host": None, "block_migration": "auto"}})).ok(202)
    (port,) = (await admin.get("network", f"/v2.0/ports?device_id={id}")).ok()["ports"]
    assert port["binding:host_id"] == await host(admin, id)


async def test_evacuation_needs_a_host_that_is_down(admin: Any, demo: Any) -> None:
    id = await boot(demo)
    before = await host(admin, id)
    (await act(admin, id, {"evacuate": {}})).refused(400, f"Compute service of {before} is still in use.")
    found = (await admin.get("compute", "/v2.1/os-services?binary=nova-compute", **at("2.53"))).ok()["services"]
    service = next(item["id"] for item in found if item["host"] == before)
    (await admin.put("compute", f"/v2.1/os-services/{service}", {"forced_down": True}, **at("2.53"))).ok(200)
    answer = await act(admin, id, {"evacuate": {"onSharedStorage": False}}, "2.1")
    assert answer.ok(200).keys() == {"adminPass"}
    assert await host(admin, id) == OTHER[before]
    assert (await rows(admin, id))[0]["migration_type"] == "evacuation"
    assert (await show(admin, id))["status"] == "ACTIVE"
    (await admin.put("compute", f"/v2.1/os-services/{service}", {"forced_down": False}, **at("2.53"))).ok(200)
    service = next(item["id"] for item in found if item["host"] == OTHER[before])
    (await admin.put("compute", f"/v2.1/os-services/{service}", {"forced_down": True}, **at("2.53"))).ok(200)
    assert (await show(admin, id))["host_status"] == "DOWN"
    (await act(admin, id, {"evacuate": {}}, "2.95")).ok(200)
    assert ((await show(admin, id))["status"], await host(admin, id)) == ("SHUTOFF", before)


async def test_a_group_is_kept_on_the_move(admin: Any, demo: Any) -> None:
    body = {"server_group": {"name": "g", "policy": "anti-affinity"}}
    group = (await demo.post("compute", "/v2.1/os-server-groups", body, **at("2.64"))).ok()["server_group"]["id"]
    first = await boot(demo, hints={"group": group})
    second = await boot(demo, hints={"group": group})
    places = [await host(admin, id) for id in (first, second)]
    assert set(places) == {"devstack", "compute-2"}
    (await act(admin, first, {"migrate": None})).ok(202)
    assert (await show(demo, first))["status"] == "ACTIVE", "the only other host has a member of the group"
    assert await host(admin, first) == places[0]
    assert (await rows(admin, first))[0]["status"] == "error"
    (await act(admin, first, {"migrate": {"host": places[0]}})).refused(400, "Cannot migrate to the host where")
    (await act(admin, first, {"migrate": {"host": "nope"}})).refused(400, "Compute host nope could not be found.")


async def test_who_lists_migrations_and_how(admin: Any, demo: Any) -> None:
    ids = []
    for _ in range(3):
        ids.append(await boot(demo))
        (await act(admin, ids[-1], {"migrate": None})).ok(202)
    (await demo.get("compute", MIGRATIONS, **at("2.80"))).refused(403, "os_compute_api:os-migrations:index")
    page = (await admin.get("compute", f"{MIGRATIONS}?limit=2", **at("2.59"))).ok()
    assert [item["instance_uuid"] for item in page["migrations"]] == [ids[2], ids[1]]
    marker = page["migrations"][1]["uuid"]
    assert page["migrations_links"][0]["href"].endswith(f"limit=2&marker={marker}")
    rest = (await admin.get("compute", f"{MIGRATIONS}?limit=2&marker={marker}", **at("2.59"))).ok()
    assert [item["instance_uuid"] for item in rest["migrations"]] == [ids[0]]
    (await admin.get("compute", f"{MIGRATIONS}?marker=zz", **at("2.59"))).refused(400, "Marker zz could not be found.")
    (await admin.get("compute", f"{MIGRATIONS}?foo=1", **at("2.59"))).refused(400, "Additional properties")
    future = f"{MIGRATIONS}?changes-since=2999-01-01T00:00:00Z"
    assert (await admin.get("compute", future, **at("2.59"))).ok()["migrations"] == []
