"""Instances, and the server, volume, port and security group that each is made of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User
from tests.database.making import API, act, asked, instance, path, show
from tests.load_balancer.making import advance, set_profile


async def made_of(admin: User) -> dict[str, list[dict[str, Any]]]:
    """What the service project has in Nova, Cinder and Neutron."""
    projects = (await admin.get("identity", "/v3/projects", params={"name": "service"})).ok()["projects"]
    of = {"project_id": projects[0]["id"]}
    every = {"all_tenants": "1"}
    servers = (await admin.get("compute", "/v2.1/servers/detail", params=every)).ok()["servers"]
    volumes = (await admin.get("volume", "/v3/volumes/detail", params=every)).ok()["volumes"]
    ports = (await admin.get("network", "/v2.0/ports", params=of)).ok()["ports"]
    groups = (await admin.get("network", "/v2.0/security-groups", params=of)).ok()["security_groups"]
    return {
        "servers": [one for one in servers if one["tenant_id"] == of["project_id"]],
        "volumes": [one for one in volumes if one["os-vol-tenant-attr:tenant_id"] == of["project_id"]],
        "ports": ports,
        "groups": [one for one in groups if one["name"] != "default"],
    }


async def test_an_instance_is_a_server_with_a_volume(demo: User, admin: User) -> None:
    made = await instance(demo, databases=[{"name": "d1"}], users=[{"name": "u1", "password": "x", "databases": []}])
    assert (made["status"], made["operating_status"]) == ("ACTIVE", "HEALTHY")
    found = await made_of(admin)
    (server,), (volume,), (port,), (group,) = found.values()
    assert (server["name"], server["status"]) == ("db", "ACTIVE")
    assert (volume["size"], volume["attachments"][0]["server_id"]) == (2, server["id"])
    assert port["device_id"] == server["id"]
    assert port["security_groups"] == [group["id"]]
    assert [one["address"] for one in made["addresses"]] == [port["fixed_ips"][0]["ip_address"]]
    ports = {one["port_range_min"] for one in group["security_group_rules"] if one["direction"] == "ingress"}
    assert 3306 in ports
    assert not (await demo.get("compute", "/v2.1/servers")).ok()["servers"]


async def test_nothing_of_it_is_left(demo: User, admin: User) -> None:
    made = await instance(demo)
    (await demo.delete(API, path(demo, f"/instances/{made['id']}"))).ok(202)
    (await demo.get(API, path(demo, f"/instances/{made['id']}"))).refused(404)
    assert await made_of(admin) == {"servers": [], "volumes": [], "ports": [], "groups": []}
    quotas = (await demo.get(API, path(demo, f"/mgmt/quotas/{demo.project_id}"))).ok()["quotas"]
    assert {one["in_use"] for one in quotas} == {0}


async def test_quotas_are_held(demo: User, admin: User) -> None:
    change = {"quotas": {"instances": 1, "volumes": 3}}
    (await admin.put(API, path(admin, f"/mgmt/quotas/{demo.project_id}"), change)).ok(200)
    made = await instance(demo)
    (await demo.post(API, path(demo, "/instances"), await asked(demo))).refused(413, "['instances', 'volumes']")
    resize = await act(demo, made["id"], "resize", volume={"size": 4})
    resize.refused(413, "['volumes']")
    (await act(demo, made["id"], "resize", volume={"size": 3})).ok(202)
    assert (await show(demo, made["id"]))["volume"]["size"] == 3


async def test_what_nova_refuses_is_the_fault_of_the_instance(demo: User, admin: User) -> None:
    """The service's own project has quotas too; an instance that could not be made can be deleted."""
    projects = (await admin.get("identity", "/v3/projects", params={"name": "service"})).ok()["projects"]
    quotas = {"quota_set": {"instances": 0}}
    (await admin.put("compute", f"/v2.1/os-quota-sets/{projects[0]['id']}", quotas)).ok(200)
    made = await instance(demo)
    assert made["status"] == "ERROR"
    assert "Quota exceeded for instances" in made["fault"]["message"]
    (await demo.delete(API, path(demo, f"/instances/{made['id']}"))).ok(202)
    assert await made_of(admin) == {"servers": [], "volumes": [], "ports": [], "groups": []}


