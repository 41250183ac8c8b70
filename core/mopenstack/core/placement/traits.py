"""Traits, and those of providers. Source: placement/handlers/trait.py, placement/objects/trait.py."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Outcome
from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.contract.patterns import exact
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.placement import standard
from mopenstack.core.placement.records import check_generation, known_trait, last_modified
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1 import traits_pb2 as pb
from mopenstack.placement.v1.resource_providers_pb2 import Provider

_CUSTOM = exact("^CUSTOM_[A-Z0-9_]+$")
_INVALID = (
    "The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix "
    '"CUSTOM_" and use following characters: "A"-"Z", "0"-"9" and "_"'
)


class Traits(ResourceServicer[pb.Trait]):
    """The ids are the names. Standard traits are not stored: they are made where they are found."""

    service = pb.DESCRIPTOR.services_by_name["Traits"]
    message = pb.Trait
    not_found = refusals.TraitNotFound

    async def find(self, call: Call, id: str) -> pb.Trait | None:
        return pb.Trait(id=id) if id in standard.traits() else await call.tx.get(pb.Trait, id)

    async def answer(self, call: Call, obj: pb.Trait, request: Any) -> Result:
        return pb.TraitResponse(last_modified=last_modified(call, [obj.created_at]))

    async def remove(self, call: Call, obj: pb.Trait) -> None:
        if obj.id in standard.traits():
            raise BadRequest(f"Cannot delete standard trait {obj.id}.")
        if any(obj.id in provider.traits for provider in await call.tx.scan(Provider)):
            raise refusals.PlacementConflict(f"The trait {obj.id} is in use by a resource provider.")

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
        shown = set(names)
        stamps = [item.created_at for item in custom if item.id in shown]
        return pb.ListTraitsResponse(traits=names, last_modified=last_modified(call, stamps))

    async def add_trait(self, call: Call, request: pb.GetTraitRequest) -> Result | Outcome:
        name = request.name
        if len(name) > 255 or _CUSTOM.search(name) is None:
            raise BadRequest(_INVALID)
        kept = await self.find(call, name)
        if kept is not None:
            return await self.answer(call, kept, request)
        made = await self.insert(call, pb.Trait(id=name))
        return Outcome("created", await self.answer(call, made, request))


# -- those of providers


async def _change(call: Call, provider: Provider, before: list[str], request: Any) -> None:
    """All must be known. The caller who names them must know the generation, which increases if they change."""
    if isinstance(request, pb.SetProviderTraitsRequest):
        check_generation(provider, request.resource_provider_generation)
        unknown = [name for name in provider.traits if not await known_trait(call, name)]
        if unknown:
            raise BadRequest(f"No such trait {', '.join(unknown)}")
    provider.generation += 1


async def _complete(call: Call, provider: Provider, answer: pb.ProviderTraitsResponse) -> None:
    custom = [await call.tx.get(pb.Trait, name) for name in provider.traits if name.startswith(standard.CUSTOM)]
    answer.resource_provider_generation = provider.generation
    stamps = [trait.created_at for trait in custom if trait is not None]
    answer.last_modified.CopyFrom(last_modified(call, stamps))


PROVIDER_TRAITS = Collection("resource_provider", "traits", change=_change, complete=_complete, if_changed=True)


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
