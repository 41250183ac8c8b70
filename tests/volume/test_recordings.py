"""What Cinder 2026.1 refused, in its words (golden/recordings/volume.jsonl), against a stage like the recorded one."""

from __future__ import annotations

from typing import Any

from tests.conftest import Cloud, User
from tests.recordings import replay

NOBODY = "00000000-0000-0000-0000-00000000dead"
PASSWORD = "secret"


async def made(user: User, api: str, path: str, body: dict[str, Any]) -> Any:
    """The object of a create's answer."""
    answer = (await user.post(api, path, body)).ok()
    return next(iter(answer.values()))


async def member(cloud: Cloud, admin: User, name: str) -> User:
    """Somebody with a project of the same name."""
    project = await made(admin, "identity", "/v3/projects", {"project": {"name": name}})
    user = await made(admin, "identity", "/v3/users", {"user": {"name": name, "password": PASSWORD}})
    roles = (await admin.get("identity", "/v3/roles")).ok()["roles"]
    role = next(item["id"] for item in roles if item["name"] == "member")
    (await admin.put("identity", f"/v3/projects/{project['id']}/users/{user['id']}/roles/{role}")).ok()
    return await cloud.user(name)


async def volume_of(user: User, **body: Any) -> str:
    return str((await made(user, "volume", "/v3/volumes", {"volume": {"size": 1, **body}}))["id"])


async def volumes(demo: User, other: User) -> dict[str, str]:
    """Volumes and snapshots of the caller and of somebody else."""
    known = {name: await volume_of(demo) for name in ("volume", "second", "in_use", "with_snapshot")}
    known["others_volume"] = await volume_of(other)
    attach = {"os-attach": {"host_name": "h", "mountpoint": "/dev/vdb"}}
    (await demo.post("volume", f"/v3/volumes/{known['in_use']}/action", attach)).ok(202)
    for name, user, volume in (("snapshot", demo, "with_snapshot"), ("others_snapshot", other, "others_volume")):
        body = {"snapshot": {"volume_id": known[volume]}}
        known[name] = (await made(user, "volume", "/v3/snapshots", body))["id"]
    offered = {"transfer": {"volume_id": await volume_of(demo)}}
    known["transfer"] = (await made(demo, "volume", "/v3/os-volume-transfer", offered))["id"]
    return known


async def types(admin: User, demo: User) -> dict[str, str]:
    """Volume types, one of them in use, and QoS specs that one has."""
    known = {}
    for name, public in (("private_type", False), ("hidden_type", False), ("public_type", True), ("used_type", True)):
        body = {"volume_type": {"name": name, "os-volume-type-access:is_public": public}}
        known[name] = (await made(admin, "volume", "/v3/types", body))["id"]
    access = {"addProjectAccess": {"project": demo.project_id}}
    (await admin.post("volume", f"/v3/types/{known['private_type']}/action", access)).ok(202)
    await volume_of(demo, volume_type=known["used_type"])
    known["qos"] = (await made(admin, "volume", "/v3/qos-specs", {"qos_specs": {"name": "pb-q"}}))["id"]
    path = f"/v3/qos-specs/{known['qos']}/associate?vol_type_id={known['public_type']}"
    (await admin.get("volume", path)).ok(202)
    return known


async def test_recorded_refusals(cloud: Cloud, admin: User, demo: User) -> None:
    other, limited = await member(cloud, admin, "pb-two"), await member(cloud, admin, "pb-limited")
    invalid = User(demo.session, demo.url, "no-token-at-all")
    users = {
        "anonymous": cloud.anonymous, "admin": admin, "member": demo, "limited": limited, "service": admin,
        "invalid": invalid,
    }  # fmt: skip
    known = {
        **await volumes(demo, other),
        **await types(admin, demo),
        "project": demo.project_id,
        "other_project": other.project_id,
        "limited_project": limited.project_id,
        "gone": NOBODY,
        "image": (await admin.get("image", "/v2/images")).ok()["images"][0]["id"],
    }
    (await replay("volume", "volume", users, known)).judge()
