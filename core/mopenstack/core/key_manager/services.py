"""What the key manager does for the other services of the cloud, as castellan and Octavia's cert manager ask it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from mopenstack.contract.calls import ByteStream, Result
from mopenstack.contract.faults import NotFound
from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.key_manager import tls
from mopenstack.core.key_manager.base import OfProject, id_of
from mopenstack.core.key_manager.orders import OCTETS, Orders
from mopenstack.core.key_manager.secrets import Payload, Secrets
from mopenstack.key_manager.v1 import containers_pb2, orders_pb2, secrets_pb2
from mopenstack.key_manager.v1 import services_pb2 as pb

PACKAGE = "mopenstack.key_manager.v1"


class ServiceKeys(OfProject):
    service = pb.DESCRIPTOR.services_by_name["ServiceKeys"]

    async def read_tls_container(self, call: Call, request: pb.ReadTlsContainerRequest) -> Result:
        if "/containers/" not in request.ref:
            return tls.bundle(request.ref, await _payload(call, id_of(request.ref)))
        asked = containers_pb2.GetContainerRequest(container_id=id_of(request.ref))
        container: Any = await call.invoke(f"{PACKAGE}.Containers.GetContainer", asked)
        parts = {part.name: await _payload(call, part.secret_id) for part in container.secret_refs}
        return tls.container(request.ref, parts)

    async def read_secret(self, call: Call, request: pb.ReadSecretRequest) -> Result:
        secret = await call.service(Secrets).fetch(call, id_of(request.ref))
        data = await _payload(call, secret.id)
        return pb.SecretBytes(payload=data, content_type=secret.content_types.default_type)

    async def create_key(self, call: Call, request: pb.CreateKeyRequest) -> Result:
        meta: dict[str, Any] = {
            "name": request.name or None,
            "algorithm": request.algorithm,
            "bit_length": request.bit_length,
            "payload_content_type": OCTETS,
        }
        asked = orders_pb2.CreateOrderRequest(type="key", meta=to_struct(meta))
        order: Any = await call.invoke(f"{PACKAGE}.Orders.CreateOrder", asked)
        return pb.CreatedKey(secret_id=await call.service(Orders).fulfil(call, order.id))

    async def copy_key(self, call: Call, request: pb.ReadSecretRequest) -> Result:
        secrets = call.service(Secrets)
        old = await secrets.fetch(call, id_of(request.ref))
        data = await _payload(call, old.id)
        new = secrets_pb2.Secret(creator_id=call.caller.user_id, secret_type=old.secret_type)
        for name in ("name", "algorithm", "bit_length", "mode"):
            if old.HasField(name):
                setattr(new, name, getattr(old, name))
        made = await secrets.keep(call, new, Payload(data, old.content_types.default_type))
        return pb.CreatedKey(secret_id=made.id)

    async def delete_key(self, call: Call, request: pb.ReadSecretRequest) -> Result:
        asked = secrets_pb2.GetSecretRequest(secret_id=id_of(request.ref))
        with suppress(NotFound):
            if call.caller.is_internal and not call.caller.project_id:  # a service on its own
                secrets = call.service(Secrets)
                await secrets.discard(call, await secrets.fetch(call, asked.secret_id))
                return EMPTY
            await call.invoke(f"{PACKAGE}.Secrets.DeleteSecret", asked)
        return EMPTY


async def _payload(call: Call, id: str) -> bytes:
    """The payload of a secret that the caller may read; raises what reading it refuses."""
    stream = await call.invoke(
        f"{PACKAGE}.Secrets.GetSecretPayload", secrets_pb2.GetSecretPayloadRequest(secret_id=id, accept="*/*")
    )
    assert isinstance(stream, ByteStream)
    return b"".join([chunk async for chunk in stream.chunks])
