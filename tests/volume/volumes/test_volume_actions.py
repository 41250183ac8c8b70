"""Actions on volumes."""

from __future__ import annotations

from typing import Any

import pytest

from mopenstack.contract.contract import contract
from mopenstack.core.volume.volumes.lifecycle import OWN_WORDS

NOBODY = "00000000-0000-0000-0000-00000000dead"
CONNECTOR = {"host": "devstack", "initiator": "iqn.x", "ip": "192.168.255.10"}


async def test_extend(volumes: Any) -> None:
    volume = await volumes.make()
    id = volume["id"]
    (await volumes.act(id, "os-extend", {"new_size": 1})).refused(400, "(current: 1, extended: 1).")
    (await volumes.act(id, "os-extend", {})).refused(400, "'new_size' is a required property")
    (await volumes.act(id, "os-extend", {"new_size": "3"})).ok(202)
    assert (await volumes.show(id))["size"] == 3


async def test_an_attached_volume_extends_since_3_42(volumes: Any) -> None:
    volume = await volumes.make()
    id = volume["id"]
    (await volumes.act(id, "os-attach", {"host_name": "h", "mountpoint": "/dev/vdb"})).ok(202)
    (await volumes.act(id, "os-extend", {"new_size": 2}, "3.41")).refused(400, "to extend, currently in-use.")
    (await volumes.act(id, "os-extend", {"new_size": 2}, "3.42")).ok(202)
    shown = await volumes.show(id)
    assert (shown["size"], shown["status"]) == (2, "in-use")


async def test_attach_and_detach(volumes: Any, admin_volumes: Any) -> None:
    volume = await volumes.make(metadata={"a": "b"})
    id = volume["id"]
    (await volumes.act(id, "os-attach", {"mountpoint": "auto"})).refused(400, "not valid under any of the given")
    (await volumes.act(id, "os-attach", {"host_name": "devstack", "mountpoint": "auto"})).ok(202)
    shown = await volumes.show(id)
    (attachment,) = shown["attachments"]
    assert shown["status"] == "in-use"
    assert shown["metadata"] == {"a": "b", "readonly": "False", "attached_mode": "rw"}
    assert attachment["id"] == attachment["volume_id"] == id
    assert (attachment["device"], attachment["server_id"], attachment["host_name"]) == ("auto", None, None)
    assert (await admin_volumes.show(id))["attachments"][0]["host_name"] == "devstack"
    again = {"host_name": "other", "mountpoint": "auto"}
    (await volumes.act(id, "os-attach", again)).refused(400, "Error attaching volume - InvalidVolume")
    (await volumes.act(id, "os-begin_detaching")).ok(202)
    assert (await volumes.show(id))["status"] == "detaching"
    (await volumes.act(id, "os-roll_detaching")).ok(202)
    (await volumes.act(id, "os-terminate_connection", {"connector": CONNECTOR})).ok(202)
    (await volumes.act(id, "os-detach", {"attachment_id": attachment["attachment_id"]})).ok(202)
    shown = await volumes.show(id)
    assert (shown["status"], shown["attachments"]) == ("available", [])
    assert shown["metadata"] == {"a": "b", "readonly": "False"}


async def test_roll_detaching_of_what_is_not_detaching(volumes: Any, admin_volumes: Any) -> None:
    """Cinder updates the status where it is detaching, and says nothing where it is not (volume/api.py)."""
    id = (await volumes.make())["id"]
    for status in ("available", "error", "maintenance"):
        (await admin_volumes.act(id, "os-reset_status", {"status": status})).ok(202)
        (await volumes.act(id, "os-roll_detaching")).ok(202)
        assert (await volumes.show(id))["status"] == status


