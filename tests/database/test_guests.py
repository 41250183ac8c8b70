"""What a guest has: databases, users and what they may, root, logs, parameters."""

from __future__ import annotations

import pytest

from tests.conftest import User
from tests.database.making import API, instance, path, show


async def test_databases_and_users(demo: User) -> None:
    made = await instance(demo, databases=[{"name": "d1"}])
    place = path(demo, f"/instances/{made['id']}")
    (await demo.post(API, f"{place}/databases", {"databases": [{"name": "d2"}, {"name": "d3"}]})).ok(202)
    (await demo.post(API, f"{place}/databases", {"databases": [{"name": "d2"}]})).refused(400, "d2")
    users = [{"name": "u1", "password": "x", "databases": [{"name": "d1"}]}]
    (await demo.post(API, f"{place}/users", {"users": users})).ok(202)
    (await demo.post(API, f"{place}/users", {"users": users})).refused(400, "u1")
    found = (await demo.get(API, f"{place}/users")).ok()["users"]
    assert found == [{"name": "u1", "host": "%", "databases": [{"name": "d1"}]}]
    (await demo.put(API, f"{place}/users/u1/databases", {"databases": [{"name": "d2"}]})).ok(202)
    granted = (await demo.get(API, f"{place}/users/u1/databases")).ok()["databases"]
    assert [one["name"] for one in granted] == ["d1", "d2"]
    (await demo.delete(API, f"{place}/users/u1/databases/d1")).ok(202)
    (await demo.delete(API, f"{place}/users/u1/databases/d1")).refused(404)
    (await demo.delete(API, f"{place}/databases/d2")).ok(202)
    assert [one["name"] for one in (await demo.get(API, f"{place}/databases")).ok()["databases"]] == ["d1", "d3"]
    (await demo.put(API, f"{place}/users/u1", {"user": {"name": "u2"}})).ok(202)
    (await demo.get(API, f"{place}/users/u1")).refused(404, "u1")
    (await demo.delete(API, f"{place}/users/u2")).ok(202)
    assert (await demo.get(API, f"{place}/users")).ok()["users"] == []


@pytest.mark.parametrize("name", ["mysql", "information_schema", "sys"])
async def test_reserved_databases(demo: User, name: str) -> None:
    made = await instance(demo)
    place = path(demo, f"/instances/{made['id']}/databases")
    (await demo.post(API, place, {"databases": [{"name": name}]})).refused(400)
    assert (await demo.get(API, place)).ok()["databases"] == []


async def test_root(demo: User, admin: User) -> None:
    made = await instance(demo)
    place = path(demo, f"/instances/{made['id']}/root")
    assert (await demo.get(API, place)).ok() == {"rootEnabled": False}
    given = (await demo.post(API, place, {"password": "chosen"})).ok(200)["user"]
    assert given == {"name": "root", "password": "chosen"}
    assert (await demo.get(API, place)).ok() == {"rootEnabled": True}
    (await demo.delete(API, place)).ok(204)
    assert (await demo.get(API, place)).ok() == {"rootEnabled": False}
    history = (await admin.get(API, path(admin, f"/mgmt/instances/{made['id']}/root"))).ok()["root_history"]
    assert (history["id"], history["user"]) == (made["id"], demo.user_id)


async def test_what_is_published_of_a_log_is_in_the_object_store(demo: User) -> None:
    made = await instance(demo)
    place, container = path(demo, f"/instances/{made['id']}/log"), f"/v1/AUTH_{demo.project_id}/database_logs"
    listed = (await demo.get(API, place)).ok()["logs"]
    assert {one["name"]: one["status"] for one in listed} == {"general": "Disabled", "slow_query": "Disabled"}
    (await demo.post(API, place, {"name": "error", "publish": 1})).ok(200)
    log = (await demo.post(API, place, {"name": "general", "publish": 1})).ok(200)["log"]
    assert (log["status"], log["pending"], log["container"]) == ("Published", 0, "database_logs")
    objects = (await demo.get("object-store", container, params={"format": "json"})).ok()
    (part,) = [one for one in objects if one["name"].startswith(log["prefix"])]
    assert part["bytes"] == log["published"]
    assert log["metafile"] in [one["name"] for one in objects]
    (await demo.post(API, place, {"name": "general", "discard": 1, "disable": 1})).ok(200)
    objects = (await demo.get("object-store", container, params={"format": "json"})).ok()
    assert not [one for one in objects if one["name"].startswith(log["prefix"].rstrip("/"))]
    (await demo.post(API, place, {"name": "general", "enable": 1, "disable": 1})).refused(400)
    (await demo.post(API, place, {"name": "zz"})).refused(404)


async def test_a_group_of_parameters(demo: User) -> None:
    body = {"name": "g", "values": {"max_connections": 12}, "datastore": {"type": "mysql", "version": "8.0.32"}}
    group = (await demo.post(API, path(demo, "/configurations"), {"configuration": body})).ok(200)["configuration"]
    made = await instance(demo, configuration=group["id"])
    assert made["configuration"]["id"] == group["id"]
    place = path(demo, f"/configurations/{group['id']}")
    listed = (await demo.get(API, f"{place}/instances")).ok()["instances"]
    assert [one["id"] for one in listed] == [made["id"]]
    (await demo.delete(API, place)).refused(400, "cannot be deleted")
    wrong = {"configuration": {"values": {"zz": 1}}}
    (await demo.patch(API, place, wrong)).refused(422, "zz")
    (await demo.patch(API, place, {"configuration": {"values": {"wait_timeout": 20}}})).ok(200)
    values = (await demo.get(API, place)).ok()["configuration"]["values"]
    assert values == {"max_connections": 12, "wait_timeout": 20}
    (await demo.put(API, path(demo, f"/instances/{made['id']}"), {"instance": {}})).ok(202)
    assert "configuration" not in await show(demo, made["id"])
    (await demo.delete(API, place)).ok(202)
    (await demo.get(API, place)).refused(404)
