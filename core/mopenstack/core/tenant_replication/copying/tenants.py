"""A whole tenant made: the project with a user of its own and its quotas, then what is in it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from mopenstack.core.tenant_replication.copying import rules
from mopenstack.core.tenant_replication.copying.accounts import Account, Refused, Tenant
from mopenstack.core.tenant_replication.copying.groups import make_groups
from mopenstack.core.tenant_replication.copying.networking import make_networks, make_ports, make_routers
from mopenstack.core.tenant_replication.copying.reading import Contents, volume_types
from mopenstack.core.tenant_replication.copying.rules import Mappings

NAMES_MAX = 100
"""So many names are tried for the project."""
PASSWORD_BYTES = 18


@dataclass(slots=True)
class Copy:
    """A tenant that was made, with the user that may work in it; `notes` say what was left out, and why."""

    project_id: str
    project_name: str
    user_name: str = ""
    password: str = field(default="", repr=False)
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def replicate(
    source: Contents, account: Account, mappings: Mappings, *, name: str = "", description: str = "", into: str = ""
) -> Copy:
    """Make a tenant's copy as a new project, or in the project `into`. Raises Refused where there is neither."""
    notes = list(source.notes)
    if into:
        tenant = account.enter(into)
        copy = Copy(tenant.id, tenant.name, notes=notes)
    else:
        tenant, copy = _project(account, name or source.name, description or source.description, notes)
    _set_quotas(tenant, source, mappings, notes)
    networks, subnets = make_networks(tenant, source, mappings, notes)
    groups = make_groups(tenant, source, mappings, notes)
    routers = make_routers(tenant, source, networks, subnets, mappings, notes)
    ports = make_ports(tenant, source, networks, subnets, groups, notes) if mappings.sync_instance_ports else {}
    made = {"networks": networks, "subnets": subnets, "security groups": groups, "routers": routers, "ports": ports}
    copy.counts = {what: len(found) for what, found in made.items()}
    return copy


def _project(account: Account, name: str, description: str, notes: list[str]) -> tuple[Tenant, Copy]:
    """A new project with a new user that is a member; the account's user is an administrator there."""
    admin = account.enter()
    project = _named(admin, name, description)
    copy = Copy(project["id"], project["name"], f"{project['name'][:200]}-{secrets.token_hex(3)}", notes=notes)
    copy.password = secrets.token_urlsafe(PASSWORD_BYTES)
    user = {"name": copy.user_name, "password": copy.password, "default_project_id": project["id"]}
    user["domain_id"] = project["domain_id"]
    made = admin.ask("POST", "identity", "/users", {"user": user})["user"]
    roles = {one["name"]: one["id"] for one in admin.ask("GET", "identity", "/roles")["roles"]}
    for user_id, role in ((made["id"], "member"), (admin.user_id, "admin")):
        if role in roles:
            admin.ask("PUT", "identity", f"/projects/{project['id']}/users/{user_id}/roles/{roles[role]}")
    return account.enter(project_id=project["id"]), copy


def _named(admin: Tenant, name: str, description: str) -> dict[str, str]:
    """A new project of this name, or with a number behind it where there is one already."""
    for number in range(1, NAMES_MAX):
        asked = name if number == 1 else f"{name}-{number}"
        body = {
            "name": asked[:64],
            "description": description,
            "domain_id": admin.access.project_domain_id or "default",
        }
        try:
            made: dict[str, str] = admin.ask("POST", "identity", "/projects", {"project": body})["project"]
        except Refused as refused:
            if refused.status != 409:
                raise
        else:
            return made
    raise Refused(409, f"there are {NAMES_MAX} projects of the name {name}")


def _set_quotas(tenant: Tenant, source: Contents, mappings: Mappings, notes: list[str]) -> None:
    """The quotas of the source; a service that does not take them is noted."""
    try:
        types = {one["name"]: one for one in volume_types(tenant)}
    except Refused as refused:
        types = {}
        notes.append(refused.text)
    volume, lost = rules.volume_limits(source.limits.get("block-storage", {}), mappings, types)
    notes += [f"volume type {name}: there is none of this name, and none is mapped" for name in lost]
    for service, path, key, wanted in (
        ("compute", f"/os-quota-sets/{tenant.id}", "quota_set", source.limits.get("compute", {})),
        ("block-storage", f"/os-quota-sets/{tenant.id}", "quota_set", volume),
        ("network", f"/quotas/{tenant.id}", "quota", source.limits.get("network", {})),
    ):
        if not wanted:
            continue
        try:
            tenant.ask("PUT", service, path, {key: wanted})
        except Refused as refused:
            notes.append(f"quotas of {service}: {refused.text}")
