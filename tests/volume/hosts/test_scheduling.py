"""Pools have an end, types ask for what pools can do, and what cannot be done in the end is told in a message."""

from __future__ import annotations

from typing import Any

import pytest

POOLS = ("devstack@lvmdriver-1#lvmdriver-1", "devstack@lvmdriver-2#lvmdriver-2")
POOL_GB = 102400
NO_BACKEND = "schedule allocate volume:Could not find any available weighted backend."


async def messages(volumes: Any, query: str = "") -> Any:
    return (await volumes.get(f"/messages{query}", "3.5")).ok(200)["messages"]


async def free(admin: Any) -> list[int]:
    pools = (await admin.get("/scheduler-stats/get_pools?detail=True")).ok(200)["pools"]
    return [pool["capabilities"]["free_capacity_gb"] for pool in pools]


async def new_type(admin: Any, name: str, **specs: str) -> None:
    (await admin.post("/types", {"volume_type": {"name": name, "extra_specs": specs}})).ok(200)


@pytest.mark.usefixtures("unlimited")
async def test_a_volume_that_fits_nowhere(volumes: Any, admin_volumes: Any) -> None:
    volume = await volumes.make(size=POOL_GB + 1)
    assert volume["status"] == "error"
    assert (await admin_volumes.show(volume["id"]))["os-vol-host-attr:host"] is None
    (told,) = await messages(volumes)
    assert (told["user_message"], told["event_id"], told["resource_uuid"], told["message_level"]) == (
        NO_BACKEND, "VOLUME_VOLUME_001_003", volume["id"], "ERROR",
    )  # fmt: skip
    assert told["request_id"].startswith("req-")
    assert await messages(admin_volumes) == []
    assert await messages(volumes, f"?resource_uuid={volume['id']}") == [told]
    assert await messages(volumes, "?message_level=INFO") == []
    assert (await volumes.get(f"/messages/{told['id']}", "3.3")).ok(200)["message"] == told
    (await volumes.delete(f"/messages/{told['id']}", "3.3")).ok(204)
    (await volumes.get(f"/messages/{told['id']}", "3.3")).refused(404, f"Message {told['id']} could not be found.")
    assert await free(admin_volumes) == [POOL_GB, POOL_GB]
    (await volumes.delete(f"/volumes/{volume['id']}")).ok(202)
    assert await free(admin_volumes) == [POOL_GB, POOL_GB]


@pytest.mark.usefixtures("unlimited")
async def test_space_is_taken_and_given_back(volumes: Any, admin_volumes: Any) -> None:
    volume = await volumes.make(size=POOL_GB - 10)
    assert (await volumes.make(size=11))["status"] == "error"
    (await volumes.act(volume["id"], "os-extend", {"new_size": POOL_GB + 5})).ok(202)
    shown = await volumes.show(volume["id"])
    assert (shown["status"], shown["size"]) == ("available", POOL_GB - 10)
    assert (await messages(volumes))[0]["user_message"].startswith("extend volume:")
    (await volumes.act(volume["id"], "os-extend", {"new_size": POOL_GB})).ok(202)
    assert (await volumes.show(volume["id"]))["size"] == POOL_GB
    assert await free(admin_volumes) == [0, POOL_GB]
    await volumes.delete(f"/volumes/{volume['id']}")
    assert await free(admin_volumes) == [POOL_GB, POOL_GB]


async def test_a_type_decides(volumes: Any, admin_volumes: Any) -> None:
    await new_type(admin_volumes, "second", volume_backend_name="lvmdriver-2")
    await new_type(admin_volumes, "none", volume_backend_name="nope")
    await new_type(admin_volumes, "small", **{"provisioning:max_vol_size": "2"})
    await new_type(admin_volumes, "scoped", **{"vendor:thing": "x", "capabilities:multiattach": "<is> True"})
    volume = await volumes.make(volume_type="second")
    assert (await admin_volumes.show(volume["id"]))["os-vol-host-attr:host"] == POOLS[1]
    assert (await volumes.make(volume_type="none"))["status"] == "error"
    assert (await volumes.make(volume_type="scoped"))["status"] == "available"
    refusal = "Specified volume size of '3' is greater than the maximum allowable size of '2' for volume type 'small'."
    (await volumes.post("/volumes", {"volume": {"size": 3, "volume_type": "small"}})).refused(400, refusal)


async def test_a_retype_goes_elsewhere_with_the_policy(volumes: Any, admin_volumes: Any) -> None:
    await new_type(admin_volumes, "second", volume_backend_name="lvmdriver-2")
    id = (await volumes.make())["id"]
    (await volumes.act(id, "os-retype", {"new_type": "second"})).ok(202)
    shown = await admin_volumes.show(id)
    assert (shown["volume_type"], shown["status"], shown["os-vol-host-attr:host"]) == (
        "lvmdriver-1", "available", POOLS[0],
    )  # fmt: skip
    (await volumes.act(id, "os-retype", {"new_type": "second", "migration_policy": "on-demand"})).ok(202)
    shown = await admin_volumes.show(id)
    assert (shown["volume_type"], shown["os-vol-host-attr:host"]) == ("second", POOLS[1])
    assert await free(admin_volumes) == [POOL_GB, POOL_GB - 1]