async def test_it_takes_as_long_as_its_parts(cloud: Cloud, demo: User, admin: User) -> None:
    await set_profile(cloud, admin, "realistic")
    made = (await demo.post(API, path(demo, "/instances"), await asked(demo))).ok(200)["instance"]
    assert (await show(demo, made["id"]))["status"] == "BUILD"
    name = {"databases": [{"name": "x"}]}
    (await demo.post(API, path(demo, f"/instances/{made['id']}/databases"), name)).refused(422, "is not ready.")
    (await act(demo, made["id"], "restart")).refused(422)
    await advance(cloud, admin, 3600)
    assert (await show(demo, made["id"]))["status"] == "ACTIVE"
    (await act(demo, made["id"], "restart")).ok(202)
    assert (await show(demo, made["id"]))["status"] == "REBOOT"
    (await act(demo, made["id"], "restart")).refused(422, "REBOOTING")
    await advance(cloud, admin, 3600)
    (await demo.delete(API, path(demo, f"/instances/{made['id']}"))).ok(202)
    await advance(cloud, admin, 3600)
    (await demo.get(API, path(demo, f"/instances/{made['id']}"))).refused(404)
    assert not any((await made_of(admin)).values())


async def test_resize(demo: User, admin: User) -> None:
    made = await instance(demo)
    (await act(demo, made["id"], "resize", flavorRef="1")).refused(400, "must be different")
    (await act(demo, made["id"], "resize", flavorRef="2")).ok(202)
    assert (await show(demo, made["id"]))["flavor"]["id"] == "2"
    (server,) = (await made_of(admin))["servers"]
    assert server["flavor"]["id"] == "2"
    (await act(demo, made["id"], "resize", volume={"size": 1})).refused(400, "must be larger")


@pytest.mark.parametrize(
    ("values", "status", "says"),
    [
        ({"flavorRef": "999"}, 400, "Resource 999 cannot be found."),
        ({"volume": {"size": 11}}, 413, "Volume"),
        ({"datastore": {"type": "mysql", "version": "1"}}, 400, "Datastore version '1' cannot be found."),
        ({"datastore": {"type": "zz"}}, 404, "Datastore 'zz' cannot be found."),
        ({"databases": [{"name": "a"}, {"name": "a"}]}, 400, "a"),
        ({"users": [{"name": "u", "password": "x", "databases": [{"name": "no"}]}]}, 400, "no"),
        ({"configuration": "00000000-0000-0000-0000-00000000dead"}, 404, "dead"),
        ({"replica_count": 2}, 400, "Replica count only valid when creating replicas."),
    ],
)
async def test_creates_that_are_refused(demo: User, values: dict[str, Any], status: int, says: str) -> None:
    (await demo.post(API, path(demo, "/instances"), await asked(demo, **values))).refused(status, says)
    assert (await demo.get(API, path(demo, "/instances"))).ok()["instances"] == []


async def test_another_project_sees_nothing(demo: User, admin: User) -> None:
    made = await instance(demo)
    other = f"/v1.0/{admin.project_id}/instances"
    (await demo.get(API, other)).refused(403, "cannot access this resource")
    assert (await admin.get(API, other)).ok()["instances"] == []
    listed = (await admin.get(API, path(admin, "/mgmt/instances"))).ok()["instances"]
    assert [(one["id"], one["tenant_id"]) for one in listed] == [(made["id"], demo.project_id)]


async def test_administrators(demo: User, admin: User) -> None:
    made = await instance(demo)
    place = path(admin, f"/mgmt/instances/{made['id']}")
    shown = (await admin.get(API, place)).ok()["instance"]
    (server,) = (await made_of(admin))["servers"]
    assert (shown["server"]["id"], shown["service_status"]) == (server["id"], "HEALTHY")
    (await admin.post(API, f"{place}/action", {"stop": {}})).ok(202)
    assert (await show(demo, made["id"]))["operating_status"] == "SHUTDOWN"
    (await act(demo, made["id"], "restart")).ok(202)
    assert (await show(demo, made["id"]))["operating_status"] == "HEALTHY"
    assert (await admin.get(API, f"{place}/rpc_ping")).ok(204) is not None
    (await demo.get(API, path(demo, "/mgmt/instances"))).refused(401, "User does not have admin privileges.")


async def test_pages(demo: User) -> None:
    for number in range(3):
        await instance(demo, name=f"db{number}")
    first = (await demo.get(API, path(demo, "/instances"), params={"limit": "2"})).ok()
    assert len(first["instances"]) == 2
    marker = {"limit": "2", "marker": first["instances"][-1]["id"]}
    rest = (await demo.get(API, path(demo, "/instances"), params=marker)).ok()
    assert {one["name"] for one in first["instances"] + rest["instances"]} == {"db0", "db1", "db2"}
    assert "links" in first
    assert "links" not in rest
