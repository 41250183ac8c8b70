"""Volumes to images and back: upload and reimage. Image metadata of volumes are in metadata.py.

Source: cinder/api/contrib/volume_actions.py `_volume_upload_image`, `_reimage`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

from mopenstack.contract.faults import NotFound, PolicyRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.image.images import formats
from mopenstack.core.image.images.images import Images, settle
from mopenstack.core.store.blobs import BlobsFull
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import replace_map
from mopenstack.core.volume.volumes.encryption_keys import DELETION_POLICY, IMAGE_KEY, ON_IMAGE_DELETION, copy_key
from mopenstack.core.volume.volumes.lifecycle import VOLUMES, WORDS, status_number
from mopenstack.core.volume.volumes.sources import check_image, get_image, image_metadata
from mopenstack.image.v2.images.images_pb2 import CreateImageRequest, Image
from mopenstack.volume.v3.refusals import ImageNotFound, InvalidState
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from mopenstack.volume.v3.volumes import volume_image_actions_pb2 as pb2
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

UPLOAD_PARAMS_SINCE = 1
UPLOAD_PUBLIC = "volume_extension:volume_actions:upload_public"
VISIBILITIES = {"community": Image.COMMUNITY, "public": Image.PUBLIC, "private": Image.PRIVATE, "shared": Image.SHARED}

GLANCE_CORE = frozenset(
    {"checksum", "container_format", "disk_format", "image_name", "image_id", "min_disk", "min_ram", "name", "size",
     "signature_verified"}
)  # fmt: skip
"""What of a volume's image metadata does not become a property of an uploaded image (glance_core_properties)."""
RESERVED_NAMESPACES = ("os_glance", "img_signature", "signature_verified")
"""How properties begin that are one image's own (image_utils.filter_out_reserved_namespaces_metadata)."""


