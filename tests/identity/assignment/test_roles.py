"""Roles, what they imply, grants, and the list of assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Cloud, User


async def roles_by_name(admin: User) -> dict[str, str]:
    return {role["name"]: role["id"] for role in (await admin.get("identity", "/v3/roles")).ok()["roles"]}


async def assignments(admin: User, query: str) -> Any:
    return (await admin.get("identity", f"/v3/role_assignments?{query}")).ok()["role_assignments"]


async def test_roles(admin: User) -> None:
    role = (await admin.post("identity", "/v3/roles", {"role": {"name": "r"}})).ok(201)["role"]
    assert role == {
        "id": role["id"],
        "name": "r",
        "domain_id": None,
        "description": None,
        "options": {},
        "links": {"self": f"{admin.url}/identity/v3/roles/{role['id']}"},
    }
    text = "Conflict occurred attempting to store role - Duplicate entry found with name ADMIN."
    (await admin.post("identity", "/v3/roles", {"role": {"name": "ADMIN"}})).refused(409, text)
    body = {"role": {"name": "r", "domain_id": "default"}}
    own = (await admin.post("identity", "/v3/roles", body)).ok(201)["role"]
    listed = (await admin.get("identity", "/v3/roles?name=r")).ok()["roles"]
    assert [item["id"] for item in listed] == [role["id"]]
    listed = (await admin.get("identity", "/v3/roles?domain_id=default")).ok()["roles"]
    assert [item["id"] for item in listed] == [own["id"]]
    (await admin.delete("identity", f"/v3/roles/{role['id']}")).ok(204)
    (await admin.get("identity", f"/v3/roles/{role['id']}")).refused(404, f"Could not find role: {role['id']}.")
    admin_role = (await roles_by_name(admin))["admin"]
    (await admin.delete("identity", f"/v3/roles/{admin_role}")).refused(403, "Unable to delete immutable role resource")


async def test_implied_roles(admin: User) -> None:
    ids = await roles_by_name(admin)
    path = f"/v3/roles/{ids['anotherrole']}/implies/{ids['reader']}"
    made = (await admin.put("identity", path)).ok(201)
    assert made["role_inference"]["implies"]["name"] == "reader"
    assert made["links"]["self"] == f"{admin.url}/identity{path}"
    (await admin.put("identity", path)).refused(
        409, "Conflict occurred attempting to store implied_role - Duplicate entry."
    )
    assert (await admin.send("HEAD", "identity", path)).status == 204
    body = (await admin.get("identity", f"/v3/roles/{ids['member']}/implies")).ok()
    assert [role["name"] for role in body["role_inference"]["implies"]] == ["reader"]
    inferences = (await admin.get("identity", "/v3/role_inferences")).ok()["role_inferences"]
    rules = {(item["prior_role"]["name"], role["name"]) for item in inferences for role in item["implies"]}
    assert rules == {("admin", "manager"), ("manager", "member"), ("member", "reader"), ("anotherrole", "reader")}
    (await admin.delete("identity", path)).ok(204)
    (await admin.get("identity", path)).refused(404, f"{ids['anotherrole']} does not imply {ids['reader']}.")
    reply = await admin.put("identity", f"/v3/roles/{ids['member']}/implies/{ids['admin']}")
    reply.refused(403, f"{ids['admin']} cannot be an implied roles.")


async def test_grants(admin: User, demo: User) -> None:
    ids = await roles_by_name(admin)
    for target in ("/v3/projects/" + admin.project_id, "/v3/domains/default", "/v3/system"):
        roles = f"{target}/users/{demo.user_id}/roles"
        grant = f"{roles}/{ids['reader']}"
        assert (await admin.send("HEAD", "identity", grant)).status == 404
        (await admin.put("identity", grant)).ok(204)
        assert (await admin.send("HEAD", "identity", grant)).status == 204
        assert [role["name"] for role in (await admin.get("identity", roles)).ok()["roles"]] == ["reader"]
        (await admin.delete("identity", grant)).ok(204)
        (await admin.delete("identity", grant)).refused(
            404, f"Could not find role assignment with role: {ids['reader']}, user or group: {demo.user_id}"
        )
    roles = f"/v3/projects/{demo.project_id}/users/{demo.user_id}/roles"
    (await admin.put("identity", f"{roles}/zz")).refused(404, "Could not find role: zz.")
    path = f"/v3/projects/{demo.project_id}/users/zz/roles/{ids['reader']}"
    (await admin.put("identity", path)).refused(404, "Could not find user: zz.")
    (await demo.put("identity", f"{roles}/{ids['admin']}")).refused(403, "identity:create_grant.")


async def test_inherited_grants_hold_below_their_target(cloud: Cloud, admin: User, demo: User) -> None:
    ids = await roles_by_name(admin)
    path = f"/v3/OS-INHERIT/domains/default/users/{demo.user_id}/roles/{ids['member']}/inherited_to_projects"
    assert (await admin.send("HEAD", "identity", path)).status == 404
    (await admin.put("identity", path)).ok(204)
    assert (await admin.send("HEAD", "identity", path)).status == 204
    await cloud.user("demo", "admin")
    user = {"id": demo.user_id, "password": "secret"}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"domain": {"id": "default"}}}
    (await cloud.anonymous.post("identity", "/v3/auth/tokens", {"auth": auth})).refused(401)
    listed = await assignments(admin, f"user.id={demo.user_id}&scope.OS-INHERIT:inherited_to=projects")
    assert listed[0]["scope"] == {"domain": {"id": "default"}, "OS-INHERIT:inherited_to": "projects"}
    assert listed[0]["links"]["assignment"] == f"{admin.url}/identity{path}"
    query = f"user.id={demo.user_id}&scope.project.id={admin.project_id}&effective"
    effective = {item["role"]["id"]: item for item in await assignments(admin, query)}
    assert effective.keys() == {ids["member"], ids["reader"]}
    assert effective[ids["reader"]]["scope"]["OS-INHERIT:inherited_to"] == "projects"
    assert effective[ids["reader"]]["links"] == {
        "assignment": f"{admin.url}/identity{path}",
        "prior_role": f"{admin.url}/identity/v3/prior_role/{ids['reader']}/implies/{ids['member']}",
    }


async def test_assignments(admin: User, demo: User) -> None:
    ids = await roles_by_name(admin)
    query = f"user.id={demo.user_id}&scope.project.id={demo.project_id}&role.id={ids['member']}"
    base = f"{admin.url}/identity/v3"
    assert await assignments(admin, query) == [
        {
            "links": {"assignment": f"{base}/projects/{demo.project_id}/users/{demo.user_id}/roles/{ids['member']}"},
            "scope": {"project": {"id": demo.project_id}},
            "user": {"id": demo.user_id},
            "role": {"id": ids["member"]},
        }
    ]
    named = (await assignments(admin, f"{query}&include_names"))[0]
    domain = {"id": "default", "name": "Default"}
    assert named["scope"]["project"] == {"id": demo.project_id, "name": "demo", "domain": domain}
    assert named["user"] == {"id": demo.user_id, "name": "demo", "domain": domain}
    assert named["role"] == {"id": ids["member"], "name": "member"}
    assert {item["scope"]["system"]["all"] for item in await assignments(admin, "scope.system=all")} == {True}


async def test_group_assignments_expand(admin: User, demo: User) -> None:
    ids = await roles_by_name(admin)
    group = (await admin.post("identity", "/v3/groups", {"group": {"name": "g"}})).ok(201)["group"]["id"]
    (await admin.put("identity", f"/v3/groups/{group}/users/{demo.user_id}")).ok(204)
    (await admin.put("identity", f"/v3/projects/{admin.project_id}/groups/{group}/roles/{ids['reader']}")).ok(204)
    direct = await assignments(admin, f"group.id={group}")
    assert [(item["group"]["id"], item["role"]["id"]) for item in direct] == [(group, ids["reader"])]
    effective = await assignments(admin, f"scope.project.id={admin.project_id}&user.id={demo.user_id}&effective")
    assert effective[0]["links"]["membership"].endswith(f"/v3/groups/{group}/users/{demo.user_id}")


async def test_filters_that_exclude_each_other(admin: User) -> None:
    for query, text in (
        ("scope.project.id=a&scope.domain.id=b", "Specify a domain or project, not both"),
        ("user.id=a&group.id=b", "ImmutableMultiDict([('user.id', 'a'), ('group.id', 'b')]) is valid under each of"),
        ("effective&group.id=x", "Combining effective and group filter will always result in an empty list."),
        ("include_subtree", "'scope.project.id' is a dependency of 'include_subtree'"),
    ):
        reply = await admin.get("identity", f"/v3/role_assignments?{query}")
        assert text in reply.refused(400)["error"]["message"]


async def test_readers_read_and_do_not_write(cloud: Cloud) -> None:
    user = {"name": "system_reader", "domain": {"id": "default"}, "password": "secret"}
    reader = await cloud.login(user, {"system": {"all": True}})
    assert (await reader.get("identity", "/v3/users")).ok()["users"]
    (await reader.post("identity", "/v3/users", {"user": {"name": "x"}})).refused(403, "identity:create_user.")


async def test_managers_and_readers_of_a_domain(cloud: Cloud, admin: User) -> None:
    domain = (await admin.post("identity", "/v3/domains", {"domain": {"name": "d"}})).ok(201)["domain"]["id"]
    names = {}
    for name in ("manager", "reader"):
        body = {"user": {"name": name, "domain_id": domain, "password": "secret"}}
        user = (await admin.post("identity", "/v3/users", body)).ok(201)["user"]
        names[name] = (await admin.get("identity", f"/v3/roles?name={name}")).ok(200)["roles"][0]["id"]
        (await admin.put("identity", f"/v3/domains/{domain}/users/{user['id']}/roles/{names[name]}")).ok(204)
    scope = {"domain": {"id": domain}}
    manager, reader = [
        await cloud.login({"name": name, "domain": {"id": domain}, "password": "secret"}, scope) for name in names
    ]
    project = {"project": {"name": "p", "domain_id": domain}}
    (await reader.post("identity", "/v3/projects", project)).refused(403, "identity:create_project")
    made = (await manager.post("identity", "/v3/projects", project)).ok(201)["project"]["id"]
    grants = f"/v3/projects/{made}/users/{reader.user_id}/roles"
    (await reader.put("identity", f"{grants}/{names['reader']}")).refused(403, "identity:create_grant")
    (await manager.put("identity", f"{grants}/{names['reader']}")).ok(204)
    admin_role = (await admin.get("identity", "/v3/roles?name=admin")).ok(200)["roles"][0]["id"]
    (await manager.put("identity", f"{grants}/{admin_role}")).refused(403, "identity:create_grant")
    assert len((await reader.get("identity", grants)).ok(200)["roles"]) == 1
    foreign = f"/v3/projects/{admin.project_id}/users/{reader.user_id}/roles/{names['reader']}"
    (await manager.put("identity", foreign)).refused(403, "identity:create_grant")
    (await manager.post("identity", "/v3/users", {"user": {"name": "u"}})).refused(403, "identity:create_user")
    listed = (await reader.get("identity", "/v3/role_assignments")).ok(200)["role_assignments"]
    assert {one["scope"].get("project", one["scope"].get("domain"))["id"] for one in listed} == {made, domain}
    assert [one["id"] for one in (await reader.get("identity", "/v3/domains")).ok(200)["domains"]] == [domain]


async def test_who_is_told_that_something_is_not_there(admin: User, demo: User) -> None:
    for path, absent, others in (
        ("/v3/endpoints/zz", 404, 403),
        ("/v3/users/zz", 404, 403),
        ("/v3/roles/zz", 404, 404),
    ):
        (await admin.get("identity", path)).refused(absent)
        (await demo.get("identity", path)).refused(others)
