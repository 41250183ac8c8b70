"""Allocation candidates as they are asked for and shown. Source: placement/handlers/allocation_candidate.py."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Later, Result, Servicer
from mopenstack.core.placement import groups
from mopenstack.core.placement.provider_filters import capacity
from mopenstack.core.placement.records import all_providers, known_class, known_trait, last_modified
from mopenstack.core.placement.search import Candidate, ProviderTrees, Search
from mopenstack.placement.v1 import allocation_candidates_pb2 as pb
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1.resource_providers_pb2 import Provider

ALL_CLASSES_SINCE = 27
SLICE_SECONDS = 0.01
"""So long a search goes on before others have their turn."""
SLICE_CANDIDATES = 200


class AllocationCandidates(Servicer):
    service = pb.DESCRIPTOR.services_by_name["AllocationCandidates"]

    async def list_allocation_candidates(self, call: Call, request: pb.ListAllocationCandidatesRequest) -> Later:
        asked = groups.read(call, {item.key: list(item.values) for item in request.query.filters})
        classes = list(dict.fromkeys(name for group in asked.groups.values() for name in group.resources))
        for name in classes:
            if not await known_class(call, name):
                text = refusals.ResourceClassNotFound(id=name).text
                raise BadRequest(f"Invalid resource class in resources parameter: {text}")
        for name in sorted(asked.traits):
            if not await known_trait(call, name):
                raise BadRequest(refusals.TraitNotFound(id=name).text)
        search = Search(ProviderTrees(await all_providers(call)), asked)
        shown = None if call.at_least(ALL_CLASSES_SINCE) else classes
        modified = last_modified(call)

        async def find() -> Result:
            found = search.advance(SLICE_SECONDS)
            while not found:
                await asyncio.sleep(0)  # others have their turn
                found = search.advance(SLICE_SECONDS)
            return await _answer(search, shown, modified)

        return Later(find)


async def _answer(search: Search, classes: Sequence[str] | None, modified: Timestamp) -> Result:
    candidates, providers = search.result()
    answer = pb.ListAllocationCandidatesResponse(
        provider_summaries={provider.id: _summary(provider, classes) for provider in providers},
        last_modified=modified,
    )
    for number, candidate in enumerate(candidates):
        answer.allocation_requests.append(_request(candidate))
        if number % SLICE_CANDIDATES == 0:
            await asyncio.sleep(0)
    return answer


def _request(candidate: Candidate) -> pb.AllocationRequest:
    shown = pb.AllocationRequest()
    for id, amounts in candidate.amounts.items():
        shown.listed.add(resource_provider={"uuid": id}, resources=amounts)
        shown.allocations[id].resources.update(amounts)
    for suffix, ids in candidate.mappings.items():
        shown.mappings[suffix].uuids.extend(sorted(ids))
    return shown


def _summary(provider: Provider, classes: Iterable[str] | None) -> pb.ProviderSummary:
    shown = pb.ProviderSummary(
        traits=provider.traits, parent_provider_uuid=provider.parent_id or None, root_provider_uuid=provider.root_id
    )
    for name, inventory in provider.inventories.items():
        if classes is None or name in classes:
            shown.resources[name].capacity = int(capacity(inventory))
            shown.resources[name].used = provider.used.get(name, 0)
    return shown
