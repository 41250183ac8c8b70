"""Who has which role, who is in which group: what Keystone's answers say without showing an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mopenstack.identity.v3.assignment.grants_pb2 import Grant
from mopenstack.identity.v3.identity.groups_pb2 import Membership
from mopenstack.identity.v3.resource.projects_pb2 import Project
from tests.exchanges.planting import fill

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging

Picture = dict[str, Any]


def grant(stage: Staging, actor: str, target: str, role: str, *, group: bool = False, inherited: bool = False) -> None:
    """A role of a user or a group on a project, a domain or the system."""
    on_domain = target == "default" or stage.objects.kinds.get(target) == "domain"
    made = Grant(
        id=f"{actor}:{target}:{role}" + (":inherited" if inherited else ""), target_id=target, role_id=role,
        inherited=inherited, on_domain=on_domain, **{"group_id" if group else "user_id": actor},
    )  # fmt: skip
    stage.plant("role_assignment", made.id, made)


def member(stage: Staging, group: str, user: str) -> None:
    """A user in a group."""
    id = f"{group}:{user}"
    stage.plant("group_membership", id, Membership(id=id, group_id=group, user_id=user))


def named_grant(stage: Staging) -> None:
    """The role that the path names, or those that the answer lists."""
    exchange, names = stage.exchange, stage.exchange.variables
    if exchange.verb == "PUT" or exchange.status >= 400:
        return
    actor = names.get("user_id") or names.get("group_id", "")
    target = names.get("project_id") or names.get("domain_id") or "system"
    answer = exchange.line.get("response")
    listed = [role["id"] for role in answer["roles"]] if isinstance(answer, dict) and "roles" in answer else []
    for role in [names["role_id"]] if "role_id" in names else listed:
        inherited = "OS-INHERIT" in exchange.path
        grant(stage, actor, target, role, group="group_id" in names, inherited=inherited)


def assignments(stage: Staging) -> None:
    """Each assignment that the answer lists."""
    answer = stage.exchange.line.get("response")
    for one in answer.get("role_assignments", ()) if isinstance(answer, dict) else ():
        scope = one["scope"]
        target = scope.get("project", scope.get("domain", {})).get("id", "system")
        actor = one.get("user") or one.get("group") or {}
        for kind, id in (("user", one.get("user", {}).get("id")), ("role", one["role"]["id"])):
            if id:
                stage.need(kind, id)
        if "effective" not in stage.exchange.path:
            grant(
                stage, actor["id"], target, one["role"]["id"], group="user" not in one,
                inherited="OS-INHERIT:inherited_to" in scope,
            )  # fmt: skip


def membership(stage: Staging) -> None:
    """The users that are in the group before."""
    exchange, names = stage.exchange, stage.exchange.variables
    if exchange.verb == "PUT" or exchange.status >= 400:
        return
    listed = [shown["id"] for kind, shown in exchange.shown if kind == "user"]
    for user in [names["user_id"]] if "user_id" in names else listed:
        member(stage, names["group_id"], user)


def disabled(stage: Staging) -> None:
    """A domain that may be deleted."""
    for (kind, _), picture in stage.pictures.items():
        if kind == "domain" and stage.exchange.status < 300:
            picture["enabled"] = False


def tagged(stage: Staging) -> None:
    """A project with the tag that the path names."""
    exchange = stage.exchange
    key = ("project", exchange.variables["project_id"])
    if exchange.status < 300 and exchange.verb != "PUT":
        picture = dict(stage.objects.pictures.get(key, {})) | {"tags": [exchange.path.rpartition("/")[2]]}
        picture.pop("parents", None)
        stage.plant(*key, fill(Project(), picture))


GRANTS = (
    "/v3/projects/{project_id}/users/{user_id}/roles",
    "/v3/domains/{domain_id}/users/{user_id}/roles",
    "/v3/projects/{project_id}/groups/{group_id}/roles",
    "/v3/domains/{domain_id}/groups/{group_id}/roles",
    "/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
    "/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
    "/v3/system/users/{user_id}/roles",
)
PREPARE = {
    (verb, path): named_grant
    for verb in ("GET", "HEAD", "DELETE")
    for place in GRANTS
    for path in (place, f"{place}/{{role_id}}")
} | {
    ("DELETE", "/v3/domains/{domain_id}"): disabled,
    ("HEAD", "/v3/projects/{project_id}/tags/{value}"): tagged,
    ("GET", "/v3/projects/{project_id}/tags/{value}"): tagged,
    ("DELETE", "/v3/projects/{project_id}/tags/{value}"): tagged,
    ("GET", "/v3/role_assignments"): assignments,
    ("GET", "/v3/groups/{group_id}/users"): membership,
    ("HEAD", "/v3/groups/{group_id}/users/{user_id}"): membership,
    ("GET", "/v3/groups/{group_id}/users/{user_id}"): membership,
    ("DELETE", "/v3/groups/{group_id}/users/{user_id}"): membership,
}
