"""Block devices of servers: the mappings of a request, and the Cinder volumes that they name.

After nova/block_device.py (BlockDeviceDict.from_api), nova.compute.api (_validate_bdm,
_check_requested_image) and nova/virt/block_device.py. Volumes are attached, detached and deleted
by the operations of the block storage API. Those that a create makes are complete at once: the build takes the time.
Where attaching takes a while, they are only reserved here (reserved_volumes).
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server, ServerCreate
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.contract.operations import enum_words
from mopenstack.contract.values import plain
from mopenstack.core.compute.servers import images
from mopenstack.core.compute.servers.networking import schema_refusal
from mopenstack.core.engine.call import Call
from mopenstack.core.volume.types.types import Types
from mopenstack.core.volume.volumes.sources import image_metadata
from mopenstack.core.volume.volumes.volumes import Volumes
from mopenstack.image.v2.images.images_pb2 import Image
from mopenstack.volume.v3.refusals import VolumeInErrorState, VolumeNotReservable
from mopenstack.volume.v3.snapshots_pb2 import GetSnapshotRequest
from mopenstack.volume.v3.volumes.attachments_pb2 import (
    Attachment,
    CompleteAttachmentRequest,
    CreateAttachmentRequest,
    DeleteAttachmentRequest,
)
from mopenstack.volume.v3.volumes.volumes_pb2 import DeleteVolumeRequest, GetVolumeRequest, Volume

VOLUMES = "mopenstack.volume.v3.Volumes"
ATTACHMENTS = "mopenstack.volume.v3.Attachments"
GET_SNAPSHOT = "mopenstack.volume.v3.Snapshots.GetSnapshot"
GB = 1024**3
VOLUME_SIZE_MAX = 2**31 - 1
MULTIATTACH_SINCE = 60
ROOT_DEVICE = "vda"


@dataclass(frozen=True, slots=True)
class BlockDeviceMapping:
    """One requested device. `target` is the id of its source: a volume, image or snapshot."""

    source: str = "blank"
    destination: str = "local"
    target: str = ""
    size: int = 0
    boot_index: int = -1
    delete_on_termination: bool = False
    device: str = ""
    tag: str = ""
    volume_type: str = ""
    swap: bool = False


def requested_mappings(body: ServerCreate) -> list[BlockDeviceMapping]:
    """The block device mappings of a create, in order; raises Nova's refusals of wrong ones."""
    if body.block_device_mapping and body.block_device_mapping_v2:
        raise refusals.BothMappings()
    has_image = bool(body.image_id)
    found = [_from_legacy(item) for item in body.block_device_mapping] or [
        _from_v2(item, has_image) for item in body.block_device_mapping_v2 if not item.HasField("no_device")
    ]
    if has_image and any(item.destination == "volume" and _is_root_device(item.device) for item in found):
        raise refusals.RootDeviceTaken(device=ROOT_DEVICE)
    return found


def _from_v2(item: ServerCreate.BlockDeviceMapping, has_image: bool) -> BlockDeviceMapping:
    source, target, destination = item.source_type, item.uuid, item.destination_type
    if source == "blank" and target:
        raise refusals.BadMapping(details="Invalid device UUID.")
    if source != "blank" and not target:
        raise refusals.BadMapping(details="Missing device UUID.")
    boot_index = item.boot_index if item.HasField("boot_index") else -1
    if source == "image" and destination == "local" and not (has_image and boot_index == 0):
        raise refusals.BadMapping(details="Mapping image to local is not supported.")
    if destination == "local" and item.volume_type:
        raise refusals.BadMapping(details="Specifying a volume_type with destination_type=local is not supported.")
    if source == "volume" and item.volume_type:
        raise refusals.BadMapping(details="Specifying volume type to existing volume is not supported.")
    if not destination:
        destination = "local" if source == "blank" else "volume"
    return BlockDeviceMapping(
        source=source,
        destination=destination,
        target=target,
        size=_size(item),
        boot_index=boot_index,
        delete_on_termination=item.delete_on_termination,
        device=item.device_name,
        tag=item.tag,
        volume_type=item.volume_type,
        swap=item.guest_format == "swap",
    )


