"""Volumes: create from everything, list, show, update, delete."""

from __future__ import annotations

from typing import Any

import pytest

NOBODY = "00000000-0000-0000-0000-00000000dead"
NOT_DELETABLE = "Volume status must be available or error or error_restoring"


async def test_a_new_volume_is_answered_as_cinder_answers(volumes: Any, demo: Any) -> None:
    reply = await volumes.post("/volumes", {"volume": {"size": 1, "name": "v", "metadata": {"a": "b"}}})
    volume = reply.ok(202)["volume"]
    id, created = volume.pop("id"), volume.pop("created_at")
    links = volume.pop("links")
    assert volume == {
        "status": "creating",
        "size": 1,
        "availability_zone": "nova",
        "updated_at": None,
        "name": "v",
        "description": None,
        "volume_type": "lvmdriver-1",
        "snapshot_id": None,
        "source_volid": None,
        "metadata": {"a": "b"},
        "user_id": demo.user_id,
        "bootable": "false",
        "encrypted": False,
        "replication_status": None,
        "consistencygroup_id": None,
        "multiattach": False,
        "attachments": [],
    }
    assert len(created) == len("2026-11-21T09:08:14.983557")
    assert links[0]["href"].endswith(f"/volume/v3/volumes/{id}")
    assert reply.headers["OpenStack-API-Version"] == "volume 3.0"
    shown = await volumes.show(id)
    assert shown["status"] == "available"
    assert shown["os-vol-tenant-attr:tenant_id"] == demo.project_id
    assert "os-vol-host-attr:host" not in shown


@pytest.mark.parametrize(
    ("at", "fields"),
    [
        ("3.12", set()),
        ("3.13", {"group_id"}),
        ("3.48", {"group_id", "shared_targets", "service_uuid"}),
        ("3.63", {"group_id", "shared_targets", "service_uuid", "volume_type_id"}),
        ("3.65", {"group_id", "shared_targets", "service_uuid", "volume_type_id", "consumes_quota"}),
    ],
)
async def test_fields_come_with_their_microversion(volumes: Any, at: str, fields: set[str]) -> None:
    volume = await volumes.make()
    plain, newer = await volumes.show(volume["id"]), await volumes.show(volume["id"], at)
    assert newer.keys() - plain.keys() == fields


async def test_an_admin_sees_more(volumes: Any, admin_volumes: Any) -> None:
    volume = await volumes.make()
    shown = await admin_volumes.show(volume["id"], "3.71")
    assert shown["os-vol-host-attr:host"] == "devstack@lvmdriver-1#lvmdriver-1"
    assert {"migration_status", "provider_id", "cluster_name", "os-vol-mig-status-attr:migstat"} <= shown.keys()


async def test_paths_with_the_project(volumes: Any, demo: Any, admin: Any) -> None:
    volume = await volumes.make()
    assert (await volumes.get(f"/{demo.project_id}/volumes/{volume['id']}")).ok(200)["volume"] == volume
    (await volumes.get(f"/{admin.project_id}/volumes")).refused(400, "Malformed request url")
    (await volumes.get("/nope/volumes")).refused(404, "The resource could not be found.<br /><br />")


async def test_a_volume_from_a_snapshot_and_from_a_volume(volumes: Any) -> None:
    source = await volumes.make(size=2, volume_type="__DEFAULT__")
    await volumes.act(source["id"], "os-set_bootable", {"bootable": True})
    snapshot = await volumes.snapshot(source["id"])
    for given in ({"snapshot_id": snapshot["id"]}, {"source_volid": source["id"]}):
        made = (await volumes.post("/volumes", {"volume": given})).ok(202)["volume"]
        shown = await volumes.show(made["id"])
        assert {key: shown[key] for key in given} == given
        assert (shown["size"], shown["volume_type"], shown["bootable"]) == (2, "__DEFAULT__", "true")
    too_small = {"volume": {"size": 1, "snapshot_id": snapshot["id"]}}
    (await volumes.post("/volumes", too_small)).refused(400, "cannot be smaller than the snapshot size 2GB")


