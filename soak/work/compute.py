"""Servers, and what is attached to them."""

from __future__ import annotations

from typing import Any

from soak.clients import Client
from soak.ledger import Entry
from soak.work.image import arrived

AT = {"OpenStack-API-Version": "compute 2.96"}
SERVERS_MAX = 6
"""Of one client at once."""
FLAVOR = "42"  # one core, no disk of its own


async def boot(client: Client) -> bool:
    """A server with what the client has: a network of its own or a port, a volume or none."""
    if len(client.own("server")) >= SERVERS_MAX:
        return False
    server = client.new("server")
    port = client.pick("port", lambda port: port["server"] is None)
    subnet = client.pick("subnet")
    volume = client.pick("volume", lambda volume: volume["server"] is None)
    networks: Any = "none"
    body: dict[str, Any] = {"name": server.name, "flavorRef": FLAVOR, "imageRef": client.shared.image}
    fields: dict[str, Any] = {"status": "ACTIVE", "tags": frozenset(), "metadata": frozenset({("by", client.name)})}
    step = client.shared.ledger.step(f"boot {server.name}").creates(server, name=server.name, **fields)
    chance = client.random.random()
    if port is not None and chance < 0.4:
        networks = [{"port": port.id}]
        step.changes(port, server=server.name)
    elif subnet is not None and chance < 0.9:
        networks = [{"uuid": client.place[subnet.name]}]
    if volume is not None and client.random.random() < 0.4:
        disk = {"boot_index": 0, "uuid": client.shared.image, "source_type": "image", "destination_type": "local"}
        more = {"boot_index": 1, "uuid": volume.id, "source_type": "volume", "destination_type": "volume"}
        body["block_device_mapping_v2"] = [disk, more]
        step.changes(volume, server=server.name)
    body |= {"networks": networks, "metadata": {"by": client.name}}
    with step:
        reply = await client.send("POST", "compute", "/v2.1/servers", {"server": body}, headers=AT)
        server.id = reply.body["server"]["id"]
    return True


async def delete(client: Client) -> bool:
    """The server goes; ports and volumes that the client made stay, and are free again."""
    server = client.pick("server")
    if server is None or not client.knows("port", "volume"):
        return False
    step = client.shared.ledger.step(f"delete {server.name}").deletes(server)
    for kind in ("port", "volume"):
        for one in client.own(kind):
            if one["server"] == server.name:
                step.changes(one, server=None)
    with step:
        await client.send("DELETE", "compute", f"/v2.1/servers/{server.id}")
    return True


async def stop_or_start(client: Client) -> bool:
    server = client.pick("server")
    if server is None:
        return False
    action, status = ("os-stop", "SHUTOFF") if server["status"] == "ACTIVE" else ("os-start", "ACTIVE")
    with client.shared.ledger.step(f"{action} {server.name}").changes(server, status=status):
        await client.send("POST", "compute", f"/v2.1/servers/{server.id}/action", {action: None})
    return True


async def tag(client: Client) -> bool:
    server = client.pick("server")
    if server is None:
        return False
    tags = client.words()
    with client.shared.ledger.step(f"tags of {server.name}").changes(server, tags=tags):
        await client.send("PUT", "compute", f"/v2.1/servers/{server.id}/tags", {"tags": sorted(tags)}, headers=AT)
    return True


async def describe(client: Client) -> bool:
    """Metadata are replaced as a whole."""
    server = client.pick("server")
    if server is None:
        return False
    metadata = dict.fromkeys(client.words(), client.name)
    with client.shared.ledger.step(f"metadata of {server.name}").changes(server, metadata=frozenset(metadata.items())):
        await client.send("PUT", "compute", f"/v2.1/servers/{server.id}/metadata", {"metadata": metadata})
    return True


async def attach_volume(client: Client) -> bool:
    server = client.pick("server")
    volume = client.pick("volume", lambda volume: volume["server"] is None)
    if server is None or volume is None:
        return False
    body = {"volumeAttachment": {"volumeId": volume.id}}
    path = f"/v2.1/servers/{server.id}/os-volume_attachments"
    with client.shared.ledger.step(f"attach {volume.name} to {server.name}").changes(volume, server=server.name):
        await client.send("POST", "compute", path, body)
    return True


async def detach_volume(client: Client) -> bool:
    volume, server = _attached(client, "volume")
    if volume is None or server is None:
        return False
    path = f"/v2.1/servers/{server.id}/os-volume_attachments/{volume.id}"
    with client.shared.ledger.step(f"detach {volume.name} from {server.name}").changes(volume, server=None):
        await client.send("DELETE", "compute", path)
    return True


async def attach_port(client: Client) -> bool:
    server = client.pick("server")
    port = client.pick("port", lambda port: port["server"] is None)
    if server is None or port is None:
        return False
    body = {"interfaceAttachment": {"port_id": port.id}}
    with client.shared.ledger.step(f"attach {port.name} to {server.name}").changes(port, server=server.name):
        await client.send("POST", "compute", f"/v2.1/servers/{server.id}/os-interface", body)
    return True


async def detach_port(client: Client) -> bool:
    port, server = _attached(client, "port")
    if port is None or server is None:
        return False
    with client.shared.ledger.step(f"detach {port.name} from {server.name}").changes(port, server=None):
        await client.send("DELETE", "compute", f"/v2.1/servers/{server.id}/os-interface/{port.id}")
    return True


def _attached(client: Client, kind: str) -> tuple[Entry | None, Entry | None]:
    """A port or volume, and the server that has it."""
    one = client.pick(kind, lambda one: one["server"] is not None)
    return one, client.pick("server", lambda server: one is not None and server.name == one["server"])


async def snapshot(client: Client) -> bool:
    """An image of a server."""
    server = client.pick("server")
    if server is None or len(client.own("image")) > 4:
        return False
    image = client.new("image")
    step = client.shared.ledger.step(f"createImage {image.name} of {server.name}")
    step.creates(image, name=image.name, tags=frozenset())
    body = {"createImage": {"name": image.name}}
    with step:
        reply = await client.send("POST", "compute", f"/v2.1/servers/{server.id}/action", body, headers=AT)
        image.id = reply.body["image_id"]
        await arrived(client, image)
    return True