def _from_legacy(item: ServerCreate.BlockDeviceMapping) -> BlockDeviceMapping:
    """A mapping of the first version; the device with the name of the root device is the root."""
    source = "snapshot" if item.snapshot_id else "volume"
    return BlockDeviceMapping(
        source=source,
        destination="volume",
        target=item.snapshot_id or item.volume_id,
        size=_size(item),
        boot_index=0 if _is_root_device(item.device_name) else -1,
        delete_on_termination=item.delete_on_termination,
        device=item.device_name,
    )


def _is_root_device(name: str) -> bool:
    return name.removeprefix("/dev/") == ROOT_DEVICE


def _size(item: ServerCreate.BlockDeviceMapping) -> int:
    """An integer, a numeric string, "" or null. Source: nova.api.validation.parameter_types.volume_size."""
    given = plain(item.volume_size) if item.HasField("volume_size") else None
    if given in (None, ""):
        return 0
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise schema_refusal("volume_size", given, f"{given!r} is not of type 'integer', 'string'")
    if isinstance(given, str) and not (given.isascii() and given.isdecimal()):
        raise schema_refusal("volume_size", given, f"{given!r} does not match '^[0-9]+$'")
    if len(str(given)) > len(str(VOLUME_SIZE_MAX)) or int(given) > VOLUME_SIZE_MAX:
        raise schema_refusal("volume_size", given, f"{given} is greater than the maximum of {VOLUME_SIZE_MAX}")
    if int(given) < 1:
        raise schema_refusal("volume_size", given, f"{given} is less than the minimum of 1")
    return int(given)


def image_mappings(image: Image) -> list[BlockDeviceMapping]:
    """The mappings in the properties of an image of a volume-backed server; none, where they are not of Nova's form."""
    if "block_device_mapping" not in image.properties or image.properties.get("bdm_v2", "").lower() != "true":
        return []
    try:
        found = json.loads(image.properties["block_device_mapping"])
        return [_image_mapping(item) for item in found if isinstance(item, dict) and item.get("snapshot_id")]
    except (ValueError, TypeError, RecursionError):  # an image says there what its owner likes
        return []


def _image_mapping(item: dict[str, Any]) -> BlockDeviceMapping:
    return BlockDeviceMapping(
        source="snapshot",
        destination="volume",
        target=str(item["snapshot_id"]),
        size=int(item.get("volume_size") or 0),
        boot_index=-1 if item.get("boot_index") is None else int(item["boot_index"]),
        delete_on_termination=bool(item.get("delete_on_termination")),
        device=str(item.get("device_name") or ""),
        tag=str(item.get("tag") or ""),
    )


def root_mapping(mappings: Sequence[BlockDeviceMapping]) -> BlockDeviceMapping | None:
    """The mapping that the server boots from; None: it boots from its image."""
    return next((item for item in mappings if item.boot_index == 0), None)


async def check(
    call: Call,
    mappings: Sequence[BlockDeviceMapping],
    flavor: Server.FlavorEmbedded,
    *,
    has_image: bool,
    boots_image: bool,
) -> None:
    """Check that all that the mappings name exists and fits; raises Nova's refusals.

    An image boots without a mapping of its own only if the request has no mapping of the second version.
    Beside an image any volume may be the root (nova.compute.api.API._create_instance reads no volume metadata then).
    """
    indexes = sorted(item.boot_index for item in mappings if item.boot_index >= 0)
    if boots_image:
        indexes = [0, *indexes]
    if indexes != list(range(len(indexes))) or not indexes:
        raise refusals.BadBootSequence()
    for item in mappings:
        await _check_one(call, item, has_image)
    ephemeral = [item for item in mappings if item.source == "blank" and item.destination == "local" and not item.swap]
    if sum(item.size or flavor.ephemeral for item in ephemeral) > flavor.ephemeral:
        raise refusals.EphemeralTooLarge()
    swaps = [item for item in mappings if item.swap]
    if len(swaps) > 1:
        raise refusals.BadMapping(details="More than one swap drive requested.")
    if swaps and swaps[0].size > flavor.swap:
        raise refusals.SwapTooLarge()


