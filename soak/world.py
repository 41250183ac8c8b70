"""What is there: read with the administrator's eyes, over the same APIs that clients use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.client import User

Object = Mapping[str, Any]
Objects = dict[str, Object]
PREFIX = "soak-"
"""How the names of all objects begin that clients make."""
_AT = {"OpenStack-API-Version": "compute 2.96"}


@dataclass(slots=True)
class World:
    """Kind -> id -> the object as its service shows it."""

    objects: dict[str, Objects]
    images: dict[str, tuple[int, str]]
    """Image -> size and SHA-512 of the bytes that a download gives, for each one that has bytes."""
    limits: dict[str, Object]
    """Project -> what Nova says is used."""
    network_quotas: dict[str, Object]
    volume_quotas: dict[str, Object]
    allocations: dict[str, dict[str, int]]
    """Consumer -> resource class -> amount, over all resource providers."""
    server_attachments: dict[str, list[Object]] = field(default_factory=dict)
    """Server -> what Nova says is attached."""
    server_interfaces: dict[str, list[Object]] = field(default_factory=dict)

    def __getitem__(self, kind: str) -> Objects:
        return self.objects[kind]

    def name(self, kind: str, id: str | None) -> str | None:
        """The name of an object; its id where there is none by this id."""
        return id and self.objects[kind].get(id, {}).get("name", id)

    def seen(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The objects of the clients, with those fields that a ledger keeps; what they refer to has its name there."""
        return {
            kind: {id: view(self, one) for id, one in self[kind].items() if _label(one).startswith(PREFIX)}
            for kind, view in _VIEWS.items()
        }


def _label(one: Object) -> str:
    return str(one.get("name") or one.get("description") or "")


async def read(admin: User) -> World:
    """Everything, one request after the other: no client writes meanwhile."""

    async def listed(api: str, path: str, key: str) -> Objects:
        return {one["id"]: one for one in (await admin.get(api, path, headers=_AT)).ok(200)[key]}

    volume = f"/v3/{admin.project_id}"
    objects = {
        "server": await listed("compute", "/v2.1/servers/detail?all_tenants=1", "servers"),
        "network": await listed("network", "/v2.0/networks", "networks"),
        "subnet": await listed("network", "/v2.0/subnets", "subnets"),
        "port": await listed("network", "/v2.0/ports", "ports"),
        "router": await listed("network", "/v2.0/routers", "routers"),
        "floating_ip": await listed("network", "/v2.0/floatingips", "floatingips"),
        "security_group": await listed("network", "/v2.0/security-groups", "security_groups"),
        "volume": await listed("volume", f"{volume}/volumes/detail?all_tenants=1", "volumes"),
        "snapshot": await listed("volume", f"{volume}/snapshots/detail?all_tenants=1", "snapshots"),
        "image": await listed("image", "/v2/images?limit=1000&member_status=all", "images"),
        "project": await listed("identity", "/v3/projects", "projects"),
        "user": await listed("identity", "/v3/users", "users"),
    }
    assignments = (await admin.get("identity", "/v3/role_assignments")).ok(200)["role_assignments"]
    for one in objects["user"].values():
        mine = [a["scope"] for a in assignments if a.get("user", {}).get("id") == one["id"]]
        one["granted"] = [scope["project"]["id"] for scope in mine if "project" in scope]  # type: ignore[index]
    world = World(objects, {}, {}, {}, {}, await _allocations(admin))
    for id, image in objects["image"].items():
        if image["status"] == "active":
            reply = await admin.get("image", f"/v2/images/{id}/file")
            content = reply.content
            if reply.status not in (200, 204):
                world.images[id] = (-reply.status, str(reply.body)[:200])
                continue
            world.images[id] = (len(content), hashlib.sha512(content).hexdigest())
    for project in world.seen()["project"]:
        used = (await admin.get("compute", f"/v2.1/limits?tenant_id={project}")).ok(200)
        world.limits[project] = used["limits"]["absolute"]
        used = (await admin.get("network", f"/v2.0/quotas/{project}/details")).ok(200)
        world.network_quotas[project] = used["quota"]
        used = (await admin.get("volume", f"{volume}/os-quota-sets/{project}?usage=true")).ok(200)
        world.volume_quotas[project] = used["quota_set"]
    for id in objects["server"]:
        path = f"/v2.1/servers/{id}"
        found = (await admin.get("compute", f"{path}/os-volume_attachments", headers=_AT)).ok(200)
        world.server_attachments[id] = found["volumeAttachments"]
        found = (await admin.get("compute", f"{path}/os-interface", headers=_AT)).ok(200)
        world.server_interfaces[id] = found["interfaceAttachments"]
    return world


