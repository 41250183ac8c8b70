"""Projects, their tree and tags, and domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import User


async def project(admin: User, name: str, **fields: Any) -> Any:
    return (await admin.post("identity", "/v3/projects", {"project": {"name": name, **fields}})).ok(201)["project"]


async def test_create_shows_what_keystone_shows(admin: User) -> None:
    made = await project(admin, "p")
    assert made == {
        "id": made["id"],
        "name": "p",
        "domain_id": "default",
        "description": "",
        "enabled": True,
        "parent_id": "default",
        "is_domain": False,
        "tags": [],
        "options": {},
        "links": {"self": f"{admin.url}/identity/v3/projects/{made['id']}"},
    }
    change = {"project": {"description": "d"}}
    changed = (await admin.patch("identity", f"/v3/projects/{made['id']}", change)).ok()["project"]
    assert changed == {**made, "description": "d", "extra": {}}


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 400, "Invalid input for field/attribute project. Value: {}. 'name' is a required property"),
        ({"name": ""}, 400, "Invalid input for field/attribute name. Value: . '' should be non-empty"),
        ({"name": " "}, 400, "' ' does not match '[\\\\S]+'"),
        ({"name": "a" * 65}, 400, "is too long"),
        ({"name": "x", "enabled": "x"}, 400, "Value: x. 'x' is not one of [True, 'True', 'TRUE', 'true', False,"),
        ({"name": "x", "is_domain": "x"}, 400, "field/attribute is_domain. Value: x. 'x' is not one of [True"),
        ({"name": "x", "tags": ["a/b"]}, 400, "Invalid input for field/attribute 0. Value: a/b. 'a/b' does not match"),
        ({"name": "x", "options": {"zz": 1}}, 400, "Additional properties are not allowed ('zz' was unexpected)"),
        ({"name": "x", "domain_id": "zz"}, 404, "Could not find domain: zz."),
        ({"name": "x", "parent_id": "zz"}, 404, "Could not find project: zz."),
    ],
)
async def test_bad_projects(admin: User, body: Any, status: int, text: str) -> None:
    reply = await admin.post("identity", "/v3/projects", {"project": body})
    assert text in reply.refused(status)["error"]["message"]


async def test_conflicts_and_fixed_fields(admin: User) -> None:
    made = await project(admin, "p")
    reply = await admin.post("identity", "/v3/projects", {"project": {"name": "p"}})
    reply.refused(409, "two projects with either the same name or same id in the same domain: name is p, project id")
    path = f"/v3/projects/{made['id']}"
    (await admin.patch("identity", path, {"project": {"domain_id": "zz"}})).refused(400, "Cannot change Domain ID")
    reply = await admin.patch("identity", path, {"project": {"parent_id": "zz"}})
    reply.refused(403, "Update of `parent_id` is not allowed.")


async def test_tree(admin: User) -> None:
    top = await project(admin, "top")
    low = await project(admin, "low", parent_id=top["id"])
    path = f"/v3/projects/{top['id']}"
    shown = (await admin.get("identity", f"/v3/projects/{low['id']}?parents_as_ids")).ok()["project"]
    assert shown["parents"] == {top["id"]: {"default": None}}
    assert (await admin.get("identity", f"{path}?subtree_as_ids")).ok()["project"]["subtree"] == {low["id"]: None}
    assert (await admin.get("identity", f"/v3/projects/{low['id']}?subtree_as_ids")).ok()["project"]["subtree"] is None
    assert (await admin.get("identity", f"{path}?subtree_as_list")).ok()["project"]["subtree"] == []
    reply = await admin.get("identity", f"{path}?parents_as_list&parents_as_ids")
    reply.refused(400, "Cannot use parents_as_list and parents_as_ids query params at the same time.")
    (await admin.delete("identity", path)).refused(403, "since it is not a leaf in the hierarchy")
    reply = await admin.patch("identity", path, {"project": {"enabled": False}})
    reply.refused(403, "since its subtree contains enabled projects.")
    (await admin.patch("identity", f"/v3/projects/{low['id']}", {"project": {"enabled": False}})).ok()
    (await admin.patch("identity", path, {"project": {"enabled": False}})).ok()
    reply = await admin.post("identity", "/v3/projects", {"project": {"name": "x", "parent_id": top["id"]}})
    reply.refused(400, f"cannot create a project in a branch containing a disabled project: {top['id']}")
    (await admin.delete("identity", f"/v3/projects/{low['id']}")).ok(204)
    (await admin.delete("identity", path)).ok(204)
    (await admin.get("identity", path)).refused(404, f"Could not find project: {top['id']}.")


async def test_immutable(admin: User) -> None:
    made = await project(admin, "p", options={"immutable": True})
    path = f"/v3/projects/{made['id']}"
    reply = await admin.patch("identity", path, {"project": {"name": "q"}})
    reply.refused(403, f"Unable to update immutable project resource: `{made['id']}.")
    (await admin.delete("identity", path)).refused(403, "Unable to delete immutable project resource")
    (await admin.patch("identity", path, {"project": {"options": {"immutable": False}}})).ok()
    (await admin.delete("identity", path)).ok(204)


async def test_tags(admin: User) -> None:
    made = await project(admin, "p", tags=["a", "b"])
    tags = f"/v3/projects/{made['id']}/tags"
    assert (await admin.get("identity", tags)).ok()["tags"] == ["a", "b"]
    reply = await admin.put("identity", f"{tags}/c")
    assert reply.ok(201) == ""
    assert reply.headers["Location"] == f"{admin.url}/identity/v3/{made['id']}/tags/c"
    (await admin.get("identity", f"{tags}/c")).ok(204)
    message = (await admin.put("identity", f"{tags}/c")).refused(400)["error"]["message"]
    assert message.startswith("['a', 'b', 'c', 'c'] has non-unique elements\n\nFailed validating 'uniqueItems' in")
    (await admin.get("identity", f"{tags}/zz")).refused(404, "Could not find project tag: zz.")
    (await admin.put("identity", tags, {"tags": ["a/b"]})).refused(400, "field/attribute 0. Value: a/b. 'a/b' does not")
    assert (await admin.put("identity", tags, {"tags": ["x", "y"]})).ok(200)["tags"] == ["x", "y"]
    for query, found in (("tags=x,y", True), ("tags=x,z", False), ("tags-any=x,z", True), ("not-tags=x,y", False)):
        names = {item["name"] for item in (await admin.get("identity", f"/v3/projects?{query}")).ok()["projects"]}
        assert ("p" in names) is found, query
    (await admin.delete("identity", f"{tags}/x")).ok(204)
    (await admin.delete("identity", tags)).ok(204)
    assert (await admin.get("identity", tags)).ok()["tags"] == []


async def test_domains(admin: User, demo: User) -> None:
    domain = (await admin.post("identity", "/v3/domains", {"domain": {"name": "d"}})).ok(201)["domain"]
    assert domain == {
        "id": domain["id"],
        "name": "d",
        "description": "",
        "enabled": True,
        "tags": [],
        "options": {},
        "links": {"self": f"{admin.url}/identity/v3/domains/{domain['id']}"},
    }
    path = f"/v3/domains/{domain['id']}"
    as_project = (await admin.get("identity", f"/v3/projects/{domain['id']}")).ok()["project"]
    assert (as_project["is_domain"], as_project["domain_id"], as_project["parent_id"]) == (True, None, None)
    inside = await project(admin, "demo", domain_id=domain["id"])
    (await admin.post("identity", "/v3/users", {"user": {"name": "demo", "domain_id": domain["id"]}})).ok(201)
    (await admin.post("identity", "/v3/domains", {"domain": {"name": "D"}})).refused(
        409, "it is not permitted to have two projects acting as domains with the same name: D."
    )
    reply = await admin.delete("identity", path)
    reply.refused(403, "Cannot delete a domain that is enabled, please disable it first.")
    (await admin.patch("identity", path, {"domain": {"enabled": False}})).ok()
    (await admin.delete("identity", path)).ok(204)
    (await admin.get("identity", path)).refused(404, f"Could not find domain: {domain['id']}.")
    (await admin.get("identity", f"/v3/projects/{inside['id']}")).refused(404)
    left = (await admin.get("identity", "/v3/users?name=demo")).ok()["users"]
    assert [user["domain_id"] for user in left] == ["default"]
    (await admin.post("identity", "/v3/domains", {"domain": {"name": "x", "explicit_domain_id": "zz"}})).refused(
        400, "Domain ID does not conform to required UUID format."
    )
    assert (await demo.get("identity", "/v3/domains/default")).ok()["domain"]["description"] == "The default domain"


async def test_pages_of_domains(admin: User) -> None:
    """Domains are listed in pages, as projects are (keystone.resource.backends.sql.list_projects)."""
    for name in ("a", "b"):
        (await admin.post("identity", "/v3/domains", {"domain": {"name": name}})).ok(201)
    every = [one["id"] for one in (await admin.get("identity", "/v3/domains")).ok()["domains"]]
    page = (await admin.get("identity", "/v3/domains?limit=2")).ok()
    assert [one["id"] for one in page["domains"]] == every[:2]
    assert page["links"]["next"].endswith(f"marker={every[1]}")
    rest = (await admin.get("identity", f"/v3/domains?marker={every[1]}")).ok()["domains"]
    assert [one["id"] for one in rest] == every[2:]
    named = (await admin.get("identity", "/v3/domains?name=b")).ok()["domains"]
    assert [one["name"] for one in named] == ["b"]
