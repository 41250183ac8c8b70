"""Groups, their types and snapshots, replication, and the consistency groups that are the same by another name."""

from __future__ import annotations

from typing import Any

import pytest

AT = "3.58"
REPLICATED = {"replication_enabled": "<is> True"}


async def group_type(admin: Any, name: str = "gt", **specs: str) -> str:
    body = {"group_type": {"name": name, "group_specs": specs}}
    return str((await admin.post("/group_types", body, AT)).ok(202)["group_type"]["id"])


async def make_group(volumes: Any, type_id: str, volume_type: str = "lvmdriver-1") -> str:
    body = {"group": {"name": "g", "group_type": type_id, "volume_types": [volume_type]}}
    made = (await volumes.post("/groups", body, AT)).ok(202)["group"]
    assert made.keys() == {"id", "name"}
    return str(made["id"])


async def show(volumes: Any, id: str, query: str = "") -> Any:
    return (await volumes.get(f"/groups/{id}{query}", AT)).ok(200)["group"]


async def act(volumes: Any, id: str, action: str, **value: Any) -> Any:
    return await volumes.post(f"/groups/{id}/action", {action: value}, AT)


@pytest.mark.parametrize("at", ["3.11", "3.30", "3.31", "3.34", "3.71"])
async def test_types_for_all(volumes: Any, admin_volumes: Any, at: str) -> None:
    """No microversion refuses filters here: others than administrators see the public ones."""
    id = await group_type(admin_volumes)
    for query in ("", "?is_public=False", "?foo=bar", "?name~=g"):
        assert id in {one["id"] for one in (await volumes.get(f"/group_types{query}", at)).ok(200)["group_types"]}


async def test_types_and_their_specs(volumes: Any, admin_volumes: Any) -> None:
    id = await group_type(admin_volumes, a="b")
    (await volumes.post("/group_types", {"group_type": {"name": "x"}}, AT)).refused(403, "group:group_types:create")
    (await volumes.get("/group_types")).refused(404)
    assert "group_specs" not in (await volumes.get(f"/group_types/{id}", AT)).ok(200)["group_type"]
    specs = f"/group_types/{id}/group_specs"
    (await admin_volumes.post(specs, {"group_specs": {"c": "d"}}, AT)).ok(202)
    assert (await admin_volumes.put(f"{specs}/c", {"c": "e"}, AT)).ok(200) == {"c": "e"}
    (await admin_volumes.put(f"{specs}/c", {"f": "e"}, AT)).refused(400, "Request body and URI mismatch")
    (await admin_volumes.put(f"{specs}/c", {"c": "e", "f": "g"}, AT)).refused(400, "has too many properties")
    (await admin_volumes.delete(f"{specs}/a", AT)).ok(202)
    assert (await admin_volumes.get(specs, AT)).ok(200) == {"group_specs": {"c": "e"}}
    (await admin_volumes.post("/group_types", {"group_type": {"name": "gt"}}, AT)).refused(409, "Group Type gt already")
    (await admin_volumes.put(f"/group_types/{id}", {"group_type": {}}, AT)).refused(400, "Specify group type name")
    await make_group(volumes, id)
    (await admin_volumes.delete(f"/group_types/{id}", AT)).refused(400, "Target group type is still in use.")


async def test_a_group_holds_volumes(volumes: Any, admin_volumes: Any) -> None:
    id = await make_group(volumes, await group_type(admin_volumes, anything="goes"))
    volume = await volumes.make(AT, group_id=id, volume_type="lvmdriver-1")
    assert volume["group_id"] == id
    shown = await show(volumes, id, "?list_volume=True")
    assert (shown["status"], shown["volumes"], shown["replication_status"]) == ("available", [volume["id"]], "disabled")
    assert "volumes" not in await show(volumes, id)
    assert "project_id" not in shown
    assert (await show(admin_volumes, id))["project_id"] == volumes.user.project_id
    refusal = "volume_type must be provided when creating a volume in a group."
    (await volumes.post("/volumes", {"volume": {"size": 1, "group_id": id}}, AT)).refused(400, refusal)
    (await volumes.delete(f"/volumes/{volume['id']}")).refused(400, "belong to a group")
    (await act(volumes, id, "delete")).refused(400, "The delete-volumes flag is required to delete it.")
    other = await volumes.make()
    change = {"group": {"add_volumes": other["id"], "remove_volumes": volume["id"]}}
    (await volumes.put(f"/groups/{id}", change, AT)).ok(202)
    assert (await show(volumes, id, "?list_volume=True"))["volumes"] == [other["id"]]
    (await volumes.put(f"/groups/{id}", {"group": {"name": "g"}}, AT)).refused(400, "because no valid name")
    (await act(volumes, id, "delete", **{"delete-volumes": True})).ok(202)
    (await volumes.get(f"/groups/{id}", AT)).refused(404, f"Group {id} could not be found.")
    (await volumes.get(f"/volumes/{other['id']}")).refused(404)
    assert (await volumes.get(f"/volumes/{volume['id']}")).ok(200)