async def _check_one(call: Call, item: BlockDeviceMapping, has_image: bool) -> None:
    if item.volume_type:
        try:
            await call.service(Types).by_name_or_id(call, item.volume_type)
        except NotFound:
            raise refusals.VolumeTypeNotFound(name=item.volume_type) from None
    if item.source == "image":
        image = await images.find(call, item.target, refusals.MappedImageNotFound(id=item.target))
        if item.destination == "local":
            return
        if not item.size:
            raise refusals.ImageSizeMissing()
        if image.status != Image.ACTIVE:
            raise refusals.ImageNotActive(id=item.target)
        if item.size < image.min_disk:
            raise refusals.VolumeSmallerThanMinDisk(volume=item.size * GB, image=image.min_disk * GB)
    elif item.source == "volume":
        volume = await find_volume(call, item.target)
        if volume is None:
            raise refusals.MappedVolumeNotFound(id=item.target)
        check_attachable(call, volume, create=True)
        _check_reservable(call, volume)
        if item.boot_index == 0 and not has_image and volume.bootable != "true":
            raise refusals.VolumeNotBootable(id=item.target)
    elif item.source == "snapshot":
        try:
            await call.invoke(GET_SNAPSHOT, GetSnapshotRequest(snapshot_id=item.target))
        except NotFound:
            raise refusals.MappedSnapshotNotFound(id=item.target) from None
    elif item.source == "blank" and item.destination == "volume" and not item.size:
        raise refusals.BlankSizeMissing()


async def find_volume(call: Call, volume_id: str) -> Volume | None:
    """A volume that the caller may see."""
    try:
        volume: Volume = await call.invoke(f"{VOLUMES}.GetVolume", GetVolumeRequest(volume_id=volume_id))
    except NotFound:
        return None
    return volume


def check_attachable(call: Call, volume: Volume, *, create: bool = False) -> None:
    """What Nova itself looks at before it asks Cinder for an attachment."""
    if volume.multiattach and not call.at_least(MULTIATTACH_SINCE):
        raise refusals.MultiattachTooOld()
    if volume.attachments and not volume.multiattach:
        listed = ", ".join(item.server_id for item in volume.attachments)
        reason = f"volume {volume.id} is already attached to instances: {listed}"
        if not create:
            raise refusals.InvalidVolume(reason=reason)


def _check_reservable(call: Call, volume: Volume) -> None:
    """What Cinder says of an attachment to a server that is yet to be made, as Nova quotes it in a create."""
    expected = [Volume.AVAILABLE, Volume.IN_USE, Volume.DOWNLOADING]
    if not volume.multiattach:
        expected.remove(Volume.IN_USE)
    words = enum_words(Volume.DESCRIPTOR.fields_by_name["status"])
    status = words[volume.status]
    if "error" in status:
        raise _in_create(call, VolumeInErrorState(id=volume.id, status=status))
    if volume.status not in expected:
        named = " or ".join(words[number] for number in expected)
        raise _in_create(call, VolumeNotReservable(id=volume.id, expected=named, status=status))


def _in_create(call: Call, fault: Fault) -> Fault:
    return refusals.InvalidVolume(reason=quoted(call, fault).text)


def quoted(call: Call, fault: Fault) -> Fault:
    """A refusal of Cinder as Nova passes it on (nova.volume.cinder.translate_volume_exception)."""
    return refusals.InvalidInput(why=f"{fault.text} (HTTP 400) (Request-ID: req-{call.ids.uuid()})")


# -- volumes


async def connect(call: Call, server: Server, mappings: Iterable[BlockDeviceMapping], host: str) -> None:
    """Create and attach the volumes of a new server (a private copy), and add them to it.

    Raises Cinder's refusals.
    """
    for item in mappings:
        if item.destination != "volume":
            continue
        volume_id = item.target
        if item.source != "volume":
            made = await call.service(Volumes).create_for_server(
                call,
                size=item.size,
                image_id=item.target if item.source == "image" else "",
                snapshot_id=item.target if item.source == "snapshot" else "",
                volume_type=item.volume_type,
            )
            volume_id = made.id
        await attach(
            call, server, volume_id, host, device=item.device, tag=item.tag, root=item.boot_index == 0,
            delete_on_termination=item.delete_on_termination, reserve=call.takes_time,
        )  # fmt: skip


