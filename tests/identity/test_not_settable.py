"""What Keystone sets itself, given by a client: ignored in creates, refused or ignored in updates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import User

CREATES: dict[str, tuple[str, dict[str, Any]]] = {
    "user": ("/v3/users", {"name": "x"}),
    "group": ("/v3/groups", {"name": "x"}),
    "project": ("/v3/projects", {"name": "x"}),
    "domain": ("/v3/domains", {"name": "x"}),
    "role": ("/v3/roles", {"name": "x"}),
    "service": ("/v3/services", {"type": "x"}),
    "endpoint": ("/v3/endpoints", {"service_id": "{service}", "interface": "public", "url": "http://x"}),
    "policy": ("/v3/policies", {"blob": "x", "type": "x"}),
    "credential": ("/v3/credentials", {"blob": "x", "type": "x", "user_id": "{user}"}),
    "consumer": ("/v3/OS-OAUTH1/consumers", {"description": "x"}),
    "application_credential": ("/v3/users/{user}/application_credentials", {"name": "x"}),
    "trust": (
        "/v3/OS-TRUST/trusts",
        {
            "trustor_user_id": "{user}",
            "trustee_user_id": "{user}",
            "impersonation": False,
            "project_id": "{project}",
            "roles": [{"name": "member"}],
        },
    ),
}


async def _create(admin: User, kind: str, more: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    path, body = CREATES[kind]
    services = (await admin.get("identity", "/v3/services?type=identity")).ok(200)["services"]
    names = {"{user}": admin.user_id, "{project}": admin.project_id, "{service}": services[0]["id"]}
    body = {key: names.get(value, value) if isinstance(value, str) else value for key, value in body.items()}
    path = path.replace("{user}", admin.user_id)
    return path, (await admin.post("identity", path, {kind: {**body, **more}})).ok(201)[kind]


@pytest.mark.parametrize("kind", CREATES)
async def test_id_of_a_create(kind: str, admin: User) -> None:
    """Another id is given out, by which the object is found."""
    path, made = await _create(admin, kind, {"id": "abc"})
    assert made["id"] != "abc"
    assert (await admin.get("identity", f"{path}/{made['id']}")).ok(200)[kind]["id"] == made["id"]


@pytest.mark.parametrize("kind", [kind for kind in CREATES if kind != "application_credential"])
async def test_links_and_extra_of_a_create(kind: str, admin: User) -> None:
    _, made = await _create(admin, kind, {"links": {"self": "x"}, "extra": {"a": 1}})
    assert made["links"]["self"] != "x"
    assert "extra" not in made


async def test_more_of_a_create(admin: User) -> None:
    _, user = await _create(admin, "user", {"password_expires_at": "2030-01-01T00:00:00Z"})
    assert user["password_expires_at"] is None
    _, domain = await _create(admin, "domain", {"is_domain": False})
    assert "is_domain" not in domain
    _, consumer = await _create(admin, "consumer", {"secret": "mine"})
    assert consumer["secret"] != "mine"
    _, credential = await _create(admin, "application_credential", {"project_id": "x", "system": "x"})
    assert credential["project_id"] == admin.project_id


NOT_UPDATED = ("domain", "application_credential", "trust", "credential")


@pytest.mark.parametrize("kind", [kind for kind in CREATES if kind not in NOT_UPDATED])
async def test_id_of_an_update(kind: str, admin: User) -> None:
    """The object's own is fine, another one is refused."""
    path, made = await _create(admin, kind, {})
    said = "Cannot change policy ID" if kind == "policy" else "Cannot change ID"
    wrong: tuple[Any, ...] = ("abc", 1, {})
    for id in wrong:
        (await admin.patch("identity", f"{path}/{made['id']}", {kind: {"id": id}})).refused(400, said)
    shown = (await admin.patch("identity", f"{path}/{made['id']}", {kind: {"id": made["id"]}})).ok(200)[kind]
    assert shown["id"] == made["id"]


async def test_null_as_the_id_of_an_update(admin: User) -> None:
    path, user = await _create(admin, "user", {})
    (await admin.patch("identity", f"{path}/{user['id']}", {"user": {"id": None}})).refused(
        400, "Cannot change user ID"
    )
    path, group = await _create(admin, "group", {})
    assert (await admin.patch("identity", f"{path}/{group['id']}", {"group": {"id": None}})).ok(200)["group"] == group


async def test_id_of_a_domain(admin: User) -> None:
    """Its update does not look at it."""
    path, made = await _create(admin, "domain", {})
    assert (await admin.patch("identity", f"{path}/{made['id']}", {"domain": {"id": "abc"}})).ok(200)["domain"] == made


