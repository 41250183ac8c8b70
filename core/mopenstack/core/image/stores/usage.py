"""What projects use, and Keystone's unified limits that hold them to it (glance.quota.keystone, oslo_limit).

Only clouds with the option image.use_keystone_limits are held to limits. A limit that is not registered is 0.
"""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.core.engine.call import Call
from mopenstack.core.image import options
from mopenstack.core.image.images.states import Image
from mopenstack.identity.v3.catalog.services_pb2 import Service
from mopenstack.identity.v3.limit.limits_pb2 import Limit
from mopenstack.identity.v3.limit.registered_limits_pb2 import RegisteredLimit
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2

MIB = 1024 * 1024
COUNT, SIZE, STAGED, UPLOADING = "image_count_total", "image_size_total", "image_stage_total", "image_count_uploading"
_PENDING_STORES = "os_glance_importing_to_stores"


async def check_count(call: Call) -> None:
    """Raise OverQuota if the caller's project may have no image more."""
    await _enforce(call, COUNT, 1)


async def check_upload(call: Call, size: int) -> None:
    """Raise OverQuota if bytes of this size (0: not known) may not be uploaded."""
    await _enforce(call, SIZE, size // MIB)


async def check_stage(call: Call, size: int) -> None:
    """Raise OverQuota if bytes of this size (0: not known) may not be staged."""
    await _enforce(call, STAGED, size // MIB)


async def check_uploading(call: Call) -> None:
    """Raise OverQuota if too many images are being uploaded; the one that is asked about counts already."""
    await _enforce(call, UPLOADING, 0)


async def check_import(call: Call, image: images_pb2.Image, method: str) -> None:
    """Raise OverQuota if an import may not begin."""
    if method == "glance-direct":
        await _enforce(call, SIZE, image.size // MIB)
    else:
        await _enforce(call, STAGED, image.size // MIB)
        await _enforce(call, UPLOADING, 0)


async def report(call: Call) -> dict[str, dict[str, int]]:
    """Every limit and what is used of it, in the caller's project."""
    images = await call.tx.query(images_pb2.Image, project_id=call.caller.project_id)
    return {
        name: {"usage": _used(name, images), "limit": await _limit(call, name)}
        for name in (SIZE, STAGED, COUNT, UPLOADING)
    }


async def _enforce(call: Call, name: str, delta: int) -> None:
    if not call.cloud.enabled(options.KEYSTONE_LIMITS):
        return
    limit = await _limit(call, name)
    used = _used(name, await call.tx.query(images_pb2.Image, project_id=call.caller.project_id))
    if 0 <= limit < used + delta:
        raise refusals.OverQuota(project=call.caller.project_id, name=name, limit=limit, used=used, delta=delta)


def _used(name: str, images: Iterable[images_pb2.Image]) -> int:
    coming = (Image.UPLOADING, Image.IMPORTING)
    if name == COUNT:
        return sum(1 for _ in images)
    if name == UPLOADING:
        return sum(
            image.status in (*coming, Image.SAVING) or bool(image.properties.get(_PENDING_STORES)) for image in images
        )
    if name == STAGED:
        staged = (one for one in images if one.status in coming or one.properties.get(_PENDING_STORES))
        return sum(image.size for image in staged) // MIB
    return sum(image.data.size for image in images) // MIB


async def _limit(call: Call, name: str) -> int:
    services = [one.id for one in await call.tx.scan(Service) if one.type == "image"]
    for service_id in services:
        for limit in await call.tx.query(Limit, service_id=service_id):
            if limit.resource_name == name and limit.owner_project_id == call.caller.project_id:
                return limit.resource_limit
        for registered in await call.tx.query(RegisteredLimit, service_id=service_id):
            if registered.resource_name == name:
                return registered.default_limit
    return 0
