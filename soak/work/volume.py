"""Volumes and their snapshots."""

from __future__ import annotations

from typing import Any

from soak.clients import Client
from soak.ledger import Entry
from soak.work.image import arrived
from soak.world import PREFIX

VOLUMES_MAX = 6
"""Of one client at once."""


def _path(client: Client) -> str:
    return f"/v3/{client.user.project_id}"


async def create(client: Client) -> bool:
    """Empty, or with what a snapshot holds."""
    if len(client.own("volume")) >= VOLUMES_MAX:
        return False
    volume = client.new("volume")
    body: dict[str, Any] = {"name": volume.name, "size": client.random.randint(1, 3)}
    source = client.pick("snapshot")
    if source is not None and client.random.random() < 0.3:
        body |= {"snapshot_id": source.id, "size": 9}
    step = client.shared.ledger.step(f"create {volume.name}")
    fields = {"name": volume.name, "size": body["size"], "server": None, "metadata": frozenset[Any]()}
    with step.creates(volume, **fields):
        reply = await client.send("POST", "volume", f"{_path(client)}/volumes", {"volume": body})
        volume.id = reply.body["volume"]["id"]
    return True


async def extend(client: Client) -> bool:
    volume = client.pick("volume", lambda volume: volume["server"] is None and volume["size"] < 9)
    if volume is None:
        return False
    size = volume["size"] + 1
    with client.shared.ledger.step(f"extend {volume.name}").changes(volume, size=size):
        body = {"os-extend": {"new_size": size}}
        await client.send("POST", "volume", f"{_path(client)}/volumes/{volume.id}/action", body)
    return True


async def describe(client: Client) -> bool:
    volume = client.pick("volume")
    if volume is None:
        return False
    metadata = {f"{PREFIX}{word}": client.name for word in client.words()}
    step = client.shared.ledger.step(f"metadata of {volume.name}")
    with step.changes(volume, metadata=frozenset(metadata.items())):
        path = f"{_path(client)}/volumes/{volume.id}/metadata"
        await client.send("PUT", "volume", path, {"metadata": metadata})
    return True


async def delete(client: Client) -> bool:
    """Refused while it has snapshots."""
    volume = client.pick("volume", lambda volume: volume["server"] is None)
    if volume is None or _has_snapshots(client, volume):
        return False
    with client.shared.ledger.step(f"delete {volume.name}").deletes(volume):
        await client.send("DELETE", "volume", f"{_path(client)}/volumes/{volume.id}")
    return True


def _has_snapshots(client: Client, volume: Entry) -> bool:
    return any(snapshot["volume"] == volume.name for snapshot in client.own("snapshot"))


async def create_snapshot(client: Client) -> bool:
    volume = client.pick("volume", lambda volume: volume["server"] is None)
    if volume is None or len(client.own("snapshot")) >= VOLUMES_MAX:
        return False
    snapshot = client.new("snapshot")
    step = client.shared.ledger.step(f"create {snapshot.name} of {volume.name}")
    with step.creates(snapshot, name=snapshot.name, volume=volume.name):
        body = {"snapshot": {"name": snapshot.name, "volume_id": volume.id}}
        reply = await client.send("POST", "volume", f"{_path(client)}/snapshots", body)
        snapshot.id = reply.body["snapshot"]["id"]
    return True


async def delete_snapshot(client: Client) -> bool:
    snapshot = client.pick("snapshot")
    if snapshot is None:
        return False
    with client.shared.ledger.step(f"delete {snapshot.name}").deletes(snapshot):
        await client.send("DELETE", "volume", f"{_path(client)}/snapshots/{snapshot.id}")
    return True


async def upload(client: Client) -> bool:
    """An image out of a volume."""
    volume = client.pick("volume", lambda volume: volume["server"] is None)
    if volume is None or len(client.own("image")) > 4:
        return False
    image = client.new("image")
    body = {"os-volume_upload_image": {"image_name": image.name, "disk_format": "raw", "container_format": "bare"}}
    step = client.shared.ledger.step(f"upload {volume.name} as {image.name}")
    with step.creates(image, name=image.name, tags=frozenset()):
        path = f"{_path(client)}/volumes/{volume.id}/action"
        reply = await client.send("POST", "volume", path, body)
        image.id = reply.body["os-volume_upload_image"]["image_id"]
        await arrived(client, image)
    return True