async def _allocations(admin: User) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    providers = (await admin.get("placement", "/resource_providers")).ok(200)["resource_providers"]
    for provider in providers:
        path = f"/resource_providers/{provider['uuid']}/allocations"
        for consumer, given in (await admin.get("placement", path)).ok(200)["allocations"].items():
            amounts = found.setdefault(consumer, {})
            for name, amount in given["resources"].items():
                amounts[name] = amounts.get(name, 0) + amount
    return found


# -- what a ledger keeps of each kind


def _server(world: World, one: Object) -> dict[str, Any]:
    return {
        "name": one["name"],
        "status": one["status"],
        "tags": frozenset(one["tags"]),
        "metadata": frozenset(one["metadata"].items()),
    }


def _volume(world: World, one: Object) -> dict[str, Any]:
    servers = [world.name("server", each["server_id"]) for each in one["attachments"]]
    metadata = frozenset((key, value) for key, value in one["metadata"].items() if key.startswith(PREFIX))
    return {"name": one["name"], "size": one["size"], "server": servers[0] if servers else None, "metadata": metadata}


def _snapshot(world: World, one: Object) -> dict[str, Any]:
    return {"name": one["name"], "volume": world.name("volume", one["volume_id"])}


def _image(world: World, one: Object) -> dict[str, Any]:
    digest = world.images.get(one["id"], (0, None))[1]
    return {"name": one["name"], "tags": frozenset(one["tags"]), "bytes": digest, "min_disk": one["min_disk"]}


def _tagged(world: World, one: Object) -> dict[str, Any]:
    return {"name": one["name"], "tags": frozenset(one["tags"])}


def _port(world: World, one: Object) -> dict[str, Any]:
    return {**_tagged(world, one), "server": world.name("server", one["device_id"]) or None}


def _router(world: World, one: Object) -> dict[str, Any]:
    own = [port for port in world["port"].values() if port["device_owner"] == "network:router_interface"]
    subnets = [ip["subnet_id"] for port in own if port["device_id"] == one["id"] for ip in port["fixed_ips"]]
    return {**_tagged(world, one), "subnets": frozenset(world.name("subnet", id) for id in subnets)}


def _floating_ip(world: World, one: Object) -> dict[str, Any]:
    return {"name": one["description"], "port": world.name("port", one["port_id"])}


def _project(world: World, one: Object) -> dict[str, Any]:
    quotas = world.network_quotas.get(one["id"], {}), world.volume_quotas.get(one["id"], {})
    return {
        "name": one["name"],
        "description": one["description"],
        "tags": frozenset(one["tags"]),
        "quota_rbac": quotas[0].get("rbac_policy", {}).get("limit"),
        "quota_backups": quotas[1].get("backups", {}).get("limit"),
    }


def _user(world: World, one: Object) -> dict[str, Any]:
    projects = frozenset(world.name("project", id) for id in one["granted"])
    return {"name": one["name"], "enabled": one["enabled"], "projects": projects}


_VIEWS: dict[str, Callable[[World, Object], dict[str, Any]]] = {
    "server": _server,
    "network": _tagged,
    "subnet": _tagged,
    "port": _port,
    "router": _router,
    "floating_ip": _floating_ip,
    "security_group": _tagged,
    "volume": _volume,
    "snapshot": _snapshot,
    "image": _image,
    "project": _project,
    "user": _user,
}