async def test_id_of_a_region(admin: User) -> None:
    """The client may choose it; no id is as good as none."""
    made = (await admin.post("identity", "/v3/regions", {"region": {"id": None}})).ok(201)["region"]
    assert len(made["id"]) == 32
    said = 'Conflicting region IDs specified: "r" != "'
    (await admin.put("identity", "/v3/regions/r", {"region": {"id": None}})).refused(400, f'{said}None"')
    (await admin.put("identity", "/v3/regions/r", {"region": {"id": ""}})).refused(400, f'{said}"')
    path = f"/v3/regions/{made['id']}"
    (await admin.patch("identity", path, {"region": {"id": "other"}})).refused(400, "Cannot change ID")
    (await admin.patch("identity", path, {"region": {"id": ""}})).refused(400, "'' should be non-empty")
    assert (await admin.patch("identity", path, {"region": {"id": None}})).ok(200)["region"] == made


async def test_what_a_limit_is_for(admin: User) -> None:
    """It is a limit of this resource of this service for ever."""
    service = (await admin.get("identity", "/v3/services?type=identity")).ok(200)["services"][0]["id"]
    place = {"service_id": service, "resource_name": "things"}
    registered = {"registered_limits": [{**place, "default_limit": 1}]}
    (await admin.post("identity", "/v3/registered_limits", registered)).ok(201)
    limit = {**place, "resource_limit": 1, "project_id": admin.project_id}
    made = (await admin.post("identity", "/v3/limits", {"limits": [limit]})).ok(201)["limits"][0]
    for key, value in (("service_id", service), ("region_id", None), ("resource_name", "things"), ("id", made["id"])):
        body = {"limit": {"resource_limit": 2, key: value}}
        reply = await admin.patch("identity", f"/v3/limits/{made['id']}", body)
        reply.refused(400, f"Additional properties are not allowed ('{key}' was unexpected)")


async def test_endpoint_groups_have_no_more(admin: User) -> None:
    path, body = "/v3/OS-EP-FILTER/endpoint_groups", {"name": "x", "filters": {"interface": "public"}}
    said = "Additional properties are not allowed ('id' was unexpected)"
    (await admin.post("identity", path, {"endpoint_group": {**body, "id": "abc"}})).refused(400, said)
    made = (await admin.post("identity", path, {"endpoint_group": body})).ok(201)["endpoint_group"]
    reply = await admin.patch("identity", f"{path}/{made['id']}", {"endpoint_group": {"id": made["id"]}})
    reply.refused(400, said)


async def test_queries_name_nothing_of_a_path(admin: User) -> None:
    """A grant is on what its path says, and a part of a configuration is named by its path alone."""
    role = (await admin.get("identity", "/v3/roles?name=reader")).ok(200)["roles"][0]["id"]
    path, made = await _create(admin, "project", {})
    grant = f"{path}/{made['id']}/users/{admin.user_id}/roles/{role}"
    (await admin.put("identity", f"{grant}?domain_id=default&group_id=x")).ok(204)
    (await admin.get("identity", grant)).ok(204)
    (await admin.get("identity", f"/v3/domains/default/users/{admin.user_id}/roles/{role}")).refused(404)
    whole = (await admin.get("identity", "/v3/domains/config/default")).ok(200)
    assert (await admin.get("identity", "/v3/domains/config/default?option=x")).ok(200) == whole
    assert (await admin.get("identity", "/v3/domains/config/default?group=ldap&option=url")).ok(200) == whole


async def test_version_of_a_mapping(admin: User) -> None:
    """Null is the default, as no version is."""
    rules = [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "x"}]}]
    path = "/v3/OS-FEDERATION/mappings/m"
    for verb in (admin.put, admin.patch):
        reply = await verb("identity", path, {"mapping": {"rules": rules, "schema_version": None}})
        assert reply.ok()["mapping"]["schema_version"] == "1.0"


@pytest.mark.parametrize(("kind", "absent"), [("project", ""), ("domain", ""), ("group", ""), ("role", None)])
async def test_null_as_a_description(kind: str, absent: str | None, admin: User) -> None:
    """It is kept; without a description there is one all the same."""
    path = f"/v3/{kind}s"
    made = (await admin.post("identity", path, {kind: {"name": "null", "description": None}})).ok(201)[kind]
    assert made["description"] is None
    assert (await admin.get("identity", f"{path}/{made['id']}")).ok(200)[kind]["description"] is None
    made = (await admin.post("identity", path, {kind: {"name": "none"}})).ok(201)[kind]
    assert made["description"] == absent
    changed = await admin.patch("identity", f"{path}/{made['id']}", {kind: {"description": None}})
    assert changed.ok(200)[kind]["description"] is None


async def test_domain_of_a_role(admin: User) -> None:
    """Keystone does not look for it."""
    made = (await admin.post("identity", "/v3/roles", {"role": {"name": "r", "domain_id": "zz"}})).ok(201)["role"]
    assert made["domain_id"] == "zz"
