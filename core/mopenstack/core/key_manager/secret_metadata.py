"""The metadata of secrets (barbican.api.controllers.secretmeta)."""

from __future__ import annotations

import re

from mopenstack.contract.calls import Result
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.key_manager.base import OfProject
from mopenstack.key_manager.v1 import refusals, secrets_pb2
from mopenstack.key_manager.v1 import secret_metadata_pb2 as pb


class SecretMetadata(OfProject):
    service = pb.DESCRIPTOR.services_by_name["SecretMetadata"]

    async def get_secret_metadata(self, call: Call, request: pb.GetSecretMetadataRequest) -> Result:
        return pb.SecretMetadataResponse(metadata=call.target.metadata)

    async def replace_secret_metadata(self, call: Call, request: pb.ReplaceSecretMetadataRequest) -> Result:
        found: dict[str, str] = {}
        for key, value in plain_struct(request.metadata).items():
            _check_key(key)
            if not isinstance(value, str):
                raise refusals.MetadataNoStrings()
            found[key.lower()] = value
        secret = await call.tx.edit(secrets_pb2.Secret, call.target.id)
        secret.metadata.clear()
        secret.metadata.update(found)
        await call.tx.put(secret)
        return pb.SecretMetadataReference(id=secret.id)

    async def add_secret_metadatum(self, call: Call, request: pb.ChangeSecretMetadatumRequest) -> Result:
        _check_key(request.new_key)
        key = request.new_key.lower()
        if key in call.target.metadata:
            raise refusals.MetadataKeyTaken()
        return await self._put(call, key, request.value)

    async def get_secret_metadatum(self, call: Call, request: pb.GetSecretMetadatumRequest) -> Result:
        if request.name not in call.target.metadata:
            raise refusals.MetadatumNotFound()
        return pb.SecretMetadatum(key=request.name, value=call.target.metadata[request.name])

    async def change_secret_metadatum(self, call: Call, request: pb.ChangeSecretMetadatumRequest) -> Result:
        _check_key(request.new_key)
        if request.name not in call.target.metadata:
            raise refusals.MetadatumNotFound()
        if request.name != request.new_key.lower():
            raise refusals.MetadataKeyMismatch()
        return await self._put(call, request.name, request.value)

    async def delete_secret_metadatum(self, call: Call, request: pb.GetSecretMetadatumRequest) -> Result:
        if request.name in call.target.metadata:
            secret = await call.tx.edit(secrets_pb2.Secret, call.target.id)
            del secret.metadata[request.name]
            await call.tx.put(secret)
        return EMPTY

    @staticmethod
    async def _put(call: Call, key: str, value: str) -> Result:
        secret = await call.tx.edit(secrets_pb2.Secret, call.target.id)
        secret.metadata[key] = value
        await call.tx.put(secret)
        return pb.SecretMetadatum(key=key, value=value)


def _check_key(key: str) -> None:
    if re.fullmatch(r"[A-Za-z0-9_-]*", key) is None:
        raise refusals.BadMetadataKey()
