"""The attachments API, and what Nova calls of it."""

from __future__ import annotations

from typing import Any

NOBODY = "00000000-0000-0000-0000-00000000dead"


async def test_reserve_connect_complete_drop(volumes: Any) -> None:
    volume = await volumes.make()
    body = {"attachment": {"volume_uuid": volume["id"], "instance_uuid": NOBODY}}
    made = (await volumes.post("/attachments", body, "3.27")).ok(200)["attachment"]
    id = made["id"]
    assert made == {
        "id": id,
        "status": "reserved",
        "instance": NOBODY,
        "volume_id": volume["id"],
        "attached_at": "",
        "detached_at": "",
        "attach_mode": "null",
        "connection_info": {},
    }
    assert (await volumes.show(volume["id"]))["status"] == "reserved"
    connector = {"attachment": {"connector": {"host": "h", "ip": "1.2.3.4"}}}
    answer = (await volumes.put(f"/attachments/{id}", connector, "3.27")).ok(200)["attachment"]
    assert answer["status"] == "reserved"  # cinder answers with the row that it had read
    assert answer["connection_info"]["attachment_id"] == id
    (await volumes.post(f"/attachments/{id}/action", {"os-complete": {}}, "3.43")).refused(404)
    (await volumes.post(f"/attachments/{id}/action", {"os-complete": {}}, "3.44")).ok(204)
    shown = (await volumes.get(f"/attachments/{id}", "3.27")).ok(200)["attachment"]
    assert (shown["status"], shown["attach_mode"]) == ("attached", "rw")
    shown = await volumes.show(volume["id"])
    assert (shown["status"], shown["attachments"][0]["server_id"]) == ("in-use", NOBODY)
    assert (await volumes.delete(f"/attachments/{id}", "3.27")).ok(200) == {"attachments": []}
    assert (await volumes.show(volume["id"]))["status"] == "available"


async def test_lists_and_refusals(volumes: Any) -> None:
    volume = await volumes.make()
    body = {"attachment": {"volume_uuid": volume["id"], "instance_uuid": NOBODY}}
    (await volumes.post("/attachments", body)).refused(404, "The resource could not be found.")
    unknown = {"attachment": {"volume_uuid": NOBODY}}
    (await volumes.post("/attachments", unknown, "3.27")).refused(404, f"Volume {NOBODY} could not be found.")
    made = (await volumes.post("/attachments", body, "3.27")).ok(200)["attachment"]
    other = {"attachment": {"volume_uuid": volume["id"], "instance_uuid": made["id"]}}
    refusal = "status must be available or downloading to reserve, but the current status is reserved."
    (await volumes.post("/attachments", other, "3.27")).refused(400, f"Volume {volume['id']} {refusal}")
    (await volumes.post("/attachments", body, "3.27")).ok(200)  # the same server may ask again
    listed = (await volumes.get(f"/attachments?volume_id={volume['id']}", "3.27")).ok(200)["attachments"]
    assert len(listed) == 2
    assert listed[0].keys() == {"id", "status", "instance", "volume_id"}
    missing = f"Volume attachment could not be found with filter: attachment_id = {NOBODY}."
    (await volumes.get(f"/attachments/{NOBODY}", "3.27")).refused(404, missing)
