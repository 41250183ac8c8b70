"""Metadata of volumes and snapshots, and what a volume keeps of its image's.

Source: cinder/api/v3/volume_metadata.py, snapshot_metadata.py, contrib/volume_image_metadata.py.

A volume shows its admin metadata (`readonly`, `attached_mode`) among the user's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest, Fault, InvalidField
from mopenstack.contract.patterns import exact
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.volume.base import replace_map
from mopenstack.core.volume.volumes.lifecycle import VOLUMES
from mopenstack.volume.v3.refusals import GlanceMetadataNotFound, SnapshotMetadataNotFound, VolumeMetadataNotFound
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes import volume_metadata_pb2 as pb2
from mopenstack.volume.v3.volumes.volume_image_actions_pb2 import SetVolumeImageMetadataRequest
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

VOLUME_KEYS = r"^[a-zA-Z0-9-_:. /]{1,255}$"
SNAPSHOT_KEYS = r"^[a-zA-Z0-9-_:. ]{1,255}$"
SPEC_KEYS = r"^[a-zA-Z0-9-_:.]{1,255}$"
VALUE_MAX = 255


def check_metadata(values: Mapping[str, str], field: str = "metadata", keys: str = VOLUME_KEYS) -> None:
    """Keys and values as the schema's patternProperties have them."""
    for key, value in values.items():
        if exact(keys).search(key) is None:
            raise BadRequest(
                f"Invalid input for field/attribute {field}. Value: {dict(values)}. "
                f"'{key}' does not match any of the regexes: '{keys}'"
            )
        if len(value) > VALUE_MAX:
            raise InvalidField((field, key), value, "max_length", VALUE_MAX)


def check_single(specs: Mapping[str, str]) -> None:
    """The body of one spec has one key, in jsonschema's words."""
    if len(specs) != 1:
        raise BadRequest(_not_one(specs))


def check_key(key: str, values: Mapping[str, str]) -> None:
    """The key of the body must be the one of the path."""
    if key not in values:
        raise BadRequest("Request body and URI mismatch")


def _not_one(values: Mapping[str, str]) -> str:
    return f"{dict(values)} {'has too many properties' if values else 'should be non-empty'}"


def user_metadata(volume: Volume) -> dict[str, str]:
    """The metadata without what the service added."""
    return {key: value for key, value in volume.metadata.items() if key not in volume.admin_metadata}


def show_metadata(volume: Volume, own: Mapping[str, str]) -> None:
    """Give a private copy this metadata of the user's, with the service's merged in."""
    replace_map(volume.metadata, {**own, **volume.admin_metadata})


def set_admin_metadata(volume: Volume, key: str, value: str | None) -> None:
    """Set or (None) remove a key of the service's own on a private copy."""
    own = user_metadata(volume)
    if value is None:
        volume.admin_metadata.pop(key, None)
    else:
        volume.admin_metadata[key] = value
    show_metadata(volume, own)


_VolumeWrite = pb2.WriteVolumeMetadataRequest | pb2.UpdateVolumeMetadataItemRequest
_SnapshotWrite = pb2.WriteSnapshotMetadataRequest | pb2.UpdateSnapshotMetadataItemRequest


def _check_write(request: _VolumeWrite | _SnapshotWrite, keys: str) -> None:
    """The body of a create, a replacement, or a change of the one key that the path names too."""
    if isinstance(request, pb2.WriteVolumeMetadataRequest | pb2.WriteSnapshotMetadataRequest):
        check_metadata(request.metadata, keys=keys)
        return
    check_metadata(request.meta, "meta", keys)
    if len(request.meta) != 1:
        given = dict(request.meta)
        raise BadRequest(f"Invalid input for field/attribute meta. Value: {given}. {_not_one(given)}")
    check_key(request.key, request.meta)


async def _change_volume(
    call: Call, volume: Volume, before: Mapping[str, str], request: _VolumeWrite | pb2.VolumeMetadataItemRequest
) -> None:
    if isinstance(request, pb2.VolumeMetadataItemRequest):
        VOLUMES.check(call, call.target, "delete_metadata")
    else:
        _check_write(request, VOLUME_KEYS)
        VOLUMES.check(call, call.target, "update_metadata")
    volume.metadata.update(volume.admin_metadata)


def _is_users(call: Call, volume: Volume, key: str) -> bool:
    return key not in volume.admin_metadata


def _missing_of_volume(call: Call, volume: Volume, key: str) -> Fault:
    return VolumeMetadataNotFound(id=volume.id, key=key)


async def _change_snapshot(
    call: Call, snapshot: Snapshot, before: Mapping[str, str], request: _SnapshotWrite | pb2.SnapshotMetadataItemRequest
) -> None:
    if not isinstance(request, pb2.SnapshotMetadataItemRequest):
        _check_write(request, SNAPSHOT_KEYS)


def _missing_of_snapshot(call: Call, snapshot: Snapshot, key: str) -> Fault:
    return SnapshotMetadataNotFound(id=snapshot.id, key=key)


async def _change_image_metadata(
    call: Call, volume: Volume, before: Mapping[str, str], request: SetVolumeImageMetadataRequest | Any
) -> None:
    setting = isinstance(request, SetVolumeImageMetadataRequest)
    VOLUMES.check(call, call.target, "update_metadata" if setting else "delete_metadata")


def _missing_of_image(call: Call, volume: Volume, key: str) -> Fault:
    return GlanceMetadataNotFound(id=volume.id)


VOLUME_METADATA = Collection(
    "volume", "metadata", change=_change_volume, missing=_missing_of_volume, shows=_is_users, touches=False
)
SNAPSHOT_METADATA = Collection(
    "snapshot", "metadata", change=_change_snapshot, missing=_missing_of_snapshot, touches=False
)
IMAGE_METADATA = Collection(
    "volume", "volume_image_metadata", change=_change_image_metadata, missing=_missing_of_image, touches=False
)
