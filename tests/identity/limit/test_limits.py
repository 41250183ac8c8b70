"""Registered limits and the limits that override them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import User


async def glance(admin: User) -> str:
    services = (await admin.get("identity", "/v3/services?name=glance")).ok()["services"]
    return str(services[0]["id"])


async def register(admin: User, **fields: Any) -> Any:
    limit = {"service_id": await glance(admin), "resource_name": "thing", "default_limit": 5, **fields}
    reply = await admin.post("identity", "/v3/registered_limits", {"registered_limits": [limit]})
    return reply.ok(201)["registered_limits"][0]


async def test_registered_limits(admin: User, demo: User) -> None:
    made = await register(admin)
    assert made == {
        "id": made["id"],
        "service_id": await glance(admin),
        "region_id": None,
        "resource_name": "thing",
        "default_limit": 5,
        "description": None,
        "links": {"self": f"{admin.url}/identity/v3/registered_limits/{made['id']}"},
    }
    path = f"/v3/registered_limits/{made['id']}"
    assert (await demo.get("identity", path)).ok()["registered_limit"] == made
    change = {"registered_limit": {"default_limit": 0, "description": "d"}}
    changed = (await admin.patch("identity", path, change)).ok()["registered_limit"]
    assert (changed["default_limit"], changed["description"]) == (0, "d")
    (await admin.delete("identity", path)).ok(204)
    (await admin.get("identity", path)).refused(404, f"Could not find registered limit for {made['id']}.")


async def test_bad_registered_limits(admin: User) -> None:
    await register(admin)
    good = {"service_id": await glance(admin), "resource_name": "thing", "default_limit": 5}
    lacking = {key: value for key, value in good.items() if key != "default_limit"}
    for body, status, text in (
        (good, 409, "Conflict occurred attempting to store registered_limit - Duplicate entry."),
        ({**good, "service_id": "0" * 32}, 400, "Expecting to find service_id in registered_limit."),
        (lacking, 400, f"field/attribute 0. Value: {lacking}. 'default_limit' is a required property"),
    ):
        reply = await admin.post("identity", "/v3/registered_limits", {"registered_limits": [body]})
        assert text in reply.refused(status)["error"]["message"]


async def test_limits(admin: User, demo: User) -> None:
    registered = await register(admin)
    good = {"service_id": await glance(admin), "resource_name": "thing", "resource_limit": 7}
    good["project_id"] = demo.project_id
    made = (await admin.post("identity", "/v3/limits", {"limits": [good]})).ok(201)["limits"][0]
    assert made == {
        **good,
        "id": made["id"],
        "domain_id": None,
        "region_id": None,
        "description": None,
        "links": {"self": f"{admin.url}/identity/v3/limits/{made['id']}"},
    }
    assert (await demo.get("identity", "/v3/limits")).ok()["limits"] == [made]
    for body, status, text in (
        (good, 409, "Conflict occurred attempting to store limit - Duplicate entry."),
        ({**good, "resource_name": "zz"}, 403, "Unable to create a limit that has no corresponding registered limit."),
        ({**good, "project_id": "zz"}, 400, "Expecting to find project_id in limit."),
    ):
        reply = await admin.post("identity", "/v3/limits", {"limits": [body]})
        assert text in reply.refused(status)["error"]["message"]
    reply = await admin.delete("identity", f"/v3/registered_limits/{registered['id']}")
    reply.refused(403, f"Unable to update or delete registered limit {registered['id']} because there are")
    path = f"/v3/limits/{made['id']}"
    change = {"limit": {"resource_limit": 100}}
    assert (await admin.patch("identity", path, change)).ok()["limit"]["resource_limit"] == 100
    (await admin.delete("identity", path)).ok(204)
    (await admin.get("identity", path)).refused(404, f"Could not find limit for {made['id']}.")


async def test_model(demo: User) -> None:
    model = (await demo.get("identity", "/v3/limits/model")).ok()["model"]
    assert model["name"] == "flat"
