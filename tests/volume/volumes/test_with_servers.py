"""Volumes of servers: what Nova and Cinder say of the same attachment."""

from __future__ import annotations

from typing import Any


async def boot(demo: Any) -> str:
    image = (await demo.get("image", "/v2/images")).ok(200)["images"][0]
    body = {"server": {"name": "s", "flavorRef": "1", "imageRef": image["id"], "networks": "none"}}
    reply = await demo.post("compute", "/v2.1/servers", body, headers={"OpenStack-API-Version": "compute 2.37"})
    return str(reply.ok(202)["server"]["id"])


async def test_a_volume_of_a_server(volumes: Any, admin_volumes: Any, demo: Any) -> None:
    server, volume = await boot(demo), await volumes.make()
    id = volume["id"]
    body = {"volumeAttachment": {"volumeId": id}}
    (await demo.post("compute", f"/v2.1/servers/{server}/os-volume_attachments", body)).ok(200)
    shown = await volumes.show(id)
    (attachment,) = shown["attachments"]
    assert (shown["status"], attachment["server_id"], attachment["device"]) == ("in-use", server, "/dev/vdb")
    assert (await admin_volumes.show(id))["attachments"][0]["host_name"]
    refusal = f"ConflictNovaUsingAttachment: Detach volume from instance {server} using the Compute API"
    (await volumes.act(id, "os-detach", {"attachment_id": attachment["attachment_id"]})).refused(409, refusal)
    (await volumes.delete(f"/attachments/{attachment['attachment_id']}", "3.27")).refused(409, refusal)
    (await volumes.delete(f"/volumes/{id}")).refused(400)
    (await volumes.act(id, "os-extend", {"new_size": 2}, "3.42")).ok(202)
    assert (await volumes.show(id))["attachments"] == [attachment]
    (await demo.delete("compute", f"/v2.1/servers/{server}/os-volume_attachments/{id}")).ok(202)
    shown = await volumes.show(id)
    assert (shown["status"], shown["attachments"]) == ("available", [])


async def test_a_deleted_server_lets_its_volumes_go(volumes: Any, demo: Any) -> None:
    server, volume = await boot(demo), await volumes.make()
    body = {"volumeAttachment": {"volumeId": volume["id"]}}
    (await demo.post("compute", f"/v2.1/servers/{server}/os-volume_attachments", body)).ok(200)
    (await demo.delete("compute", f"/v2.1/servers/{server}")).ok(204)
    await demo.get("compute", f"/v2.1/servers/{server}")
    assert (await volumes.show(volume["id"]))["status"] == "available"
