"""VMs over HTTP: what a project has, who may do what, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import User
from tests.conftest import Cloud
from tests.vm_lifecycle.conftest import IMAGE, SDK_WARNINGS, Audit, Vms

pytestmark = SDK_WARNINGS

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


async def test_a_created_vm_is_a_server_that_is_stopped(vms: Vms, demo: User) -> None:
    made = await vms.create("db-1", "m1.small")
    assert list(made) == ["id", "name", "flavor", "image", "status", "ip_address", "created_at", "updated_at"]
    assert (made["name"], made["flavor"], made["status"]) == ("db-1", "m1.small", "STOPPED")
    assert TIME.fullmatch(made["created_at"])
    assert TIME.fullmatch(made["updated_at"])
    server = (await demo.get("compute", f"/v2.1/servers/{made['id']}")).ok()["server"]
    assert (server["status"], server["name"], server["image"]["id"]) == ("SHUTOFF", "db-1", made["image"])
    shown = (await vms.send("GET", f"/{made['id']}")).ok()
    assert shown["ip_address"] in [one["addr"] for known in server["addresses"].values() for one in known]


@pytest.mark.parametrize(
    ("flavor", "vcpus", "ram"),
    [
        ("m1.tiny", 1, 512),
        ("m1.small", 1, 2048),
        ("m1.medium", 2, 4096),
        ("m1.large", 4, 8192),
        ("m1.xlarge", 8, 16384),
    ],
)
async def test_flavors(vms: Vms, demo: User, flavor: str, vcpus: int, ram: int) -> None:
    made = await vms.create(flavor=flavor)
    headers = {"OpenStack-API-Version": "compute 2.47"}
    server = (await demo.get("compute", f"/v2.1/servers/{made['id']}", headers=headers)).ok()["server"]
    assert (server["flavor"]["original_name"], server["flavor"]["vcpus"], server["flavor"]["ram"]) == (
        flavor, vcpus, ram,
    )  # fmt: skip


async def test_servers_of_other_tools_are_vms(vms: Vms, demo: User) -> None:
    """One that Nova's own API made runs; what is done to it here is seen there."""
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    body = {"name": "by-nova", "flavorRef": "42", "imageRef": image, "networks": "none"}
    headers = {"OpenStack-API-Version": "compute 2.79"}
    server = (await demo.post("compute", "/v2.1/servers", {"server": body}, headers=headers)).ok()["server"]
    shown = (await vms.send("GET", f"/{server['id']}")).ok()
    assert (shown["status"], shown["flavor"], shown["ip_address"]) == ("RUNNING", "m1.nano", None)
    assert [one["id"] for one in (await vms.send("GET")).ok()["vms"]] == [server["id"]]
    (await vms.act(server["id"], "pause")).ok(200)
    assert (await demo.get("compute", f"/v2.1/servers/{server['id']}")).ok()["server"]["status"] == "PAUSED"
    action = {"suspend": None}
    (await demo.post("compute", f"/v2.1/servers/{server['id']}/action", {"unpause": None})).ok()
    (await demo.post("compute", f"/v2.1/servers/{server['id']}/action", action)).ok()
    assert await vms.status(server["id"]) == "PAUSED"
    assert (await vms.act(server["id"], "resume")).ok()["status"] == "RUNNING"
    (await demo.delete("compute", f"/v2.1/servers/{server['id']}")).ok()
    assert await vms.status(server["id"]) == "DELETED"


