"""The cloud that exchanges are replayed in: its people and services have the ids of the recorded cloud.

A cloud with the seed is made once, what the recorded cloud had not is taken out of it, and its rows are copied for each
exchange, which takes some milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.identity.auth.fernet import Payload, Scope, encode
from mopenstack.core.identity.identity.passwords import hash_secret as hash_password
from mopenstack.core.store.base import Row
from mopenstack.core.store.compiled import cloud_tables
from mopenstack.core.store.transaction import Taken
from mopenstack.identity.v3.assignment.grants_pb2 import Grant
from mopenstack.identity.v3.assignment.roles_pb2 import Role
from mopenstack.identity.v3.identity.users_pb2 import User
from mopenstack.identity.v3.resource.projects_pb2 import Project
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from tests.exchanges.planting import fill
from tests.exchanges.recorded import Key, Objects
from tests.exchanges.rules import claims_of

KEEPS = {
    "domain", "role", "implied_role", "project", "user", "role_assignment", "region", "service", "endpoint", "group",
    "hypervisor", "compute_service", "resource_provider", "placement_resource_class", "placement_trait", "flavor",
    "volume_type", "volume_service", "volume_cluster", "group_type", "metadef_namespace", "metadef_resource_type",
    "agent", "pool",
}  # fmt: skip
"""Kinds of which the seed's objects stay; the recorded cloud had networks and images of its own."""
SEEDED: tuple[type[Any], ...] = (Project, User, Role, VolumeType)
"""What both clouds have under the same names."""

