"""Images with bytes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from soak.clients import Client
from soak.ledger import Entry, Refused, Unanswered

IMAGES_MAX = 5
"""Of one client at once."""
CHUNKS_MAX, CHUNK_BYTES = 24, 16 * 1024
OCTETS = {"Content-Type": "application/octet-stream"}
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}


async def create(client: Client) -> bool:
    if len(client.own("image")) >= IMAGES_MAX:
        return False
    image = client.new("image")
    body = {"name": image.name, "disk_format": "raw", "container_format": "bare"}
    step = client.shared.ledger.step(f"create {image.name}")
    with step.creates(image, name=image.name, tags=frozenset(), min_disk=0, bytes=None):
        image.id = (await client.send("POST", "image", "/v2/images", body)).body["id"]
    return True


async def upload(client: Client) -> bool:
    """Bytes in chunks, so that a process may end between two of them."""
    image = client.pick("image", lambda image: "bytes" in image.known and image["bytes"] is None)
    if image is None:
        return False
    chunks = [client.random.randbytes(CHUNK_BYTES) for _ in range(client.random.randint(1, CHUNKS_MAX))]

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    step = client.shared.ledger.step(f"upload {len(chunks) * CHUNK_BYTES} bytes as {image.name}")
    with step.changes(image, bytes=hashlib.sha512(b"".join(chunks)).hexdigest()):
        await client.send("PUT", "image", f"/v2/images/{image.id}/file", data=body(), headers=OCTETS)
    return True


async def arrived(client: Client, image: Entry) -> None:
    """Look at an image that another service fills, as clients do: it goes where there is no room for its bytes."""
    try:
        found = (await client.send("GET", "image", f"/v2/images?name={image.name}")).body["images"]
    except Refused as error:  # or not sent; that which is looked at was accepted
        raise Unanswered(f"accepted, and not seen: {error}") from error
    if [one["status"] for one in found] != ["active"]:
        raise Unanswered(f"accepted, and not active: {found}")


async def describe(client: Client) -> bool:
    """Tags and a field in one patch: both, or none."""
    image = client.pick("image", lambda image: "min_disk" in image.known)
    if image is None:
        return False
    tags, min_disk = client.words(), image["min_disk"] + 1
    patch = [
        {"op": "replace", "path": "/tags", "value": sorted(tags)},
        {"op": "replace", "path": "/min_disk", "value": min_disk},
    ]
    with client.shared.ledger.step(f"patch {image.name}").changes(image, tags=tags, min_disk=min_disk):
        await client.send("PATCH", "image", f"/v2/images/{image.id}", patch, headers=PATCH)
    return True


async def delete(client: Client) -> bool:
    image = client.pick("image")
    if image is None:
        return False
    with client.shared.ledger.step(f"delete {image.name}").deletes(image):
        await client.send("DELETE", "image", f"/v2/images/{image.id}")
    return True