async def test_lists_have_pages_and_filters(vms: Vms) -> None:
    made = [await vms.create(name, flavor) for name, flavor in (("a", "m1.tiny"), ("b", "m1.small"), ("c", "m1.tiny"))]
    (await vms.act(made[0]["id"], "start")).ok()
    (await vms.act(made[1]["id"], "delete")).ok(204)

    async def names(**query: Any) -> list[str]:
        return [one["name"] for one in (await vms.send("GET", params=query)).ok()["vms"]]

    assert sorted(await names()) == ["a", "c"]
    assert await names(status="RUNNING") == ["a"]
    assert await names(status="STOPPED") == ["c"]
    assert await names(status="DELETED") == ["b"]
    assert await names(name="c", flavor="m1.tiny", image=made[0]["image"]) == ["c"]
    assert await names(name="nothing") == []
    first = (await vms.send("GET", params={"limit": 1})).ok()
    second = (await vms.send("GET", params={"limit": 1, "offset": 1})).ok()
    assert {first["vms"][0]["name"], second["vms"][0]["name"]} == {"a", "c"}
    assert (first["total"], first["limit"], first["offset"], second["offset"]) == (2, 1, 0, 1)
    assert (await vms.send("GET", params={"offset": 2})).ok()["vms"] == []


CREATE = {"name": "web", "flavor": "m1.tiny", "image": IMAGE}


