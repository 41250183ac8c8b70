"""Images through Nova. Source: nova/api/openstack/compute/images.py, image_metadata.py, views/images.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import images_pb2 as pb
from mopenstack.contract.calls import Page
from mopenstack.contract.faults import Forbidden
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import whole_number
from mopenstack.core.compute.proxies import PAGE_MAX, listed
from mopenstack.core.compute.quotas.quotas import SERVICE
from mopenstack.core.compute.servers.networking import schema_refusal
from mopenstack.core.compute.servers.server_create import check_metadata
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.listing import TRUE_WORDS, listing
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.engine.times import seconds_of
from mopenstack.image.v2.images.images_pb2 import DeleteImageRequest, Image, ListImagesRequest

GLANCE = "mopenstack.image.v2.Images"
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
        page.items = [pb.ImageBrief(id=image.id, name=_name(image)) for image in page.items if isinstance(image, Image)]
        return page

    async def list_images_detail(self, call: Call, request: pb.ListImagesRequest) -> Result:
        page = await self._page(call, request.query)
        page.items = [_shown(image) for image in page.items if isinstance(image, Image)]
        return page

    async def get_image(self, call: Call, request: pb.ImageRequest) -> Result:
        return _shown(call.target)

    async def delete_image(self, call: Call, request: pb.ImageRequest) -> Result:
        try:
            await call.invoke(f"{GLANCE}.DeleteImage", DeleteImageRequest(image_id=request.image_id))
        except Forbidden:
            raise refusals.ImageDeleteForbidden() from None
        return EMPTY

    async def _page(self, call: Call, query: common.Query) -> Page:
        tests = [test for item in query.filters if (test := _test(item.key, item.values[-1])) is not None]
        found = await listed(call, f"{GLANCE}.ListImages", ListImagesRequest(query={"limit": PAGE_MAX}))
        images = [image for image in found if all(test(image) for test in tests)]

        def missing(marker: str) -> Exception:
            return refusals.NamedMarkerNotFound(marker=marker)

        return listing(Image).page(images, query, PAGE_MAX, missing)


# -- metadata: the properties of an image


async def _check(call: Call, request: Any) -> None:
    if isinstance(request, pb.ImageMetadataRequest):
        check_metadata(request.metadata)
    elif isinstance(request, pb.PutImageMetadataItemRequest):
        meta = dict(sorted(request.meta.items()))
        if len(meta) > 1:
            raise schema_refusal("meta", meta, f"{meta!r} has too many properties")
        check_metadata(meta)
        if request.key not in meta:
            raise refusals.ExtraSpecMismatch()


async def _change(call: Call, image: Image, before: Mapping[str, str], request: Any) -> None:
    caller = call.caller
    limit = (await call.quota.limits(SERVICE, caller.project_id))["metadata_items"]
    if 0 <= limit < len(image.properties):
        raise refusals.ImageMetadataLimit()
    # What Glance's policies would say to the caller's own token.
    if not caller.is_admin and not ("member" in caller.roles and image.project_id == caller.project_id):
        raise refusals.ImageNotAuthorized(id=image.id)


def _missing(call: Call, image: Image, key: str) -> Exception:
    shown = call.operation is not None and call.operation.method == "GetImageMetadataItem"
    return refusals.NothingHere() if shown else refusals.ImageMetadataKeyNotFound()


METADATA = Collection("image", "properties", check=_check, change=_change, missing=_missing)


# -- how an image is shown


def _name(image: Image) -> str | None:
    return image.name if image.HasField("name") else None


def _shown(image: Image) -> pb.Image:
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
    )
    server = image.properties.get("instance_uuid")
    if server is not None:
        shown.server.id = server
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
        asked = value.lower() if key == "status" else value.rsplit("/", 1)[-1] if key == "server" else value
        return lambda image: read(image) == asked
    if key in ("minRam", "minDisk"):
        least = whole_number(value) if value.isdecimal() else 0
        return lambda image: (image.min_ram if key == "minRam" else image.min_disk) >= least
    if key == "changes-since":
        try:
            since = seconds_of(value)
        except ValueError:
            raise refusals.MalformedRequest() from None
        return lambda image: image.updated_at.seconds >= since
    return None