async def test_migration(volumes: Any, admin_volumes: Any) -> None:
    id = (await volumes.make(volume_type="__DEFAULT__"))["id"]
    (await volumes.act(id, "os-migrate_volume", {"host": POOLS[1]})).refused(403)
    refusal = "Invalid host: No available service named 'nope'"
    (await admin_volumes.act(id, "os-migrate_volume", {"host": "nope"})).refused(400, refusal)
    (await admin_volumes.act(id, "os-migrate_volume", {"host": POOLS[0]})).refused(400, "must be different")
    (await admin_volumes.act(id, "os-migrate_volume", {}, "3.16")).refused(400, "One and only one of cluster and host")
    (await admin_volumes.act(id, "os-migrate_volume", {"host": POOLS[1], "lock_volume": True})).ok(202)
    shown = await admin_volumes.show(id)
    assert (shown["status"], shown["migration_status"], shown["os-vol-host-attr:host"]) == (
        "available", "success", POOLS[1],
    )  # fmt: skip
    tied = (await volumes.make())["id"]
    (await admin_volumes.act(tied, "os-migrate_volume", {"host": POOLS[1]})).ok(202)
    assert (await admin_volumes.show(tied))["migration_status"] == "error"
    assert (await admin_volumes.act(id, "os-migrate_volume_completion", {"new_volume": tied})).status == 400


async def test_a_completion_moves_attachments(volumes: Any, admin_volumes: Any) -> None:
    old, new = (await volumes.make())["id"], (await volumes.make())["id"]
    (await volumes.act(old, "os-attach", {"host_name": "h", "mountpoint": "/dev/vdb"})).ok(202)
    done = (await admin_volumes.act(old, "os-migrate_volume_completion", {"new_volume": new})).ok(200)
    assert done == {"save_volume_id": new}
    assert [(await volumes.show(id))["status"] for id in (old, new)] == ["available", "in-use"]
    (await admin_volumes.act(new, "os-extend_volume_completion", {})).refused(400, "Volume is not being extended.")


async def test_services(volumes: Any, admin_volumes: Any) -> None:
    host = "devstack@lvmdriver-1"
    body = {"binary": "cinder-volume", "host": host}
    (await volumes.put("/os-services/disable", body)).refused(403)
    answer = (await admin_volumes.put("/os-services/disable-log-reason", {**body, "disabled_reason": "why"})).ok(200)
    assert (answer["disabled"], answer["disabled_reason"], answer["service"]) == (True, "why", "")
    shown = (await admin_volumes.get("/os-services?binary=cinder-volume")).ok(200)["services"]
    assert [(item["status"], item["disabled_reason"]) for item in shown] == [("disabled", "why"), ("enabled", None)]
    assert (await volumes.make())["status"] == "error"
    (await admin_volumes.put("/os-services/enable", body)).ok(200)
    id = (await volumes.make())["id"]
    (await admin_volumes.put("/os-services/freeze", {"host": host})).ok(200)
    frozen = "Modification operations are not allowed on frozen storage backends."
    (await volumes.delete(f"/volumes/{id}")).refused(400, frozen)
    (await volumes.post("/snapshots", {"snapshot": {"volume_id": id}})).refused(400, frozen)
    (await admin_volumes.put("/os-services/freeze", {"host": host})).refused(400, "No service could be changed: frozen")
    (await admin_volumes.put("/os-services/thaw", {"host": host})).ok(200)
    (await volumes.delete(f"/volumes/{id}")).ok(202)
    (await admin_volumes.put("/os-services/failover_host", {"host": host})).refused(400, "replication_status in")
    (await admin_volumes.put("/os-services/enable", {"binary": "x", "host": "y"})).refused(
        404, "Service x could not be found on host y."
    )
    (await admin_volumes.put("/os-services/set-log", {"prefix": "cinder.", "level": "error"}, "3.32")).ok(202)
    logs = (await admin_volumes.put("/os-services/get-log", {"binary": "cinder-api"}, "3.32")).ok(200)["log_levels"]
    assert (logs[0]["levels"]["cinder.api"], logs[0]["levels"]["cinder"]) == ("ERROR", "DEBUG")


