"""Stores and the cache: there is one store, and no cache (glance.api.v2.images.delete_from_store, cached_images)."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.image import errors
from mopenstack.core.image.images import STORE, Images
from mopenstack.core.image.states import Image
from mopenstack.image.v2 import stores_pb2 as pb


class Stores(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Stores"]

    async def delete_image_from_store(self, call: Call, request: pb.DeleteImageFromStoreRequest) -> Result:
        """Always refused: the one store holds the only copy."""
        if request.store_id != STORE:
            raise errors.StoreConflict(f"The selected store {request.store_id} is not available on this node.")
        try:
            image = await call.service(Images).fetch(call, request.image_id)
        except errors.ImageNotFound:
            raise errors.ImageNotFound(f"Failed to find image {request.image_id}") from None
        if not call.caller.is_admin:
            raise errors.NotAuthorized("delete_image_location")
        if image.status != Image.ACTIVE:
            raise errors.StoreConflict(
                "It's not allowed to remove image data from store if image status is not 'active'"
            )
        raise errors.LastLocation()

    async def get_cache(self, call: Call, request: pb.GetCacheRequest) -> Result:
        raise errors.NoCache()

    async def queue_image_for_cache(self, call: Call, request: pb.CachedImageRequest) -> Result:
        raise errors.NoCache()

    async def delete_image_from_cache(self, call: Call, request: pb.CachedImageRequest) -> Result:
        raise errors.NoCache()

    async def clear_cache(self, call: Call, request: pb.GetCacheRequest) -> Result:
        raise errors.NoCache()

    async def clean_cache(self, call: Call, request: pb.GetCacheRequest) -> Result:
        raise errors.NoCache()

    async def prune_cache(self, call: Call, request: pb.GetCacheRequest) -> Result:
        raise errors.NoCache()
