"""The stores of images (glance.api.v2.images.delete_from_store). There is no cache: its operations are declared so."""

from __future__ import annotations

from mopenstack.contract.faults import PolicyRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.image.images.images import Images
from mopenstack.core.image.images.states import Image
from mopenstack.core.image.stores import backends
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2
from mopenstack.image.v2.stores import stores_pb2 as pb


class Stores(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Stores"]

    async def delete_image_from_store(self, call: Call, request: pb.DeleteImageFromStoreRequest) -> Result:
        """Forget one of an image's places; the last one stays."""
        if request.store_id not in backends.stores_of(call.cloud):
            raise refusals.StoreConflict(f"The selected store {request.store_id} is not available on this node.")
        try:
            image = await call.service(Images).fetch(call, request.image_id)
        except refusals.ImageNotFound:
            raise refusals.ImageNotFound(f"Failed to find image {request.image_id}") from None
        if not call.caller.is_admin:
            raise PolicyRefused(["delete_image_location"])
        if image.status != Image.ACTIVE:
            raise refusals.StoreConflict(
                "It's not allowed to remove image data from store if image status is not 'active'"
            )
        places = backends.places(image)
        if len(places) == 1:
            raise refusals.LastLocation()
        if request.store_id not in places:
            raise refusals.ResourceNotFound(f"Image {image.id} is not stored in store {request.store_id}.")
        new = await call.tx.edit(images_pb2.Image, image.id)
        backends.place(new, [store for store in places if store != request.store_id])
        await call.service(Images).save(call, new)
        return EMPTY