async def test_a_volume_from_an_image(volumes: Any, demo: Any) -> None:
    image = (await demo.get("image", "/v2/images")).ok(200)["images"][0]
    for reference in (image["id"], image["name"]):
        volume = await volumes.make(imageRef=reference)
        assert volume["bootable"] == "true"
        metadata = volume["volume_image_metadata"]
        assert (metadata["image_id"], metadata["image_name"]) == (image["id"], image["name"])
        assert metadata["size"] == str(image["size"])


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 400, "either malformed or otherwise incorrect"),
        ({"size": "2x"}, 400, "'2x' does not match '^[0-9]+$'"),
        ({"size": 0}, 400, "0 is less than the minimum of 1"),
        ({"size": 1.5}, 400, "1.5 is not of type 'integer', 'string', 'null'"),
        ({"size": 1, "name": "n" * 256}, 400, "name has 256 characters, more than 255."),
        ({"size": 1, "name": 1}, 400, "1 is not of type 'string', 'null'"),
        ({"size": 1, "metadata": {"": "b"}}, 400, "'' does not match any of the regexes"),
        ({"size": 1, "availability_zone": "nope"}, 400, "Availability zone 'nope' is invalid."),
        ({"size": 1, "imageRef": "nope"}, 400, "Invalid image identifier or unable to access requested image."),
        ({"size": 1, "source_volid": NOBODY}, 404, f"Volume {NOBODY} could not be found."),
        ({"size": 1, "snapshot_id": "nope"}, 400, "'nope' is not valid under any of the given schemas"),
        ({"size": 1, "volume_type": "nope"}, 404, "Volume type with name nope could not be found."),
        ({"size": 1, "backup_id": NOBODY}, 404, f"Backup {NOBODY} could not be found."),
        ({"size": 1, "consistencygroup_id": NOBODY}, 404, f"Group {NOBODY} could not be found."),
        ({"size": 1, "multiattach": True}, 400, "multiattach parameter has been removed."),
    ],
)
async def test_bad_volumes(volumes: Any, body: dict[str, Any], status: int, text: str) -> None:
    (await volumes.post("/volumes", {"volume": body})).refused(status, text)
    assert (await volumes.get("/volumes")).ok(200) == {"volumes": []}


async def test_bodies_without_a_volume(volumes: Any) -> None:
    (await volumes.post("/volumes", {})).refused(400, "'volume' is a required property")
    (await volumes.post("/volumes", {"volume": None})).refused(400, "None is not of type 'object'")
    volume = await volumes.make()
    (await volumes.put(f"/volumes/{volume['id']}", {})).refused(400, "'volume' is a required property")


async def test_unknown_keys_are_refused_since_3_53(volumes: Any) -> None:
    body = {"volume": {"size": 1, "foo": "bar"}}
    (await volumes.post("/volumes", body, "3.52")).ok(202)
    text = "Invalid input for field/attribute volume. Value: {'size': 1, 'foo': 'bar'}. Additional properties are not"
    (await volumes.post("/volumes", body, "3.53")).refused(400, "('foo' was unexpected)")
    assert text in (await volumes.post("/volumes", body, "3.53")).body["badRequest"]["message"]
    volume = await volumes.make()
    nothing = "{} is not valid under any of the given schemas"
    (await volumes.put(f"/volumes/{volume['id']}", {"volume": {}}, "3.53")).refused(400, nothing)


async def test_update(volumes: Any) -> None:
    volume = await volumes.make(name="old", description="d", metadata={"a": "b"})
    body = {"volume": {"name": " new ", "description": None}}
    updated = (await volumes.put(f"/volumes/{volume['id']}", body)).ok(200)["volume"]
    assert (updated["name"], updated["description"], updated["metadata"]) == ("new", None, {"a": "b"})
    assert "os-vol-tenant-attr:tenant_id" not in updated
    await volumes.put(f"/volumes/{volume['id']}", {"volume": {"metadata": {"c": "d"}}})
    assert (await volumes.show(volume["id"]))["metadata"] == {"c": "d"}
    (await volumes.put(f"/volumes/{volume['id']}", {"volume": {"size": 3}})).refused(400, "('size' was unexpected)")


async def test_delete(volumes: Any) -> None:
    volume = await volumes.make()
    snapshot = await volumes.snapshot(volume["id"])
    (await volumes.delete(f"/volumes/{volume['id']}")).refused(400, NOT_DELETABLE)
    (await volumes.delete(f"/volumes/{volume['id']}?cascade=maybe")).refused(400, "Value 'maybe' for 'cascade'")
    (await volumes.delete(f"/volumes/{volume['id']}?cascade=true")).ok(202)
    (await volumes.get(f"/volumes/{volume['id']}")).refused(404, f"Volume {volume['id']} could not be found.")
    (await volumes.get(f"/snapshots/{snapshot['id']}")).refused(404)


