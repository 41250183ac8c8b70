"""People, projects and roles of a cloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mopenstack.cli.seed_export.names import Item, call, item
from mopenstack.cli.seed_export.source import Source

DEFAULT_DOMAIN = {"id": "default", "name": "Default", "enabled": True}
BASE_ROLES = ("admin", "member", "reader", "service")


def identity(source: Source, password: str) -> Iterator[Item]:
    """Domains, roles, projects, users without their passwords, groups, grants, regions and the catalog.

    Where the user may not see them, what this user is, and the administrator that every cloud needs.
    """
    if all((seen := _lists(source)).values()):
        yield from _all(source, seen, password)
    else:
        yield from _own(source, password)
    regions = source.list("identity", "/v3/regions", "regions") or [{"id": source.region}]
    regions = sorted(regions, key=lambda one: str(one.get("parent_region_id") or ""))
    for region in regions:
        yield call("identity", "CreateRegion", "region", region)
    yield {"catalog": source.region}


def _lists(source: Source) -> dict[str, list[Any] | None]:
    found: dict[str, list[Any] | None] = {}
    for key in ("domains", "roles", "projects", "users", "role_assignments"):
        found[key] = source.list("identity", f"/v3/{key}", key)
        if found[key] is None:
            break
    return found


def _all(source: Source, seen: dict[str, list[Any] | None], password: str) -> Iterator[Item]:
    domains, roles, projects, users, grants = ([*(seen[key] or ())] for key in seen)
    for domain in domains:
        yield call("identity", "CreateDomain", "domain", {**domain, "explicit_domain_id": domain["id"]})
    ids = {domain["id"] for domain in domains}
    for role in roles:
        yield call("identity", "CreateRole", "role", role, id=role["id"])
    for rule in source.list("identity", "/v3/role_inferences", "role_inferences") or ():
        for implied in rule.get("implies") or ():
            request = {"prior_role_id": rule["prior_role"]["id"], "implied_role_id": implied["id"]}
            yield item("identity", "AddImpliedRole", request)
    for project in _parents_first(projects, ids):
        without = ("parent_id",) if project.get("parent_id") in ids else ()
        yield call("identity", "CreateProject", "project", project, without=without, id=project["id"])
    for user in users:
        yield call("identity", "CreateUser", "user", {**user, "password": password}, id=user["id"])
    for group in source.list("identity", "/v3/groups", "groups") or ():
        yield call("identity", "CreateGroup", "group", group, id=group["id"])
        for user in source.list("identity", f"/v3/groups/{group['id']}/users", "users") or ():
            yield item("identity", "AddGroupUser", {"group_id": group["id"], "user_id": user["id"]})
    for grant in grants:
        if (found := _grant(grant)) is not None:
            yield found
        else:
            source.notes.append("identity: an inherited grant is left out")


def _parents_first(projects: list[Any], domains: set[str]) -> list[Any]:
    by_id = {project["id"]: project for project in projects if not project.get("is_domain")}

    def depth(project: Any) -> int:
        steps = 0
        while (parent := by_id.get(project.get("parent_id"))) is not None and steps < len(by_id):
            project, steps = parent, steps + 1
        return steps

    return sorted(by_id.values(), key=depth)


def _grant(grant: Any) -> Item | None:
    scope = grant["scope"]
    if "OS-INHERIT:inherited_to" in scope:
        return None
    who = {f"{kind}_id": grant[kind]["id"] for kind in ("user", "group") if kind in grant}
    request = {**who, "role_id": grant["role"]["id"]}
    if "system" in scope:
        return item("identity", f"Add{'User' if 'user' in grant else 'Group'}SystemGrant", request)
    target = {f"{kind}_id": scope[kind]["id"] for kind in ("project", "domain") if kind in scope}
    return item("identity", "AddGrant", {**request, **target})


def _own(source: Source, password: str) -> Iterator[Item]:
    token = source.token
    roles = {role["name"]: role["id"] for role in token.get("roles") or ()}
    user, project = token["user"], token.get("project") or {}
    domains = {one["domain"]["id"]: one["domain"] for one in (user, project) if "domain" in one}
    for domain in ({"default": DEFAULT_DOMAIN} | domains).values():
        shown = {**domain, "explicit_domain_id": domain["id"], "enabled": True}
        yield call("identity", "CreateDomain", "domain", shown)
    for role in dict.fromkeys((*BASE_ROLES, *sorted(roles))):
        yield call("identity", "CreateRole", "role", {"name": role}, id=roles.get(role), keep=_word(role))
    for prior, implied in (("admin", "member"), ("member", "reader")):
        request = {"prior_role_id": f"${{{_word(prior)}.id}}", "implied_role_id": f"${{{_word(implied)}.id}}"}
        yield item("identity", "AddImpliedRole", request)
    people: dict[str, tuple[Any, Any, tuple[str, ...]]] = {"admin": ({"name": "admin"}, {"name": "admin"}, ("admin",))}
    people["own"] = (user, project, tuple(sorted(roles))) if project else people["admin"]
    if user["name"] != "demo":
        people["demo"] = ({"name": "demo"}, {"name": "demo"}, ("member",))
    for name, (one, where, has) in people.items():
        if name == "own" and one.get("name") == "admin" and where.get("name") == "admin":
            continue
        domain = {"domain_id": (one.get("domain") or DEFAULT_DOMAIN)["id"]}
        place = {"name": where["name"], "domain_id": (where.get("domain") or DEFAULT_DOMAIN)["id"]}
        yield call("identity", "CreateProject", "project", place, id=where.get("id"), keep=f"{name}_project")
        yield call(
            "identity", "CreateUser", "user", {"name": one["name"], **domain, "password": password},
            id=one.get("id"), keep=f"{name}_user",
        )  # fmt: skip
        for role in has:
            request = {"project_id": f"${{{name}_project.id}}", "user_id": f"${{{name}_user.id}}"}
            yield item("identity", "AddGrant", {**request, "role_id": f"${{{_word(role)}.id}}"})


def _word(role: str) -> str:
    """What a role is kept as."""
    return "role_" + "".join(letter if letter.isalnum() else "_" for letter in role)
