"""The keys of encrypted volumes, in the key manager where the cloud has one.

Sources: cinder/volume/volume_utils.py `create_encryption_key`, `clone_encryption_key`, `delete_encryption_key`,
cinder/volume/flows/api/create_volume.py `_get_encryption_key_id`.
"""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import BadRequest, Fault, NotServed
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.volume.types.type_encryption import encryption_of
from mopenstack.image.v2.images.images_pb2 import Image
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

FIXED_KEY_ID = "00000000-0000-0000-0000-000000000000"
"""What the key manager without a Barbican calls its one key; such a key is not shown in details (3.64)."""
IMAGE_KEY, DELETION_POLICY = "cinder_encryption_key_id", "cinder_encryption_key_deletion_policy"
"""Properties of an image of an encrypted volume."""
ON_IMAGE_DELETION = "on_image_deletion"
_SERVICE = "mopenstack.key_manager.v1.ServiceKeys"


async def key_for(
    call: Call, kind: VolumeType, snapshot: Snapshot | None, volume: Volume | None, image: Image | None
) -> str:
    """The id of the key of a new volume: a copy of its source's, or a new one. Empty: it has none in a key manager.

    Raises what Cinder says of any failure of the key manager.
    """
    specs = await encryption_of(call, kind.id)
    if specs is None:
        return ""
    source = ""
    if snapshot is not None:
        parent = await call.tx.get(Volume, snapshot.volume_id)
        source = parent.encryption_key_id if parent is not None else ""
    elif volume is not None:
        source = volume.encryption_key_id
    elif image is not None:
        source = image.properties.get(IMAGE_KEY, "")
    if source:
        return await copy_key(call, source)
    return await new_key(call, kind)


async def new_key(call: Call, kind: VolumeType) -> str:
    """A new key for volumes of an encrypted type; empty where there is no key manager."""
    specs = await encryption_of(call, kind.id)
    if specs is None:
        return ""
    algorithm = specs.cipher.partition("-")[0]
    if not algorithm:
        raise BadRequest("Invalid encryption spec")
    return await _made(call, "CreateKey", algorithm=algorithm, bit_length=specs.key_size)


async def copy_key(call: Call, key_id: str) -> str:
    """A key of its own with the same payload; empty where there is no key manager."""
    return await _made(call, "CopyKey", ref=key_id)


async def drop_key(call: Call, key_id: str) -> None:
    """Delete a key, in the caller's name or else in the service's own."""
    if not key_id:
        return
    try:
        await call.ask(f"{_SERVICE}.DeleteKey", ref=key_id)
    except NotServed:
        return
    except Fault:
        await call.elevated().ask(f"{_SERVICE}.DeleteKey", ref=key_id)


def as_owner(call: Call, volume: Volume) -> Call:
    """The call in the name of a volume's owner, for what is done when a transition ends."""
    roles = frozenset({"member", "creator"})
    return call.elevated(Caller(user_id=volume.user_id, project_id=volume.project_id, roles=roles))


async def _made(call: Call, method: str, **values: Any) -> str:
    try:
        return str((await call.ask(f"{_SERVICE}.{method}", **values)).secret_id)
    except NotServed:
        return ""
    except Fault:
        # Cinder tells its clients no more: it could be sensitive.
        raise BadRequest("Key manager error") from None
