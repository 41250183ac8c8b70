"""Images of servers: createImage and createBackup. Source: nova.compute.api (snapshot, backup),
nova.compute.utils.create_image, nova/api/openstack/compute/create_backup.py.

The image is `queued` at first. When the action completes it gets its data, a copy of the base image's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from mopenstack.compute.v2.servers import server_actions_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.instance_actions import record
from mopenstack.core.compute.servers.server_create import check_metadata
from mopenstack.core.compute.servers.server_states import LIFECYCLE, boots_from_volume
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.image.images import formats
from mopenstack.core.image.images.images import Images, settle
from mopenstack.core.store.blobs import BlobsFull
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.snapshots import Snapshots
from mopenstack.image.v2.images.images_pb2 import Image
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

OF_IMAGES = frozenset(
    {"image_id", "image_name", "checksum", "container_format", "disk_format", "min_disk", "min_ram", "size"}
)
"""The image metadata of a volume that is no property of the image."""
NOT_INHERITED = frozenset(
    {
        *("cinder_encryption_key_id", "cinder_encryption_key_deletion_policy", "cache_in_nova", "bittorrent"),
        *("img_signature", "img_signature_hash_method", "img_signature_key_type", "img_signature_certificate_uuid"),
    }
)
RESERVED_NAMESPACE = "os_glance"
"""Properties that are one image's own (nova.compute.utils.NON_INHERITABLE_IMAGE_PROPERTIES and its namespaces)."""


class ImageActions:
    """Handlers of the ServerActions service."""

    async def create_server_image(self, call: Call, request: pb.CreateServerImageRequest) -> Result:
        body = request.create_image
        check_metadata(body.metadata)
        if boots_from_volume(call.target):
            return await _of_volumes(call, body.name, body.metadata)
        server = await call.tx.edit(Server, call.target.id)
        image = await _queue(call, server, body.name, body.metadata, {"image_type": "snapshot"})
        server.pending_image_id = image.id
        await LIFECYCLE.transition(call, server, "createImage")
        return pb.CreateServerImageResponse(image_id=image.id)


@LIFECYCLE.prepares("createBackup")
async def _back_up(call: Call, server: Server, request: pb.BackupServerRequest) -> pb.CreateServerImageResponse:
    body = request.create_backup
    kinds = {"image_type": "backup", "backup_type": body.backup_type}
    image = await _queue(call, server, body.name, body.metadata, kinds)
    await _rotate(call, server, body.backup_type, body.rotation, image.id)
    server.pending_image_id = image.id
    return pb.CreateServerImageResponse(image_id=image.id)


async def _queue(call: Call, server: Server, name: str, metadata: Mapping[str, str], kinds: Mapping[str, str]) -> Image:
    """Create the image, without data."""
    check_metadata(metadata)
    image = Image(
        name=name.strip(),
        visibility=Image.PRIVATE,
        project_id=call.caller.project_id,
        min_disk=server.flavor.disk,
        properties={
            "base_image_ref": server.image.id,
            "instance_uuid": server.id,
            "user_id": call.caller.user_id,
            "owner_user_name": call.caller.user_name,
            "owner_project_name": call.caller.project_name,
            "boot_roles": ",".join(sorted(call.caller.roles)),
            **_inherited(server.image.properties),
            **kinds,
            **metadata,
        },
    )
    return await call.service(Images).insert(call, image, None, {"visibility", "min_disk"})


def _inherited(properties: Mapping[str, str]) -> dict[str, str]:
    """What a snapshot has of the image that the server was made from (initialize_instance_snapshot_metadata)."""
    return {
        key: value
        for key, value in properties.items()
        if key not in NOT_INHERITED and not key.startswith(RESERVED_NAMESPACE)
    }


# -- the image of a server that boots from a volume: no data, but block device mappings


async def _of_volumes(call: Call, name: str, metadata: Mapping[str, str]) -> Result:
    """Snapshots of the server's volumes, and an image that maps them (snapshot_volume_backed)."""
    server: Server = call.target
    devices = []
    for item in server.volumes_attached:
        volume = await call.tx.get(Volume, item.id)
        if volume is not None:
            made = await call.service(Snapshots).make(call, volume, f"snapshot for {name.strip()}", volume.description)
            devices.append(_mapped(item, made.id, volume.size))
    image = Image(
        name=name.strip(),
        visibility=Image.PRIVATE,
        project_id=call.caller.project_id,
        disk_format="qcow2",
        container_format="bare",
        properties={
            "base_image_ref": "",
            "owner_user_name": call.caller.user_name,
            "owner_project_name": call.caller.project_name,
            "boot_roles": ",".join(sorted(call.caller.roles)),
            **_inherited(await _of_root(call, server)),
            **metadata,
            "root_device_name": server.root_device_name,
            "bdm_v2": "True",
            "block_device_mapping": json.dumps(devices),
        },
    )
    image = copy_of(await call.service(Images).insert(call, image, None, {"visibility", "disk_format"}))
    image.min_disk = server.flavor.disk
    blob = await call.write_bytes(_nothing())
    settle(image, Image.Data(key=blob.key, size=blob.size, md5=blob.md5, sha512=blob.sha512))
    image.status = Image.ACTIVE
    await call.service(Images).save(call, image)
    await record(call, server, "createImage")
    return pb.CreateServerImageResponse(image_id=image.id)


