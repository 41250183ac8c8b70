"""Quotas and limits."""

from __future__ import annotations

from typing import Any


async def limit(admin_volumes: Any, project: str, **limits: int) -> Any:
    return await admin_volumes.put(f"/os-quota-sets/{project}", {"quota_set": limits})


async def test_a_quota_set_has_keys_for_every_type(volumes: Any, admin_volumes: Any, demo: Any) -> None:
    path = f"/os-quota-sets/{demo.project_id}"
    quota = (await volumes.get(path)).ok(200)["quota_set"]
    assert quota == {
        "volumes": 10,
        "per_volume_gigabytes": -1,
        "snapshots": 10,
        "gigabytes": 1000,
        "backups": 10,
        "backup_gigabytes": 1000,
        "volumes_lvmdriver-1": -1,
        "gigabytes_lvmdriver-1": -1,
        "snapshots_lvmdriver-1": -1,
        "volumes___DEFAULT__": -1,
        "gigabytes___DEFAULT__": -1,
        "snapshots___DEFAULT__": -1,
        "groups": 10,
        "id": demo.project_id,
    }
    assert (await volumes.get(f"{path}/defaults")).ok(200)["quota_set"] == quota
    assert (await admin_volumes.get("/os-quota-class-sets/default")).ok(200)["quota_class_set"]["id"] == "default"


async def test_usage(volumes: Any, demo: Any) -> None:
    volume = await volumes.make(size=3)
    await volumes.snapshot(volume["id"])
    usage = (await volumes.get(f"/os-quota-sets/{demo.project_id}?usage=True")).ok(200)["quota_set"]
    assert usage["volumes"] == {"limit": 10, "in_use": 1, "reserved": 0}
    assert [usage[name]["in_use"] for name in ("gigabytes", "snapshots", "volumes_lvmdriver-1")] == [6, 1, 1]
    absolute = (await volumes.get("/limits")).ok(200)["limits"]["absolute"]
    assert (absolute["totalVolumesUsed"], absolute["totalGigabytesUsed"], absolute["totalSnapshotsUsed"]) == (1, 6, 1)
    await volumes.act(volume["id"], "os-extend", {"new_size": 5})
    await volumes.act(volume["id"], "os-retype", {"new_type": "__DEFAULT__"})
    usage = (await volumes.get(f"/os-quota-sets/{demo.project_id}?usage=True")).ok(200)["quota_set"]
    names = ("gigabytes", "gigabytes_lvmdriver-1", "gigabytes___DEFAULT__", "volumes___DEFAULT__")
    assert [usage[name]["in_use"] for name in names] == [8, 0, 8, 1]
    await volumes.delete(f"/volumes/{volume['id']}?cascade=true")
    usage = (await volumes.get(f"/os-quota-sets/{demo.project_id}?usage=True")).ok(200)["quota_set"]
    assert {value["in_use"] for key, value in usage.items() if key != "id"} == {0}


async def test_quotas_hold(volumes: Any, admin_volumes: Any, demo: Any) -> None:
    project = demo.project_id
    assert (await limit(admin_volumes, project, volumes=1)).ok(200)["quota_set"]["volumes"] == 1
    volume = await volumes.make(size=2)
    reply = await volumes.post("/volumes", {"volume": {"size": 1}})
    text = "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota 'volumes'."
    assert reply.refused(413) == {"overLimit": {"code": 413, "message": text, "retryAfter": "0"}}
    assert reply.headers["Retry-After"] == "0"
    await limit(admin_volumes, project, volumes=-1, gigabytes=2)
    text = (
        "Requested volume or snapshot exceeds allowed gigabytes quota. "
        "Requested 1G, quota is 2G and 2G has been consumed."
    )
    (await volumes.post("/volumes", {"volume": {"size": 1}})).refused(413, f"VolumeSizeExceedsAvailableQuota: {text}")
    (await volumes.act(volume["id"], "os-extend", {"new_size": 3})).refused(413, text)
    assert (await volumes.show(volume["id"]))["status"] == "available"
    await limit(admin_volumes, project, gigabytes=-1, snapshots=0)
    body = {"snapshot": {"volume_id": volume["id"]}}
    text = "SnapshotLimitExceeded: Maximum number of snapshots allowed (0) exceeded"
    (await volumes.post("/snapshots", body)).refused(413, text)
    await limit(admin_volumes, project, per_volume_gigabytes=4)
    text = "VolumeSizeExceedsLimit: Requested volume size 5G is larger than maximum allowed limit 4G."
    (await volumes.post("/volumes", {"volume": {"size": 5}})).refused(413, text)
    await limit(admin_volumes, project, **{"volumes_lvmdriver-1": 1})
    text = "Maximum number of volumes allowed (1) exceeded for quota 'volumes_lvmdriver-1'."
    (await volumes.post("/volumes", {"volume": {"size": 1}})).refused(413, text)
    (await admin_volumes.delete(f"/os-quota-sets/{project}")).ok(200)
    await volumes.make(size=5)


async def test_refusals(volumes: Any, admin_volumes: Any, demo: Any, admin: Any) -> None:
    project = demo.project_id
    (await limit(volumes, project, volumes=1)).refused(403, "volume_extension:quotas:update")
    (await volumes.get(f"/os-quota-sets/{admin.project_id}")).refused(403, "volume_extension:quotas:show")
    (await limit(admin_volumes, project, volumes=-2)).refused(400, "volumes must be >= -1")
    (await limit(admin_volumes, project)).refused(400, "{} should be non-empty")
    (await limit(admin_volumes, project, bogus=1)).refused(400, "Bad key(s) in quota set: bogus")
    await volumes.make()
    text = "Quota volumes limit must be equal or greater than existing resources."
    (await limit(admin_volumes, project, volumes=0)).refused(400, text)
