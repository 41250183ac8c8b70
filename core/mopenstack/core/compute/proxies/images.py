"""Images through Nova. Source: nova/api/openstack/compute/images.py, image_metadata.py, views/images.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import images_pb2 as pb
from mopenstack.contract.calls import Page
from mopenstack.contract.faults import NotFound
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.quotas.quotas import SERVICE
from mopenstack.core.compute.servers.networking import schema_refusal
from mopenstack.core.compute.servers.server_create import check_metadata
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS, listing
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.engine.times import seconds_of
from mopenstack.core.image.images import images as glance
from mopenstack.image.v2.images.images_pb2 import Image

PAGE_MAX = 1000
STATUSES = {
    Image.ACTIVE: ("ACTIVE", 100),
    Image.QUEUED: ("SAVING", 25),
    Image.SAVING: ("SAVING", 50),
    Image.DELETED: ("DELETED", 0),
    Image.PENDING_DELETE: ("DELETED", 0),
    Image.KILLED: ("ERROR", 0),
}
"""Glance's status -> Nova's, and its progress."""


class Images(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Images"]

    async def list_images(self, call: Call, request: pb.ListImagesRequest) -> Result:
        page = await self._page(call, request.query)
        page.items = [
            pb.ImageBrief(id=image.id, name=_name(image), links=_links(call, image.id))
            for image in page.items
            if isinstance(image, Image)
        ]
        return page

    async def list_images_detail(self, call: Call, request: pb.ListImagesRequest) -> Result:
        page = await self._page(call, request.query)
        page.items = [_shown(call, image) for image in page.items if isinstance(image, Image)]
        return page

    async def get_image(self, call: Call, request: pb.ImageRequest) -> Result:
        return _shown(call, await _find(call, request.image_id))

    async def delete_image(self, call: Call, request: pb.ImageRequest) -> Result:
        image = await _find(call, request.image_id)
        if image.protected or not _may_write(call, image):
            raise refusals.ImageDeleteForbidden()
        await call.service(glance.Images).discard(call, image)
        return EMPTY

    async def _page(self, call: Call, query: common.Query) -> Page:
        tests = [test for item in query.filters if (test := _test(item.key, item.values[-1])) is not None]
        images = [
            image
            for image in await call.service(glance.Images).candidates(call, common.Query())
            if not image.os_hidden and all(test(image) for test in tests)
        ]

        def missing(marker: str) -> Exception:
            return refusals.NamedMarkerNotFound(marker=marker)

        return listing(Image).page(images, query, PAGE_MAX, missing)


class ImageMetadata(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ImageMetadata"]

    async def list_image_metadata(self, call: Call, request: pb.ImageRequest) -> Result:
        image = await _find(call, request.image_id)
        return pb.ImageMetadataResponse(metadata=image.properties)

    async def add_image_metadata(self, call: Call, request: pb.ImageMetadataRequest) -> Result:
        check_metadata(request.metadata)
        image = await _find(call, request.image_id)
        kept = await _write(call, image, {**image.properties, **request.metadata})
        return pb.ImageMetadataResponse(metadata=kept)

    async def replace_image_metadata(self, call: Call, request: pb.ImageMetadataRequest) -> Result:
        check_metadata(request.metadata)
        kept = await _write(call, await _find(call, request.image_id), request.metadata)
        return pb.ImageMetadataResponse(metadata=kept)

    async def get_image_metadata_item(self, call: Call, request: pb.ImageMetadataItemRequest) -> Result:
        image = await _find(call, request.image_id)
        if request.key not in image.properties:
            raise refusals.NothingHere()
        return pb.ImageMetadataItemResponse(meta={request.key: image.properties[request.key]})

    async def put_image_metadata_item(self, call: Call, request: pb.PutImageMetadataItemRequest) -> Result:
        meta = dict(sorted(request.meta.items()))
        if len(meta) > 1:
            raise schema_refusal("meta", meta, f"{meta!r} has too many properties")
        check_metadata(meta)
        if request.key not in meta:
            raise refusals.ExtraSpecMismatch()
        image = await _find(call, request.image_id)
        await _write(call, image, {**image.properties, **meta})
        return pb.ImageMetadataItemResponse(meta=meta)

    async def delete_image_metadata_item(self, call: Call, request: pb.ImageMetadataItemRequest) -> Result:
        image = await _find(call, request.image_id)
        if request.key not in image.properties:
            raise refusals.ImageMetadataKeyNotFound()
        await _write(call, image, {key: value for key, value in image.properties.items() if key != request.key})
        return EMPTY


async def _find(call: Call, image_id: str) -> Image:
    try:
        return await call.service(glance.Images).fetch(call, image_id)
    except NotFound:
        raise refusals.ImageProxyNotFound() from None


def _may_write(call: Call, image: Image) -> bool:
    """What Glance's policies would say to the caller's own token."""
    caller = call.caller
    return caller.is_admin or ("member" in caller.roles and image.project_id == caller.project_id)


async def _write(call: Call, image: Image, metadata: Mapping[str, str]) -> dict[str, str]:
    """Make these the image's properties."""
    limit = (await call.quota.limits(SERVICE, call.caller.project_id))["metadata_items"]
    if 0 <= limit < len(metadata):
        raise refusals.ImageMetadataLimit()
    if not _may_write(call, image):
        raise refusals.ImageNotAuthorized(id=image.id)
    new = await call.tx.edit(Image, image.id)
    kept = dict(metadata)
    new.properties.clear()
    new.properties.update(kept)
    await call.service(glance.Images).save(call, new)
    return kept


