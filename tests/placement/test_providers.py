"""Providers, their trees, inventories, traits and aggregates; and how Placement words its answers."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.placement.conftest import Placement, allocation

LOOP = "creating loop in the provider tree is not allowed."


async def test_a_provider_as_it_is_shown(placement: Any) -> None:
    made = await placement.post("/resource_providers", {"name": "rp"})
    shown = made.ok(200)
    path = f"/resource_providers/{shown['uuid']}"
    assert made.headers["Location"].endswith(f"/placement{path}")
    assert (shown["generation"], shown["parent_provider_uuid"]) == (0, None)
    assert shown["root_provider_uuid"] == shown["uuid"]
    # Links are paths: Placement does not know how it is reached.
    assert {link["rel"]: link["href"].partition("/placement")[2] for link in shown["links"]} == {
        "self": path,
        **{rel: f"{path}/{rel}" for rel in ("inventories", "usages", "aggregates", "traits", "allocations")},
    }
    assert all(link["href"].startswith("/") for link in shown["links"])
    old = (await placement.at("1.0").get(path)).ok()
    assert set(old) == {"uuid", "name", "generation", "links"}
    assert [link["rel"] for link in old["links"]] == ["self", "inventories", "usages"]


async def test_a_create_up_to_1_19_has_no_body(placement: Any) -> None:
    made = await placement.at("1.19").post("/resource_providers", {"name": "old"})
    assert (made.status, made.content) == (201, b"")
    assert "Cache-Control" not in made.headers


@pytest.mark.parametrize(("version", "cached"), [("1.14", False), ("1.15", True)])
async def test_answers_are_not_to_be_kept(placement: Any, version: str, cached: bool) -> None:
    reply = await placement.at(version).get("/resource_providers")
    assert (reply.headers.get("Cache-Control") == "no-cache", "Last-Modified" in reply.headers) == (cached, cached)


async def test_trees(placement: Any) -> None:
    root = await placement.provider("root")
    child = await placement.provider("child", parent=root)
    leaf = await placement.provider("leaf", parent=child)
    listed = (await placement.get(f"/resource_providers?in_tree={leaf}")).ok()["resource_providers"]
    assert {item["uuid"] for item in listed} == {root, child, leaf}
    path = f"/resource_providers/{child}"
    refused = await placement.put(path, {"name": "child", "parent_provider_uuid": leaf})
    assert LOOP in refused.refused(400)["errors"][0]["detail"]
    (await placement.delete(path)).refused(409, "It has child resource providers.")
    old = placement.at("1.36")
    (await old.put(path, {"name": "child", "parent_provider_uuid": None})).refused(400, "un-parenting a provider")
    moved = (await placement.put(path, {"name": "child", "parent_provider_uuid": None})).ok(200)
    assert moved["root_provider_uuid"] == child
    assert (await placement.get(f"/resource_providers/{leaf}")).ok()["root_provider_uuid"] == child


async def test_names_and_uuids_are_taken_once(placement: Any) -> None:
    id = await placement.provider("one")
    again = (await placement.post("/resource_providers", {"name": "one"})).refused(409, "name: one already exists")
    assert again["errors"][0]["code"] == "placement.duplicate_name"
    (await placement.post("/resource_providers", {"name": "two", "uuid": id})).refused(409, f"uuid: {id}")
    other = await placement.provider("other")
    (await placement.put(f"/resource_providers/{other}", {"name": "one"})).refused(409, "one already exists")
    (await placement.put(f"/resource_providers/{other}", {"name": "free"})).ok(200)
    await placement.provider("other")


async def test_generations_guard_inventories(placement: Any) -> None:
    id = await placement.provider("rp", VCPU=8)
    path = f"/resource_providers/{id}/inventories"
    shown = (await placement.get(path)).ok()
    assert shown["inventories"]["VCPU"] == {
        "total": 8, "reserved": 0, "min_unit": 1, "max_unit": 2**31 - 1, "step_size": 1, "allocation_ratio": 1.0,
    }  # fmt: skip
    late = {"resource_provider_generation": 0, "inventories": {}}
    refused = (await placement.put(path, late)).refused(409, "resource provider generation conflict")
    assert refused["errors"][0]["code"] == "placement.concurrent_update"
    unknown = late | {"resource_provider_generation": 1, "inventories": {"CUSTOM_X": {"total": 1}}}
    (await placement.put(path, unknown)).refused(400, "No such resource class CUSTOM_X.")
    (await placement.put(f"/allocations/{uuid.uuid4()}", allocation({id: {"VCPU": 3}}))).ok(204)
    in_use = (await placement.delete(path)).refused(409, f"Inventory for 'VCPU' on resource provider '{id}' in use.")
    assert in_use["errors"][0]["code"] == "placement.inventory.inuse"
    (await placement.delete(f"/resource_providers/{id}")).refused(409, "Resource provider has allocations.")
    assert (await placement.at("1.4").delete(path)).status == 405


async def test_reserved_may_be_all_since_1_26(placement: Any) -> None:
    id = await placement.provider("rp")
    body = {"resource_class": "VCPU", "total": 4, "reserved": 4}
    path = f"/resource_providers/{id}/inventories"
    (await placement.at("1.25").post(path, body)).refused(400, "The reserved value is greater than or equal to total.")
    (await placement.post(path, body)).ok(201)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({}, "'total' is a required property"),
        ({"total": 0}, "0 is less than the minimum of 1"),
        ({"total": "1"}, "'1' is not of type 'integer'"),
        ({"total": 1, "what": 1}, "Additional properties are not allowed ('what' was unexpected)"),
        ({"total": 1, "allocation_ratio": 1e39}, "1e+39 is greater than the maximum of 3.40282e+38"),
    ],
)
async def test_what_no_inventory_is(placement: Any, record: dict[str, Any], sentence: str) -> None:
    id = await placement.provider("rp")
    body = {"resource_provider_generation": 0, "inventories": {"VCPU": record}}
    (await placement.put(f"/resource_providers/{id}/inventories", body)).refused(400, "JSON does not validate")
    refused = await placement.put(f"/resource_providers/{id}/inventories", body)
    assert sentence in refused.body["errors"][0]["detail"]


async def test_traits(placement: Any) -> None:
    standard = (await placement.get("/traits?name=startswith:HW_NUMA")).ok()["traits"]
    assert "HW_NUMA_ROOT" in standard
    assert (await placement.put("/traits/CUSTOM_GOLD")).status == 201
    assert (await placement.put("/traits/CUSTOM_GOLD")).status == 204
    (await placement.put("/traits/GOLD")).refused(400, 'start with the prefix "CUSTOM_"')
    id = await placement.provider("rp")
    await placement.label(id, "CUSTOM_GOLD", "HW_NUMA_ROOT")
    used = (await placement.get("/traits?associated=true&name=startswith:CUSTOM_")).ok()["traits"]
    assert used == ["CUSTOM_GOLD"]
    (await placement.delete("/traits/CUSTOM_GOLD")).refused(409, "in use by a resource provider")
    (await placement.delete("/traits/HW_NUMA_ROOT")).refused(400, "Cannot delete standard trait HW_NUMA_ROOT.")
    (await placement.get("/traits/CUSTOM_LEAD")).refused(404, "No such trait(s): CUSTOM_LEAD.")
    found = (await placement.get("/resource_providers?required=in:CUSTOM_GOLD,HW_CPU_X86_AVX")).ok()
    assert [item["uuid"] for item in found["resource_providers"]] == [id]
    (await placement.delete(f"/resource_providers/{id}/traits")).ok(204)
    (await placement.delete("/traits/CUSTOM_GOLD")).ok(204)


async def test_resource_classes(placement: Any) -> None:
    names = [item["name"] for item in (await placement.get("/resource_classes")).ok()["resource_classes"]]
    assert names[:3] == ["VCPU", "MEMORY_MB", "DISK_GB"]
    assert (await placement.put("/resource_classes/CUSTOM_A")).status == 201
    id = await placement.provider("rp", CUSTOM_A=3)
    (await placement.delete("/resource_classes/CUSTOM_A")).refused(409, "Class is in use in inventory.")
    (await placement.at("1.6").put("/resource_classes/CUSTOM_A", {"name": "CUSTOM_B"})).ok(200)
    assert set((await placement.get(f"/resource_providers/{id}/inventories")).ok()["inventories"]) == {"CUSTOM_B"}
    (await placement.delete("/resource_classes/VCPU")).refused(400, "Cannot delete standard resource class VCPU.")


async def test_aggregates_count_generations_since_1_19(placement: Any) -> None:
    id, aggregate = await placement.provider("rp"), str(uuid.uuid4())
    path = f"/resource_providers/{id}/aggregates"
    assert (await placement.at("1.1").put(path, [aggregate])).ok(200) == {"aggregates": [aggregate]}
    body = {"aggregates": [], "resource_provider_generation": 0}
    assert (await placement.put(path, body)).ok(200)["resource_provider_generation"] == 1
    (await placement.put(path, body)).refused(409, "generation already changed")
    (await placement.at("1.1").put(path, ["x"])).refused(400, "'x' is not a 'uuid'")


async def test_who_may(cloud: Any, admin: Any, demo: Any) -> None:
    service = Placement(await cloud.user("nova", project="service"))
    (await service.get("/resource_providers")).ok(200)
    member = Placement(demo)
    refused = (await member.get("/resource_providers")).refused(403)
    assert refused["errors"][0]["code"] == "placement.undefined_code"
    # A project's reader sees what the project uses, and no other's.
    (await member.get(f"/usages?project_id={demo.project_id}")).ok(200)
    (await member.get(f"/usages?project_id={admin.project_id}")).refused(403)
    body = {"inventories": {str(uuid.uuid4()): {"resource_provider_generation": 0, "inventories": {}}}}
    (await Placement(admin).post("/reshaper", body | {"allocations": {}})).refused(403)
    (await service.post("/reshaper", body | {"allocations": {}})).refused(400, "in inventories not found")


async def test_how_it_is_asked(placement: Any, admin: Any) -> None:
    reply = await admin.post("placement", "/resource_providers", data="{}", headers={"Content-Type": "text/plain"})
    reply.refused(415, "The media type text/plain is not supported, use application/json")
    reply = await admin.get("placement", "/resource_providers", headers={"Accept": "text/plain"})
    reply.refused(406, "Only application/json is provided")
    (await placement.send("PATCH", "/traits")).refused(405)
    (await placement.post("/resource_providers")).refused(400, "Malformed JSON")
    (await placement.get("/resource_providers?what=1")).refused(400, "Invalid query string parameters")
    assert (await placement.at("1.5").get("/traits")).status == 404


@pytest.mark.parametrize("path", ["/resource_classes/CUSTOM_A%0A", "/traits/CUSTOM_A%0A"])
async def test_a_name_does_not_end_in_a_line_feed(placement: Any, path: str) -> None:
    (await placement.put(path)).refused(400)


@pytest.mark.parametrize("body", [b'{"name": "CUSTOM_B"}', b"[1", b"hi"])
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
@pytest.mark.parametrize("path", ["/resource_classes/CUSTOM_A", "/traits/CUSTOM_A"])
async def test_a_put_without_a_body_never_reads_one(placement: Any, path: str, content_type: str, body: bytes) -> None:
    headers = {"OpenStack-API-Version": "placement 1.39", "Content-Type": content_type}
    for status in (201, 204):
        reply = await placement.user.send("PUT", "placement", path, data=body, headers=headers)
        reply.ok(status)
