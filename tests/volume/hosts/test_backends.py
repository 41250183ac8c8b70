"""Zones, services, pools, extensions, versions."""

from __future__ import annotations

from typing import Any


async def test_what_anybody_may_see(volumes: Any) -> None:
    zones = (await volumes.get("/os-availability-zone")).ok(200)
    assert zones == {"availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": True}}]}
    extensions = (await volumes.get("/extensions")).ok(200)["extensions"]
    assert len(extensions) == 32
    assert {"os-quota-sets", "qos-specs", "os-vol-image-meta"} <= {item["alias"] for item in extensions}
    (await volumes.get("/resource_filters")).refused(404)
    filters = (await volumes.get("/resource_filters?resource=pool", "3.33")).ok(200)["resource_filters"]
    assert filters == [{"resource": "pool", "filters": ["name", "volume_type"]}]


async def test_what_an_admin_may_see(volumes: Any, admin_volumes: Any) -> None:
    (await volumes.get("/os-services")).refused(403, "volume_extension:services:index")
    (await volumes.get("/scheduler-stats/get_pools")).refused(403, "scheduler_extension:scheduler_stats:get_pools")
    services = (await admin_volumes.get("/os-services", "3.49")).ok(200)["services"]
    assert [item["host"] for item in services] == [
        "devstack", "devstack@lvmdriver-1", "devstack@lvmdriver-2", "devstack",
    ]  # fmt: skip
    assert (services[1]["backend_state"], services[1]["frozen"]) == ("up", False)
    assert "backend_state" not in services[0]
    await volumes.make(size=3)
    pool, _other = (await admin_volumes.get("/scheduler-stats/get_pools?detail=true")).ok(200)["pools"]
    assert pool["name"] == "devstack@lvmdriver-1#lvmdriver-1"
    assert (pool["capabilities"]["total_capacity_gb"], pool["capabilities"]["free_capacity_gb"]) == (102400, 102397)
    (only,) = (await admin_volumes.get("/scheduler-stats/get_pools?volume_type=lvmdriver-1", "3.35")).ok(200)["pools"]
    assert only == {"name": pool["name"]}


async def test_versions(volumes: Any) -> None:
    text = "Version 3.72 is not supported by the API. Minimum is 3.0 and maximum is 3.71."
    (await volumes.get("/volumes", "3.72")).refused(406, text)
    (await volumes.get("/volumes", "abc")).refused(400, "API Version String abc is of invalid format.")
    (version,) = (await volumes.get("/")).ok(200)["versions"]
    assert (version["id"], version["version"], version["min_version"]) == ("v3.0", "3.71", "3.0")


async def test_without_a_token(cloud: Any) -> None:
    refusal = "The request you have made requires authentication."
    (await cloud.anonymous.get("volume", "/v3/volumes")).refused(401, refusal)


async def test_hosts_and_capabilities(volumes: Any, admin_volumes: Any) -> None:
    await volumes.make(size=2)
    (await volumes.get("/os-hosts")).refused(403, "Policy doesn't allow volume_extension:hosts to be performed.")
    hosts = (await admin_volumes.get("/os-hosts")).ok(200)["hosts"]
    name = hosts[1]["host_name"]
    assert hosts[1].keys() == {"host_name", "service", "zone", "service-status", "service-state", "last-update"}
    total = (await admin_volumes.get(f"/os-hosts/{name}")).ok(200)["host"][0]["resource"]
    assert (total["project"], total["volume_count"], total["total_volume_gb"]) == ("(total)", "1", "2")
    (await admin_volumes.get("/os-hosts/nope")).refused(404)
    capabilities = (await admin_volumes.get(f"/capabilities/{name}")).ok(200)
    assert capabilities["namespace"] == f"OS::Storage::Capabilities::{name}"
    assert capabilities["properties"]["qos"]["type"] == "boolean"