async def _of_root(call: Call, server: Server) -> dict[str, str]:
    """The image metadata of the root volume."""
    root = next((item.id for item in server.volumes_attached if item.is_root), "")
    volume = await call.tx.get(Volume, root) if root else None
    known = dict(volume.volume_image_metadata) if volume is not None else {}
    return {key: value for key, value in known.items() if key not in OF_IMAGES}


def _mapped(item: Server.BlockDevice, snapshot_id: str, size: int) -> dict[str, Any]:
    """BlockDeviceDict.get_image_mapping of a volume's snapshot."""
    return {
        "source_type": "snapshot",
        "destination_type": "volume",
        "snapshot_id": snapshot_id,
        "volume_id": None,
        "image_id": None,
        "volume_size": size,
        "volume_type": None,
        "boot_index": 0 if item.is_root else None,
        "device_name": item.device,
        "device_type": "disk" if item.is_root else None,
        "disk_bus": "virtio" if item.is_root else None,
        "delete_on_termination": item.delete_on_termination,
        "guest_format": None,
        "no_device": None,
        "tag": item.tag or None,
    }


async def _nothing() -> AsyncIterator[bytes]:
    """The data of an image that only has block device mappings."""
    yield b""


async def _rotate(call: Call, server: Server, backup_type: str, rotation: int, newest: str) -> None:
    """Delete the oldest backups of a type, so that `rotation` of them remain, the new one included."""
    images = call.service(Images)
    backups = [
        image
        for image in await call.tx.query(Image, project_id=call.caller.project_id)
        if image.properties.get("instance_uuid") == server.id
        and image.properties.get("backup_type") == backup_type
        and image.id != newest
    ]
    backups.sort(key=lambda image: (image.created_at.seconds, image.created_at.nanos), reverse=True)
    for image in backups[max(0, rotation - 1) :]:
        await images.discard(call, image)


@LIFECYCLE.on("createImage", "createBackup")
async def _snapped(call: Call, server: Server) -> None:
    image_id, server.pending_image_id = server.pending_image_id, ""
    await _fill(call, server, image_id)


# -- the image of a shelved server


async def queue_shelved(call: Call, server: Server) -> None:
    """Create the image for the disk of a server (a private copy) that is shelved."""
    if server.HasField("image"):
        image = await _queue(call, server, f"{server.name}-shelved", {}, {"image_type": "snapshot"})
        server.shelved_image_id = image.id


async def fill_shelved(call: Call, server: Server) -> None:
    """The image of a server that is shelved gets its data."""
    await _fill(call, server, server.shelved_image_id)


async def drop_shelved(call: Call, server: Server) -> None:
    """Delete the image of a server that is unshelved or deleted."""
    image_id, server.shelved_image_id = server.shelved_image_id, ""
    image = await call.tx.get(Image, image_id) if image_id else None
    if image is not None:
        await call.service(Images).discard(call.elevated(), image)


async def save_begins(call: Call, server: Server) -> None:
    """The bytes of the image that is made of a server are being written: the image is `saving`."""
    image_id = server.pending_image_id or server.shelved_image_id
    if image_id and await call.tx.get(Image, image_id) is not None:
        image = await call.tx.edit(Image, image_id)
        if image.status == Image.QUEUED:
            image.status = Image.SAVING
            await call.service(Images).save(call, image)


async def drop_pending(call: Call, server: Server) -> None:
    """Delete the image that a server (a private copy) was to be made into."""
    image_id, server.pending_image_id = server.pending_image_id, ""
    image = await call.tx.get(Image, image_id) if image_id else None
    if image is not None:
        await call.service(Images).discard(call.elevated(), image)


async def _fill(call: Call, server: Server, image_id: str) -> None:
    if not image_id or await call.tx.get(Image, image_id) is None:
        return
    image = await call.tx.edit(Image, image_id)
    base = await call.tx.get(Image, server.image.id)
    image.disk_format = base.disk_format if base is not None else "qcow2"
    image.container_format = base.container_format if base is not None else "bare"
    try:
        blob = await call.write_bytes(_bytes(call, base, image))
    except BlobsFull:  # Nova deletes the image of a snapshot that fails
        await call.service(Images).discard(call.elevated(), image)
        return
    data = Image.Data(key=blob.key, size=blob.size, md5=blob.md5, sha512=blob.sha512)
    data.virtual_size = formats.virtual_size(blob, image.disk_format, image.container_format, strict=False)
    settle(image, data)
    image.status = Image.ACTIVE
    await call.service(Images).save(call, image)


async def _bytes(call: Call, base: Image | None, image: Image) -> AsyncIterator[bytes]:
    """The data of a disk: that of its base image, else a stand-in."""
    if base is None or not base.data.key:
        yield formats.stand_in(image.disk_format, "a server's disk\n")
        return
    async for chunk in call.blobs.read(base.data.key, 0, base.data.size):
        yield chunk
