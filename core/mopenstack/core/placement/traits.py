"""Traits, and those of providers. Source: placement/handlers/trait.py, placement/objects/trait.py."""

from __future__ import annotations

import re
from typing import Any

from mopenstack.contract.calls import Outcome
from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.placement import standard
from mopenstack.core.placement.records import cache_headers, editable, known_trait, provider_of, save
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1 import traits_pb2 as pb
from mopenstack.placement.v1.resource_providers_pb2 import Provider

_CUSTOM = re.compile("^CUSTOM_[A-Z0-9_]+$")
_INVALID = (
    "The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "
    '"CUSTOM_" and use following characters: "A"-"Z", "0"-"9" and "_"'
)


class Traits(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Traits"]

    async def list_traits(self, call: Call, request: pb.ListTraitsRequest) -> Result:
        query = {item.key: item.values[-1] for item in request.query.filters}
        unknown = sorted(query.keys() - {"name", "associated"})
        if unknown:
            raise InvalidField((), query, "unknown", unknown)
        custom = sorted(await call.tx.scan(pb.Trait), key=lambda item: (item.created_at.ToNanoseconds(), item.id))
        names = [*standard.traits(), *(item.id for item in custom)]
        if "name" in query:
            names = _named(names, query["name"])
        if "associated" in query:
            if query["associated"].lower() not in ("true", "false"):
                raise BadRequest('The query parameter "associated" only accepts "true" or "false"')
            used = {name for provider in await call.tx.scan(Provider) for name in provider.traits}
            wanted = query["associated"].lower() == "true"
            names = [name for name in names if (name in used) == wanted]
        stamps = [item.created_at for item in custom if item.id in set(names)]
        return pb.ListTraitsResponse(traits=names, **cache_headers(call, stamps))

    async def get_trait(self, call: Call, request: pb.GetTraitRequest) -> Result:
        if not await known_trait(call, request.name):
            raise refusals.TraitNotFound(name=request.name)
        return pb.TraitResponse(**await self._cached(call, request.name))

    async def add_trait(self, call: Call, request: pb.GetTraitRequest) -> Result | Outcome:
        name = request.name
        if len(name) > 255 or _CUSTOM.search(name) is None:
            raise BadRequest(_INVALID)
        if not await known_trait(call, name):
            trait = pb.Trait(id=name)
            call.stamp(trait.created_at)
            await call.tx.put(trait, fresh=True)
            return Outcome("created", pb.TraitResponse(**await self._cached(call, name)))
        return pb.TraitResponse(**await self._cached(call, name))

    async def delete_trait(self, call: Call, request: pb.GetTraitRequest) -> Result:
        name = request.name
        if not await known_trait(call, name):
            raise refusals.TraitNotFound(name=name)
        if name in standard.traits():
            raise BadRequest(f"Cannot delete standard trait {name}.")
        if any(name in provider.traits for provider in await call.tx.scan(Provider)):
            raise refusals.PlacementConflict(f"The trait {name} is in use by a resource provider.")
        await call.tx.delete(pb.Trait, name)
        return EMPTY

    # -- of providers

    async def list_provider_traits(self, call: Call, request: pb.ListProviderTraitsRequest) -> Result:
        found = f"No resource provider with uuid {request.uuid} found: "
        return await self._of_provider(call, await provider_of(call, request.uuid, found))

    async def set_provider_traits(self, call: Call, request: pb.SetProviderTraitsRequest) -> Result:
        provider = await editable(call, request.uuid, request.resource_provider_generation)
        wanted = list(dict.fromkeys(request.traits))
        unknown = [name for name in wanted if not await known_trait(call, name)]
        if unknown:
            raise BadRequest(f"No such trait {', '.join(unknown)}")
        await _set(call, provider, wanted)
        return await self._of_provider(call, provider)

    async def clear_provider_traits(self, call: Call, request: pb.ListProviderTraitsRequest) -> Result:
        await _set(call, await editable(call, request.uuid), [])
        return EMPTY

    # -- inside

    @staticmethod
    async def _cached(call: Call, name: str) -> dict[str, Any]:
        custom = await call.tx.get(pb.Trait, name)
        return cache_headers(call, [custom.created_at] if custom is not None else [])

    @staticmethod
    async def _of_provider(call: Call, provider: Provider) -> pb.ProviderTraitsResponse:
        custom = [await call.tx.get(pb.Trait, name) for name in provider.traits if name.startswith(standard.CUSTOM)]
        return pb.ProviderTraitsResponse(
            traits=provider.traits,
            resource_provider_generation=provider.generation,
            **cache_headers(call, [trait.created_at for trait in custom if trait is not None]),
        )


async def _set(call: Call, provider: Provider, wanted: list[str]) -> None:
    """Nothing happens, not even a new generation, where nothing changes."""
    if set(wanted) == set(provider.traits):
        return
    provider.traits[:] = wanted
    await save(call, provider)


def _named(names: list[str], text: str) -> list[str]:
    kind, colon, value = text.partition(":")
    if not colon:
        raise BadRequest(
            "Badly formatted name parameter. Expected name query string parameter in form: "
            f'?name=[in|startswith]:[name1,name2|prefix]. Got: "{text}"'
        )
    if kind == "in":
        wanted = set(value.split(","))
        return [name for name in names if name in wanted]
    return [name for name in names if name.startswith(value)] if kind == "startswith" else names
