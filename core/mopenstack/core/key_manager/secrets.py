"""Secrets and their payloads (barbican.api.controllers.secrets)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mopenstack.contract.calls import ByteStream, Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.key_manager import content_types, secret_filters
from mopenstack.core.key_manager.base import Kept, count, filters_of, page_of
from mopenstack.core.key_manager.expiration import expiration
from mopenstack.core.key_manager.schema import invalid
from mopenstack.core.key_manager.sealing import seal, unseal
from mopenstack.core.key_manager.transport_keys import TransportKeys
from mopenstack.key_manager.v1 import containers_pb2, refusals
from mopenstack.key_manager.v1 import secrets_pb2 as pb

SCHEMA = "Secret"
JSON_TYPES = ("", "application/json", "*/*")
"""What an Accept header asks for a secret with, and not for its payload."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes to keep, and their type."""

    data: bytes
    content_type: str


class Secrets(Kept[pb.Secret]):
    service = pb.DESCRIPTOR.services_by_name["Secrets"]
    message = pb.Secret
    not_found = refusals.SecretNotFound
    bad_id = refusals.InvalidSecretId

    def visible(self, call: Call, obj: pb.Secret) -> bool:
        return not _is_expired(call, obj)

    # -- create

    async def create_secret(self, call: Call, request: pb.CreateSecretRequest) -> Result:
        given = set(request.mask.paths) or {field.name for field, _ in request.ListFields()}
        expires = expiration(call, request.expiration, SCHEMA)
        payload = _payload(request, given)
        await call.quota.take(self.quota_service, call.caller.project_id, {"secrets": 1})
        if payload is None and request.transport_key_needed == "true":
            raise refusals.StoreWithoutTransportKey()
        if payload is not None and request.HasField("transport_key_id"):
            await call.service(TransportKeys).check_known(call, request.transport_key_id)
        secret = pb.Secret(creator_id=call.caller.user_id)
        for name in ("algorithm", "mode", "bit_length", "secret_type"):
            if request.HasField(name):
                setattr(secret, name, getattr(request, name))
        if request.HasField("name"):
            secret.name = request.name.strip()
        if expires is not None:
            secret.expiration.FromDatetime(expires)
        made = await self.keep(call, secret, payload, counted=True)
        return pb.SecretReference(id=made.id)

    async def keep(self, call: Call, secret: pb.Secret, payload: Payload | None, *, counted: bool = False) -> pb.Secret:
        """Store a new secret with its payload; `counted`: its place in the quota is taken already."""
        secret.id = self.new_id(call)
        secret.project_id = secret.project_id or call.caller.project_id
        if not counted:  # what an order makes is counted and never refused
            await count(call, secret.project_id, "secrets", 1)
        if payload is not None:
            self.put_payload(call, secret, payload)
        return await self.insert(call, secret)

    def put_payload(self, call: Call, secret: pb.Secret, payload: Payload) -> None:
        """Encrypt a payload into a private copy of a secret."""
        nonce, text = seal(call, secret.project_id, secret.id, payload.data)
        secret.payload.nonce, secret.payload.text = nonce, text
        secret.content_types.default_type = content_types.normal(payload.content_type)

    # -- show

    async def get_secret(self, call: Call, request: pb.GetSecretRequest) -> Result:
        if call.context.accept not in JSON_TYPES:
            asked = pb.GetSecretPayloadRequest(secret_id=request.secret_id, accept=call.context.accept)
            found: Result = await call.invoke("mopenstack.key_manager.v1.Secrets.GetSecretPayload", asked)
            return found
        secret: pb.Secret = call.target
        return secret

    async def get_secret_payload(self, call: Call, request: pb.GetSecretPayloadRequest) -> Result:
        secret: pb.Secret = call.target
        if not secret.HasField("payload"):
            raise refusals.SecretWithoutPayload()
        if request.trans_wrapped_session_key:
            if not request.transport_key_id:
                raise refusals.TransportKeyIdMissing()
            await call.service(TransportKeys).check_known(call, request.transport_key_id)
        kept = secret.content_types.default_type
        wanted = request.accept or ("application/octet-stream" if call.context.verb else kept)
        data = content_types.answered(self.open(call, secret), kept if wanted == "*/*" else wanted)
        return ByteStream.of(data, _sent_type(wanted))

    def open(self, call: Call, secret: pb.Secret) -> bytes:
        """The payload of a secret, decrypted."""
        return unseal(call, secret.project_id, secret.id, secret.payload.nonce, secret.payload.text)

    # -- the second step

    async def store_payload(self, call: Call, request: pb.StorePayloadRequest) -> Result:
        kind = request.content_type.partition(";")[0].strip().lower()
        if kind not in ("application/octet-stream", "text/plain"):
            raise refusals.UnsupportedContentType(expected=["application/octet-stream", "text/plain"])
        if not request.payload:
            raise refusals.NoData()
        if len(request.payload) > content_types.BYTES_MAX:
            raise refusals.UpdateTooLarge()
        if call.target.HasField("payload"):
            raise refusals.SecretHasData()
        if request.transport_key_id:
            await call.service(TransportKeys).check_known(call, request.transport_key_id)
        data = content_types.given(request.payload, kind, request.content_encoding)
        secret = await call.tx.edit(pb.Secret, call.target.id)
        self.put_payload(call, secret, Payload(data, kind))
        await self.save(call, secret)
        return EMPTY

    # -- lists

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.Secret]:
        asked = filters_of(query)
        secret_filters.check(asked)
        if asked.get("acl_only", "").lower() == "true":
            return [secret for secret in await call.tx.scan(pb.Secret) if call.caller.user_id in secret.acl.users]
        return await super().candidates(call, query)

    async def list(self, call: Call, request: Any) -> Result:
        found = [secret for secret in await self.candidates(call, request.query) if self.visible(call, secret)]
        return page_of(secret_filters.chosen(found, filters_of(request.query)), request.query)

    # -- delete

    async def remove(self, call: Call, obj: pb.Secret) -> None:
        await count(call, obj.project_id, "secrets", -1)
        for consumer in obj.consumers:
            await count(call, consumer.owner_project_id, "secret_consumers", -1)
        for container in await call.tx.query(containers_pb2.Container, project_id=obj.project_id):
            if any(part.secret_id == obj.id for part in container.secret_refs):
                left = [part for part in container.secret_refs if part.secret_id != obj.id]
                new = await call.tx.edit(containers_pb2.Container, container.id)
                del new.secret_refs[:]
                new.secret_refs.extend(left)
                await call.tx.put(new)