async def attach(
    call: Call,
    server: Server,
    volume_id: str,
    host: str,
    *,
    device: str = "",
    tag: str = "",
    root: bool = False,
    delete_on_termination: bool = False,
    reserve: bool = False,
) -> Server.BlockDevice:
    """Attach a volume in Cinder and in the server (a private copy), or only reserve it. Raises Cinder's refusals."""
    path = device or ("/dev/vda" if root else next_device(server))
    attachment_id = await _create_attachment(call, server.id, volume_id, path, host, reserve=reserve)
    return server.volumes_attached.add(
        id=volume_id,
        delete_on_termination=delete_on_termination,
        attachment_id=attachment_id,
        bdm_uuid=call.ids.uuid(),
        device=path,
        tag=tag,
        is_root=root,
    )


async def detach(call: Call, server: Server, volume_id: str) -> None:
    """Detach a volume in Cinder and in the server (a private copy). The volume may be deleted already."""
    for place, block_device in enumerate(server.volumes_attached):
        if block_device.id == volume_id:
            await _delete_attachment(call, block_device.attachment_id)
            del server.volumes_attached[place]
            return


async def swap(call: Call, server: Server, old_id: str, new_id: str) -> None:
    """Replace a volume by another one, in Cinder and in the server (a private copy)."""
    kept = next(item for item in server.volumes_attached if item.id == old_id)
    await _delete_attachment(call, kept.attachment_id)
    kept.attachment_id = await _create_attachment(call, server.id, new_id, kept.device, server.host, elevated=True)
    kept.id = new_id


async def _create_attachment(
    call: Call, server_id: str, volume_id: str, device: str, host: str, *, elevated: bool = False, reserve: bool = False
) -> str:
    """Create an attachment to a host and complete it, or only reserve it; its id. Raises Cinder's refusals."""
    body = CreateAttachmentRequest(attachment={"volume_uuid": volume_id, "instance_uuid": server_id})
    if not reserve:
        body.attachment.connector.update(connector(host, device))
    made: Attachment = await call.invoke(f"{ATTACHMENTS}.CreateAttachment", body, elevated=elevated)
    if reserve:
        return made.id
    complete = CompleteAttachmentRequest(attachment_id=made.id)
    await call.invoke(f"{ATTACHMENTS}.CompleteAttachment", complete, elevated=elevated)
    return made.id


def connector(host: str, device: str) -> dict[str, str]:
    """What Nova tells Cinder of the host that a volume comes to."""
    return {"host": host, "mountpoint": device, "mode": "rw"}


async def _delete_attachment(call: Call, attachment_id: str) -> None:
    """Delete an attachment, which may be deleted already."""
    request = DeleteAttachmentRequest(attachment_id=attachment_id)
    with suppress(NotFound):
        await call.invoke(f"{ATTACHMENTS}.DeleteAttachment", request, elevated=True)


async def reimage(call: Call, server: Server, image: Image) -> None:
    """Write an image to the volume that a server boots from, if it does."""
    for item in server.volumes_attached:
        if item.is_root and await call.tx.get(Volume, item.id) is not None:
            volume = await call.tx.edit(Volume, item.id)
            volume.volume_image_metadata.clear()
            volume.volume_image_metadata.update(image_metadata(image))
            volume.image_id = image.id
            await call.service(Volumes).save(call, volume)


async def disconnect_all(call: Call, server: Server) -> None:
    """Detach every volume of a server that is deleted, and delete those with `delete_on_termination`."""
    for block_device in list(server.volumes_attached):
        volume_id, goes_too = block_device.id, block_device.delete_on_termination
        await detach(call, server, volume_id)
        volume = await call.tx.get(Volume, volume_id)
        if goes_too and volume is not None and volume.status in (Volume.AVAILABLE, Volume.ERROR):
            await call.invoke(f"{VOLUMES}.DeleteVolume", DeleteVolumeRequest(volume_id=volume_id), elevated=True)


def next_device(server: Server) -> str:
    """The first device name that is not in use; the root disk always is."""
    used = {item.device for item in server.volumes_attached} | {server.root_device_name or "/dev/vda"}
    return next(name for name in (f"/dev/vd{letter}" for letter in string.ascii_lowercase) if name not in used)