async def test_every_action_in_every_status(volumes: Any, admin_volumes: Any) -> None:
    """An action is done or refused, whatever the volume's status is."""
    operations = contract(("volume",)).operations
    actions = {one.action for one in operations if one.action and "/volumes/" in one.routes[0].path}
    assert len(actions) > 20
    id = ""
    for status in sorted(set(OWN_WORDS.values())):
        for action in sorted(actions):
            reset = {"status": status, "attach_status": "detached"}
            if not id or (await admin_volumes.act(id, "os-reset_status", reset)).status == 404:
                id = (await volumes.make())["id"]
                await admin_volumes.act(id, "os-reset_status", reset)
            reply = await admin_volumes.act(id, action)
            assert reply.status < 500, f"{action} of a volume in {status}: {reply.body}"


async def test_reserve_and_unreserve(volumes: Any) -> None:
    volume = await volumes.make()
    (await volumes.act(volume["id"], "os-reserve")).ok(202)
    assert (await volumes.show(volume["id"]))["status"] == "attaching"
    (await volumes.act(volume["id"], "os-unreserve")).ok(202)
    assert (await volumes.show(volume["id"]))["status"] == "available"


async def test_initialize_connection(volumes: Any) -> None:
    volume = await volumes.make()
    info = (await volumes.act(volume["id"], "os-initialize_connection", {"connector": CONNECTOR})).ok(200)
    assert info["connection_info"]["driver_volume_type"] == "iscsi"
    assert info["connection_info"]["data"]["access_mode"] == "rw"
    assert info["connection_info"]["enforce_multipath"] is False


async def test_retype(volumes: Any) -> None:
    volume = await volumes.make()
    id = volume["id"]
    same = {"new_type": "lvmdriver-1", "migration_policy": "never"}
    (await volumes.act(id, "os-retype", same)).refused(400, "Retype needs volume to be in available or in-use state")
    (await volumes.act(id, "os-retype", {"new_type": "nope"})).refused(404, "Volume type with name nope")
    (await volumes.act(id, "os-retype", {"new_type": "__DEFAULT__"})).ok(202)
    shown = await volumes.show(id)
    assert (shown["status"], shown["volume_type"]) == ("available", "__DEFAULT__")


async def test_image_metadata(volumes: Any) -> None:
    volume = await volumes.make()
    id = volume["id"]
    assert "volume_image_metadata" not in volume
    body = {"metadata": {"a": "b"}}
    assert (await volumes.act(id, "os-set_image_metadata", body)).ok(200) == {"metadata": {"a": "b"}}
    assert (await volumes.act(id, "os-show_image_metadata")).ok(200) == {"metadata": {"a": "b"}}
    assert (await volumes.show(id))["volume_image_metadata"] == {"a": "b"}
    (await volumes.act(id, "os-unset_image_metadata", {"key": "a"})).ok(200)
    gone = f"Glance metadata for volume/snapshot {id} cannot be found."
    (await volumes.act(id, "os-unset_image_metadata", {"key": "a"})).refused(404, gone)


async def test_upload_to_an_image(volumes: Any, demo: Any) -> None:
    volume = await volumes.make(size=2)
    body = {"image_name": "up", "disk_format": "raw", "container_format": "bare"}
    answer = (await volumes.act(volume["id"], "os-volume_upload_image", body)).ok(202)["os-volume_upload_image"]
    assert (answer["status"], answer["size"], answer["image_name"]) == ("uploading", 2, "up")
    assert answer["volume_type"]["name"] == "lvmdriver-1"
    image = (await demo.get("image", f"/v2/images/{answer['image_id']}")).ok(200)
    assert (image["status"], image["name"], image["disk_format"]) == ("active", "up", "raw")
    assert (await volumes.show(volume["id"]))["status"] == "available"
    public = {"image_name": "up", "visibility": "public"}
    refusal = "volume_extension:volume_actions:upload_public"
    (await volumes.act(volume["id"], "os-volume_upload_image", public, "3.1")).refused(403, refusal)


