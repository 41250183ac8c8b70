"""Usage of projects."""

from __future__ import annotations

from typing import Any

PATH = "/v2.1/os-simple-tenant-usage"


async def test_nothing_was_used(admin: Any, demo: Any) -> None:
    span = "start=2026-01-01T00:00:00&end=2100-01-01T00:00:00"
    assert (await admin.get("compute", f"{PATH}?{span}")).ok(200) == {"tenant_usages": []}
    assert (await demo.get("compute", f"{PATH}/{demo.project_id}?{span}")).ok(200) == {"tenant_usage": {}}
    (await demo.get("compute", PATH)).refused(403, "os_compute_api:os-simple-tenant-usage:list")
    (await demo.get("compute", f"{PATH}/{admin.project_id}")).refused(403, "os_compute_api:os-simple-tenant-usage:show")


async def test_bad_spans_are_refused(admin: Any) -> None:
    (await admin.get("compute", f"{PATH}?start=x")).refused(
        400, "Invalid datetime string: Datetime is in invalid format"
    )
    backwards = "start=2026-02-01T00:00:00&end=2026-01-01T00:00:00"
    (await admin.get("compute", f"{PATH}?{backwards}")).refused(
        400, "Invalid start time. The start time cannot occur after the end time."
    )


async def test_a_server_counts_while_it_is_there_and_after(admin: Any, demo: Any) -> None:
    images = (await demo.get("image", "/v2/images")).ok()["images"]
    server = {"name": "s", "flavorRef": "2", "imageRef": images[0]["id"]}
    id = (await demo.post("compute", "/v2.1/servers", {"server": server})).ok(202)["server"]["id"]
    (await demo.get("compute", f"/v2.1/servers/{id}")).ok(200)
    path = f"{PATH}/{demo.project_id}?start=2000-01-01T00:00:00"
    (used,) = (await demo.get("compute", path)).ok()["tenant_usage"]["server_usages"]
    assert (used["instance_id"], used["flavor"], used["state"]) == (id, "m1.small", "active")
    assert (used["memory_mb"], used["local_gb"], used["vcpus"]) == (2048, 20, 1)
    assert used["ended_at"] is None
    (await demo.delete("compute", f"/v2.1/servers/{id}")).ok(204)
    (await demo.get("compute", f"/v2.1/servers/{id}")).refused(404)
    (used,) = (await demo.get("compute", path)).ok()["tenant_usage"]["server_usages"]
    assert used["state"] == "terminated"
    assert used["ended_at"] is not None
    (total,) = (await admin.get("compute", f"{PATH}?start=2000-01-01T00:00:00")).ok()["tenant_usages"]
    assert total["tenant_id"] == demo.project_id
    assert "server_usages" not in total
