"""Secret stores and which of them projects prefer (barbican.api.controllers.secretstores)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.key_manager import options
from mopenstack.core.key_manager.base import Kept
from mopenstack.key_manager.v1 import refusals
from mopenstack.key_manager.v1 import secret_stores_pb2 as pb

_STORES: Sequence[tuple[str, str, str]] = (
    ("Software Only Crypto", "store_crypto", "simple_crypto"),
    ("KMIP HSM", "kmip_plugin", ""),
)
"""(name, plugin of the store, plugin that encrypts); the first is the default."""


class SecretStores(Kept[pb.SecretStore]):
    service = pb.DESCRIPTOR.services_by_name["SecretStores"]
    message = pb.SecretStore
    not_found = refusals.SecretStoreNotFound

    async def find(self, call: Call, id: str) -> pb.SecretStore | None:
        await self._stores(call)
        return await call.tx.get(pb.SecretStore, id)

    async def list_secret_stores(self, call: Call, request: Any) -> Result:
        return pb.ListSecretStoresResponse(secret_stores=await self._stores(call))

    async def get_global_default_store(self, call: Call, request: Any) -> Result:
        return (await self._stores(call))[0]

    async def get_preferred_store(self, call: Call, request: Any) -> Result:
        await self._stores(call)
        preferred = await call.tx.get(pb.PreferredStore, call.caller.project_id)
        store = await call.tx.get(pb.SecretStore, preferred.store_id) if preferred is not None else None
        if store is None:
            raise refusals.NoPreferredStore()
        return store

    async def prefer_secret_store(self, call: Call, request: pb.GetSecretStoreRequest) -> Result:
        await call.tx.put(pb.PreferredStore(id=call.caller.project_id, store_id=request.store_id))
        return EMPTY

    async def unprefer_secret_store(self, call: Call, request: pb.GetSecretStoreRequest) -> Result:
        if await call.tx.get(pb.PreferredStore, call.caller.project_id) is None:
            raise refusals.NoPreferredStore()
        await call.tx.delete(pb.PreferredStore, call.caller.project_id)
        return EMPTY

    async def _stores(self, call: Call) -> list[pb.SecretStore]:
        """The stores, the default one first, there from the first look on; refused where there is but one."""
        if call.cloud.option(options.SECRET_STORES) == "one":
            raise refusals.NoMultipleStores()
        found = sorted(await call.tx.scan(pb.SecretStore), key=lambda store: not store.global_default)
        if found:
            return list(found)
        for place, (name, plugin, crypto) in enumerate(_STORES):
            store = pb.SecretStore(name=name, secret_store_plugin=plugin, global_default=not place)
            if crypto:
                store.crypto_plugin = crypto
            await self.insert(call, store)
        return await self._stores(call)
