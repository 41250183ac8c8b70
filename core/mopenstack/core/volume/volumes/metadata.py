"""Metadata of volumes and snapshots. Source: cinder/api/v3/volume_metadata.py, snapshot_metadata.py.

A volume shows its admin metadata (`readonly`, `attached_mode`) among the user's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from mopenstack.contract.faults import BadRequest, Fault, InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.volume.base import replace_map
from mopenstack.volume.v3.refusals import InvalidVolume, SnapshotMetadataNotFound, VolumeMetadataNotFound
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes import volume_metadata_pb2 as pb2
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

T = TypeVar("T", Volume, Snapshot)

VOLUME_KEYS = r"^[a-zA-Z0-9-_:. /]{1,255}$"
SNAPSHOT_KEYS = r"^[a-zA-Z0-9-_:. ]{1,255}$"
SPEC_KEYS = r"^[a-zA-Z0-9-_:.]{1,255}$"
VALUE_MAX = 255
FROZEN = {Volume.MAINTENANCE: "maintenance", Volume.UPLOADING: "uploading"}


def check_metadata(values: Mapping[str, str], field: str = "metadata", keys: str = VOLUME_KEYS) -> None:
    """Keys and values as the schema's patternProperties have them."""
    for key, value in values.items():
        if re.search(keys, key) is None:
            raise BadRequest(
                f"Invalid input for field/attribute {field}. Value: {dict(values)}. "
                f"'{key}' does not match any of the regexes: '{keys}'"
            )
        if len(value) > VALUE_MAX:
            raise InvalidField((field, key), value, "max_length", VALUE_MAX)


def check_single(specs: Mapping[str, str]) -> None:
    """The body of one spec has one key, in jsonschema's words."""
    if len(specs) != 1:
        raise BadRequest(f"{dict(specs)} {'has too many properties' if specs else 'should be non-empty'}")


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


class _Metadata(Servicer):
    """One key or all of them, of the object that the path names."""

    keys = VOLUME_KEYS

    def read(self, obj: Any) -> dict[str, str]:
        return dict(obj.metadata)

    async def write(self, call: Call, values: Mapping[str, str]) -> None:
        raise NotImplementedError

    def missing(self, id: str, key: str) -> Fault:
        raise NotImplementedError

    async def listed(self, call: Call, request: Any) -> Result:
        return pb2.MetadataResponse(metadata=self.read(call.target))

    async def merged(self, call: Call, request: Any) -> Result:
        check_metadata(request.metadata, keys=self.keys)
        values = {**self.read(call.target), **request.metadata}
        await self.write(call, values)
        return pb2.MetadataResponse(metadata=values)

    async def replaced(self, call: Call, request: Any) -> Result:
        check_metadata(request.metadata, keys=self.keys)
        await self.write(call, dict(request.metadata))
        return pb2.MetadataResponse(metadata=request.metadata)

    async def one(self, call: Call, request: Any) -> Result:
        values = self.read(call.target)
        if request.key not in values:
            raise self.missing(call.target.id, request.key)
        return pb2.MetadataItemResponse(meta={request.key: values[request.key]})

    async def set_one(self, call: Call, request: Any) -> Result:
        check_metadata(request.meta, "meta", self.keys)
        if len(request.meta) != 1:
            given = dict(request.meta)
            broken = "has too many properties" if given else "should be non-empty"
            raise BadRequest(f"Invalid input for field/attribute meta. Value: {given}. {given} {broken}")
        if request.key not in request.meta:
            raise BadRequest("Request body and URI mismatch")
        await self.write(call, {**self.read(call.target), **request.meta})
        return pb2.MetadataItemResponse(meta=request.meta)

    async def removed(self, call: Call, request: Any) -> Result:
        values = self.read(call.target)
        if request.key not in values:
            raise self.missing(call.target.id, request.key)
        del values[request.key]
        await self.write(call, values)
        return EMPTY


class VolumeMetadata(_Metadata):
    service = pb2.DESCRIPTOR.services_by_name["VolumeMetadata"]

    list_volume_metadata = _Metadata.listed
    create_volume_metadata = _Metadata.merged
    replace_volume_metadata = _Metadata.replaced
    get_volume_metadata_item = _Metadata.one
    update_volume_metadata_item = _Metadata.set_one
    delete_volume_metadata_item = _Metadata.removed

    def read(self, obj: Volume) -> dict[str, str]:
        return user_metadata(obj)

    async def write(self, call: Call, values: Mapping[str, str]) -> None:
        if call.target.status in FROZEN:
            deleting = call.operation is not None and call.operation.method.startswith("Delete")
            verb, status = "Deleting" if deleting else "Updating", FROZEN[call.target.status]
            raise InvalidVolume(why=f"{verb} volume metadata is not allowed for volumes in {status} status.")
        volume = await call.tx.edit(Volume, call.target.id)
        show_metadata(volume, values)
        await call.tx.put(volume)

    def missing(self, id: str, key: str) -> Fault:
        return VolumeMetadataNotFound(id=id, key=key)


class SnapshotMetadata(_Metadata):
    service = pb2.DESCRIPTOR.services_by_name["SnapshotMetadata"]
    keys = SNAPSHOT_KEYS

    list_snapshot_metadata = _Metadata.listed
    create_snapshot_metadata = _Metadata.merged
    replace_snapshot_metadata = _Metadata.replaced
    get_snapshot_metadata_item = _Metadata.one
    update_snapshot_metadata_item = _Metadata.set_one
    delete_snapshot_metadata_item = _Metadata.removed

    async def write(self, call: Call, values: Mapping[str, str]) -> None:
        snapshot = await call.tx.edit(Snapshot, call.target.id)
        replace_map(snapshot.metadata, values)
        await call.tx.put(snapshot)

    def missing(self, id: str, key: str) -> Fault:
        return SnapshotMetadataNotFound(id=id, key=key)
