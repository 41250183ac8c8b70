"""Transfers of volumes between projects."""

from __future__ import annotations

from typing import Any


async def test_a_volume_changes_hands(volumes: Any, cloud: Any, demo: Any) -> None:
    volume = await volumes.make(name="v")
    snapshot = await volumes.snapshot(volume["id"])
    body = {"transfer": {"volume_id": volume["id"], "name": "t"}}
    made = (await volumes.post("/volume-transfers", body, "3.55")).ok(202)["transfer"]
    assert made["no_snapshots"] is False
    assert len(made["auth_key"]) == 16
    assert (await volumes.show(volume["id"]))["status"] == "awaiting-transfer"
    (await volumes.post("/os-volume-transfer", body)).refused(400, "Invalid volume: status must be available")
    shown = (await volumes.get(f"/os-volume-transfer/{made['id']}")).ok(200)["transfer"]
    assert "auth_key" not in shown
    other = await cloud.user("alt_demo")
    path = f"/v3/os-volume-transfer/{made['id']}/accept"
    refusal = f"Invalid auth key: Attempt to transfer {made['id']} with invalid auth key."
    (await other.post("volume", path, {"accept": {"auth_key": "x"}})).refused(400, refusal)
    accepted = (await other.post("volume", path, {"accept": {"auth_key": made["auth_key"]}})).ok(202)["transfer"]
    assert accepted.keys() == {"id", "name", "volume_id", "links"}
    taken = (await other.get("volume", f"/v3/volumes/{volume['id']}")).ok(200)["volume"]
    assert (taken["status"], taken["os-vol-tenant-attr:tenant_id"]) == ("available", other.project_id)
    (await other.get("volume", f"/v3/snapshots/{snapshot['id']}")).ok(200)
    (await volumes.get(f"/volumes/{volume['id']}")).refused(404)
    for project, count in ((demo, 0), (other, 1)):
        path = f"/v3/os-quota-sets/{project.project_id}?usage=True"
        usage = (await project.get("volume", path)).ok(200)["quota_set"]
        assert (usage["volumes"]["in_use"], usage["snapshots"]["in_use"]) == (count, count)


async def test_a_transfer_is_taken_back(volumes: Any) -> None:
    volume = await volumes.make()
    made = (await volumes.post("/os-volume-transfer", {"transfer": {"volume_id": volume["id"]}})).ok(202)["transfer"]
    assert len((await volumes.get("/os-volume-transfer/detail")).ok(200)["transfers"]) == 1
    (await volumes.delete(f"/os-volume-transfer/{made['id']}")).ok(202)
    assert (await volumes.show(volume["id"]))["status"] == "available"
    (await volumes.get(f"/os-volume-transfer/{made['id']}")).refused(404, f"Transfer {made['id']} could not be found.")


async def test_an_encrypted_volume(volumes: Any, admin_volumes: Any) -> None:
    kind = (await admin_volumes.post("/types", {"volume_type": {"name": "secret"}})).ok(200)["volume_type"]["id"]
    specs = {"provider": "luks", "control_location": "front-end", "cipher": "aes-xts-plain64", "key_size": 256}
    (await admin_volumes.post(f"/types/{kind}/encryption", {"encryption": specs})).ok(200)
    offer = {"transfer": {"volume_id": (await volumes.make(volume_type="secret"))["id"]}}
    refusal = "Invalid volume: transferring encrypted volume is not supported"
    (await volumes.post("/os-volume-transfer", offer, "3.71")).refused(400, refusal)
    (await volumes.post("/volume-transfers", offer, "3.69")).refused(400, refusal)
    bare = {"transfer": {**offer["transfer"], "no_snapshots": True}}
    (await volumes.post("/volume-transfers", bare, "3.70")).refused(400, "without its snapshots is not supported")
    (await volumes.post("/volume-transfers", offer, "3.70")).ok(202)
