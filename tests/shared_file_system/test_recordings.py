"""What Manila 2026.1 refused (golden/recordings/shared_file_system-*.jsonl), against a stage like its own."""

from __future__ import annotations

from typing import Any

from tests.conftest import Cloud, User
from tests.policy_stage import undoing
from tests.recordings import replay
from tests.shared_file_system.making import Manila

GONE = "00000000-0000-4000-8000-000000000000"
SERVES = {"driver_handles_share_servers": "True", "snapshot_support": "True"}
NO_SERVERS = {
    "driver_handles_share_servers": "False", "snapshot_support": "True", "create_share_from_snapshot_support": "True",
}  # fmt: skip


async def person(cloud: Cloud, admin: User, name: str, role: str, project: str) -> User:
    """A user with one role in a project."""
    made = (await admin.post("identity", "/v3/users", {"user": {"name": name, "password": "secret"}})).ok()["user"]
    roles = (await admin.get("identity", "/v3/roles")).ok()["roles"]
    role_id = next(item["id"] for item in roles if item["name"] == role)
    (await admin.put("identity", f"/v3/projects/{project}/users/{made['id']}/roles/{role_id}")).ok()
    return await cloud.login({"id": made["id"], "password": "secret"}, {"project": {"id": project}})


async def project(admin: User, name: str) -> str:
    return str((await admin.post("identity", "/v3/projects", {"project": {"name": name}})).ok()["project"]["id"])


async def types(root: Manila, own: str) -> dict[str, str]:
    """Share types, share group types and a QoS type."""

    async def kind(name: str, specs: dict[str, str], **more: Any) -> str:
        return str((await root.make("/types", "share_type", name=name, extra_specs=specs, **more))["id"])

    known = {
        "type": await kind("old2", NO_SERVERS),
        "dhss_type": await kind("dhss", SERVES),
        "replicating": await kind("repl", {**NO_SERVERS, "replication_type": "readable"}),
        "private_type": await kind("priv", NO_SERVERS, **{"share_type_access:is_public": False}),
        "default_type": (await root.get("/types/default"))["share_type"]["id"],
        "default_group_type": (await root.get("/share-group-types/default"))["share_group_type"]["id"],
        "qos": (await root.make("/qos-types", "qos_type", name="q1", specs={"k": "v"}))["id"],
    }
    known["private_group_type"] = (
        await root.make(
            "/share-group-types", "share_group_type", name="gp", is_public=False, share_types=[known["default_type"]]
        )
    )["id"]
    return known


async def shares(root: Manila, demo: Manila, other: Manila, known: dict[str, str]) -> None:
    """Shares in many states, with what hangs on them."""
    for name in (
        "share",
        "snapshot_share",
        "transferred_share",
        "soft_deleted_share",
        "migrating_share",
        "backed_share",
    ):
        known[name] = (await demo.share())["id"]
    known["others_share"] = (await other.share())["id"]
    known["snapshot_share"] = (await demo.share(size=2))["id"]
    known["big_share"] = (await demo.share(size=4))["id"]
    for name in ("creating_share", "extending_share", "offered_share"):
        known[name] = (await demo.share())["id"]
    known["creating_snapshot"] = (await demo.make("/snapshots", "snapshot", share_id=known["creating_share"]))["id"]
    await demo.make("/share-transfers", "transfer", share_id=known["offered_share"])
    share = f"/shares/{known['share']}"
    rule = {"access_type": "ip", "access_to": "10.0.0.0/24"}
    known["rule"] = (await demo.act(share, "allow_access", rule)).ok()["access"]["id"]
    known["location"] = (await root.get(f"{share}/export_locations"))["export_locations"][0]["id"]
    known["instance"] = (await root.get(f"{share}/instances"))["share_instances"][0]["id"]
    known["snapshot"] = (await demo.make("/snapshots", "snapshot", share_id=known["snapshot_share"], name="n2"))["id"]
    found = await root.get(f"/snapshot-instances?snapshot_id={known['snapshot']}")
    known["snapshot_instance"] = found["snapshot_instances"][0]["id"]
    locked = {"access_type": "ip", "access_to": "7.7.7.7", "lock_deletion": True}
    reply = await demo.act(f"/shares/{known['transferred_share']}", "allow_access", locked)
    known["locked_rule"] = reply.ok()["access"]["id"]
    known["lock"] = (await demo.make("/resource-locks", "resource_lock", resource_id=known["transferred_share"]))["id"]
    known["transfer"] = (await demo.make("/share-transfers", "transfer", share_id=known["transferred_share"]))["id"]
    known["backup"] = (await demo.make("/share-backups", "share_backup", share_id=known["backed_share"], name="b"))[
        "id"
    ]
    (await demo.act(f"/shares/{known['soft_deleted_share']}", "soft_delete")).ok()
    move = {
        "host": "devstack@delta#fake_pool_for_DELTA", "preserve_metadata": True, "writable": True,
        "nondisruptive": False, "preserve_snapshots": True,
    }  # fmt: skip
    (await root.act(f"/shares/{known['migrating_share']}", "migration_start", move)).ok()
    known["replicated_share"] = (await demo.share(share_type="repl"))["id"]
    found = await demo.get(f"/share-replicas?share_id={known['replicated_share']}")
    known["active_replica"] = found["share_replicas"][0]["id"]
    made = await demo.make("/share-replicas", "share_replica", share_id=known["replicated_share"])
    known["replica"] = made["id"]
    (await root.act(f"/share-replicas/{made['id']}", "reset_status", {"status": "error"})).ok()
    await demo.share(share_proto="HDFS")
    known["message"] = (await demo.get("/messages"))["messages"][0]["id"]


