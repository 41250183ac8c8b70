"""Snapshots."""

from __future__ import annotations

from typing import Any

import pytest

NOBODY = "00000000-0000-0000-0000-00000000dead"


async def test_create_and_show(volumes: Any, demo: Any) -> None:
    volume = await volumes.make(size=2)
    body = {"snapshot": {"volume_id": volume["id"], "name": "s", "metadata": {"a": "b"}}}
    made = (await volumes.post("/snapshots", body)).ok(202)["snapshot"]
    assert made.pop("created_at")
    id = made.pop("id")
    assert made == {
        "updated_at": None,
        "name": "s",
        "description": None,
        "volume_id": volume["id"],
        "status": "creating",
        "size": 2,
        "metadata": {"a": "b"},
    }
    shown = (await volumes.get(f"/snapshots/{id}", "3.65")).ok(200)["snapshot"]
    assert shown["status"] == "available"
    assert shown["os-extended-snapshot-attributes:progress"] == "100%"
    assert shown["os-extended-snapshot-attributes:project_id"] == demo.project_id
    assert (shown["group_snapshot_id"], shown["user_id"], shown["consumes_quota"]) == (None, demo.user_id, True)


async def test_lists(volumes: Any, admin_volumes: Any) -> None:
    volume = await volumes.make()
    await volumes.snapshot(volume["id"], name="one")
    await volumes.snapshot(volume["id"], name="two")
    found = (await volumes.get("/snapshots?name=one")).ok(200)["snapshots"]
    assert [item["name"] for item in found] == ["one"]
    assert "os-extended-snapshot-attributes:progress" not in found[0]
    page = (await volumes.get("/snapshots/detail?limit=1&sort=name:desc")).ok(200)
    assert page["snapshots"][0]["name"] == "two"
    assert page["snapshots_links"][0]["rel"] == "next"
    assert len((await volumes.get(f"/snapshots?volume_id={volume['id']}")).ok(200)["snapshots"]) == 2
    assert (await admin_volumes.get("/snapshots")).ok(200) == {"snapshots": []}
    assert len((await admin_volumes.get("/snapshots?all_tenants=1")).ok(200)["snapshots"]) == 2
    (await volumes.get("/snapshots?sort=bogus")).refused(400, "Invalid sort key")


async def test_update_and_delete(volumes: Any) -> None:
    snapshot = await volumes.snapshot((await volumes.make())["id"])
    path = f"/snapshots/{snapshot['id']}"
    assert (await volumes.put(path, {"snapshot": {"name": "new"}})).ok(200)["snapshot"]["name"] == "new"
    (await volumes.put(path, {"snapshot": {"foo": 1}})).refused(400, "('foo' was unexpected)")
    (await volumes.delete(path)).ok(202)
    (await volumes.get(path)).refused(404, f"Snapshot {snapshot['id']} could not be found.")


async def test_a_volume_in_use_needs_force_until_3_66(volumes: Any) -> None:
    volume = await volumes.make()
    await volumes.act(volume["id"], "os-attach", {"host_name": "h", "mountpoint": "/dev/vdb"})
    body = {"volume_id": volume["id"]}
    refusal = "status must be available, but current status is: in-use."
    (await volumes.post("/snapshots", {"snapshot": body})).refused(400, refusal)
    (await volumes.post("/snapshots", {"snapshot": {**body, "force": True}})).ok(202)
    (await volumes.post("/snapshots", {"snapshot": body}, "3.66")).ok(202)
    gone = "Since microversion 3.66 the 'force' flag is invalid for this request."
    (await volumes.post("/snapshots", {"snapshot": {**body, "force": False}}, "3.66")).refused(400, gone)


async def test_statuses(volumes: Any, admin_volumes: Any) -> None:
    snapshot = await volumes.snapshot((await volumes.make())["id"])
    path = f"/snapshots/{snapshot['id']}/action"
    reset = {"os-reset_status": {"status": "error_deleting"}}
    (await volumes.post(path, reset)).refused(403, "volume_extension:snapshot_admin_actions:reset_status")
    wrong = {"os-reset_status": {"status": "zz"}}
    (await admin_volumes.post(path, wrong)).refused(400, "Snapshot status: zz is invalid")
    (await admin_volumes.post(path, reset)).ok(202)
    refusal = "Snapshot status must be available or error and must not be part of a group."
    (await volumes.delete(f"/snapshots/{snapshot['id']}")).refused(400, refusal)
    report = {"os-update_snapshot_status": {"status": "available", "progress": "80%"}}
    (await volumes.post(path, report)).refused(400, "Snapshot status error_deleting not allowed")
    (await admin_volumes.post(path, {"os-reset_status": {"status": "creating"}})).ok(202)
    (await volumes.post(path, report)).ok(202)
    shown = (await volumes.get(f"/snapshots/{snapshot['id']}")).ok(200)["snapshot"]
    assert (shown["status"], shown["os-extended-snapshot-attributes:progress"]) == ("available", "80%")
    (await admin_volumes.post(path, {"os-force_delete": {}})).ok(202)
    (await volumes.get(f"/snapshots/{snapshot['id']}")).refused(404)


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 400, "Invalid input for field/attribute snapshot. Value: {}. 'volume_id' is a required property"),
        ({"volume_id": NOBODY}, 404, f"Volume {NOBODY} could not be found."),
        ({"volume_id": "x"}, 400, "'x' is not valid under any of the given schemas"),
        ({"volume_id": NOBODY, "metadata": {"a": 1}}, 400, "1 is not of type 'string'"),
    ],
)
async def test_bad_snapshots(volumes: Any, body: dict[str, Any], status: int, text: str) -> None:
    (await volumes.post("/snapshots", {"snapshot": body})).refused(status, text)