def _is_expired(call: Call, secret: pb.Secret) -> bool:
    return secret.HasField("expiration") and secret.expiration.ToNanoseconds() <= call.time * 1_000_000_000


def _payload(request: pb.CreateSecretRequest, given: set[str]) -> Payload | None:
    """The payload of a new secret; raises the refusals of Barbican's validator, in its order."""
    kind = request.payload_content_type if request.HasField("payload_content_type") else None
    encoding = request.payload_content_encoding if request.HasField("payload_content_encoding") else None
    if not request.HasField("payload"):
        if "payload_content_type" in given:
            raise invalid(SCHEMA, "payload must be provided when payload_content_type is specified", "payload")
        return None
    check_types(kind, encoding, SCHEMA)
    assert kind is not None
    if len(request.payload.encode()) > content_types.BYTES_MAX:
        raise refusals.PayloadTooLarge()
    payload = request.payload.strip()
    if not payload:
        raise invalid(SCHEMA, "If 'payload' specified, must be non empty", "payload")
    if encoding == "base64" and not content_types.is_base64(payload):
        raise invalid(SCHEMA, "Invalid payload for payload_content_encoding", "payload")
    return Payload(content_types.given(payload.encode(), kind, encoding), kind)


def check_types(kind: str | None, encoding: str | None, schema: str) -> None:
    """Refuse a type or an encoding that a payload cannot have."""
    if kind is None:
        reason = "If 'payload' is supplied, 'payload_content_type' must also be supplied."
        raise invalid(schema, reason, "payload_content_type")
    if not content_types.is_supported(kind):
        reason = f"payload_content_type is not one of {content_types.SUPPORTED}"
        raise invalid(schema, reason, "payload_content_type")
    if not content_types.takes_encoding(kind, encoding):
        known = content_types.ENCODINGS if content_types.normal(kind) in content_types.BINARY else None
        raise invalid(schema, f"payload_content_encoding is not one of {known}", "payload_content_encoding")


def _sent_type(wanted: str) -> str:
    """The Content-Type of an answer: what was asked for, by its word."""
    return "text/plain; charset=UTF-8" if wanted == "text/plain" else wanted
