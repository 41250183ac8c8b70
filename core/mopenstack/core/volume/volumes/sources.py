"""What a new volume is made from: type, source and size, checked in cinder's order and words.

Source: cinder/api/v3/volumes.py `create`, cinder/volume/flows/api/create_volume.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from mopenstack.contract.faults import BadRequest, NotFound, NotServed
from mopenstack.contract.v1.common_pb2 import Query
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format
from mopenstack.core.image.images import signatures
from mopenstack.core.volume.base import ZONE
from mopenstack.core.volume.types.type_encryption import encryption_of
from mopenstack.core.volume.types.types import Types, is_multiattach
from mopenstack.core.volume.volumes.lifecycle import EVEN_ATTACHED
from mopenstack.image.v2.images.images_pb2 import GetImageRequest, Image, ListImagesRequest
from mopenstack.image.v2.refusals import SignatureFailed
from mopenstack.volume.v3.backups.backups_pb2 import Backup
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.volume.v3.refusals import (
    AmbiguousImage,
    InvalidAvailabilityZone,
    InvalidBackup,
    InvalidInput,
    InvalidSnapshot,
    InvalidVolume,
)
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume, VolumeCreate

GB = 1024**3
VERIFIED = "signature_verified"
BAD_IMAGE = "Invalid image identifier or unable to access requested image."
MULTIATTACH_REMOVED = (
    "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. Contact "
    "your administrator to create a multiattach enabled volume type and use it to create multiattach volumes."
)
MALFORMED = "The server could not comply with the request since it is either malformed or otherwise incorrect."


@dataclass(slots=True)
class Source:
    """What to make and from what; at most one of snapshot, volume and image is set."""

    type: VolumeType
    size: int
    zone: str = ZONE
    snapshot: Snapshot | None = None
    volume: Volume | None = None
    image: Image | None = None
    image_metadata: dict[str, str] = field(default_factory=dict)
    bootable: bool = False
    encrypted: bool = False
    group: Group | None = None

    async def host(self, call: Call) -> str:
        """Where the volume must go: to its group, or beside what it is made from; "" for anywhere."""
        if self.group is not None:
            return self.group.host
        if self.snapshot is not None:
            parent = await call.tx.get(Volume, self.snapshot.volume_id)
            return parent.host if parent is not None else ""
        return self.volume.host if self.volume is not None else ""


async def resolve(call: Call, body: VolumeCreate) -> Source:
    """Look up everything that a create names; raises cinder's refusal of the first thing that is wrong."""
    types = call.service(Types)
    wanted_type = await types.by_name_or_id(call, body.volume_type) if body.volume_type else None
    snapshot = await _owned(call, "snapshot", body.snapshot_id) if body.HasField("snapshot_id") else None
    volume = await _owned(call, "volume", body.source_volid) if body.HasField("source_volid") else None
    group = await _group_of(call, body)
    image = await _image_of(call, body)
    backup = await _owned(call, "backup", body.backup_id) if body.HasField("backup_id") else None
    if body.multiattach:
        raise BadRequest(MULTIATTACH_REMOVED)
    parents = [parent for parent in (snapshot, volume, backup) if parent is not None]
    size = body.size or (parents[0].size if parents else 0)
    if not size:
        raise BadRequest(MALFORMED)
    if len(parents) + (image is not None) > 1:
        raise InvalidInput(why="May specify only one of backup, imageRef, snapshot, source volume")
    check_sizes(size, snapshot, volume, image)
    if backup is not None:
        check_backup(backup, size)
    kind = wanted_type or await _type_of(call, snapshot, volume, image)
    if group is not None:
        check_group(group, kind, given=wanted_type is not None)
    source = Source(kind, size, _zone(body, snapshot, volume), snapshot, volume, image, group=group)
    source.encrypted = await encryption_of(call, kind.id) is not None
    if source.encrypted and is_multiattach(kind):
        raise InvalidVolume(why="Multiattach cannot be used with encrypted volumes.")
    await _inherit(call, source)
    return source


def check_sizes(size: int, snapshot: Snapshot | None, volume: Volume | None, image: Image | None) -> None:
    """The source must be ready and fit into the new volume."""
    if snapshot is not None:
        if snapshot.status != Snapshot.AVAILABLE:
            raise InvalidSnapshot(why="Originating snapshot status must be one of 'available' values")
        if size < snapshot.size:
            raise InvalidInput(
                why=f"Volume size '{size}'GB cannot be smaller than the snapshot size {snapshot.size}GB. "
                "They must be >= original snapshot size."
            )
    if volume is not None:
        if volume.status not in EVEN_ATTACHED:
            raise InvalidVolume(why="Originating source volume status must be one of 'available, in-use' values")
        if size < volume.size:
            raise InvalidInput(
                why=f"Volume size '{size}'GB cannot be smaller than original volume size  {volume.size}GB. "
                "They must be >= original volume size."
            )
    if image is not None:
        check_image(image, size)


def set_group(volume: Volume, group: Group | None) -> None:
    """Put a private copy into a group, or take it out of its one; a consistency group shows under its old name too."""
    volume.ClearField("group_id")
    volume.ClearField("consistencygroup_id")
    if group is not None:
        volume.group_id = group.id
        if group.consistency:
            volume.consistencygroup_id = group.id


