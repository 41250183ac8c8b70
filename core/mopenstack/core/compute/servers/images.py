"""Checks of the image that a server is built from. Source: nova.compute.api._check_requested_image."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.core.compute.servers.networking import schema_refusal
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.validation import is_format
from mopenstack.image.v2.images.images_pb2 import GetImageRequest, Image
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

GET_IMAGE = "mopenstack.image.v2.Images.GetImage"
REIMAGE_SINCE, RESCUE_VOLUMES_SINCE = 93, 87
GB = 1024**3
MB = 1024**2


def check_reference(image_id: str) -> None:
    """Check the schema of imageRef: a UUID or empty."""
    if image_id and not is_format("uuid", image_id):
        raise schema_refusal("imageRef", image_id, f"{image_id!r} is not valid under any of the given schemas")


async def find(call: Call, image_id: str, missing: Fault) -> Image:
    """An image that the caller may see; raises `missing`."""
    try:
        image: Image = await call.invoke(GET_IMAGE, GetImageRequest(image_id=image_id))
    except NotFound:
        raise missing from None
    return image


def check_fits(image: Image, flavor: Server.FlavorEmbedded, *, on_volume: bool = False) -> None:
    """Check that the image is active and the flavor large enough for it; raises Nova's refusals."""
    if image.status != Image.ACTIVE:
        raise refusals.ImageNotActive(id=image.id)
    if flavor.ram < image.min_ram:
        raise refusals.FlavorMemoryTooSmall()
    if on_volume or not flavor.disk:
        return
    if image.size > flavor.disk * GB:
        raise refusals.FlavorDiskSmallerThanImage(flavor=flavor.disk * GB, image=image.size)
    if image.min_disk > flavor.disk:
        raise refusals.FlavorDiskSmallerThanMinDisk(flavor=flavor.disk * GB, image=image.min_disk * GB)


def min_disk(image: Image, flavor: Server.FlavorEmbedded) -> int:
    """The least disk of another flavor, in GiB (nova.utils.get_system_metadata_from_image)."""
    return flavor.disk if image.disk_format == "vhd" else max(image.min_disk, flavor.disk)


def properties_of(image: Image) -> dict[str, str]:
    """The properties that a server shows of its image since 2.98: those that Nova knows."""
    return {key: value for key, value in image.properties.items() if key.startswith(("hw_", "os_", "img_"))}


async def check_rebuild(call: Call, server: Server, image: Image) -> None:
    """Up to 2.92 a server that boots from a volume cannot be rebuilt from another image."""
    root = next((item.id for item in server.volumes_attached if item.is_root), "")
    volume = await call.tx.get(Volume, root) if root and not call.at_least(REIMAGE_SINCE) else None
    if volume is not None and volume.volume_image_metadata.get("image_id", image.id) != image.id:
        raise refusals.RebuildWithOtherImage(id=image.id)


async def check_rescue(call: Call, server: Server, image_id: str) -> None:
    """Check the rescue image; boot from volume needs 2.87 and an image with the hw_rescue properties."""
    image = await find(call, image_id, refusals.UnsupportedRescueImage(id=image_id)) if image_id else None
    root = next((item.id for item in server.volumes_attached if item.is_root), "")
    if not root:
        return
    volume = await call.tx.get(Volume, root)
    own = dict(volume.volume_image_metadata) if volume is not None else {}
    how = dict(image.properties) if image is not None else own
    if not call.at_least(RESCUE_VOLUMES_SINCE) or not {"hw_rescue_bus", "hw_rescue_device"} <= how.keys():
        raise refusals.InstanceNotRescuable(id=server.id)
