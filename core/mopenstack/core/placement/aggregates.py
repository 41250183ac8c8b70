"""The aggregates of providers. Source: placement/handlers/aggregate.py."""

from __future__ import annotations

from collections.abc import Sequence

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.placement.records import cache_headers, editable, provider_of, save
from mopenstack.placement.v1 import aggregates_pb2 as pb
from mopenstack.placement.v1.resource_providers_pb2 import Provider


class ProviderAggregates(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ProviderAggregates"]

    async def list_provider_aggregates(self, call: Call, request: pb.ListProviderAggregatesRequest) -> Result:
        return self._answer(call, await provider_of(call, request.uuid))

    async def set_provider_aggregates(self, call: Call, request: pb.SetProviderAggregatesRequest) -> Result:
        provider = await editable(call, request.uuid, request.resource_provider_generation)
        return await self._set(call, provider, request.aggregates, bump=True)

    async def replace_provider_aggregates(self, call: Call, request: pb.ReplaceProviderAggregatesRequest) -> Result:
        return await self._set(call, await editable(call, request.uuid), request.aggregates, bump=False)

    async def _set(self, call: Call, provider: Provider, aggregates: Sequence[str], *, bump: bool) -> Result:
        provider.aggregates[:] = list(dict.fromkeys(aggregates))
        return self._answer(call, await save(call, provider, bump=bump))

    @staticmethod
    def _answer(call: Call, provider: Provider) -> pb.ProviderAggregatesResponse:
        return pb.ProviderAggregatesResponse(
            aggregates=provider.aggregates,
            resource_provider_generation=provider.generation,
            **cache_headers(call),
        )
