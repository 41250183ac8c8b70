"""Transport keys (barbican.api.controllers.transportkeys)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mopenstack.contract.calls import Result
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.key_manager.base import Kept
from mopenstack.core.key_manager.schema import invalid
from mopenstack.key_manager.v1 import refusals
from mopenstack.key_manager.v1 import transport_keys_pb2 as pb

SCHEMA = "Transport Key"


class TransportKeys(Kept[pb.TransportKey]):
    service = pb.DESCRIPTOR.services_by_name["TransportKeys"]
    message = pb.TransportKey
    not_found = refusals.TransportKeyAbsent
    bad_id = refusals.InvalidTransportKeyId

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.TransportKey]:
        return await call.tx.scan(pb.TransportKey)

    async def matches(self, call: Call, obj: pb.TransportKey, key: str, values: Sequence[str]) -> bool:
        return key != "plugin_name" or obj.plugin_name in values

    async def view(self, call: Call, obj: pb.TransportKey) -> pb.TransportKey | pb.TransportKeyAddress:
        if call.operation is not None and call.operation.method == "ListTransportKeys":
            return pb.TransportKeyAddress(id=obj.id)
        return obj

    async def create_transport_key(self, call: Call, request: pb.CreateTransportKeyRequest) -> Result:
        for name in ("plugin_name", "transport_key"):
            if not getattr(request, name).strip():
                raise invalid(SCHEMA, f"{name} must be provided", name)
        key = pb.TransportKey(plugin_name=request.plugin_name.strip(), transport_key=request.transport_key.strip())
        made = await self.insert(call, key)
        return pb.TransportKeyReference(id=made.id)

    async def check_known(self, call: Call, id: str) -> None:
        """Refuse a transport key that there is not."""
        if await call.tx.get(pb.TransportKey, id) is None:
            raise refusals.TransportKeyNotFound()
