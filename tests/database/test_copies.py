"""Replicas, backups, clusters and modules."""

from __future__ import annotations

from tests.conftest import Cloud, User
from tests.database.making import API, act, instance, network_of, path, replica, show
from tests.database.test_instances import made_of
from tests.load_balancer.making import advance, set_profile


async def test_replicas(demo: User, admin: User) -> None:
    source = await instance(demo)
    first = await replica(demo, source["id"], replica_count=2)
    copies = [one["id"] for one in (await show(demo, source["id"]))["replicas"]]
    assert len(copies) == 2
    assert first["id"] in copies
    assert first["replica_of"]["id"] == source["id"]
    assert len((await made_of(admin))["servers"]) == 3
    of_copy = {"instance": {"name": "x", "replica_of": first["id"], "nics": [{"net-id": await network_of(demo)}]}}
    (await demo.post(API, path(demo, "/instances"), of_copy)).refused(401, "replica")
    (await demo.delete(API, path(demo, f"/instances/{source['id']}"))).refused(403, "Detach replicas")
    (await act(demo, first["id"], "promote_to_replica_source")).ok(202)
    assert (await show(demo, source["id"]))["replica_of"]["id"] == first["id"]
    assert len((await show(demo, first["id"]))["replicas"]) == 2
    (await demo.put(API, path(demo, f"/instances/{source['id']}"), {"instance": {"replica_of": ""}})).ok(202)
    assert "replica_of" not in await show(demo, source["id"])
    (await act(demo, first["id"], "eject_replica_source")).refused(400, "heartbeat")


async def test_a_backup_and_what_is_restored_from_it(demo: User) -> None:
    made = await instance(demo, databases=[{"name": "d1"}])
    body = {"backup": {"name": "b", "instance": made["id"]}}
    backup = (await demo.post(API, path(demo, "/backups"), body)).ok(202)["backup"]
    shown = (await demo.get(API, path(demo, f"/backups/{backup['id']}"))).ok()["backup"]
    assert (shown["status"], shown["instance_id"]) == ("COMPLETED", made["id"])
    more = {"backup": {"name": "c", "instance": made["id"], "parent_id": backup["id"]}}
    child = (await demo.post(API, path(demo, "/backups"), more)).ok(202)["backup"]
    assert child["parent_id"] == backup["id"]
    restored = await instance(demo, restorePoint={"backupRef": backup["id"]})
    assert restored["status"] == "ACTIVE"
    found = (await demo.get(API, path(demo, f"/instances/{restored['id']}/databases"))).ok()["databases"]
    assert [one["name"] for one in found] == ["d1"]
    (await demo.delete(API, path(demo, f"/backups/{backup['id']}"))).ok(202)
    assert (await demo.get(API, path(demo, "/backups"))).ok()["backups"] == []


async def test_a_backup_takes_its_time(cloud: Cloud, demo: User, admin: User) -> None:
    made = await instance(demo)
    await set_profile(cloud, admin, "realistic")
    body = {"backup": {"name": "b", "instance": made["id"]}}
    backup = (await demo.post(API, path(demo, "/backups"), body)).ok(202)["backup"]
    assert backup["status"] == "NEW"
    assert (await show(demo, made["id"]))["status"] == "BACKUP"
    (await demo.post(API, path(demo, "/backups"), body)).refused(422, "BACKUP")
    await advance(cloud, admin, 3600)
    assert (await demo.get(API, path(demo, f"/backups/{backup['id']}"))).ok()["backup"]["status"] == "COMPLETED"
    assert (await show(demo, made["id"]))["status"] == "ACTIVE"


async def test_where_backups_go(demo: User) -> None:
    made = await instance(demo)
    body = {"backup_strategy": {"instance_id": made["id"], "swift_container": "mine"}}
    (await demo.post(API, path(demo, "/backup_strategies"), body)).ok(202)
    listed = (await demo.get(API, path(demo, "/backup_strategies"))).ok()["backup_strategies"]
    assert [(one["instance_id"], one["swift_container"]) for one in listed] == [(made["id"], "mine")]
    (await demo.post(API, path(demo, "/backups"), {"backup": {"name": "b", "instance": made["id"]}})).ok(202)
    (backup,) = (await demo.get(API, path(demo, "/backups"))).ok()["backups"]
    assert "/mine/" in backup["locationRef"]
    (await demo.delete(API, path(demo, "/backup_strategies"), params={"instance_id": made["id"]})).ok(202)
    assert (await demo.get(API, path(demo, "/backup_strategies"))).ok()["backup_strategies"] == []


async def test_a_cluster(demo: User, admin: User) -> None:
    node = {"flavorRef": "1", "volume": {"size": 1}, "nics": [{"net-id": await network_of(demo)}]}
    body = {"name": "c", "datastore": {"type": "mariadb", "version": "11.4.4"}, "instances": [node] * 2}
    (await demo.post(API, path(demo, "/clusters"), {"cluster": body})).refused(400, "3")
    made = (await demo.post(API, path(demo, "/clusters"), {"cluster": body | {"instances": [node] * 3}})).ok(200)
    place = path(demo, f"/clusters/{made['cluster']['id']}")
    shown = (await demo.get(API, place)).ok()["cluster"]
    assert (shown["task"]["name"], len(shown["instances"])) == ("NONE", 3)
    assert len((await made_of(admin))["servers"]) == 3
    (await demo.delete(API, path(demo, f"/instances/{shown['instances'][0]['id']}"))).refused(501)
    (await demo.post(API, place, {"grow": [node]})).ok(202)
    grown = (await demo.get(API, place)).ok()["cluster"]
    assert len(grown["instances"]) == 4
    (await demo.post(API, place, {"shrink": [{"id": grown["instances"][0]["id"]}]})).ok(202)
    assert len((await demo.get(API, place)).ok()["cluster"]["instances"]) == 3
    (await demo.delete(API, place)).ok(202)
    (await demo.get(API, place)).refused(404)
    assert not any((await made_of(admin)).values())


async def test_datastores_without_clusters(demo: User) -> None:
    node = {"flavorRef": "1", "volume": {"size": 1}, "nics": [{"net-id": await network_of(demo)}]}
    body = {"name": "c", "datastore": {"type": "mysql", "version": "8.0.32"}, "instances": [node] * 3}
    (await demo.post(API, path(demo, "/clusters"), {"cluster": body})).refused(501, "Clusters not supported")


async def test_modules(demo: User, admin: User) -> None:
    body = {"name": "m", "module_type": "ping", "contents": "aGVsbG8="}
    module = (await demo.post(API, path(demo, "/modules"), {"module": body})).ok(200)["module"]
    (await demo.post(API, path(demo, "/modules"), {"module": body})).refused(400, "already exists")
    made = await instance(demo, modules=[{"id": module["id"]}])
    place = path(demo, f"/instances/{made['id']}/modules")
    assert [one["id"] for one in (await demo.get(API, place)).ok()["modules"]] == [module["id"]]
    shown = (await demo.get(API, path(demo, f"/modules/{module['id']}"))).ok()["module"]
    assert shown["instance_count"] == 1
    (await demo.delete(API, path(demo, f"/modules/{module['id']}"))).refused(403)
    (await demo.delete(API, f"{place}/{module['id']}")).ok(200)
    (await demo.delete(API, path(demo, f"/modules/{module['id']}"))).ok(200)
    everywhere = {"module": body | {"auto_apply": 1}}
    (await demo.post(API, path(demo, "/modules"), everywhere)).refused(403)
    (await admin.post(API, path(admin, "/modules"), everywhere)).ok(200)