# -- how an image is shown


def _name(image: Image) -> str | None:
    return image.name if image.HasField("name") else None


def _links(call: Call, image_id: str) -> list[pb.Image.Link]:
    base = call.context.cloud_url
    return [
        pb.Image.Link(rel="self", href=f"{base}/compute/v2.1/images/{image_id}"),
        pb.Image.Link(rel="bookmark", href=f"{base}/compute/images/{image_id}"),
        pb.Image.Link(rel="alternate", type="application/vnd.openstack.image", href=f"{base}/image/images/{image_id}"),
    ]


def _shown(call: Call, image: Image) -> pb.Image:
    status, progress = STATUSES.get(image.status, ("UNKNOWN", 0))
    shown = pb.Image(
        id=image.id,
        name=_name(image),
        min_ram=image.min_ram,
        min_disk=image.min_disk,
        metadata=image.properties,
        created_at=image.created_at,
        updated_at=image.updated_at,
        status=status,
        progress=progress,
        size=image.size,
        links=_links(call, image.id),
    )
    server = image.properties.get("instance_uuid")
    if server is not None:
        base = call.context.cloud_url
        shown.server.id = server
        shown.server.links.add(rel="self", href=f"{base}/compute/v2.1/servers/{server}")
        shown.server.links.add(rel="bookmark", href=f"{base}/compute/servers/{server}")
    if "auto_disk_config" in image.properties:
        shown.disk_config = "AUTO" if image.properties["auto_disk_config"].lower() in TRUE_WORDS else "MANUAL"
    return shown


# -- filters

_PLAIN: dict[str, Callable[[Image], Any]] = {
    "name": lambda image: image.name,
    "status": lambda image: Image.Status.Name(image.status).lower(),
    "server": lambda image: image.properties.get("instance_uuid"),
    "type": lambda image: image.properties.get("image_type"),
}


def _test(key: str, value: str) -> Callable[[Image], bool] | None:
    """The test of one filter; None: Nova does not know it."""
    if key.startswith("property-"):
        name = key.removeprefix("property-")
        return lambda image: image.properties.get(name) == value
    if key in _PLAIN:
        read = _PLAIN[key]
        wanted = value.lower() if key == "status" else value.rsplit("/", 1)[-1] if key == "server" else value
        return lambda image: read(image) == wanted
    if key in ("minRam", "minDisk"):
        least = int(value) if value.isdigit() else 0
        return lambda image: (image.min_ram if key == "minRam" else image.min_disk) >= least
    if key == "changes-since":
        try:
            moment = seconds_of(value)
        except ValueError:
            raise refusals.MalformedRequest() from None
        return lambda image: image.updated_at.seconds >= moment
    return None
