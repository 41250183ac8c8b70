"""Encryption of volume types. Source: cinder/api/contrib/volume_type_encryption.py."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call, names_of
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import as_given, assign
from mopenstack.core.volume.types.types import Types
from mopenstack.volume.v3.refusals import VolumeTypeEncryptionExists, VolumeTypeEncryptionNotFound
from mopenstack.volume.v3.types import type_encryption_pb2 as pb2
from mopenstack.volume.v3.types.type_encryption_pb2 import Encryption
from mopenstack.volume.v3.types.types_pb2 import GetTypeRequest
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume

TIME_TEXT = "%Y-%m-%dT%H:%M:%S.%f"


async def encryption_of(call: Call, type_id: str) -> Encryption | None:
    """A type's encryption, if it has one."""
    found = await call.tx.query(Encryption, volume_type_id=type_id)
    return found[0] if found else None


class TypeEncryption(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["TypeEncryption"]

    async def get_type_encryption(self, call: Call, request: GetTypeRequest) -> Result:
        found = await self._found(call, request.type_id)
        return pb2.TypeEncryptionSpecs(specs=_struct(_row(found) if found is not None else {}))

    async def get_type_encryption_item(self, call: Call, request: pb2.TypeEncryptionItemRequest) -> Result:
        found = await self._found(call, request.type_id)
        row = _row(found) if found is not None else {}
        name = request.encryption_id
        if name not in row:
            raise VolumeTypeEncryptionNotFound(id=request.type_id)
        return pb2.TypeEncryptionItemResponse(item=_struct({name: row[name]}))

    async def create_type_encryption(self, call: Call, request: pb2.CreateTypeEncryptionRequest) -> Result:
        body = request.encryption
        await self._refuse_in_use(call, request.type_id, "create")
        if await self._found(call, request.type_id) is not None:
            raise VolumeTypeEncryptionExists(id=request.type_id)
        made = Encryption(
            id=call.ids.uuid(),
            volume_type_id=request.type_id,
            provider=body.provider,
            control_location=body.control_location,
        )
        assign(made, "cipher", body.cipher if body.HasField("cipher") else None)
        if body.HasField("key_size"):
            made.key_size = body.key_size
        call.stamp(made.created_at)
        await call.tx.put(made)
        answer = as_given(body) | {"volume_type_id": request.type_id, "encryption_id": made.id}
        return pb2.TypeEncryptionResponse(encryption=_struct(answer))

    async def update_type_encryption(self, call: Call, request: pb2.UpdateTypeEncryptionRequest) -> Result:
        """The answer repeats the request; of the path only the type is read, as Cinder does."""
        body = request.encryption
        given = set(request.mask.paths) or names_of(body)
        found = await self._found(call, request.type_id)
        await self._refuse_in_use(call, request.type_id, "update")
        if found is None:
            raise VolumeTypeEncryptionNotFound(id=request.type_id)
        changed = copy_of(found)
        for name in given & {"provider", "control_location", "cipher", "key_size"}:
            changed.ClearField(name)
            if body.HasField(name):
                setattr(changed, name, getattr(body, name))
        call.stamp(changed.updated_at)
        await call.tx.put(changed)
        return pb2.UpdatedTypeEncryptionResponse(encryption=_struct(as_given(body)))

    async def delete_type_encryption(self, call: Call, request: pb2.TypeEncryptionItemRequest) -> Result:
        await self._refuse_in_use(call, request.type_id, "delete")
        found = await encryption_of(call, request.type_id)
        if found is None:
            raise VolumeTypeEncryptionNotFound(id=request.type_id)
        await call.tx.delete(Encryption, found.id)
        return EMPTY

    @staticmethod
    async def _found(call: Call, type_id: str) -> Encryption | None:
        await call.service(Types).fetch(call, type_id)
        return await encryption_of(call, type_id)

    @staticmethod
    async def _refuse_in_use(call: Call, type_id: str, verb: str) -> None:
        if await call.tx.count(Volume, volume_type_id=type_id):
            raise BadRequest(f"Cannot {verb} encryption specs. Volume type in use.")


def _row(found: Encryption) -> dict[str, Any]:
    """Every column of cinder's row."""
    return {
        "encryption_id": found.id,
        "cipher": found.cipher if found.HasField("cipher") else None,
        "key_size": found.key_size if found.HasField("key_size") else None,
        "provider": found.provider,
        "control_location": found.control_location,
        "volume_type_id": found.volume_type_id,
        "deleted_at": None,
        "deleted": False,
        "created_at": found.created_at.ToDatetime().strftime(TIME_TEXT),
        "updated_at": found.updated_at.ToDatetime().strftime(TIME_TEXT) if found.HasField("updated_at") else None,
    }


def _struct(values: dict[str, Any]) -> Struct:
    return to_struct(values)
