"""Backups."""

from __future__ import annotations

from typing import Any

NOBODY = "00000000-0000-0000-0000-00000000dead"


async def back_up(volumes: Any, volume_id: str, **body: Any) -> Any:
    made = (await volumes.post("/backups", {"backup": {"volume_id": volume_id, **body}})).ok(202)["backup"]
    assert made.keys() == {"id", "name", "links"}
    return (await volumes.get(f"/backups/{made['id']}")).ok(200)["backup"]


async def test_back_up_and_restore(volumes: Any, demo: Any) -> None:
    volume = await volumes.make(size=2)
    backup = await back_up(volumes, volume["id"], name="b")
    assert (backup["status"], backup["size"], backup["name"]) == ("available", 2, "b")
    assert (backup["is_incremental"], backup["has_dependent_backups"]) == (False, False)
    assert (await volumes.show(volume["id"]))["status"] == "available"
    path = f"/backups/{backup['id']}/restore"
    answer = (await volumes.post(path, {"restore": {"volume_id": volume["id"]}})).ok(202)
    assert answer == {"restore": {"backup_id": backup["id"], "volume_id": volume["id"], "volume_name": None}}
    assert (await volumes.show(volume["id"]))["status"] == "available"
    new = (await volumes.post(path, {"restore": {}})).ok(202)["restore"]
    assert new["volume_name"] == f"restore_backup_{backup['id']}"
    assert (await volumes.show(new["volume_id"]))["size"] == 2
    made = (await volumes.post("/volumes", {"volume": {"backup_id": backup["id"]}}, "3.47")).ok(202)["volume"]
    assert (await volumes.show(made["id"]))["size"] == 2
    usage = (await volumes.get(f"/os-quota-sets/{demo.project_id}?usage=True")).ok(200)["quota_set"]
    assert (usage["backups"]["in_use"], usage["backup_gigabytes"]["in_use"]) == (1, 2)


async def test_increments(volumes: Any) -> None:
    volume = await volumes.make()
    body = {"backup": {"volume_id": volume["id"], "incremental": True}}
    refusal = "Invalid backup: No backups available to do an incremental backup."
    (await volumes.post("/backups", body)).refused(400, refusal)
    full = await back_up(volumes, volume["id"])
    increment = await back_up(volumes, volume["id"], incremental=True)
    assert increment["is_incremental"] is True
    shown = (await volumes.get(f"/backups/{full['id']}")).ok(200)["backup"]
    assert shown["has_dependent_backups"] is True
    (await volumes.delete(f"/backups/{full['id']}")).refused(400, "Incremental backups exist for this backup.")
    (await volumes.delete(f"/backups/{increment['id']}")).ok(202)
    (await volumes.delete(f"/backups/{full['id']}")).ok(202)
    assert (await volumes.get("/backups")).ok(200) == {"backups": []}


async def test_update_and_lists(volumes: Any, admin_volumes: Any, demo: Any) -> None:
    backup = await back_up(volumes, (await volumes.make())["id"], name="b")
    path = f"/backups/{backup['id']}"
    body = {"backup": {"name": "c", "metadata": {"a": "b"}}}
    (await volumes.put(path, body, "3.8")).refused(404)
    assert (await volumes.put(path, body, "3.43")).ok(200)["backup"]["name"] == "c"
    shown = (await volumes.get(path, "3.56")).ok(200)["backup"]
    assert shown["metadata"] == {"a": "b"}
    assert "user_id" not in shown
    shown = (await admin_volumes.get(path, "3.56")).ok(200)["backup"]
    assert (shown["os-backup-project-attr:project_id"], shown["user_id"]) == (demo.project_id, demo.user_id)
    assert len((await volumes.get("/backups/detail?name=c")).ok(200)["backups"]) == 1
    assert (await volumes.get("/backups/detail?name=x")).ok(200)["backups"] == []


async def test_refusals(volumes: Any, admin_volumes: Any, demo: Any) -> None:
    (await volumes.get(f"/backups/{NOBODY}")).refused(404, f"Backup {NOBODY} could not be found.")
    volume = await volumes.make()
    body = {"backup": {"volume_id": volume["id"]}}
    await admin_volumes.act(volume["id"], "os-reset_status", {"status": "reserved"})
    refusal = 'Volume to be backed up must be available or in-use, but the current status is "reserved".'
    (await volumes.post("/backups", body)).refused(400, f"Invalid volume: {refusal}")
    await admin_volumes.act(volume["id"], "os-reset_status", {"status": "available"})
    await volumes.act(volume["id"], "os-attach", {"host_name": "h", "mountpoint": "/dev/vdb"})
    (await volumes.post("/backups", body)).refused(400, "Backing up an in-use volume must use the force flag.")
    backup = await back_up(volumes, volume["id"], force=True)
    assert (await volumes.show(volume["id"]))["status"] == "in-use"
    action = f"/backups/{backup['id']}/action"
    (await volumes.post(action, {"os-reset_status": {"status": "error"}})).refused(403)
    wrong = {"os-reset_status": {"status": "zz"}}
    (await admin_volumes.post(action, wrong)).refused(400, "Backup status: zz is invalid")
    (await admin_volumes.post(action, {"os-reset_status": {"status": "error"}})).ok(202)
    restore = f"/backups/{backup['id']}/restore"
    (await volumes.post(restore, {"restore": {}})).refused(400, "Invalid backup: Backup status must be available")
    quota = {"quota_set": {"backups": 1}}
    (await admin_volumes.put(f"/os-quota-sets/{demo.project_id}", quota)).ok(200)
    limit = "BackupLimitExceeded: Maximum number of backups allowed (1) exceeded"
    (await volumes.post("/backups", {"backup": {**body["backup"], "force": True}})).refused(413, limit)
    (await admin_volumes.post(action, {"os-force_delete": {}})).ok(202)
    (await volumes.get(f"/backups/{backup['id']}")).refused(404)