async def test_clusters_and_workers(volumes: Any, admin_volumes: Any) -> None:
    assert (await admin_volumes.get("/clusters/detail", "3.7")).ok(200) == {"clusters": []}
    (await admin_volumes.get("/clusters?x=y", "3.7")).refused(400, "Invalid filter keys: x")
    (await admin_volumes.get("/clusters/c", "3.7")).refused(404, "Cluster c could not be found.")
    (await volumes.post("/workers/cleanup", {}, "3.24")).refused(403)
    assert (await admin_volumes.post("/workers/cleanup", {}, "3.24")).ok(202) == {"cleaning": [], "unavailable": []}
    body = {"is_up": True, "binary": "cinder-scheduler"}
    (one,) = (await admin_volumes.post("/workers/cleanup", body, "3.24")).ok(202)["cleaning"]
    assert one == {"id": 1, "host": "devstack", "binary": "cinder-scheduler", "cluster_name": None}


async def test_a_volume_is_let_go_and_taken_over(volumes: Any, admin_volumes: Any) -> None:
    id = (await volumes.make(size=2))["id"]
    (await volumes.act(id, "os-unmanage", {})).refused(403)
    (await admin_volumes.act(id, "os-unmanage", {})).ok(202)
    (await volumes.get(f"/volumes/{id}")).refused(404)
    path, name = f"/manageable_volumes/detail?host={POOLS[0]}", f"volume-{id}"
    (found,) = (await admin_volumes.get(path, "3.8")).ok(200)["manageable-volumes"]
    assert (found["reference"], found["size"], found["safe_to_manage"]) == ({"source-name": name}, 2, True)
    assert (await free(admin_volumes))[0] == POOL_GB - 2
    body = {"volume": {"host": POOLS[0], "ref": {"source-name": name}, "name": "back"}}
    made = (await admin_volumes.post("/manageable_volumes", body, "3.8")).ok(202)["volume"]
    assert (made["status"], made["size"]) == ("creating", 0)
    shown = await admin_volumes.show(made["id"])
    assert (shown["status"], shown["size"], shown["name"]) == ("available", 2, "back")
    again = (await admin_volumes.post("/os-volume-manage", body)).ok(202)["volume"]
    assert (await admin_volumes.show(again["id"]))["status"] == "error"
    (kept,) = (await admin_volumes.get(path, "3.8")).ok(200)["manageable-volumes"]
    assert (kept["cinder_id"], kept["reason_not_safe"]) == (made["id"], "already managed")
    (await admin_volumes.get("/manageable_volumes", "3.8")).refused(400, "Host field is missing.")
    (await admin_volumes.get(path, "3.7")).refused(404)
    (old,) = (await admin_volumes.get(path.replace("manageable_volumes", "os-volume-manage"))).ok(200).values()
    assert old == [kept]


async def test_a_snapshot_is_unmanaged_and_managed_again(volumes: Any, admin_volumes: Any) -> None:
    volume = (await admin_volumes.make())["id"]
    id = (await admin_volumes.snapshot(volume))["id"]
    (await admin_volumes.post(f"/snapshots/{id}/action", {"os-unmanage": {}})).ok(202)
    path = f"/manageable_snapshots?host={POOLS[0]}"
    (found,) = (await admin_volumes.get(path, "3.8")).ok(200)["manageable-snapshots"]
    assert found["source_reference"] == {"source-name": f"volume-{volume}"}
    body = {"snapshot": {"volume_id": volume, "ref": found["reference"]}}
    made = (await admin_volumes.post("/manageable_snapshots", body, "3.8")).ok(202)["snapshot"]
    assert (await admin_volumes.get(f"/snapshots/{made['id']}")).ok(200)["snapshot"]["status"] == "available"
    lost = {"snapshot": {"volume_id": volume, "ref": {"source-name": "nope"}}}
    made = (await admin_volumes.post("/os-snapshot-manage", lost)).ok(202)["snapshot"]
    assert (await admin_volumes.get(f"/snapshots/{made['id']}")).ok(200)["snapshot"]["status"] == "error"


async def test_records_of_backups(volumes: Any, admin_volumes: Any) -> None:
    volume = (await admin_volumes.make(metadata={"a": "b"}))["id"]
    made = (await admin_volumes.post("/backups", {"backup": {"volume_id": volume, "name": "b"}})).ok(202)["backup"]
    record = (await admin_volumes.get(f"/backups/{made['id']}/export_record")).ok(200)
    refusal = "Backup already exists in database."
    (await admin_volumes.post("/backups/import_record", record)).refused(400, refusal)
    (await admin_volumes.delete(f"/backups/{made['id']}")).ok(202)
    (await volumes.post("/backups/import_record", record)).refused(403)
    assert (await admin_volumes.post("/backups/import_record", record)).ok(201)["backup"]["id"] == made["id"]
    shown = (await admin_volumes.get(f"/backups/{made['id']}")).ok(200)["backup"]
    assert (shown["status"], shown["name"], shown["volume_id"], shown["size"]) == ("available", "b", volume, 1)
    nonsense = {"backup-record": {"backup_service": "x", "backup_url": "bm9wZQ=="}}
    (await admin_volumes.post("/backups/import_record", nonsense)).refused(400, "Can't parse backup record.")
