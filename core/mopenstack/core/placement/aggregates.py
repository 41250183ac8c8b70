"""The aggregates of providers. Source: placement/handlers/aggregate.py."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.placement.records import check_generation, last_modified
from mopenstack.placement.v1 import aggregates_pb2 as pb
from mopenstack.placement.v1.resource_providers_pb2 import Provider


async def _change(call: Call, provider: Provider, before: list[str], request: Any) -> None:
    """Since 1.19 the caller must know the generation, which increases."""
    if isinstance(request, pb.SetProviderAggregatesRequest):
        check_generation(provider, request.resource_provider_generation)
        provider.generation += 1


async def _complete(call: Call, provider: Provider, answer: pb.ProviderAggregatesResponse) -> None:
    answer.resource_provider_generation = provider.generation
    answer.last_modified.CopyFrom(last_modified(call))


AGGREGATES = Collection("resource_provider", "aggregates", change=_change, complete=_complete)