async def test_forced_delete_is_for_admins(volumes: Any, admin_volumes: Any) -> None:
    volume = await volumes.make()
    await admin_volumes.act(volume["id"], "os-reset_status", {"status": "creating"})
    path = f"/volumes/{volume['id']}?force=true"
    (await volumes.delete(path, "3.23")).refused(403, "volume:force_delete")
    (await admin_volumes.delete(path, "3.0")).refused(400, NOT_DELETABLE)
    (await admin_volumes.delete(path, "3.23")).ok(202)
    (await volumes.get(f"/volumes/{volume['id']}")).refused(404)


async def test_others_see_nothing_of_it(volumes: Any, cloud: Any) -> None:
    volume = await volumes.make()
    other = await cloud.user("alt_demo")
    missing = f"Volume {volume['id']} could not be found."
    for verb, json in (("GET", None), ("DELETE", None), ("PUT", {"volume": {"name": "x"}})):
        (await other.send(verb, "volume", f"/v3/volumes/{volume['id']}", json)).refused(404, missing)
    assert (await other.get("volume", "/v3/volumes/detail?all_tenants=1")).ok(200) == {"volumes": []}


async def test_list_pages_and_order(volumes: Any) -> None:
    for name in ("b", "a", "c"):
        await volumes.make(name=name)
    page = (await volumes.get("/volumes?limit=2&sort=name:asc")).ok(200)
    assert [volume["name"] for volume in page["volumes"]] == ["a", "b"]
    assert page["volumes"][0].keys() == {"id", "name", "links"}
    (link,) = page["volumes_links"]
    assert link["rel"] == "next"
    rest = (await volumes.get(link["href"].partition("/v3")[2])).ok(200)
    assert [volume["name"] for volume in rest["volumes"]] == ["c"]
    assert (await volumes.get("/volumes?limit=0")).ok(200) == {"volumes": []}
    assert (await volumes.get("/volumes?with_count=true&limit=1", "3.45")).ok(200)["count"] == 3


async def test_filters(volumes: Any, admin_volumes: Any) -> None:
    one = await volumes.make(name="one", metadata={"k": "v"})
    await volumes.make(name="two")

    async def names(query: str, at: str = "", who: Any = volumes) -> list[str]:
        found = (await who.get(f"/volumes/detail?{query}", at)).ok(200)["volumes"]
        return sorted(volume["name"] for volume in found)

    assert await names("name=one") == ["one"]
    assert await names("status=error") == []
    assert await names("metadata={'k':'v'}") == ["one"]
    assert await names("bootable=false") == ["one", "two"]
    assert await names("bogus=1") == ["one", "two"]  # dropped, as cinder did before 3.31
    (await volumes.get("/volumes/detail?bogus=1", "3.31")).refused(400, "Invalid filters bogus are found")
    assert await names("", who=admin_volumes) == []
    assert await names("all_tenants=1", who=admin_volumes) == ["one", "two"]
    tenant = one["os-vol-tenant-attr:tenant_id"]
    assert await names(f"all_tenants=1&project_id={tenant}", who=admin_volumes) == ["one", "two"]
    assert await names("all_tenants=1&name~=on", "3.34", admin_volumes) == ["one"]
    assert await names(f"created_at=gt:{one['created_at']}", "3.60") == ["two"]
    (await admin_volumes.act(one["id"], "os-reset_status", {"status": "error"})).ok(202)
    assert await names("status=error") == ["one"]


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("limit=-1", 400, "limit param must be positive"),
        ("limit=abc", 400, "limit param must be an integer"),
        ("offset=-1", 400, "offset must be >= 0"),
        (f"marker={NOBODY}", 404, f"Volume {NOBODY} could not be found."),
        ("sort_key=bogus", 400, "Invalid input received: Invalid sort key"),
        ("sort=name:asc&sort_key=id", 400, "cannot be used with the 'sort' parameter."),
        ("sort=name:up", 400, "Unknown sort direction, must be 'desc' or 'asc'."),
    ],
)
async def test_bad_queries(volumes: Any, query: str, status: int, text: str) -> None:
    (await volumes.get(f"/volumes?{query}")).refused(status, text)


async def test_summary(volumes: Any) -> None:
    await volumes.make(size=2, metadata={"k": "v"})
    await volumes.make(size=1, metadata={"k": "w"})
    summary = (await volumes.get("/volumes/summary", "3.36")).ok(200)
    assert summary == {"volume-summary": {"total_count": 2, "total_size": 3, "metadata": {"k": ["v", "w"]}}}
    assert "metadata" not in (await volumes.get("/volumes/summary", "3.12")).ok(200)["volume-summary"]
