"""The keys of images that Cinder made from encrypted volumes.

Source: glance/api/v2/images.py `_delete_encryption_key`.
"""

from __future__ import annotations

from contextlib import suppress

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.image.v2.images import images_pb2

KEY, POLICY, ON_DELETION = "cinder_encryption_key_id", "cinder_encryption_key_deletion_policy", "on_image_deletion"


async def drop(call: Call, image: images_pb2.Image) -> None:
    """Delete the key of an image that is deleted, if its properties ask for it; a failure does not stop the delete."""
    key_id = image.properties.get(KEY, "")
    if not key_id or image.properties.get(POLICY) != ON_DELETION:
        return
    with suppress(Fault):
        await call.ask("mopenstack.key_manager.v1.ServiceKeys.DeleteKey", ref=key_id)