async def networks(root: Manila, demo: Manila, known: dict[str, str]) -> None:
    """Share networks, one of them with share servers, and security services."""
    network = await demo.network(name="n2")
    known["network"], known["subnet"] = network["id"], network["share_network_subnets"][0]["id"]
    known["loose_network"] = (await demo.network(name="loose"))["id"]
    for name, type in (("security", "kerberos"), ("used_security", "ldap")):
        known[name] = (await demo.make("/security-services", "security_service", type=type, name="n"))["id"]
        action = {"security_service_id": known[name]}
        (await demo.act(f"/share-networks/{known['network']}", "add_security_service", action)).ok()
    for name, network_id in (("server", known["network"]), ("migrating_server", (await demo.network())["id"])):
        share = await demo.share(share_type="dhss", share_network_id=network_id)
        known[name] = (await root.get(f"/shares/{share['id']}"))["share"]["share_server_id"]
    host = "devstack@beta"
    if (await root.get(f"/share-servers/{known['migrating_server']}"))["share_server"]["host"] == host:
        host = "devstack@alpha"
    move = {"host": host, "writable": True, "nondisruptive": False, "preserve_snapshots": True}
    (await root.act(f"/share-servers/{known['migrating_server']}", "migration_start", move)).ok()


async def states(root: Manila, known: dict[str, str]) -> None:
    """What an administrator says that some objects are doing."""
    for path, name, status in (
        ("shares", "creating_share", "creating"),
        ("shares", "extending_share", "extending"),
        ("shares", "backed_share", "backup_restoring_error"),
        ("snapshots", "creating_snapshot", "creating"),
        ("share-backups", "backup", "creating"),
        ("share-groups", "error_group", "error"),
    ):
        (await root.act(f"/{path}/{known[name]}", "reset_status", {"status": status})).ok()
    task = {"task_state": "data_copying_error"}
    (await root.act(f"/shares/{known['backed_share']}", "reset_task_state", task)).ok()


async def groups(demo: Manila, known: dict[str, str]) -> None:
    """Share groups, one of them with a share and a snapshot."""
    known["error_group"] = (await demo.make("/share-groups", "share_group", name="e"))["id"]
    known["group"] = (await demo.make("/share-groups", "share_group", name="g2"))["id"]
    known["group_share"] = (await demo.share(share_group_id=known["group"]))["id"]
    made = await demo.make("/share-group-snapshots", "share_group_snapshot", share_group_id=known["group"], name="n")
    known["group_snapshot"] = made["id"]


async def test_recorded_refusals(cloud: Cloud, admin: User, demo: User) -> None:
    own = demo.project_id
    far, poor = await project(admin, "pb-two"), await project(admin, "pb-poor")
    users = {
        "anonymous": cloud.anonymous,
        "admin": admin,
        "member": demo,
        "reader": await person(cloud, admin, "pb-reader", "reader", own),
        "other": await person(cloud, admin, "pb-other", "member", far),
        "poor": await person(cloud, admin, "pb-poor", "member", poor),
    }
    root, member, other = Manila(admin), Manila(demo), Manila(users["other"])
    known = {
        "gone": GONE,
        "project": own,
        "other_project": far,
        "poor_project": poor,
        "admin_project": admin.project_id,
    }
    known |= await types(root, own)
    await shares(root, member, other, known)
    await networks(root, member, known)
    await groups(member, known)
    await states(root, known)
    known["poor_share"] = (await Manila(users["poor"]).share())["id"]
    nothing = dict.fromkeys(("snapshots", "backups", "share_networks", "share_groups"), 0)
    limits = {"quota_set": {"shares": 1, "gigabytes": 2, "per_share_gigabytes": 1, **nothing}}
    (await root.send("PUT", f"/quota-sets/{poor}", limits)).ok()
    with undoing(cloud.serving.engine):
        for part in ("shares", "networks", "rest"):
            (await replay(f"shared_file_system-{part}", "share", users, known)).judge()
