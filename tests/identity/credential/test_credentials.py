"""Application credentials, access rules, credentials of EC2 and others."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Cloud, Reply, User


async def create(user: User, **fields: Any) -> Reply:
    body = {"application_credential": fields}
    return await user.post("identity", f"/v3/users/{user.user_id}/application_credentials", body)


async def use(cloud: Cloud, credential: dict[str, Any], **more: Any) -> Reply:
    auth = {"identity": {"methods": ["application_credential"], "application_credential": credential}, **more}
    return await cloud.anonymous.post("identity", "/v3/auth/tokens", {"auth": auth})


async def test_made_shown_used_deleted(cloud: Cloud, demo: User) -> None:
    made = (await create(demo, name="ac", expires_at="2219-02-13T12:12:12", roles=[{"name": "reader"}])).ok(201)
    made = made["application_credential"]
    assert made["secret"]
    assert made["project_id"] == demo.project_id
    assert made["expires_at"] == "2219-02-13T12:12:12.000000"
    assert (made["unrestricted"], made["system"], made["description"]) == (None, None, None)
    assert [role["name"] for role in made["roles"]] == ["reader"]
    assert made["links"] == {"self": f"{demo.url}/identity/v3/application_credentials/{made['id']}"}
    path = f"/v3/users/{demo.user_id}/application_credentials/{made['id']}"
    shown = (await demo.get("identity", path)).ok()["application_credential"]
    assert shown == {key: value for key, value in made.items() if key != "secret"}
    reply = await use(cloud, {"id": made["id"], "secret": made["secret"]})
    token = reply.ok(201)["token"]
    assert token["methods"] == ["application_credential"]
    assert token["project"]["id"] == demo.project_id
    assert [role["name"] for role in token["roles"]] == ["reader"]
    assert token["application_credential"] == {"id": made["id"], "name": "ac", "restricted": True}
    by_name = {"name": "ac", "secret": made["secret"], "user": {"name": "demo", "domain": {"id": "default"}}}
    (await use(cloud, by_name)).ok(201)
    (await use(cloud, {"id": made["id"], "secret": "wrong"})).refused(401)
    (await use(cloud, {"id": "zz", "secret": "x"})).refused(404, "Could not find Application Credential: zz.")
    scope = {"project": {"id": demo.project_id}}
    error = (await use(cloud, {"id": made["id"], "secret": made["secret"]}, scope=scope)).refused(401)["error"]
    assert error["message"].endswith("Application credentials cannot request a scope.")
    holder = type(demo)(cloud.session, cloud.url, reply.headers["X-Subject-Token"], user_id=demo.user_id)
    (await create(holder, name="x")).refused(403, "Using method 'application_credential' is not allowed for managing")
    (await demo.delete("identity", path)).ok(204)
    (await demo.get("identity", path)).refused(404, f"Could not find Application Credential: {made['id']}.")
    (await holder.get("identity", "/v3/auth/projects")).refused(401)


async def test_a_token_does_not_outlive_its_credential(cloud: Cloud, demo: User) -> None:
    soon = datetime.fromtimestamp(time.time() + 60, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    made = (await create(demo, name="ac", expires_at=soon)).ok(201)["application_credential"]
    reply = await use(cloud, {"id": made["id"], "secret": made["secret"]})
    assert reply.ok(201)["token"]["expires_at"] == f"{soon}.000000Z"
    cloud.serving.engine.clouds[cloud.name].clock.advance(61)
    (await use(cloud, {"id": made["id"], "secret": made["secret"]})).refused(401)


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({}, 400, "field/attribute application_credential. Value: {}. 'name' is a required property"),
        ({"name": "x", "roles": [{"name": "admin"}]}, 400, "credential with unassigned role"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, 400, "The 'expires_at' must not be before now."),
        ({"name": "x", "expires_at": "zz"}, 400, "Timestamp not in expected format."),
        (
            {"name": "x", "access_rules": [{"path": "/v2.1", "method": "ZZ", "service": "compute"}]},
            400,
            "Value: ZZ. 'ZZ' is not one of ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT']",
        ),
    ],
)
async def test_bad_ones(demo: User, fields: Any, status: int, text: str) -> None:
    assert text in (await create(demo, **fields)).refused(status)["error"]["message"]


async def test_names_and_owners(admin: User, demo: User) -> None:
    (await create(demo, name="ac")).ok(201)
    (await create(demo, name="ac")).refused(
        409, "Conflict occurred attempting to store application_credential - Duplicate entry found with name ac."
    )
    path = f"/v3/users/{demo.user_id}/application_credentials"
    reply = await admin.post("identity", path, {"application_credential": {"name": "x"}})
    reply.refused(403, "identity:create_application_credential.")
    assert len((await admin.get("identity", path)).ok()["application_credentials"]) == 1
    reply = await demo.get("identity", f"/v3/users/{admin.user_id}/application_credentials")
    reply.refused(403, "identity:list_application_credentials.")


async def _roles(cloud: Cloud, credential: dict[str, Any]) -> set[str] | int:
    """The roles of a token by the credential, or the status of the refusal."""
    reply = await use(cloud, {"id": credential["id"], "secret": credential["secret"]})
    return {role["name"] for role in reply.body["token"]["roles"]} if reply.status == 201 else reply.status


async def test_named_roles_bring_what_they_imply(cloud: Cloud, demo: User) -> None:
    """So that a token by the credential may read what the member may."""
    made = (await create(demo, name="ac", roles=[{"name": "member"}])).ok(201)["application_credential"]
    assert [role["name"] for role in made["roles"]] == ["member", "reader"]
    reply = await use(cloud, {"id": made["id"], "secret": made["secret"]})
    holder = type(demo)(cloud.session, cloud.url, reply.headers["X-Subject-Token"])
    (await holder.get("compute", "/v2.1/servers")).ok(200)
    (await holder.get("volume", f"/v3/{demo.project_id}/volumes")).ok(200)


@pytest.mark.parametrize(
    ("roles", "status", "text"),
    [
        ([{}], 400, "field/attribute 0. Value: {}. {} should be non-empty"),
        ([{"id": "x", "name": "member"}], 400, "{'id': 'x', 'name': 'member'} has too many properties"),
        ([{"zz": 1}], 400, "Additional properties are not allowed ('zz' was unexpected)"),
        ([{"name": "zz"}], 404, "Role zz is not defined"),
        ([{"id": "0" * 32}], 400, "credential with unassigned role"),
        ([{"name": "member"}, {"name": "member"}], 409, "Duplicate entry found with name x."),
    ],
)
async def test_bad_roles(demo: User, roles: Any, status: int, text: str) -> None:
    assert text in (await create(demo, name="x", roles=roles)).refused(status)["error"]["message"]


async def test_fewer_roles_with_a_grant_taken_away(cloud: Cloud, admin: User, demo: User) -> None:
    """The credential stays, and has what is left; with nothing left it is of no use."""
    whole = (await create(demo, name="ac")).ok(201)["application_credential"]
    member = (await create(demo, name="member", roles=[{"name": "member"}])).ok(201)["application_credential"]
    role = (await admin.get("identity", "/v3/roles?name=member")).ok()["roles"][0]["id"]
    grant = f"/v3/projects/{demo.project_id}/users/{demo.user_id}/roles/{role}"
    (await admin.delete("identity", grant)).ok(204)
    left = await _roles(cloud, whole)
    assert isinstance(left, set)
    assert "anotherrole" in left
    assert not left & {"member", "reader"}
    assert await _roles(cloud, member) == 401
    (await admin.put("identity", grant)).ok(204)
    assert await _roles(cloud, member) == {"member", "reader"}


async def test_a_group_that_goes(cloud: Cloud, admin: User, demo: User) -> None:
    """Whether its grant is revoked, the member leaves or the group is deleted: the credential stays."""
    group = (await admin.post("identity", "/v3/groups", {"group": {"name": "g"}})).ok(201)["group"]["id"]
    role = (await admin.post("identity", "/v3/roles", {"role": {"name": "r"}})).ok(201)["role"]["id"]
    member = f"/v3/groups/{group}/users/{demo.user_id}"
    grant = f"/v3/projects/{demo.project_id}/groups/{group}/roles/{role}"
    (await admin.put("identity", member)).ok(204)
    (await admin.put("identity", grant)).ok(204)
    made = (await create(demo, name="ac", roles=[{"name": "r"}])).ok(201)["application_credential"]
    for path in (grant, member):
        assert await _roles(cloud, made) == {"r"}
        (await admin.delete("identity", path)).ok(204)
        assert await _roles(cloud, made) == 401
        (await admin.put("identity", path)).ok(204)
    (await admin.delete("identity", f"/v3/groups/{group}")).ok(204)
    assert await _roles(cloud, made) == 401
    path = f"/v3/users/{demo.user_id}/application_credentials/{made['id']}"
    (await demo.get("identity", path)).ok(200)


async def test_a_deleted_role_takes_the_credentials(cloud: Cloud, admin: User, demo: User) -> None:
    """All that those who held it themselves made for the project, whatever roles these have."""
    role = (await admin.post("identity", "/v3/roles", {"role": {"name": "r"}})).ok(201)["role"]["id"]
    grant = f"/v3/projects/{demo.project_id}/users/{demo.user_id}/roles/{role}"
    (await admin.put("identity", grant)).ok(204)
    made = (await create(demo, name="ac", roles=[{"name": "member"}])).ok(201)["application_credential"]
    (await admin.delete("identity", f"/v3/roles/{role}")).ok(204)
    assert await _roles(cloud, made) == 404


async def test_of_a_project_that_is_off_or_gone(cloud: Cloud, admin: User, demo: User) -> None:
    made = (await create(demo, name="ac")).ok(201)["application_credential"]
    known = {"id": made["id"], "secret": made["secret"]}
    project = f"/v3/projects/{demo.project_id}"
    (await admin.patch("identity", project, {"project": {"enabled": False}})).ok(200)
    said = f"Unable to validate token because project {demo.project_id} is disabled"
    (await use(cloud, known)).refused(404, said)
    (await use(cloud, {**known, "secret": "x"})).refused(401)
    (await admin.delete("identity", project)).ok(204)
    (await use(cloud, known)).refused(404, f"Could not find project: {demo.project_id}.")
    path = f"/v3/users/{demo.user_id}/application_credentials/{made['id']}"
    (await admin.delete("identity", path)).ok(204)


@pytest.mark.parametrize(
    ("api", "path"),
    [
        ("identity", "/v3/projects"),
        ("compute", "/v2.1/servers"),
        ("network", "/v2.0/networks"),
        ("image", "/v2/images"),
        ("volume", "/v3/volumes"),
        ("placement", "/resource_providers"),
        ("compute", "/v2.1/nope"),
    ],
)
async def test_access_rules_come_before_the_body(api: str, path: str, cloud: Cloud, demo: User) -> None:
    """What a token may not be used for is 401, whatever the body is."""
    types = {"network": "network", "image": "image", "volume": "volumev3"}
    rule = {"path": "/**", "method": "GET", "service": types.get(api, api)}
    made = (await create(demo, name="ac", access_rules=[rule])).ok(201)["application_credential"]
    reply = await use(cloud, {"id": made["id"], "secret": made["secret"]})
    holder = type(demo)(cloud.session, cloud.url, reply.headers["X-Subject-Token"])
    assert (await holder.get(api, path)).status in (200, 403, 404)
    for body in (b"{", b"[]", b'{"x": 1}', b""):
        reply = await holder.send("POST", api, path, data=body, headers={"Content-Type": "application/json"})
        assert reply.status == 401, (body, reply.status, reply.body)


async def test_access_rules(demo: User) -> None:
    rule = {"path": "/v2.1/servers", "method": "GET", "service": "compute"}
    first = (await create(demo, name="a", access_rules=[rule])).ok(201)["application_credential"]
    second = (await create(demo, name="b", access_rules=[rule])).ok(201)["application_credential"]
    assert first["access_rules"] == second["access_rules"]
    twice = "Conflict occurred attempting to store application_credential - Duplicate entry found with name c."
    (await create(demo, name="c", access_rules=[rule, rule])).refused(409, twice)
    id = first["access_rules"][0]["id"]
    base = f"/v3/users/{demo.user_id}"
    listed = (await demo.get("identity", f"{base}/access_rules")).ok()["access_rules"]
    assert listed == [{**rule, "id": id, "links": {"self": f"{demo.url}/identity/v3/access_rules/{id}"}}]
    (await demo.delete("identity", f"{base}/access_rules/{id}")).refused(403, "May not delete access rule in use")
    for made in (first, second):
        (await demo.delete("identity", f"{base}/application_credentials/{made['id']}")).ok(204)
    (await demo.delete("identity", f"{base}/access_rules/{id}")).ok(204)
    assert (await demo.get("identity", f"{base}/access_rules")).ok()["access_rules"] == []


async def test_ec2_credentials(demo: User) -> None:
    base = f"/v3/users/{demo.user_id}/credentials/OS-EC2"
    made = (await demo.post("identity", base, {"tenant_id": demo.project_id})).ok(201)["credential"]
    assert made == {
        "user_id": demo.user_id,
        "tenant_id": demo.project_id,
        "access": made["access"],
        "secret": made["secret"],
        "trust_id": None,
        "links": {"self": f"{demo.url}/identity{base}/{made['access']}"},
    }
    assert (await demo.get("identity", f"{base}/{made['access']}")).ok()["credential"] == made
    assert (await demo.get("identity", base)).ok()["credentials"] == [made]
    (await demo.delete("identity", f"{base}/{made['access']}")).ok(204)
    hashed = hashlib.sha256(made["access"].encode()).hexdigest()
    (await demo.get("identity", f"{base}/{made['access']}")).refused(404, f"Could not find credential: {hashed}.")
    (await demo.post("identity", base, {"tenant_id": "zz"})).refused(404, "Could not find project: zz.")


async def test_credentials(admin: User, demo: User) -> None:
    body = {"type": "cert", "blob": "x", "user_id": demo.user_id}
    made = (await demo.post("identity", "/v3/credentials", {"credential": body})).ok(201)["credential"]
    links = {"self": f"{demo.url}/identity/v3/credentials/{made['id']}"}
    assert made == {**body, "id": made["id"], "project_id": None, "links": links}
    assert (await demo.get("identity", "/v3/credentials")).ok()["credentials"] == [made]
    for missing in ("type", "blob"):
        lacking = {key: value for key, value in body.items() if key != missing}
        reply = await demo.post("identity", "/v3/credentials", {"credential": lacking})
        assert f"'{missing}' is a required property" in reply.refused(400)["error"]["message"]
    ec2 = {"type": "ec2", "blob": "zz", "user_id": demo.user_id, "project_id": demo.project_id}
    (await demo.post("identity", "/v3/credentials", {"credential": ec2})).refused(400, "Invalid blob in credential")
    (await demo.post("identity", "/v3/credentials", {"credential": {**body, "user_id": admin.user_id}})).refused(403)
    (await demo.delete("identity", f"/v3/credentials/{made['id']}")).ok(204)
    (await admin.get("identity", f"/v3/credentials/{made['id']}")).refused(404, "Could not find credential")


async def test_an_unscoped_token_sees_its_own(cloud: Cloud, demo: User) -> None:
    unscoped = await cloud.login({"id": demo.user_id, "password": "secret"}, "unscoped")
    (await unscoped.get("identity", f"/v3/users/{demo.user_id}/application_credentials")).ok(200)
    (await unscoped.get("compute", "/v2.1/servers")).refused(403)


async def test_access_rules_are_all_that_a_token_may(cloud: Cloud, demo: User) -> None:
    rules = [
        {"path": "/v2.0/networks", "method": "GET", "service": "network"},
        {"path": "/v2.0/subnets/*", "method": "GET", "service": "network"},
        {"path": "/v3/auth/**", "method": "GET", "service": "identity"},
    ]
    made = (await create(demo, name="ac", access_rules=rules)).ok(201)["application_credential"]
    reply = await use(cloud, {"id": made["id"], "secret": made["secret"]})
    assert [rule["path"] for rule in reply.ok(201)["token"]["application_credential"]["access_rules"]] == [
        rule["path"] for rule in rules
    ]
    holder = type(demo)(cloud.session, cloud.url, reply.headers["X-Subject-Token"])
    for _ in range(2):
        (await holder.get("network", "/v2.0/networks")).ok(200)
        (await holder.get("network", "/v2.0/subnets")).refused(401)
        (await holder.get("network", "/v2.0/subnets/zz")).refused(404)
        (await holder.post("network", "/v2.0/networks", {"network": {}})).refused(401)
        (await holder.get("identity", "/v3/auth/projects")).ok(200)
        (await holder.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": holder.token})).ok(200)
        (await holder.get("compute", "/v2.1/servers")).refused(401)
