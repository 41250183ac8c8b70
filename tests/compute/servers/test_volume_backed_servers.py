"""Servers whose root disk is a volume: their images, what a rebuild may do, volumes that Cinder swaps."""

from __future__ import annotations

import json
from typing import Any

from tests.compute.stage import SERVERS, act, at, boot, show


async def volume_backed(demo: Any, image: str) -> str:
    device = {
        "boot_index": 0, "source_type": "image", "destination_type": "volume", "uuid": image, "volume_size": 2,
        "delete_on_termination": True,
    }  # fmt: skip
    return await boot(demo, block_device_mapping_v2=[device])


async def test_an_image_of_it_maps_snapshots(demo: Any) -> None:
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    id = await volume_backed(demo, image)
    made = (await act(demo, id, {"createImage": {"name": "snap"}})).ok(202)["image_id"]
    snap = (await demo.get("image", f"/v2/images/{made}")).ok(200)
    assert (snap["status"], snap["size"], snap["bdm_v2"]) == ("active", 0, "True")
    (device,) = json.loads(snap["block_device_mapping"])
    assert (device["source_type"], device["volume_size"], device["boot_index"]) == ("snapshot", 2, 0)
    snapshot = (await demo.get("volume", f"/v3/snapshots/{device['snapshot_id']}")).ok()["snapshot"]
    assert (snapshot["name"], snapshot["status"]) == ("snapshot for snap", "available")
    copy = await boot(demo, imageRef=made)
    shown = await show(demo, copy)
    assert (shown["status"], shown["image"]) == ("ACTIVE", "")
    (attached,) = shown["os-extended-volumes:volumes_attached"]
    volume = (await demo.get("volume", f"/v3/volumes/{attached['id']}")).ok()["volume"]
    assert (volume["snapshot_id"], volume["size"]) == (device["snapshot_id"], 2)
    backup = {"createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}}
    (await act(demo, id, backup)).refused(400, "Backup is not supported for volume-backed instances.")


async def test_a_rebuild_with_another_image(demo: Any) -> None:
    images = (await demo.get("image", "/v2/images")).ok()["images"]
    id = await volume_backed(demo, images[0]["id"])
    body = {"name": "other", "disk_format": "raw", "container_format": "bare"}
    other = (await demo.post("image", "/v2/images", body)).ok()["id"]
    headers = {"Content-Type": "application/octet-stream"}
    (await demo.send("PUT", "image", f"/v2/images/{other}/file", data=b"x", headers=headers)).ok()
    (await act(demo, id, {"rebuild": {"imageRef": other}})).refused(400, "Unable to rebuild with a different image")
    (await act(demo, id, {"rebuild": {"imageRef": other}}, "2.93")).ok(202)
    (attached,) = (await show(demo, id))["os-extended-volumes:volumes_attached"]
    volume = (await demo.get("volume", f"/v3/volumes/{attached['id']}")).ok()["volume"]
    assert (volume["volume_image_metadata"]["image_id"], volume["status"]) == (other, "in-use")
    (await act(demo, id, {"rebuild": {"imageRef": other}})).ok(202)


async def test_a_rescue_needs_an_image_that_says_how(demo: Any) -> None:
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    id = await volume_backed(demo, image)
    (await act(demo, id, {"rescue": None})).refused(400, "Cannot rescue a volume-backed instance")
    properties = {"hw_rescue_bus": "virtio", "hw_rescue_device": "disk"}
    body = {"name": "rescue", "disk_format": "raw", "container_format": "bare", **properties}
    rescue = {"rescue": {"rescue_image_ref": (await demo.post("image", "/v2/images", body)).ok()["id"]}}
    (await act(demo, id, rescue, "2.86")).refused(400, "Cannot rescue a volume-backed instance")
    (await act(demo, id, rescue)).ok(200)
    assert (await show(demo, id))["status"] == "RESCUE"


async def test_only_cinder_swaps_volumes(admin: Any, demo: Any) -> None:
    id = await boot(demo)
    ids = []
    for _ in range(2):
        ids.append((await demo.post("volume", "/v3/volumes", {"volume": {"size": 1}})).ok()["volume"]["id"])
    path = f"{SERVERS}/{id}/os-volume_attachments"
    (await demo.post("compute", path, {"volumeAttachment": {"volumeId": ids[0]}})).ok(200)
    swap = {"volumeAttachment": {"volumeId": ids[1]}}
    (await demo.put("compute", f"{path}/{ids[0]}", swap)).refused(403, "os-volumes-attachments:swap")
    (await admin.put("compute", f"{path}/{ids[0]}", swap)).refused(409, f"volume {ids[0]} is not migrating")
    unknown = "00000000-0000-0000-0000-00000000dead"
    (await admin.put("compute", f"{path}/{unknown}", swap)).refused(404, f"Volume {unknown} could not be found.")
    status = {"os-reset_status": {"status": "in-use", "migration_status": "migrating"}}
    (await admin.post("volume", f"/v3/volumes/{ids[0]}/action", status)).ok(202)
    (await admin.put("compute", f"{path}/{ids[0]}", swap, **at("2.60"))).ok(202)
    (kept,) = (await demo.get("compute", path)).ok()["volumeAttachments"]
    assert kept["volumeId"] == ids[1]
    assert (await demo.get("volume", f"/v3/volumes/{ids[1]}")).ok()["volume"]["status"] == "in-use"


async def test_a_root_volume_goes_with_its_server(demo: Any) -> None:
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    id = await volume_backed(demo, image)
    (attached,) = (await show(demo, id))["os-extended-volumes:volumes_attached"]
    (await demo.delete("volume", f"/v3/volumes/{attached['id']}")).refused(400, "Invalid volume")
    (await demo.delete("compute", f"{SERVERS}/{id}")).ok(204)
    assert (await demo.get("compute", SERVERS)).ok()["servers"] == []
    assert (await demo.get("volume", "/v3/volumes")).ok()["volumes"] == []


async def test_beside_an_image_any_volume_may_be_the_root(demo: Any) -> None:
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    volume = (await demo.post("volume", "/v3/volumes", {"volume": {"size": 1}})).ok(202)["volume"]["id"]
    assert (await demo.get("volume", f"/v3/volumes/{volume}")).ok()["volume"]["bootable"] == "false"
    device = {"boot_index": 0, "source_type": "volume", "destination_type": "volume", "uuid": volume}
    alone = {"name": "s", "flavorRef": "1", "networks": "none", "block_device_mapping_v2": [device]}
    refused = await demo.post("compute", SERVERS, {"server": alone}, **at("2.37"))
    refused.refused(400, f"Block Device {volume} is not bootable.")
    (attached,) = (await show(demo, await boot(demo, imageRef=image, block_device_mapping_v2=[device])))[
        "os-extended-volumes:volumes_attached"
    ]
    assert attached["id"] == volume