def check_group(group: Group, kind: VolumeType, *, given: bool) -> None:
    """A volume of a group has one of the group's types, and the request names it."""
    if not given:
        raise InvalidInput(why="volume_type must be provided when creating a volume in a group.")
    if kind.id not in group.volume_types:
        raise InvalidInput(
            why=f"Invalid volume_type provided: {kind.name} (requested type must be supported by this group)."
        )


def check_backup(backup: Backup, size: int) -> None:
    """A backup must be ready and fit (volumes from backups: 3.47)."""
    if backup.status != Backup.AVAILABLE:
        raise InvalidBackup(why="Originating backup status must be one of 'available' values")
    if size < backup.size:
        raise InvalidInput(
            why=f"Volume size {size}GB cannot be smaller than the backup size {backup.size}GB. "
            "It must be >= backup size."
        )


def check_image(image: Image, size: int) -> None:
    """cinder.volume.volume_utils.check_image_metadata."""
    if image.status != Image.ACTIVE:
        raise InvalidInput(why=f"Image {image.id} is not active.")
    needed = (image.size + GB - 1) // GB
    if needed > size:
        raise InvalidInput(why=f"Size of specified image {needed}GB is larger than volume size {size}GB.")
    if size < image.min_disk:
        raise InvalidInput(
            why=f"Volume size {size}GB cannot be smaller than the image minDisk size {image.min_disk}GB."
        )


def image_metadata(image: Image) -> dict[str, str]:
    """What a volume remembers of its image (cinder's volume_glance_metadata)."""
    return {
        **image.properties,
        VERIFIED: "False",
        "image_id": image.id,
        "image_name": image.name,
        "checksum": image.checksum,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": str(image.min_disk),
        "min_ram": str(image.min_ram),
        "size": str(image.size),
    }


async def _is_verified(call: Call, image: Image) -> bool:
    """Whether an image is signed, and the signature that of its bytes (cinder.image.glance `get_verifier`)."""
    if not signatures.is_signed(image):
        return False
    try:
        await signatures.verify(call, image, image.data)
    except SignatureFailed:
        return False
    return True


def has_wrong_signature(volume: Volume) -> bool:
    """Whether the image that a volume was made from is signed, and not with what it holds."""
    metadata = volume.volume_image_metadata
    return volume.HasField("image_id") and signatures.names(metadata) and metadata.get(VERIFIED) == "False"


async def get_image(call: Call, id: str) -> Image:
    """An image that the caller may see; raises Glance's refusal."""
    return cast("Image", await call.invoke("mopenstack.image.v2.Images.GetImage", GetImageRequest(image_id=id)))


async def find_image(call: Call, reference: str) -> Image:
    """An image by id, or by a name that only one has; raises cinder's refusal."""
    id = reference.rsplit("/", 1)[-1]
    try:
        if is_format("uuid", id):
            return await get_image(call, id)
    except NotFound:
        pass  # the reference may still be a name
    except NotServed:
        raise BadRequest(BAD_IMAGE) from None
    query = Query(filters=[Query.Filter(key="name", values=[reference])])
    try:
        named = (await call.invoke("mopenstack.image.v2.Images.ListImages", ListImagesRequest(query=query))).items
    except NotServed:
        raise BadRequest(BAD_IMAGE) from None
    if len(named) > 1:
        raise AmbiguousImage(name=reference)
    if not named:
        raise BadRequest(BAD_IMAGE)
    return cast("Image", named[0])


async def _image_of(call: Call, body: VolumeCreate) -> Image | None:
    if body.HasField("image_id"):
        return await find_image(call, body.image_id)
    return await find_image(call, body.image_ref) if body.HasField("image_ref") else None


async def _group_of(call: Call, body: VolumeCreate) -> Group | None:
    """The group of a new volume, under either API's name for it."""
    for name in ("consistencygroup_id", "group_id"):
        if body.HasField(name):
            return cast("Group", await _owned(call, "volume_group", getattr(body, name)))
    return None


async def _owned(call: Call, kind: str, id: str) -> Any:
    return await call.owner_of(kind).fetch(call, id)


async def _type_of(call: Call, snapshot: Snapshot | None, volume: Volume | None, image: Image | None) -> VolumeType:
    types = call.service(Types)
    if volume is not None:
        return await types.by_name_or_id(call.elevated(), volume.volume_type_id)
    if snapshot is not None:
        return await types.by_name_or_id(call.elevated(), snapshot.volume_type_id)
    if image is not None and image.properties.get("cinder_img_volume_type"):
        return await types.by_name_or_id(call, image.properties["cinder_img_volume_type"])
    return await types.default(call)


def _zone(body: VolumeCreate, snapshot: Snapshot | None, volume: Volume | None) -> str:
    if body.HasField("availability_zone"):
        if body.availability_zone != ZONE:
            raise InvalidAvailabilityZone(zone=body.availability_zone)
        return body.availability_zone
    if snapshot is not None:
        return snapshot.availability_zone
    return volume.availability_zone if volume is not None else ZONE


async def _inherit(call: Call, source: Source) -> None:
    """A volume boots if its source does, and remembers the same image."""
    parent = source.volume
    if source.snapshot is not None:
        parent = await call.tx.get(Volume, source.snapshot.volume_id)
    if parent is not None:
        source.image_metadata = dict(parent.volume_image_metadata)
        source.bootable = parent.bootable == "true"
    if source.image is not None:
        source.image_metadata = image_metadata(source.image)
        source.image_metadata[VERIFIED] = str(await _is_verified(call, source.image))
        source.bootable = True
