"""Logging in, scopes, what tokens say, and what ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Cloud, User

DEFAULT = {"domain": {"id": "default"}}


def password(name: str = "demo", secret: str = "secret", scope: Any = None, **user: Any) -> dict[str, Any]:
    who = {"name": name, "password": secret, **(user or DEFAULT)}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": who}}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


def by_token(token: str, scope: Any = None) -> dict[str, Any]:
    auth: dict[str, Any] = {"identity": {"methods": ["token"], "token": {"id": token}}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


async def login(cloud: Cloud, body: dict[str, Any]) -> Any:
    return await cloud.anonymous.post("identity", "/v3/auth/tokens", body)


async def test_project_scope(cloud: Cloud) -> None:
    reply = await login(cloud, password(scope={"project": {"name": "demo", **DEFAULT}}))
    token = reply.ok(201)["token"]
    assert reply.headers["X-Subject-Token"].startswith("gAAAA")
    assert token["methods"] == ["password"]
    assert token["user"]["domain"] == {"id": "default", "name": "Default"}
    assert token["user"]["password_expires_at"] is None
    assert token["project"]["name"] == "demo"
    assert token["is_domain"] is False
    assert {role["name"] for role in token["roles"]} == {"member", "reader", "anotherrole", "bgpvpn_admin", "creator"}
    assert token["expires_at"].endswith(".000000Z")
    assert len(token["audit_ids"]) == 1
    identity = next(service for service in token["catalog"] if service["type"] == "identity")
    public = next(endpoint for endpoint in identity["endpoints"] if endpoint["interface"] == "public")
    assert public["url"] == f"{cloud.url}/identity"
    assert public["region"] == public["region_id"] == "RegionOne"


async def test_unscoped(cloud: Cloud) -> None:
    scopes: list[Any] = [None, "unscoped", {"unscoped": {}}]
    for scope in scopes:
        token = (await login(cloud, password(scope=scope))).ok(201)["token"]
        assert not {"project", "domain", "system", "roles", "catalog", "is_domain"} & token.keys()


async def test_domain_and_system_scope(cloud: Cloud) -> None:
    token = (await login(cloud, password("admin", scope={"domain": {"name": "Default"}}))).ok(201)["token"]
    assert token["domain"] == {"id": "default", "name": "Default"}
    assert "project" not in token
    token = (await login(cloud, password("admin", scope={"system": {"all": True}}))).ok(201)["token"]
    assert token["system"] == {"all": True}
    assert {role["name"] for role in token["roles"]} == {"admin", "manager", "member", "reader"}
    for scope in ({"domain": {"id": "default"}}, {"system": {"all": True}}):
        (await login(cloud, password("demo", scope=scope))).refused(401)


async def test_default_project(cloud: Cloud, admin: User, demo: User) -> None:
    user = {"default_project_id": demo.project_id}
    (await admin.patch("identity", f"/v3/users/{demo.user_id}", {"user": user})).ok()
    assert (await login(cloud, password())).ok(201)["token"]["project"]["id"] == demo.project_id
    assert "project" not in (await login(cloud, password(scope="unscoped"))).ok(201)["token"]


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (password(secret="wrong"), 401, "The request you have made requires authentication."),
        (password("nobody"), 401, "The request you have made requires authentication."),
        (password(domain={"id": "zz"}), 401, "The request you have made requires authentication."),
        (password(scope={"project": {"name": "zz", **DEFAULT}}), 401, "requires authentication"),
        (password(scope={"project": {"name": "admin", **DEFAULT}}), 401, "requires authentication"),
        (password(scope={"project": {"name": "demo"}}), 400, "Expecting to find domain in project."),
        (password(scope={}), 400, "Expecting to find system, project, domain, OS-TRUST:trust or unscoped in scope."),
        ({}, 400, "Expecting to find auth in request body."),
        ({"auth": {}}, 400, "'identity' is a required property"),
        ({"auth": {"identity": {"methods": ["password"]}}}, 400, "Expecting to find password in identity."),
        ({"auth": {"identity": {"methods": ["zz"], "zz": {}}}}, 401, "Attempted to authenticate with an unsupported"),
        ({"auth": {"identity": {"methods": []}}}, 401, "requires authentication"),
        (
            {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", "password": "x"}}}}},
            400,
            "Expecting to find domain in user.",
        ),
        (
            {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo", **DEFAULT}}}}},
            401,
            "requires authentication",
        ),
        (by_token("zz"), 404, "Could not recognize Fernet token"),
    ],
)
async def test_refusals(cloud: Cloud, body: dict[str, Any], status: int, text: str) -> None:
    reply = await login(cloud, body)
    error = reply.refused(status, text)["error"]
    assert error["code"] == status
    if status == 401:
        assert reply.headers["WWW-Authenticate"] == f'Keystone uri="{cloud.url}/identity/v3"'


async def test_unsupported_method_lists_the_supported(cloud: Cloud) -> None:
    body = {"auth": {"identity": {"methods": ["totp"], "totp": {"user": {"id": "x", "passcode": "1"}}}}}
    error = (await login(cloud, body)).refused(401)["error"]
    assert error["identity"] == {
        "methods": ["external", "password", "token", "oauth1", "mapped", "application_credential"]
    }


async def test_not_json(cloud: Cloud) -> None:
    for data in ("{", "[]"):
        reply = await cloud.anonymous.send(
            "POST", "identity", "/v3/auth/tokens", data=data, headers={"Content-Type": "application/json"}
        )
        reply.refused(400, "Expecting to find valid JSON in request body.")


async def test_rescope(cloud: Cloud, demo: User) -> None:
    first = await login(cloud, password())
    again = (await login(cloud, by_token(first.headers["X-Subject-Token"], {"project": {"id": demo.project_id}}))).ok()
    assert again["token"]["methods"] == ["password", "token"]
    assert again["token"]["audit_ids"][1] == first.body["token"]["audit_ids"][0]
    assert again["token"]["expires_at"] == first.body["token"]["expires_at"]


async def test_system_token_makes_no_project_token(cloud: Cloud, admin: User) -> None:
    system = await login(cloud, password("admin", scope={"system": {"all": True}}))
    body = by_token(system.headers["X-Subject-Token"], {"project": {"id": admin.project_id}})
    (await login(cloud, body)).refused(403, "Using a system-scoped token to create a project-scoped")


async def test_show_and_check(cloud: Cloud, admin: User, demo: User) -> None:
    for who in (admin, demo):
        headers = {"X-Subject-Token": demo.token}
        reply = await who.get("identity", "/v3/auth/tokens", headers=headers)
        assert reply.ok(200)["token"]["user"]["name"] == "demo"
        assert "catalog" in reply.body["token"]
        assert reply.headers["X-Subject-Token"] == demo.token
        reply = await who.get("identity", "/v3/auth/tokens?nocatalog", headers=headers)
        assert "catalog" not in reply.ok(200)["token"]
        assert (await who.send("HEAD", "identity", "/v3/auth/tokens", headers=headers)).status == 200
    reply = await demo.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": admin.token})
    reply.refused(403, "You are not authorized to perform the requested action: identity:validate_token.")
    reply = await admin.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": "zz"})
    reply.refused(404, "Could not recognize Fernet token")
    (await admin.get("identity", "/v3/auth/tokens")).refused(404, "No token in the request")
    anonymous = await cloud.anonymous.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": demo.token})
    anonymous.refused(401)


async def test_revoked(cloud: Cloud, admin: User, demo: User) -> None:
    derived = await login(cloud, by_token(demo.token, {"project": {"id": demo.project_id}}))
    (await demo.delete("identity", "/v3/auth/tokens", headers={"X-Subject-Token": demo.token})).ok(204)
    (await demo.get("identity", "/v3/auth/projects")).refused(401)
    reply = await admin.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": demo.token})
    reply.refused(404, "Failed to validate token")
    child = type(demo)(cloud.session, cloud.url, derived.headers["X-Subject-Token"])
    (await child.get("identity", "/v3/auth/projects")).refused(401)
    (await login(cloud, password())).ok(201)


async def test_expired(cloud: Cloud, demo: User) -> None:
    (await demo.get("identity", "/v3/auth/projects")).ok()
    cloud.serving.engine.clouds[cloud.name].clock.advance(86_401)
    (await demo.get("identity", "/v3/auth/projects")).refused(401)


async def test_what_ends_a_token(cloud: Cloud, admin: User) -> None:
    async def demo_works() -> bool:
        return (await demo.get("identity", "/v3/auth/projects")).status == 200

    demo = await cloud.user("demo")
    user = f"/v3/users/{demo.user_id}"
    (await admin.patch("identity", user, {"user": {"password": "other"}})).ok()
    assert not await demo_works()
    demo = await cloud.user("demo", password="other")
    (await admin.patch("identity", user, {"user": {"enabled": False}})).ok()
    assert not await demo_works()
    (await login(cloud, password(secret="other"))).refused(401)
    (await admin.patch("identity", user, {"user": {"enabled": True}})).ok()
    assert not await demo_works()
    demo = await cloud.user("demo", password="other")
    (await admin.patch("identity", f"/v3/projects/{demo.project_id}", {"project": {"enabled": False}})).ok()
    assert not await demo_works()
    (await admin.patch("identity", f"/v3/projects/{demo.project_id}", {"project": {"enabled": True}})).ok()
    assert await demo_works()
    roles = (await admin.get("identity", f"/v3/projects/{demo.project_id}/users/{demo.user_id}/roles")).ok()["roles"]
    for role in roles:
        path = f"/v3/projects/{demo.project_id}/users/{demo.user_id}/roles/{role['id']}"
        (await admin.delete("identity", path)).ok(204)
    assert not await demo_works()


async def test_a_token_works_in_its_own_cloud_only(cloud: Cloud, demo: User) -> None:
    other = await cloud.serving.administration.create_cloud(f"{cloud.name}-other")
    try:
        stranger = type(demo)(cloud.session, type(cloud)(other.name, cloud.serving, cloud.session).url, demo.token)
        (await stranger.get("identity", "/v3/auth/projects")).refused(401)
    finally:
        await cloud.serving.administration.delete_cloud(other.name)


async def test_what_one_may_scope_to(admin: User, demo: User) -> None:
    names = {item["name"] for item in (await demo.get("identity", "/v3/auth/projects")).ok()["projects"]}
    assert names == {"demo", "invisible_to_admin"}
    body = (await demo.get("identity", "/v3/auth/domains")).ok()
    links = {"next": None, "self": f"{demo.url}/identity/v3/auth/domains", "previous": None}
    assert body == {"domains": [], "links": links}
    assert (await admin.get("identity", "/v3/auth/domains")).ok()["domains"][0]["id"] == "default"
    names = {item["name"] for item in (await demo.get("identity", "/v3/OS-FEDERATION/projects")).ok()["projects"]}
    assert names == {"demo", "invisible_to_admin"}
    body = (await demo.get("identity", "/v3/auth/system")).ok()
    assert body == {"system": [], "links": {"self": f"{demo.url}/identity/v3/auth/system"}}
    assert (await admin.get("identity", "/v3/auth/system")).ok()["system"] == [{"all": True}]
    body = (await demo.get("identity", "/v3/auth/catalog")).ok()
    assert {service["type"] for service in body["catalog"]} >= {"identity", "compute", "network", "image", "volumev3"}


@pytest.mark.parametrize("scope", [1, 1.5, True, "x", [], [1], {}, {"project": 1}])
async def test_a_scope_of_another_type(scope: Any, cloud: Cloud) -> None:
    """It is refused, whatever it is."""
    user = {"name": "demo", "domain": {"id": "default"}, "password": "secret"}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    (await cloud.anonymous.post("identity", "/v3/auth/tokens", {"auth": auth})).refused(400)
