"""Projects with quotas of their own, and users with roles in them; written by the administrator."""

from __future__ import annotations

from soak.clients import Client

MOST = 2
"""Of one client at once."""
QUOTA_RBAC, QUOTA_BACKUPS = 10, 10
"""What a project may have unless told otherwise."""


async def create_project(client: Client) -> bool:
    if len(client.own("project")) >= MOST:
        return False
    project = client.new("project")
    step = client.shared.ledger.step(f"create {project.name}")
    fields = {"name": project.name, "description": "new", "tags": frozenset[str]()}
    quotas = {"quota_rbac": QUOTA_RBAC, "quota_backups": QUOTA_BACKUPS}
    body = {"project": {"name": project.name, "description": "new", "domain_id": "default"}}
    with step.creates(project, **fields, **quotas):
        reply = await client.send("POST", "identity", "/v3/projects", body, admin=True)
        project.id = reply.body["project"]["id"]
    return True


async def describe_project(client: Client) -> bool:
    project = client.pick("project")
    if project is None:
        return False
    text, tags = client.random.choice(("old", "older")), client.words()
    body = {"project": {"description": text, "tags": sorted(tags)}}
    with client.shared.ledger.step(f"describe {project.name}").changes(project, description=text, tags=tags):
        await client.send("PATCH", "identity", f"/v3/projects/{project.id}", body, admin=True)
    return True


async def set_network_quota(client: Client) -> bool:
    project = client.pick("project")
    if project is None:
        return False
    most = client.random.randint(0, 99)
    with client.shared.ledger.step(f"Neutron's quota of {project.name}").changes(project, quota_rbac=most):
        body = {"quota": {"rbac_policy": most}}
        await client.send("PUT", "network", f"/v2.0/quotas/{project.id}", body, admin=True)
    return True


async def set_volume_quota(client: Client) -> bool:
    project = client.pick("project")
    if project is None:
        return False
    most = client.random.randint(0, 99)
    with client.shared.ledger.step(f"Cinder's quota of {project.name}").changes(project, quota_backups=most):
        path = f"/v3/{client.admin.project_id}/os-quota-sets/{project.id}"
        await client.send("PUT", "volume", path, {"quota_set": {"backups": most}}, admin=True)
    return True


async def delete_project(client: Client) -> bool:
    """What users may do there is gone with it."""
    project = client.pick("project")
    if project is None or not client.knows("user"):
        return False
    step = client.shared.ledger.step(f"delete {project.name}").deletes(project)
    for user in client.own("user"):
        if project.name in user["projects"]:
            step.changes(user, projects=user["projects"] - {project.name})
    with step:
        await client.send("DELETE", "identity", f"/v3/projects/{project.id}", admin=True)
    return True


async def create_user(client: Client) -> bool:
    if len(client.own("user")) >= MOST:
        return False
    user = client.new("user")
    step = client.shared.ledger.step(f"create {user.name}")
    body = {"user": {"name": user.name, "password": "secret", "domain_id": "default"}}
    with step.creates(user, name=user.name, enabled=True, projects=frozenset()):
        user.id = (await client.send("POST", "identity", "/v3/users", body, admin=True)).body["user"]["id"]
    return True


async def enable_user(client: Client) -> bool:
    """On or off."""
    user = client.pick("user")
    if user is None:
        return False
    enabled = not user["enabled"]
    with client.shared.ledger.step(f"{user.name} enabled: {enabled}").changes(user, enabled=enabled):
        body = {"user": {"enabled": enabled}}
        await client.send("PATCH", "identity", f"/v3/users/{user.id}", body, admin=True)
    return True


async def grant(client: Client) -> bool:
    """A role in a project, or the end of it."""
    user, project = client.pick("user"), client.pick("project")
    if user is None or project is None:
        return False
    has = project.name in user["projects"]
    after = user["projects"] - {project.name} if has else user["projects"] | {project.name}
    path = f"/v3/projects/{project.id}/users/{user.id}/roles/{client.shared.role}"
    with client.shared.ledger.step(f"role of {user.name} in {project.name}").changes(user, projects=after):
        await client.send("DELETE" if has else "PUT", "identity", path, admin=True)
    return True


async def delete_user(client: Client) -> bool:
    user = client.pick("user")
    if user is None:
        return False
    with client.shared.ledger.step(f"delete {user.name}").deletes(user):
        await client.send("DELETE", "identity", f"/v3/users/{user.id}", admin=True)
    return True