async def test_reimage(volumes: Any, demo: Any) -> None:
    volume = await volumes.make()
    image = (await demo.get("image", "/v2/images")).ok(200)["images"][0]
    body = {"image_id": image["id"]}
    (await volumes.act(volume["id"], "os-reimage", body)).refused(404)
    unknown = {"image_id": NOBODY}
    missing = f"Image {NOBODY} could not be found."
    (await volumes.act(volume["id"], "os-reimage", unknown, "3.68")).refused(404, missing)
    (await volumes.act(volume["id"], "os-reimage", body, "3.68")).ok(202)
    shown = await volumes.show(volume["id"])
    assert (shown["status"], shown["bootable"]) == ("available", "true")
    assert shown["volume_image_metadata"]["image_id"] == image["id"]
    await volumes.act(volume["id"], "os-reserve")
    refusal = "status must be available or error, but current status is attaching."
    (await volumes.act(volume["id"], "os-reimage", body, "3.68")).refused(400, refusal)


async def test_revert(volumes: Any) -> None:
    volume = await volumes.make()
    id = volume["id"]
    body = {"snapshot_id": NOBODY}
    (await volumes.act(id, "revert", body, "3.40")).refused(400, f"Volume {id} doesn't have any snapshots.")
    snapshot = await volumes.snapshot(id)
    (await volumes.act(id, "revert", body, "3.40")).refused(400, "is None or not the latest one")
    (await volumes.act(id, "revert", {"snapshot_id": snapshot["id"]}, "3.39")).refused(404)
    (await volumes.act(id, "revert", {"snapshot_id": snapshot["id"]}, "3.40")).ok(202)
    assert (await volumes.show(id))["status"] == "available"


async def test_reset_status(volumes: Any, admin_volumes: Any) -> None:
    volume = await volumes.make()
    id = volume["id"]
    refusal = "Policy doesn't allow volume_extension:volume_admin_actions:reset_status to be performed."
    (await volumes.act(id, "os-reset_status", {"status": "error"})).refused(403, refusal)
    (await admin_volumes.act(id, "os-reset_status", {"status": "error"})).ok(202)
    assert (await volumes.show(id))["status"] == "error"
    for status, text in (
        ("zz", "Volume status: zz is invalid, valid statuses are: ('creating', 'available', 'deleting'"),
        ("deleting", "Cannot reset-state to deleting"),
        ("in-use", "because volume does not have any attachments."),
    ):
        (await admin_volumes.act(id, "os-reset_status", {"status": status})).refused(400, text)
    (await admin_volumes.act(id, "os-reset_status", {})).refused(400, "Must specify 'status', 'attach_status'")


async def test_force_delete(volumes: Any, admin_volumes: Any) -> None:
    volume = await volumes.make()
    await admin_volumes.act(volume["id"], "os-reset_status", {"status": "error_deleting"})
    (await volumes.act(volume["id"], "os-force_delete", {})).refused(403)
    (await admin_volumes.act(volume["id"], "os-force_delete", {})).ok(202)
    (await volumes.get(f"/volumes/{volume['id']}")).refused(404)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"foo": {}}, "There is no such action: foo."),
        ({}, "Malformed request body"),
        ({"os-set_bootable": {"bootable": "x"}}, "'x' is not one of [True, 'True', 'TRUE', 'true', '1'"),
        ({"os-retype": {"new_type": "x", "migration_policy": "zz"}}, "'zz' is not one of ['on-demand', 'never']"),
        ({"os-volume_upload_image": {"image_name": "x", "disk_format": "zz"}}, "'zz' is not one of ['raw', 'vmdk'"),
    ],
)
async def test_bad_actions(volumes: Any, body: dict[str, Any], text: str) -> None:
    volume = await volumes.make()
    (await volumes.post(f"/volumes/{volume['id']}/action", body)).refused(400, text)


async def test_a_detachment_that_never_began(volumes: Any) -> None:
    """Rolling it back changes nothing and is fine: Cinder's update has a condition, and does not look at its result."""
    id = (await volumes.make())["id"]
    (await volumes.act(id, "os-roll_detaching", {})).ok(202)
    assert (await volumes.show(id))["status"] == "available"
