"""What lists take: filters, limits and markers, each list its own (keystone.server.flask.common)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Cloud, User


async def _listed(user: User, path: str) -> list[dict[str, Any]]:
    body = (await user.get("identity", path)).ok(200)
    return next(value for value in body.values() if isinstance(value, list))


async def _names(user: User, path: str) -> set[str]:
    return {item["name"] for item in await _listed(user, path)}


async def _make(admin: User, kind: str, path: str, *names: str) -> list[str]:
    bodies = [{kind: {"name": name}} for name in names]
    return [(await admin.post("identity", path, body)).ok(201)[kind]["id"] for body in bodies]


async def test_text_in_any_case(cloud: Cloud, admin: User) -> None:
    """MariaDB finds it; PostgreSQL, the other choice, does not."""
    for kind in ("role", "user", "project", "domain", "group"):
        await _make(admin, kind, f"/v3/{kind}s", "Some Name")
        assert await _names(admin, f"/v3/{kind}s?name=some%20NAME") == {"Some Name"}
    await cloud.set_options(lists__ignore_case="false")
    for kind in ("role", "user", "project", "domain", "group"):
        assert not await _names(admin, f"/v3/{kind}s?name=some%20NAME")
        assert await _names(admin, f"/v3/{kind}s?name=Some%20Name") == {"Some Name"}


async def test_names_of_services_are_compared_in_python(admin: User) -> None:
    (await admin.post("identity", "/v3/services", {"service": {"type": "Some", "name": "Name"}})).ok(201)
    assert await _names(admin, "/v3/services?type=SOME") == {"Name"}
    assert await _names(admin, "/v3/services?name=Name") == {"Name"}
    assert not await _names(admin, "/v3/services?name=name")


async def test_of_a_user_and_of_a_group(admin: User) -> None:
    """They have the filters and pages of what they list."""
    groups = await _make(admin, "group", "/v3/groups", "one", "two", "three")
    for group in groups:
        (await admin.put("identity", f"/v3/groups/{group}/users/{admin.user_id}")).ok(204)
    path = f"/v3/users/{admin.user_id}/groups"
    assert await _names(admin, f"{path}?name=ONE") == {"one"}
    assert await _names(admin, f"{path}?name__startswith=t") == {"two", "three"}
    body = (await admin.get("identity", f"{path}?limit=2")).ok(200)
    assert len(body["groups"]) == 2
    rest = (await admin.get("identity", f"{path}?limit=2&marker={body['groups'][-1]['id']}")).ok(200)
    assert {one["id"] for one in (*body["groups"], *rest["groups"])} == set(groups)
    assert await _names(admin, f"/v3/groups/{groups[0]}/users?name__contains=dmi") == {"admin"}
    assert not await _names(admin, f"/v3/groups/{groups[0]}/users?name__contains=zz")
    assert await _names(admin, f"/v3/users/{admin.user_id}/projects?name__endswith=min") == {"admin"}


async def test_full_pages(admin: User) -> None:
    """A list that is cut says so; where markers count, a full page is taken for one that has a next."""
    await _make(admin, "user", "/v3/users", "one", "two")
    users = await _listed(admin, "/v3/users")
    for limit, cut in ((1, True), (len(users), True), (len(users) + 1, False)):
        body = (await admin.get("identity", f"/v3/users?limit={limit}")).ok(200)
        assert (body.get("truncated", False), bool(body["links"]["next"])) == (cut, cut)
    roles = await _listed(admin, "/v3/roles")
    for limit, cut in ((1, True), (len(roles), False)):
        body = (await admin.get("identity", f"/v3/roles?limit={limit}")).ok(200)
        assert (body.get("truncated", False), bool(body["links"]["next"])) == (cut, cut)


@pytest.mark.parametrize("kind", ["user", "group", "project", "domain"])
async def test_markers_that_are_not_there(kind: str, admin: User) -> None:
    reply = await admin.get("identity", f"/v3/{kind}s?marker=x")
    reply.refused(404, "Marker x could not be found.")


@pytest.mark.parametrize("path", ["/v3/roles", "/v3/services", "/v3/endpoints", "/v3/credentials", "/v3/policies"])
async def test_what_other_lists_do_not_look_at(path: str, admin: User) -> None:
    """Markers that are not there, and what the resource is not sorted by."""
    whole = await _listed(admin, path)
    assert await _listed(admin, f"{path}?marker=x") == whole
    assert await _listed(admin, f"{path}?sort_key=zz&sort_dir=desc") == whole


@pytest.mark.parametrize(
    "path", ["/v3/auth/projects", "/v3/auth/domains", "/v3/OS-OAUTH1/consumers", "/v3/OS-FEDERATION/mappings"]
)
async def test_lists_that_are_whole(path: str, admin: User) -> None:
    """Neither filters nor pages."""
    for _ in range(2):
        (await admin.post("identity", "/v3/OS-OAUTH1/consumers", {"consumer": {}})).ok(201)
    whole = await _listed(admin, path)
    for query in ("limit=1", "marker=x", "name=zz", "sort_key=zz"):
        assert await _listed(admin, f"{path}?{query}") == whole


async def test_grants_are_whole(admin: User) -> None:
    path = f"/v3/projects/{admin.project_id}/users/{admin.user_id}/roles"
    whole = await _listed(admin, path)
    assert whole
    assert await _listed(admin, f"{path}?name=zz&limit=1") == whole


@pytest.mark.parametrize(
    ("path", "known"), [("/v3/regions", "parent_region_id=x"), ("/v3/OS-EP-FILTER/endpoint_groups", "name=x")]
)
async def test_lists_that_refuse_what_they_do_not_know(path: str, known: str, admin: User) -> None:
    assert await _listed(admin, f"{path}?{known}") == []
    said = "Additional properties are not allowed ('limit', 'zz' were unexpected)"
    (await admin.get("identity", f"{path}?limit=1&zz=1")).refused(400, said)


async def test_lists_in_the_order_of_creation(admin: User) -> None:
    """Limits, application credentials and access rules have a column that counts."""
    service = (await _listed(admin, "/v3/services?type=identity"))[0]["id"]
    names = [f"n{index}" for index in (3, 1, 4, 0, 2)]
    for name in names:
        place = {"service_id": service, "resource_name": name}
        (
            await admin.post(
                "identity", "/v3/registered_limits", {"registered_limits": [{**place, "default_limit": 1}]}
            )
        ).ok()
        limit = {**place, "resource_limit": 1, "project_id": admin.project_id}
        (await admin.post("identity", "/v3/limits", {"limits": [limit]})).ok(201)
        rule = {"path": f"/{name}", "method": "GET", "service": "compute"}
        body = {"application_credential": {"name": name, "access_rules": [rule]}}
        (await admin.post("identity", f"/v3/users/{admin.user_id}/application_credentials", body)).ok(201)
    own = f"/v3/users/{admin.user_id}"
    for path, key in (("/v3/registered_limits", "resource_name"), ("/v3/limits", "resource_name")):
        found = [item[key] for item in await _listed(admin, path)]
        assert [name for name in found if name in names] == names
    assert [item["name"] for item in await _listed(admin, f"{own}/application_credentials")] == names
    assert [item["path"] for item in await _listed(admin, f"{own}/access_rules")] == [f"/{name}" for name in names]