@pytest.mark.parametrize(
    ("verb", "path", "body", "field"),
    [
        ("POST", "", {**CREATE, "name": ""}, "name"),
        ("POST", "", {**CREATE, "name": "x" * 256}, "name"),
        ("POST", "", {**CREATE, "name": "-web"}, "name"),
        ("POST", "", {**CREATE, "name": 7}, "name"),
        ("POST", "", {**CREATE, "flavor": "m1.huge"}, "flavor"),
        ("POST", "", {**CREATE, "image": "no-such-image"}, "image"),
        ("POST", "", {**CREATE, "image": "11111111-1111-1111-1111-111111111111"}, "image"),
        ("POST", "", {**CREATE, "image": None}, "image"),
        ("POST", "", {"name": "web", "image": IMAGE}, "flavor"),
        ("POST", "", {**CREATE, "colour": "red"}, "colour"),
        ("GET", "?limit=0", None, "limit"),
        ("GET", "?limit=1001", None, "limit"),
        ("GET", "?limit=ten", None, "limit"),
        ("GET", "?offset=-1", None, "offset"),
        ("GET", "?status=ASLEEP", None, "status"),
        ("GET", "?colour=red", None, "colour"),
    ],
)
async def test_bad_input_is_400_and_names_the_field(vms: Vms, verb: str, path: str, body: Any, field: str) -> None:
    error = (await vms.send(verb, path, body)).refused(400)["error"]
    assert (error["code"], error["field"]) == (400, field), error
    assert field in error["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 5000])
async def test_bodies_that_are_no_object(vms: Vms, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    error = (await vms.send("POST", data=body, headers=headers)).refused(400)["error"]
    assert error["code"] == 400


@pytest.mark.parametrize("id", ["11111111-1111-1111-1111-111111111111", "nonsense", "%00", "x" * 300])
async def test_an_unknown_id_is_404(vms: Vms, id: str) -> None:
    for verb, path in (("GET", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/resume")):
        error = (await vms.send(verb, f"/{id}{path}")).refused(404)["error"]
        assert error["reason"] == "VM_NOT_FOUND"


async def test_other_paths_and_verbs(vms: Vms) -> None:
    (await vms.send("PUT", "/x")).refused(405)
    (await vms.send("POST", "/x/explode")).refused(404)
    (await vms.send("GET", "/x/start")).refused(405)


async def test_without_a_token_nothing_is_told(vms_of: Callable[[User], Vms], cloud: Cloud, audit: Audit) -> None:
    anonymous = vms_of(cloud.anonymous)
    for verb, path, body in (("GET", "", None), ("POST", "", {"name": ""}), ("POST", "/x/start", None)):
        reply = await anonymous.send(verb, path, body)
        reply.refused(401)
        assert reply.headers["WWW-Authenticate"].startswith(f'Keystone uri="{cloud.url}/identity')
    (await anonymous.send("GET", headers={"X-Auth-Token": "wrong"})).refused(401)
    (await anonymous.send("GET", headers={"Authorization": "Basic abc"})).refused(401)
    assert {(line["level"], line["user"]) for line in audit.lines()} == {("WARNING", None)}


async def test_bearer_tokens(vms: Vms, cloud: Cloud, demo: User) -> None:
    """A token of Keystone's in the header of OAuth 2.0, and one that its client credentials grant gave."""
    made, anonymous = await vms.create(), Vms(User(vms.user.session, vms.user.url))
    headers = {"Authorization": f"Bearer {demo.token}"}
    assert (await anonymous.send("GET", f"/{made['id']}", headers=headers)).ok()["id"] == made["id"]
    body = {"application_credential": {"name": "ci", "roles": [{"name": "member"}]}}
    path = f"/v3/users/{demo.user_id}/application_credentials"
    credential = (await demo.post("identity", path, body)).ok()["application_credential"]
    async with demo.session.post(
        f"{cloud.url}/identity/v3/OS-OAUTH2/token",
        data={
            "grant_type": "client_credentials",
            "client_id": credential["id"],
            "client_secret": credential["secret"],
        },
    ) as answer:
        token = (await answer.json())["access_token"]
    headers = {"Authorization": f"bearer {token}"}
    started = await anonymous.send("POST", f"/{made['id']}/start", headers=headers)
    assert started.ok()["status"] == "RUNNING"


async def test_roles(vms_of: Callable[[User], Vms], cloud: Cloud, admin: User, demo: User) -> None:
    """A reader reads, a member acts, an admin does both; none sees another project's."""
    made = await vms_of(demo).create()
    user = {"user": {"name": "looker", "password": "secret", "domain_id": "default"}}
    id = (await admin.post("identity", "/v3/users", user)).ok()["user"]["id"]
    roles = (await admin.get("identity", "/v3/roles?name=reader")).ok()["roles"]
    path = f"/v3/projects/{demo.project_id}/users/{id}/roles/{roles[0]['id']}"
    (await admin.put("identity", path)).ok()
    reader = vms_of(await cloud.user("looker", "demo"))
    assert (await reader.send("GET", f"/{made['id']}")).ok()["id"] == made["id"]
    assert len((await reader.send("GET")).ok()["vms"]) == 1
    for action in ("start", "stop", "restart", "pause", "resume", "delete"):
        (await reader.act(made["id"], action)).refused(403)
    (await reader.send("POST", json=CREATE)).refused(403)
    (await reader.send("POST", json={"name": ""})).refused(403)
    other = vms_of(await cloud.user("alt_demo"))
    (await other.send("GET", f"/{made['id']}")).refused(404)
    assert (await other.send("GET")).ok()["vms"] == []
    (await vms_of(demo).act(made["id"], "delete")).ok(204)
    (await other.send("GET", f"/{made['id']}")).refused(404)
    assert (await other.send("GET", params={"status": "DELETED"})).ok()["vms"] == []
    at_large = vms_of(admin)
    own = await at_large.create("admins")
    assert (await at_large.act(own["id"], "start")).ok()["status"] == "RUNNING"


async def test_a_full_quota_is_403(vms: Vms, admin: User, demo: User) -> None:
    (await admin.put("compute", f"/v2.1/os-quota-sets/{demo.project_id}", {"quota_set": {"instances": 1}})).ok()
    await vms.create()
    error = (await vms.send("POST", json=CREATE)).refused(403)["error"]
    assert "Quota exceeded" in error["message"]


async def test_what_the_cloud_refuses_is_409(vms: Vms, admin: User) -> None:
    made = await vms.create()
    (await admin.post("compute", f"/v2.1/servers/{made['id']}/action", {"lock": None})).ok()
    error = (await vms.act(made["id"], "start")).refused(409)["error"]
    assert error["reason"] == "ACTION_REFUSED"
    assert "locked" in error["message"]
    assert await vms.status(made["id"]) == "STOPPED"
