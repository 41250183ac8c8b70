"""Users, passwords, groups and membership."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Cloud, User

NOBODY = "00000000-0000-0000-0000-00000000dead"


async def make(admin: User, kind: str, **fields: Any) -> Any:
    return (await admin.post("identity", f"/v3/{kind}s", {kind: fields})).ok(201)[kind]


async def test_create_shows_what_keystone_shows(admin: User) -> None:
    user = await make(admin, "user", name="u", password="p", email="u@example.com", foo=1)
    assert user == {
        "id": user["id"],
        "name": "u",
        "domain_id": "default",
        "enabled": True,
        "email": "u@example.com",
        "foo": 1,
        "password_expires_at": None,
        "options": {},
        "links": {"self": f"{admin.url}/identity/v3/users/{user['id']}"},
    }
    assert len(user["id"]) == 32
    assert (await admin.get("identity", f"/v3/users/{user['id']}")).ok()["user"] == user


async def test_update_merges_extras_and_options(admin: User) -> None:
    user = await make(admin, "user", name="u", a=1, options={"multi_factor_auth_enabled": True})
    change = {"b": 2, "options": {"lock_password": True}}
    changed = (await admin.patch("identity", f"/v3/users/{user['id']}", {"user": change})).ok(200)["user"]
    assert (changed["a"], changed["b"]) == (1, 2)
    assert changed["extra"] == {"a": 1, "b": 2}
    assert changed["options"] == {"multi_factor_auth_enabled": True, "lock_password": True}
    change = {"options": {"lock_password": None}}
    changed = (await admin.patch("identity", f"/v3/users/{user['id']}", {"user": change})).ok()["user"]
    assert changed["options"] == {"multi_factor_auth_enabled": True}
    assert "extra" not in (await admin.get("identity", f"/v3/users/{user['id']}")).ok()["user"]


@pytest.mark.parametrize(
    ("user", "status", "text"),
    [
        ({}, 400, "Invalid input for field/attribute user. Value: {}. 'name' is a required property"),
        ({"name": 1}, 400, "Invalid input for field/attribute name. Value: 1. 1 is not of type 'string'"),
        ({"name": "demo"}, 409, "Conflict occurred attempting to store user - Duplicate entry found with name demo at"),
        ({"name": "DEMO"}, 409, "Duplicate entry found with name DEMO at domain ID default."),
        ({"name": "x", "domain_id": "zz"}, 404, "Could not find domain: zz."),
        ({"name": "x", "password": 1}, 400, "Value: 1. 1 is not of type 'string', 'null'"),
        ({"name": "x", "options": {"zz": True}}, 400, "{'zz': True}. Additional properties are not allowed ('zz' was"),
        ("x", 400, "Invalid input for field/attribute user. Value: x. 'x' is not of type 'object'"),
        (None, 400, "Invalid input for field/attribute user. Value: None. None is not of type 'object'"),
    ],
)
async def test_bad_users(admin: User, user: Any, status: int, text: str) -> None:
    reply = await admin.post("identity", "/v3/users", {"user": user})
    assert text in reply.refused(status)["error"]["message"]


async def test_bad_updates(admin: User, demo: User) -> None:
    for change, status, text in (
        ({"name": "admin"}, 409, "Duplicate entry found with name admin."),
        ({"domain_id": "zz"}, 400, "Cannot change Domain ID"),
        ({"name": ""}, 400, "Invalid input for field/attribute name. Value: . '' should be non-empty"),
        ({"enabled": None}, 400, "Value: None. None is not one of [True, 'True', 'TRUE', 'true', False,"),
        ({}, 400, "Invalid input for field/attribute user. Value: {}. {} should be non-empty"),
    ):
        reply = await admin.patch("identity", f"/v3/users/{demo.user_id}", {"user": change})
        assert text in reply.refused(status)["error"]["message"]
    (await admin.post("identity", "/v3/users", {})).refused(400, "'user' is a required property")


async def test_what_members_may_not(admin: User, demo: User) -> None:
    assert (await demo.get("identity", f"/v3/users/{demo.user_id}")).ok()["user"]["name"] == "demo"
    for path, policy in (
        ("/v3/users", "list_users"),
        (f"/v3/users/{admin.user_id}", "get_user"),
        (f"/v3/users/{NOBODY}", "get_user"),
        ("/v3/projects", "list_projects"),
        (f"/v3/projects/{admin.project_id}", "get_project"),
        ("/v3/domains", "list_domains"),
        ("/v3/services", "list_services"),
        ("/v3/endpoints", "list_endpoints"),
        ("/v3/role_assignments", "list_role_assignments"),
    ):
        text = f"You are not authorized to perform the requested action: identity:{policy}."
        (await demo.get("identity", path)).refused(403, text)
    (await demo.post("identity", "/v3/users", {"user": {"name": "x"}})).refused(403, "identity:create_user.")
    for verb in ("GET", "DELETE"):
        reply = await admin.send(verb, "identity", f"/v3/users/{NOBODY}")
        reply.refused(404, f"Could not find user: {NOBODY}.")


async def test_lists_filter(admin: User) -> None:
    await make(admin, "user", name="off", enabled=False)

    async def names(query: str) -> set[str]:
        return {user["name"] for user in (await admin.get("identity", f"/v3/users?{query}")).ok()["users"]}

    assert await names("name=demo") == {"demo"}
    assert await names("enabled=false") == {"off"}
    assert {"admin", "demo", "off"} <= await names("domain_id=default")
    assert await names("domain_id=zz") == set()
    assert await names("name__contains=emo_") == {"demo_reader"}
    assert await names("name__istartswith=ALT") == {"alt_demo"}
    reply = await admin.get("identity", "/v3/users?enabled=zz")
    reply.refused(400, "field/attribute enabled. Value: zz. 'zz' is not one")
    body = (await admin.get("identity", "/v3/users?name=demo")).ok()
    assert body["links"] == {"next": None, "previous": None, "self": f"{admin.url}/identity/v3/users?name=demo"}


async def test_changing_ones_own_password(cloud: Cloud, demo: User) -> None:
    path = f"/v3/users/{demo.user_id}/password"
    body = {"user": {"original_password": "wrong", "password": "new"}}
    (await cloud.anonymous.post("identity", path, body)).refused(401)
    reply = await cloud.anonymous.post("identity", path, {"user": {"password": "x"}})
    text = reply.refused(400)["error"]["message"]
    assert text.startswith("'original_password' is a required property\n\nFailed validating 'required' in schema:\n")
    assert text.endswith("On instance:\n    {'password': 'x'}")
    body["user"]["original_password"] = "secret"
    (await cloud.anonymous.post("identity", path, body)).ok(204)
    (await demo.get("identity", "/v3/auth/projects")).refused(401)
    await cloud.user("demo", password="new")


async def test_second_factors(cloud: Cloud, admin: User, demo: User) -> None:
    path = f"/v3/users/{demo.user_id}"
    options = {"multi_factor_auth_rules": [["password", "token"]], "multi_factor_auth_enabled": True}
    (await admin.patch("identity", path, {"user": {"options": options}})).ok()
    user = {"id": demo.user_id, "password": "secret"}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    half = await cloud.anonymous.post("identity", "/v3/auth/tokens", body)
    refused = half.refused(401)
    assert refused["required_auth_methods"] == [["password", "token"]]
    assert refused["receipt"]["methods"] == ["password"]
    receipt = half.headers["Openstack-Auth-Receipt"]
    (await cloud.anonymous.get("compute", "/v2.1/servers", headers={"X-Auth-Token": receipt})).refused(401)
    rest = {"auth": {"identity": {"methods": ["token"], "token": {"id": demo.token}}}}
    (await cloud.anonymous.post("identity", "/v3/auth/tokens", rest)).ok(201)  # it was shown with a password
    other = await cloud.user("alt_demo")
    stranger = {"auth": {"identity": {"methods": ["token"], "token": {"id": other.token}}}}
    headers = {"OpenStack-Auth-Receipt": receipt}
    (await cloud.anonymous.post("identity", "/v3/auth/tokens", stranger, headers=headers)).refused(404)
    # A method that this cloud does not have is asked of nobody.
    options = {"multi_factor_auth_rules": [["password", "totp"]]}
    (await admin.patch("identity", path, {"user": {"options": options}})).ok()
    (await cloud.anonymous.post("identity", "/v3/auth/tokens", body)).ok(201)


async def test_groups(admin: User, demo: User) -> None:
    group = await make(admin, "group", name="g")
    assert group == {
        "id": group["id"],
        "name": "g",
        "domain_id": "default",
        "description": "",
        "links": {"self": f"{admin.url}/identity/v3/groups/{group['id']}"},
    }
    member = f"/v3/groups/{group['id']}/users/{demo.user_id}"
    assert (await admin.send("HEAD", "identity", member)).status == 404
    (await admin.put("identity", member)).ok(204)
    (await admin.put("identity", member)).ok(204)
    assert (await admin.send("HEAD", "identity", member)).status == 204
    users = (await admin.get("identity", f"/v3/groups/{group['id']}/users")).ok()["users"]
    assert [user["name"] for user in users] == ["demo"]
    groups = (await demo.get("identity", f"/v3/users/{demo.user_id}/groups")).ok()["groups"]
    assert [(item["name"], item["membership_expires_at"]) for item in groups] == [("g", None)]
    (await admin.delete("identity", member)).ok(204)
    text = f"User '{demo.user_id}' not found in group '{group['id']}'"
    (await admin.delete("identity", member)).refused(404, text)
    (await admin.put("identity", f"/v3/groups/{group['id']}/users/{NOBODY}")).refused(404, "Could not find user")
    (await admin.post("identity", "/v3/groups", {"group": {"name": "g"}})).refused(
        409, "Conflict occurred attempting to store group - Duplicate entry found with name g at domain ID default."
    )
    (await admin.delete("identity", f"/v3/groups/{group['id']}")).ok(204)
    (await admin.get("identity", f"/v3/groups/{group['id']}")).refused(404, f"Could not find group: {group['id']}.")


async def test_groups_bring_roles(cloud: Cloud, admin: User) -> None:
    await make(admin, "user", name="u", password="secret")
    user = (await admin.get("identity", "/v3/users?name=u")).ok()["users"][0]
    group = (await admin.get("identity", "/v3/groups?name=nonadmins")).ok()["groups"][0]
    (await admin.put("identity", f"/v3/groups/{group['id']}/users/{user['id']}")).ok(204)
    member = await cloud.user("u", "demo")
    (await admin.delete("identity", f"/v3/groups/{group['id']}/users/{user['id']}")).ok(204)
    (await member.get("identity", "/v3/auth/projects")).refused(401)
