"""Services, endpoints and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import User


async def service_of(admin: User, **fields: Any) -> Any:
    return (await admin.post("identity", "/v3/services", {"service": {"type": "t", **fields}})).ok(201)["service"]


async def test_services(admin: User) -> None:
    service = await service_of(admin, name="s")
    assert service == {
        "id": service["id"],
        "name": "s",
        "type": "t",
        "enabled": True,
        "links": {"self": f"{admin.url}/identity/v3/services/{service['id']}"},
    }
    assert (await admin.get("identity", "/v3/services?name=s&type=t")).ok()["services"] == [service]
    for body, text in (
        ({"name": "x"}, "field/attribute service. Value: {'name': 'x'}. 'type' is a required property"),
        ({"type": ""}, "Invalid input for field/attribute type. Value: . '' should be non-empty"),
        ({"type": "t", "name": None}, "Value: None. None is not of type 'string'"),
        ({"type": "t", "enabled": "zz"}, "Value: zz. 'zz' is not of type 'boolean'"),
    ):
        reply = await admin.post("identity", "/v3/services", {"service": body})
        assert text in reply.refused(400)["error"]["message"]
    (await admin.delete("identity", f"/v3/services/{service['id']}")).ok(204)
    reply = await admin.get("identity", f"/v3/services/{service['id']}")
    reply.refused(404, f"Could not find service: {service['id']}.")


async def test_endpoints(admin: User) -> None:
    service = await service_of(admin)
    body = {"service_id": service["id"], "interface": "public", "url": "http://x/$(project_id)s"}
    body["region_id"] = "RegionOne"
    endpoint = (await admin.post("identity", "/v3/endpoints", {"endpoint": body})).ok(201)["endpoint"]
    assert endpoint == {
        **body,
        "id": endpoint["id"],
        "enabled": True,
        "region": "RegionOne",
        "links": {"self": f"{admin.url}/identity/v3/endpoints/{endpoint['id']}"},
    }
    catalog = (await admin.get("identity", "/v3/auth/catalog")).ok()["catalog"]
    own = next(item for item in catalog if item["id"] == service["id"])
    assert own["endpoints"][0]["url"] == f"http://x/{admin.project_id}"
    path = f"/v3/endpoints/{endpoint['id']}"
    changed = (await admin.patch("identity", path, {"endpoint": {"region": "new"}})).ok()["endpoint"]
    assert (changed["region"], changed["region_id"]) == ("new", "new")
    assert (await admin.get("identity", "/v3/regions/new")).ok()["region"]["description"] == ""
    (await admin.delete("identity", "/v3/regions/new")).refused(
        403, "Unable to delete region new because it or its child regions have associated endpoints."
    )
    (await admin.patch("identity", path, {"endpoint": {"enabled": False}})).ok()
    catalog = (await admin.get("identity", "/v3/auth/catalog")).ok()["catalog"]
    assert next(item for item in catalog if item["id"] == service["id"])["endpoints"] == []


async def test_bad_endpoints(admin: User) -> None:
    service = (await service_of(admin))["id"]
    good = {"service_id": service, "interface": "public", "url": "http://x"}
    for change, text in (
        ({"service_id": "zz"}, "Expecting to find endpoint service_id in service table."),
        ({"region_id": "zz"}, "Expecting to find endpoint region_id in region table."),
        ({"url": "zz"}, "Invalid input for field/attribute url. Value: zz. 'zz' does not match '^[a-zA-Z0-9+.-]+:.+'"),
        ({"interface": "zz"}, "Value: zz. 'zz' is not one of ['admin', 'internal', 'public']"),
    ):
        reply = await admin.post("identity", "/v3/endpoints", {"endpoint": {**good, **change}})
        assert text in reply.refused(400)["error"]["message"]
    del good["url"]
    reply = await admin.post("identity", "/v3/endpoints", {"endpoint": good})
    assert "'url' is a required property" in reply.refused(400)["error"]["message"]


async def test_regions(admin: User, demo: User) -> None:
    body = {"region": {"id": "r", "description": "d"}}
    region = (await admin.post("identity", "/v3/regions", body)).ok(201)["region"]
    assert region == {
        "id": "r",
        "description": "d",
        "parent_region_id": None,
        "links": {"self": f"{admin.url}/identity/v3/regions/r"},
    }
    (await admin.post("identity", "/v3/regions", {"region": {"id": "r"}})).refused(
        409, "Conflict occurred attempting to store region - Duplicate ID, r.."
    )
    (await admin.put("identity", "/v3/regions/r2", {"region": {"parent_region_id": "r"}})).ok(201)
    reply = await admin.post("identity", "/v3/regions", {"region": {"parent_region_id": "zz"}})
    reply.refused(404, "Could not find region: zz.")
    reply = await admin.patch("identity", "/v3/regions/r", {"region": {"parent_region_id": "r2"}})
    reply.refused(400, "The specified parent region r2 would create a circular region hierarchy.")
    below = (await demo.get("identity", "/v3/regions?parent_region_id=r")).ok()["regions"]
    assert [item["id"] for item in below] == ["r2"]
    (await admin.delete("identity", "/v3/regions/r")).ok(204)
    (await admin.get("identity", "/v3/regions/r2")).refused(404, "Could not find region: r2.")