class VolumeImageActions(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["VolumeImageActions"]

    async def upload_volume_image(self, call: Call, request: pb2.UploadVolumeImageRequest) -> Result:
        body = request.upload
        visibility = "shared"
        if call.at_least(UPLOAD_PARAMS_SINCE):
            visibility = body.visibility or "private"
            if visibility == "public" and not call.caller.is_admin:
                raise PolicyRefused([UPLOAD_PUBLIC])
        volume = await call.tx.edit(Volume, call.target.id)
        action = "force_upload" if body.force else "upload"
        VOLUMES.check(call, volume, action)
        image = await self._make_image(call, volume, body, visibility)
        answer = await self._answer(call, volume, image, visibility)
        volume.previous_status, volume.pending_image_id = WORDS[volume.status], image.id
        await VOLUMES.begin(call, volume, action)
        return answer

    @staticmethod
    async def _make_image(
        call: Call, volume: Volume, body: pb2.UploadVolumeImageRequest.Upload, visibility: str
    ) -> Image:
        image = Image(
            name=body.image_name,
            disk_format=body.disk_format or "raw",
            container_format=body.container_format or "bare",
            visibility=VISIBILITIES[visibility],
            protected=body.protected,
        )
        own = {
            key: value
            for key, value in volume.volume_image_metadata.items()
            if key not in GLANCE_CORE and not key.startswith(RESERVED_NAMESPACES)
        }
        if volume.encryption_key_id:
            own[IMAGE_KEY] = await copy_key(call, volume.encryption_key_id)
            own[DELETION_POLICY] = ON_IMAGE_DELETION
        replace_map(image.properties, own)
        made = await call.invoke("mopenstack.image.v2.Images.CreateImage", CreateImageRequest(image=image))
        return cast("Image", made.image)

    @staticmethod
    async def _answer(call: Call, volume: Volume, image: Image, visibility: str) -> pb2.UploadVolumeImageResponse:
        answer = pb2.UploadVolumeImageResponse()
        uploaded = answer.uploaded
        uploaded.id, uploaded.status, uploaded.size = volume.id, "uploading", volume.size
        if volume.HasField("updated_at"):
            uploaded.updated_at.CopyFrom(volume.updated_at)
        if volume.HasField("description"):
            uploaded.display_description = volume.description
        kind = await call.tx.get(VolumeType, volume.volume_type_id)
        if kind is not None:
            for field in ("id", "name", "is_public"):
                setattr(uploaded.volume_type, field, getattr(kind, field))
            for field in ("description", "qos_specs_id"):
                if kind.HasField(field):
                    setattr(uploaded.volume_type, field, getattr(kind, field))
            uploaded.volume_type.extra_specs.update(kind.extra_specs)
            for field in ("created_at", "updated_at"):
                if kind.HasField(field):
                    getattr(uploaded.volume_type, field).CopyFrom(getattr(kind, field))
        uploaded.image_id, uploaded.image_name = image.id, image.name
        uploaded.container_format, uploaded.disk_format = image.container_format, image.disk_format
        uploaded.protected, uploaded.visibility = image.protected, visibility
        return answer


@VOLUMES.prepares("reimage", unchecked=True)
async def _reimage(call: Call, volume: Volume, request: pb2.ReimageVolumeRequest) -> str:
    """Write an image over a volume: what Nova's rebuild of a volume-backed server asks for."""
    body = request.reimage
    if len(await call.owner_of("volume_attachment").of_volume(call, volume.id)) > 1:
        raise InvalidState("Cannot re-image a volume which is attached to more than one server.")
    name = "reimage_reserved" if body.reimage_reserved else "reimage"
    VOLUMES.check(call, volume, name)
    try:
        image = await get_image(call, body.image_id)
    except NotFound:
        raise ImageNotFound(id=body.image_id) from None
    check_image(image, volume.size)
    volume.previous_status, volume.pending_image_id = WORDS[volume.status], image.id
    return name


@VOLUMES.on("upload", "force_upload")
async def _uploaded(call: Call, volume: Volume) -> None:
    """The image gets the bytes that the volume stands for: its own image's, or a stand-in of the format."""
    image = await call.tx.get(Image, volume.pending_image_id)
    if image is not None:
        await _give_bytes(call, volume, image)
    volume.status = status_number(volume.previous_status)
    volume.previous_status = volume.pending_image_id = ""


@VOLUMES.fails("upload", "force_upload")
async def _not_uploaded(call: Call, volume: Volume, why: str) -> None:
    """The image goes; the volume is what it was."""
    image = await call.tx.get(Image, volume.pending_image_id)
    if image is not None:
        await call.service(Images).discard(call.elevated(), image)
    volume.status = status_number(volume.previous_status)
    volume.previous_status = volume.pending_image_id = ""


async def _give_bytes(call: Call, volume: Volume, image: Image) -> None:
    """The image becomes active; it goes where there is no room for its bytes, as after any failure in Cinder."""
    ready = copy_of(image)
    try:
        blob = await call.write_bytes(_content(volume, image))
    except BlobsFull:
        await call.service(Images).discard(call.elevated(), image)
        return
    disk = volume.size * 1024**3 if image.disk_format != "raw" else blob.size
    settle(ready, Image.Data(key=blob.key, size=blob.size, md5=blob.md5, sha512=blob.sha512, virtual_size=disk))
    ready.status = Image.ACTIVE
    await call.service(Images).save(call, ready)


@VOLUMES.on("reimage", "reimage_reserved")
async def _reimaged(call: Call, volume: Volume) -> None:
    image = await call.tx.get(Image, volume.pending_image_id)
    if image is not None:
        replace_map(volume.volume_image_metadata, image_metadata(image))
        volume.bootable, volume.image_id = "true", image.id
    volume.status = status_number(volume.previous_status)
    volume.previous_status = volume.pending_image_id = ""


async def _content(volume: Volume, image: Image) -> AsyncIterator[bytes]:
    yield formats.stand_in(image.disk_format, f"mopenstack keeps no bytes of volume {volume.id}\n")