async def test_snapshots_of_a_group_and_groups_of_them(volumes: Any, admin_volumes: Any) -> None:
    id = await make_group(volumes, await group_type(admin_volumes))
    for _ in range(2):
        await volumes.make(AT, group_id=id, volume_type="lvmdriver-1")
    body = {"group_snapshot": {"group_id": id, "name": "s"}}
    snapshot = (await volumes.post("/group_snapshots", body, AT)).ok(202)["group_snapshot"]
    assert snapshot.keys() == {"id", "name", "group_type_id"}
    (shown,) = (await volumes.get("/group_snapshots/detail", AT)).ok(200)["group_snapshots"]
    assert (shown["status"], shown["group_id"]) == ("available", id)
    taken = (await volumes.get("/snapshots/detail", AT)).ok(200)["snapshots"]
    assert [item["group_snapshot_id"] for item in taken] == [snapshot["id"]] * 2
    (await volumes.delete(f"/snapshots/{taken[0]['id']}")).refused(400, "must not be part of a group")
    (await act(volumes, id, "delete", **{"delete-volumes": True})).refused(400, "Group has existing snapshots.")
    source = {"create-from-src": {"group_snapshot_id": snapshot["id"], "name": "copy"}}
    copy = (await volumes.post("/groups/action", source, AT)).ok(202)["group"]["id"]
    assert len((await show(volumes, copy, "?list_volume=1"))["volumes"]) == 2
    clone = {"create-from-src": {"source_group_id": copy}}
    made = (await volumes.post("/groups/action", clone, AT)).ok(202)["group"]["id"]
    assert (await show(volumes, made))["source_group_id"] == copy
    both = {"create-from-src": {"source_group_id": copy, "group_snapshot_id": snapshot["id"]}}
    (await volumes.post("/groups/action", both, AT)).refused(400, "is not valid under any of the given schemas")
    (await volumes.delete(f"/group_snapshots/{snapshot['id']}", AT)).ok(202)
    assert (await volumes.get("/snapshots")).ok(200) == {"snapshots": []}


async def test_status_and_quota(volumes: Any, admin_volumes: Any) -> None:
    type_id = await group_type(admin_volumes)
    id = await make_group(volumes, type_id)
    (await act(volumes, id, "reset_status", status="error")).refused(403, "group:reset_status")
    (await act(admin_volumes, id, "reset_status", status="zz")).refused(400, "Group status: zz is invalid")
    (await act(admin_volumes, id, "reset_status", status="Error")).ok(202)
    assert (await show(volumes, id))["status"] == "error"
    limits = f"/os-quota-sets/{volumes.user.project_id}"
    (await admin_volumes.put(limits, {"quota_set": {"groups": 1}})).ok(200)
    body = {"group": {"group_type": type_id, "volume_types": ["lvmdriver-1"]}}
    refusal = "GroupLimitExceeded: Maximum number of groups allowed (1) exceeded"
    (await volumes.post("/groups", body, AT)).refused(413, refusal)


async def test_replication(volumes: Any, admin_volumes: Any) -> None:
    plain = await make_group(volumes, await group_type(admin_volumes))
    (await act(volumes, plain, "enable_replication")).refused(400, f"Group {plain} is not a replication group type.")
    kind = {"volume_type": {"name": "r", "extra_specs": REPLICATED}}
    volume_type = (await admin_volumes.post("/types", kind)).ok(200)["volume_type"]["id"]
    type_id = await group_type(admin_volumes, "gr", group_replication_enabled="<is> True")
    id = await make_group(volumes, type_id, volume_type)
    volume = await volumes.make(AT, group_id=id, volume_type="r")
    (await act(volumes, id, "disable_replication")).refused(400, "Cannot disable replication.")
    (await act(volumes, id, "enable_replication")).ok(202)
    assert (await show(volumes, id))["replication_status"] == "enabled"
    assert (await volumes.show(volume["id"]))["replication_status"] == "enabled"
    (await act(volumes, id, "failover_replication")).ok(202)
    assert (await show(volumes, id))["replication_status"] == "failed-over"
    targets = (await act(volumes, id, "list_replication_targets")).ok(200)
    assert targets == {"volume_group": id, "replication_targets": []}


@pytest.mark.parametrize("at", ["", "3.71"])
async def test_consistency_groups(volumes: Any, at: str) -> None:
    body = {"consistencygroup": {"name": "cg", "volume_types": "lvmdriver-1"}}
    id = (await volumes.post("/consistencygroups", body, at)).ok(202)["consistencygroup"]["id"]
    shown = (await volumes.get(f"/consistencygroups/{id}", at)).ok(200)["consistencygroup"]
    assert (shown["name"], shown["status"], len(shown["volume_types"])) == ("cg", "available", 1)
    (await volumes.get(f"/groups/{id}", AT)).refused(400, "is reserved for migrating CGs to groups.")
    assert (await volumes.get("/groups", AT)).ok(200) == {"groups": []}
    volume = await volumes.make(consistencygroup_id=id, volume_type="lvmdriver-1")
    assert volume["consistencygroup_id"] == id
    snapshot = {"cgsnapshot": {"consistencygroup_id": id, "name": "s"}}
    taken = (await volumes.post("/cgsnapshots", snapshot, at)).ok(202)["cgsnapshot"]["id"]
    (listed,) = (await volumes.get("/cgsnapshots/detail", at)).ok(200)["cgsnapshots"]
    assert (listed["consistencygroup_id"], listed["status"]) == (id, "available")
    source = {"consistencygroup-from-src": {"cgsnapshot_id": taken}}
    copy = (await volumes.post("/consistencygroups/create_from_src", source, at)).ok(202)["consistencygroup"]["id"]
    (await volumes.put(f"/consistencygroups/{copy}/update", {"consistencygroup": {"name": "n"}}, at)).ok(202)
    (await volumes.delete(f"/cgsnapshots/{taken}", at)).ok(202)
    (await volumes.post(f"/consistencygroups/{id}/delete", {"consistencygroup": {"force": True}}, at)).ok(202)
    (left,) = (await volumes.get("/consistencygroups", at)).ok(200)["consistencygroups"]
    assert left == {"id": copy, "name": "n"}
