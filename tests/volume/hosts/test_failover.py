"""A back end that replicates fails over to its target and back; what it does not replicate is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud

HOST = "devstack@lvmdriver-1"
OTHER = "devstack@lvmdriver-2"
REPLICATED = {"replication_enabled": "<is> True"}


async def _replicating(cloud: Cloud, admin: Any) -> None:
    await cloud.set_options(volume__replicating_backends="lvmdriver-1")
    (await admin.post("/types", {"volume_type": {"name": "replicated", "extra_specs": REPLICATED}})).ok(200)


async def _shown(admin: Any) -> list[tuple[Any, ...]]:
    services = (await admin.get("/os-services?binary=cinder-volume")).ok(200)["services"]
    keys = ("status", "replication_status", "active_backend_id", "disabled_reason")
    return [tuple(one[key] for key in keys) for one in services]


async def test_volumes_of_a_type_that_asks_for_it(cloud: Cloud, volumes: Any, admin_volumes: Any) -> None:
    await _replicating(cloud, admin_volumes)
    replicated = await volumes.make(volume_type="replicated")
    assert (await volumes.show(replicated["id"]))["replication_status"] == "enabled"
    copied = await volumes.make(source_volid=replicated["id"])
    assert (await volumes.show(copied["id"]))["replication_status"] == "enabled"
    assert (await volumes.show((await volumes.make())["id"]))["replication_status"] is None
    pools = (await admin_volumes.get("/scheduler-stats/get_pools?detail=True")).ok(200)["pools"]
    assert [pool["capabilities"]["replication_enabled"] for pool in pools] == [True, False]
    elsewhere = {"name": "elsewhere", "extra_specs": {**REPLICATED, "volume_backend_name": "lvmdriver-2"}}
    (await admin_volumes.post("/types", {"volume_type": elsewhere})).ok(200)
    assert (await volumes.make(volume_type="elsewhere"))["status"] == "error"
    told = (await admin_volumes.get(f"/capabilities/{HOST}")).ok(200)
    assert told["replication_targets"] == ["secondary"]


async def test_a_fail_over_and_back(cloud: Cloud, volumes: Any, admin_volumes: Any) -> None:
    await _replicating(cloud, admin_volumes)
    replicated = await volumes.make(volume_type="replicated")
    plain = await volumes.make()
    snapshot = (await volumes.post("/snapshots", {"snapshot": {"volume_id": plain["id"]}})).ok(202)["snapshot"]["id"]
    assert await _shown(admin_volumes) == [
        ("enabled", "enabled", None, None), ("enabled", "disabled", None, None),
    ]  # fmt: skip
    fail_over = "/os-services/failover_host"
    (await volumes.put(fail_over, {"host": HOST})).refused(403)
    (await admin_volumes.put(fail_over, {"host": OTHER})).refused(400, "replication_status in")
    # The driver knows no such target, and is not there to be led back: cinder says so in its log alone.
    for unknown in ("nowhere", "default"):
        (await admin_volumes.put(fail_over, {"host": HOST, "backend_id": unknown})).ok(202)
    assert (await _shown(admin_volumes))[0] == ("enabled", "enabled", None, None)
    (await admin_volumes.put(fail_over, {"host": HOST, "backend_id": "secondary"})).ok(202)
    assert (await _shown(admin_volumes))[0] == ("disabled", "failed-over", "secondary", "failed-over")
    shown = await volumes.show(replicated["id"])
    assert (shown["status"], shown["replication_status"]) == ("available", "failed-over")
    shown = await volumes.show(plain["id"])
    assert (shown["status"], shown["replication_status"]) == ("error", "not-capable")
    assert (await volumes.get(f"/snapshots/{snapshot}")).ok(200)["snapshot"]["status"] == "error"
    (await admin_volumes.put(fail_over, {"host": HOST, "backend_id": "default"})).ok(202)
    assert (await _shown(admin_volumes))[0] == ("enabled", "enabled", None, "")
    assert (await volumes.show(replicated["id"]))["replication_status"] == "enabled"
    assert (await volumes.show(plain["id"]))["status"] == "error"


async def test_names_of_back_ends(cloud: Cloud) -> None:
    await cloud.set_options(volume__replicating_backends="lvmdriver-2,lvmdriver-1")
    with pytest.raises(AssertionError, match="names of lvmdriver-1, lvmdriver-2"):
        await cloud.set_options(volume__replicating_backends="ceph")
