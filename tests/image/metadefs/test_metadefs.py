"""Metadata definitions: namespaces and what is in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, Reply, User

NAMESPACES = "/v2/metadefs/namespaces"
RAM: dict[str, Any] = {"title": "Memory", "type": "integer", "minimum": 1, "default": 4}


async def _make(admin: User, name: str = "My::Space", **values: Any) -> Any:
    return (await admin.post("image", NAMESPACES, {"namespace": name, "visibility": "public", **values})).ok(201)


def _said(reply: Reply, status: int) -> str:
    return str(reply.refused(status)["message"]).replace("<br /><br />", "").strip()


async def test_a_namespace_with_everything_in_it(admin: User, demo: User) -> None:
    reply = await admin.post(
        "image",
        NAMESPACES,
        {
            "namespace": "My::Space",
            "display_name": "Mine",
            "visibility": "public",
            "properties": {"ram": RAM},
            "objects": [{"name": "big", "required": ["ram"], "properties": {"ram": RAM}}],
            "tags": [{"name": "a"}, {"name": "b"}],
            "resource_type_associations": [{"name": "OS::Mine", "prefix": "my_"}],
        },
    )
    made = reply.ok(201)
    assert reply.headers["Location"].endswith("/image/v2/metadefs/namespaces/My::Space")
    assert made["owner"] == admin.project_id
    assert made["protected"] is False
    shown = (await demo.get("image", f"{NAMESPACES}/My::Space")).ok(200)
    assert shown["properties"]["ram"] == {**RAM, "default": "4"}
    assert shown["objects"][0]["self"] == "/v2/metadefs/namespaces/My::Space/objects/big"
    assert [tag["name"] for tag in shown["tags"]] == ["a", "b"]
    prefixed = (await demo.get("image", f"{NAMESPACES}/My::Space", params={"resource_type": "OS::Mine"})).ok()
    assert list(prefixed["properties"]) == ["my_ram"]
    assert prefixed["objects"][0]["required"] == ["my_ram"]
    kinds = (await demo.get("image", "/v2/metadefs/resource_types")).ok()["resource_types"]
    assert "OS::Mine" in [kind["name"] for kind in kinds]
    found = (await demo.get("image", NAMESPACES, params={"resource_types": "OS::Mine"})).ok()["namespaces"]
    assert [one["namespace"] for one in found] == ["My::Space"]
    assert "properties" not in found[0]


async def test_lists_have_pages(admin: User) -> None:
    for name in ("a", "b", "c"):
        await _make(admin, name)
    first = (await admin.get("image", NAMESPACES, params={"limit": "2", "sort_key": "created_at"})).ok()
    assert [one["namespace"] for one in first["namespaces"]] == ["c", "b"]
    assert "marker=b" in first["next"]
    second = (await admin.get("image", first["next"])).ok()
    assert second["namespaces"][0]["namespace"] == "a"
    assert "zz was not found" in _said(await admin.get("image", NAMESPACES, params={"marker": "zz"}), 404)


async def test_private_ones_are_their_projects(cloud: Cloud, admin: User, demo: User) -> None:
    await _make(admin, visibility="private")
    assert _said(await demo.get("image", f"{NAMESPACES}/My::Space"), 404) == "The resource could not be found."
    for part in ("tags", "properties", "resource_types"):
        assert _said(await demo.get("image", f"{NAMESPACES}/My::Space/{part}"), 404) == "Namespace My::Space not found"
    await _make(admin, "Theirs", visibility="private", owner=demo.project_id)
    assert (await demo.get("image", f"{NAMESPACES}/Theirs")).ok()["owner"] == demo.project_id
    refused = await demo.post("image", NAMESPACES, {"namespace": "x"})
    assert _said(refused, 403) == "You are not authorized to complete add_metadef_namespace action."


async def test_what_is_refused(admin: User) -> None:
    await _make(admin)
    assert _said(await admin.post("image", NAMESPACES, {"namespace": "My::Space"}), 409) == (
        "The metadata definition namespace=My::Space already exists."
    )
    assert _said(await admin.post("image", NAMESPACES, {}), 400).startswith(
        "Provided object does not match schema 'namespace': 'namespace' is a required property"
    )
    assert "Additional properties are not allowed ('foo' was unexpected)" in _said(
        await admin.post("image", NAMESPACES, {"namespace": "x", "foo": 1}), 400
    )
    assert _said(await admin.post("image", NAMESPACES, {"namespace": "x", "self": "y"}), 403) == (
        "Attribute 'self' is read-only."
    )
    bad = {"name": "x", "title": "x", "type": "zz"}
    assert "'zz' is not one of" in _said(await admin.post("image", f"{NAMESPACES}/My::Space/properties", bad), 400)
    assert _said(await admin.get("image", f"{NAMESPACES}/zz/objects"), 404) == (
        "Metadata definition namespace=zz was not found."
    )


@pytest.mark.parametrize(
    ("part", "body", "unknown"),
    [
        ("objects", {"name": "one"}, "Could not find metadata object two"),
        ("properties", {"name": "one", "title": "One", "type": "string"}, "Could not find property two"),
        ("tags", {"name": "one"}, "Could not find metadata tag two"),
    ],
)
async def test_parts_are_made_renamed_and_deleted(admin: User, part: str, body: dict[str, Any], unknown: str) -> None:
    await _make(admin)
    url = f"{NAMESPACES}/My::Space/{part}"
    made = await (admin.post("image", f"{url}/one") if part == "tags" else admin.post("image", url, body))
    assert made.ok(201)["name"] == "one"
    again = await (admin.post("image", f"{url}/one") if part == "tags" else admin.post("image", url, body))
    assert "already exists in namespace=My::Space." in _said(again, 409)
    assert _said(await admin.get("image", f"{url}/two"), 404) == unknown
    assert (await admin.put("image", f"{url}/one", {**body, "name": "two"})).ok(200)["name"] == "two"
    assert (await admin.get("image", f"{url}/two")).ok()["name"] == "two"
    assert "one" not in str((await admin.get("image", url)).ok()[part])
    (await admin.delete("image", f"{url}/two")).ok(204)
    assert not (await admin.get("image", url)).ok()[part]


async def test_tags_are_replaced_or_added(admin: User) -> None:
    await _make(admin)
    url = f"{NAMESPACES}/My::Space/tags"
    (await admin.post("image", url, {"tags": [{"name": "a"}, {"name": "b"}]})).ok(201)
    (await admin.post("image", url, {"tags": [{"name": "c"}]}, headers={"X-Openstack-Append": "True"})).ok(201)
    assert (await admin.get("image", url)).ok() == {"tags": [{"name": "c"}, {"name": "b"}, {"name": "a"}]}
    page = (await admin.get("image", url, params={"marker": "c", "limit": "1"})).ok()
    assert page == {"tags": [{"name": "b"}]}
    (await admin.post("image", url, {"tags": [{"name": "d"}]})).ok(201)
    assert (await admin.get("image", url)).ok() == {"tags": [{"name": "d"}]}
    (await admin.delete("image", url)).ok(204)
    assert (await admin.get("image", url)).ok() == {"tags": []}


async def test_protected_ones_stay_with_all_in_them(admin: User) -> None:
    await _make(admin, protected=True, tags=[{"name": "a"}], objects=[{"name": "o"}])
    assert _said(await admin.delete("image", f"{NAMESPACES}/My::Space"), 403) == (
        "Metadata definition namespace My::Space is protected and cannot be deleted."
    )
    assert _said(await admin.delete("image", f"{NAMESPACES}/My::Space/tags/a"), 403) == (
        "Metadata definition tag a is protected and cannot be deleted."
    )
    assert _said(await admin.delete("image", f"{NAMESPACES}/My::Space/objects"), 403) == (
        "Metadata definition namespace My::Space is protected and cannot be deleted."
    )
    (await admin.put("image", f"{NAMESPACES}/My::Space", {"namespace": "Other"})).ok(200)
    (await admin.delete("image", f"{NAMESPACES}/Other")).ok(204)
    await _make(admin)


async def test_associations(admin: User) -> None:
    await _make(admin)
    url = f"{NAMESPACES}/My::Space/resource_types"
    made = (await admin.post("image", url, {"name": "OS::Nova::Flavor", "prefix": "hw:"})).ok(201)
    assert made["prefix"] == "hw:"
    assert "already exists" in _said(await admin.post("image", url, {"name": "OS::Nova::Flavor"}), 409)
    ram = {"name": "ram", **RAM}
    (await admin.post("image", f"{NAMESPACES}/My::Space/properties", ram)).ok(201)
    shown = f"{NAMESPACES}/My::Space/properties/hw:ram?resource_type=OS::Nova::Flavor"
    assert (await admin.get("image", shown)).ok()["name"] == "ram"
    assert "does not start with" in _said(await admin.get("image", shown.replace("hw:ram", "ram")), 404)
    (await admin.delete("image", f"{url}/OS::Nova::Flavor")).ok(204)
    assert _said(await admin.delete("image", f"{url}/OS::Nova::Flavor"), 404) == (
        "Failed to find resource type OS::Nova::Flavor to delete"
    )


async def test_a_fresh_cloud_knows_the_usual_ones(demo: User) -> None:
    found = (await demo.get("image", f"{NAMESPACES}/OS::Compute::Watchdog")).ok()
    assert found["properties"]["watchdog_action"]["enum"] == ["disabled", "reset", "poweroff", "pause", "none"]
    assert found["protected"] is True
    kinds = (await demo.get("image", "/v2/metadefs/resource_types")).ok()["resource_types"]
    assert {"OS::Glance::Image", "OS::Nova::Flavor"} <= {kind["name"] for kind in kinds}


async def test_schemas(demo: User) -> None:
    for name in ("namespace", "object", "property", "tag", "resource_type"):
        shown = (await demo.get("image", f"/v2/schemas/metadefs/{name}")).ok()
        assert shown["additionalProperties"] is False
    many = (await demo.get("image", "/v2/schemas/metadefs/properties")).ok()
    assert many["properties"]["properties"]["additionalProperties"]["required"] == ["type", "title"]


BODIES = {
    b"[]": "Request body must be a JSON object.",
    b"[1]": "Request body must be a JSON object.",
    b"null": "Unexpected body type. Expected list/dict.",
    b'"x"': "Unexpected body type. Expected list/dict.",
    b"1": "Unexpected body type. Expected list/dict.",
    b"{": "Malformed JSON in request body.",
    b"\xff": "Malformed JSON in request body.",
    b"": "Body expected in request.",
}


@pytest.mark.parametrize("body", BODIES)
async def test_a_body_that_is_no_object(admin: User, body: bytes) -> None:
    """400 everywhere; Glance itself says 500 to lists."""
    space = "/v2/metadefs/namespaces/n1"
    (await admin.post("image", "/v2/metadefs/namespaces", {"namespace": "n1"})).ok(201)
    id = (await admin.post("image", "/v2/images", {})).ok(201)["id"]
    for verb, path in (
        ("POST", "/v2/metadefs/namespaces"),
        ("PUT", space),
        ("POST", f"{space}/properties"),
        ("PUT", f"{space}/properties/p"),
        ("POST", f"{space}/objects"),
        ("PUT", f"{space}/objects/o"),
        ("POST", f"{space}/tags"),
        ("PUT", f"{space}/tags/t1"),
        ("POST", f"{space}/resource_types"),
        ("POST", "/v2/images"),
        ("POST", f"/v2/images/{id}/members"),
        ("PUT", f"/v2/images/{id}/members/p"),
        ("POST", "/v2/tasks"),
        ("POST", f"/v2/images/{id}/import"),
        ("POST", f"/v2/images/{id}/locations"),
    ):
        text = BODIES[body] if "/metadefs/" in path or not body.startswith(b"[") else ""
        headers = {"Content-Type": "application/json"}
        (await admin.send(verb, "image", path, data=body, headers=headers)).refused(400, text)


async def test_a_body_where_none_is_expected(admin: User) -> None:
    id = (await admin.post("image", "/v2/images", {})).ok(201)["id"]
    (await admin.post("image", "/v2/metadefs/namespaces", {"namespace": "n1"})).ok(201)
    for verb, path in (
        ("GET", f"/v2/images/{id}"),
        ("PUT", f"/v2/images/{id}/tags/t"),
        ("DELETE", f"/v2/images/{id}/tags/t"),
        ("POST", f"/v2/images/{id}/actions/deactivate"),
        ("GET", f"/v2/images/{id}/file"),
        ("POST", "/v2/metadefs/namespaces/n1/tags/t1"),
        ("GET", "/v2/schemas/image"),
    ):
        for body in (b"{}", b"[1", b"x"):
            reply = await admin.send(verb, "image", path, data=body)
            reply.refused(400, "A body is not expected with this request.")
    (await admin.send("GET", "image", "/v2/images", data=b"{}")).ok(200)