ADMIN, DEMO, NOVA = "admin", "demo", "nova"
PEOPLE = {
    "pbm": ("pb-one", "member"),
    "pbr": ("pb-one", "reader"),
    "pb2": ("pb-two", "member"),
    NOVA: ("service", "service"),
}
STANDING = {
    *(f"user {name}" for name in (ADMIN, DEMO, *PEOPLE)),
    *(f"project {name}" for name in (ADMIN, DEMO, "pb-one", "pb-two", "service")),
    *(f"role {name}" for name in ("admin", "manager", "member", "reader", "service")),
}
PASSWORD = "<redacted>"
"""What the recordings say in the place of every password: here it is one."""
FOREVER = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks: a token, and the project that it is for."""

    token: str
    project_id: str
    user_id: str


class World:
    """Makes clouds that hold what an exchange needs."""

    def __init__(
        self, serving: Any, rows: dict[str, list[Row]], key: bytes, ids: Mapping[str, str], options: Mapping[str, str]
    ) -> None:
        self.serving = serving
        self.everybody = frozenset(ids[name] for name in ids if name in STANDING)
        """The ids of those that are in every cloud."""
        self._rows, self._key, self._ids = rows, key, ids
        self._options = dict(options)
        self._numbers = 0

    def session(self, name: str, project: str) -> Session:
        """A user in a project, both by name, or in a scope: `system`, `domain`, or "" for none."""
        cloud = Cloud("any", key=self._key)
        scopes: dict[str, tuple[Scope, str]] = {"system": ("system", ""), "domain": ("domain", "default"), "": ("", "")}
        scope, target = scopes.get(project, ("project", self._ids.get(f"project {project}", "")))
        user = self._ids[f"user {name}"]
        payload = Payload(user, ("password",), ("a" * 22,), 1_700_000_000, FOREVER, 0, scope, target)
        return Session(encode(cloud, payload), target, payload.user_id)

    async def cloud(self, planted: Mapping[Key, Message]) -> str:
        """The name of a new cloud with these objects beside those that all of them have."""
        self._numbers += 1
        name = f"exchange-{id(self) % 10**6}-{self._numbers}"
        engine = self.serving.engine
        cloud = Cloud(name, key=self._key, options=self._options)
        await engine.store.create_cloud(name, cloud.dump(), self._rows)
        engine.clouds[name] = cloud

        async def run(call: Call) -> None:
            for (kind, _), one in planted.items():
                await call.tx.put(one)
                for claim in claims_of(kind, one):
                    with suppress(Taken):  # the recordings show several of a kind that came one after the other
                        await call.tx.claim(*claim, one)

        if planted:
            await engine.transact(cloud, RequestContext(cloud=name), run)
        return name

    async def forget(self, name: str) -> None:
        """Delete a cloud."""
        await self.serving.administration.delete_cloud(name)


async def make_world(serving: Any, objects: Objects, options: Mapping[str, str]) -> World:
    """The world of these recordings."""
    name = "exchanges"
    cloud = await serving.administration.create_cloud(name, options=options)
    ids = {f"{kind} {shown['name']}": id for (kind, id), shown in objects.pictures.items() if "name" in shown}
    renamed: dict[str, str] = {}

    async def look(call: Call) -> None:
        for message in SEEDED:
            kind = message.DESCRIPTOR.name.lower().replace("volumetype", "volume_type")
            for one in await call.tx.scan(message):
                recorded = ids.setdefault(f"{kind} {one.name}", one.id)
                if recorded != one.id and len(recorded) == len(one.id):
                    renamed[one.id] = recorded

    await serving.engine.transact(cloud, RequestContext(cloud=name), look)
    rows = await serving.engine.store.export_cloud(name)
    await serving.administration.delete_cloud(name)
    base = World(serving, _renamed(rows, renamed), cloud.key, ids, options)
    return World(serving, await _with_people(base, objects, ids), cloud.key, ids, options)


async def _with_people(base: World, objects: Objects, ids: Mapping[str, str]) -> dict[str, list[Row]]:
    made: dict[Key, Message] = {}
    for project in dict.fromkeys(project for project, _ in PEOPLE.values()):
        key = ("project", ids[f"project {project}"])
        made[key] = fill(Project(), _shown(objects.pictures[key]))
    for name, (project, role) in PEOPLE.items():
        user = fill(User(), _shown(objects.pictures["user", ids[f"user {name}"]]) | {"options": {}})
        user.password_hash = hash_password(PASSWORD)  # type: ignore[attr-defined]
        target, role_id = ids[f"project {project}"], ids[f"role {role}"]
        grant = Grant(id=f"{user.id}:{target}:{role_id}", user_id=user.id, target_id=target, role_id=role_id)  # type: ignore[attr-defined]
        made |= {("user", user.id): user, ("role_assignment", grant.id): grant}  # type: ignore[attr-defined]
    for name in (ADMIN, DEMO):
        key = ("user", ids[f"user {name}"])
        made[key] = fill(User(), _shown(objects.pictures[key]) | {"options": {}})
        made[key].password_hash = hash_password(PASSWORD)  # type: ignore[attr-defined]
    name = await base.cloud(made)
    rows = await base.serving.engine.store.export_cloud(name)
    await base.forget(name)
    found: dict[str, list[Row]] = rows
    return found


def _shown(picture: Mapping[str, Any]) -> dict[str, Any]:
    """A person or a project without what only some answers show."""
    kept = ("id", "name", "domain_id", "enabled", "description", "is_domain", "email")
    return {key: picture[key] for key in kept if key in picture} | (
        {"parent_id": "default", "tags": [], "options": {}} if "is_domain" in picture else {}
    )


def _renamed(rows: Mapping[str, list[Row]], renamed: Mapping[str, str]) -> dict[str, list[Row]]:
    """The rows that stay, with ids of the same length in the place of others."""
    kept: dict[str, list[Row]] = {}
    for table, found in rows.items():
        kind = cloud_tables()[table].index("kind") if "kind" in cloud_tables()[table] else None
        kept[table] = [
            tuple(_text(value, renamed) for value in row) for row in found if kind is None or row[kind] in KEEPS
        ]
    return kept


def _text(value: Any, renamed: Mapping[str, str]) -> Any:
    for old, new in renamed.items():
        if isinstance(value, str):
            value = value.replace(old, new)
        elif isinstance(value, bytes):
            value = value.replace(old.encode(), new.encode())
    return value
