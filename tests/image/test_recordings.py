"""What the real Glance refused, asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.conftest import Cloud, User
from tests.recordings import replay

OCTETS = {"Content-Type": "application/octet-stream"}
FORMATS = {"disk_format": "raw", "container_format": "bare"}


async def _users(cloud: Cloud, admin: User) -> dict[str, User]:
    """A member and a reader of one project, a member of another, and admins of other scopes."""
    users = {"admin": admin, "anonymous": cloud.anonymous}
    found = (await admin.get("identity", "/v3/roles")).ok()["roles"]
    roles = {role["name"]: role["id"] for role in found}
    projects = {}
    for name in ("pb-one", "pb-two"):
        made = (await admin.post("identity", "/v3/projects", {"project": {"name": name}})).ok(201)
        projects[name] = made["project"]["id"]
    for label, name, project, role in (
        ("member", "pbm", "pb-one", "member"),
        ("reader", "pbr", "pb-one", "reader"),
        ("other", "pb2", "pb-two", "member"),
    ):
        user = {"user": {"name": name, "password": "secret"}}
        id = (await admin.post("identity", "/v3/users", user)).ok(201)["user"]["id"]
        where = f"/v3/projects/{projects[project]}/users/{id}/roles/{roles[role]}"
        (await admin.put("identity", where)).ok(204)
        users[label] = await cloud.user(name, project)
    who: dict[str, Any] = {"name": "admin", "domain": {"id": "default"}, "password": "secret"}
    users["admin (domain scope)"] = await cloud.login(who, {"domain": {"id": "default"}})
    users["admin (system scope)"] = await cloud.login(who, {"system": {"all": True}})
    users["no role (unscoped scope)"] = await cloud.login({**who, "name": "pbm"}, "unscoped")
    return users


async def _stage(users: dict[str, User]) -> dict[str, str]:
    member, admin, other = users["member"], users["admin"], users["other"]
    names = {"other_project": other.project_id}
    for name in ("image", "protected", "gone", "active", "deactivated", "import"):
        body = {**FORMATS, "name": name, "protected": name == "protected"}
        names[name] = (await member.post("image", "/v2/images", body)).ok(201)["id"]
    (await member.delete("image", f"/v2/images/{names['gone']}")).ok(204)
    for name in ("active", "deactivated"):
        await member.put("image", f"/v2/images/{names[name]}/file", data=b"x", headers=OCTETS)
    (await admin.post("image", f"/v2/images/{names['deactivated']}/actions/deactivate")).ok(204)
    share = {"member": other.project_id}
    (await member.post("image", f"/v2/images/{names['active']}/members", share)).ok(200)
    public = (await admin.get("image", "/v2/images?visibility=public")).ok()["images"]
    return {**names, "public": public[0]["id"]}


async def test_refusals_are_as_recorded(cloud: Cloud, admin: User) -> None:
    users = await _users(cloud, admin)
    stage = await _stage(users)
    users = {
        label: replace(user, headers={**user.headers, "Accept": "application/json"}) for label, user in users.items()
    }
    (await replay("image", "image", users, stage)).judge()
