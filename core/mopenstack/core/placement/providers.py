"""Resource providers, alone or in trees. Source: placement/handlers/resource_provider.py, placement/objects/."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.engine.validation import is_format
from mopenstack.core.placement.provider_filters import filtered
from mopenstack.core.placement.records import all_providers, cache_headers, provider_of, save
from mopenstack.core.store.transaction import Taken, copy_of
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1 import resource_providers_pb2 as pb

_NAMES = "placement/provider/name"
_IDS = "placement/provider/uuid"
Provider = pb.Provider


def normal_uuid(text: str) -> str:
    """With dashes and in lower case."""
    return str(uuid.UUID(text))


def shown(provider: Provider) -> pb.ResourceProvider:
    return pb.ResourceProvider(
        uuid=provider.id,
        name=provider.name,
        generation=provider.generation,
        parent_provider_uuid=provider.parent_id or None,
        root_provider_uuid=provider.root_id,
    )


async def create(call: Call, name: str, id: str = "", parent_id: str = "") -> Provider:
    """A new provider, the root of a tree of its own without a parent; raises what Placement answers."""
    id = normal_uuid(id) if id else call.ids.uuid()
    provider = Provider(id=id, name=name, root_id=id)
    if parent_id:
        reason = ""
        parent = await call.tx.get(Provider, parent_id)
        if parent_id == id:
            reason = (
                "parent provider UUID cannot be same as UUID. "
                "Please set parent provider UUID to None if there is no parent."
            )
        elif parent is None:
            reason = "parent provider UUID does not exist."
        if reason or parent is None:
            why = f"Object action create failed because: {reason}"
            raise BadRequest(f'Unable to create resource provider "{name}", {id}: {why}')
        provider.parent_id, provider.root_id = parent.id, parent.root_id
    duplicates = []
    if await call.tx.get(Provider, id) is not None:
        duplicates.append(f"uuid: {id}")
    else:
        provider.number = await call.tx.add("placement/provider/number", 1)
        call.stamp(provider.created_at)
        call.stamp(provider.updated_at)
        await call.tx.put(provider, fresh=True)
    if not await _claim_name(call, provider):
        duplicates.append(f"name: {name}")
    if duplicates:
        raise refusals.DuplicateName(f"Conflicting resource provider {', '.join(duplicates)} already exists.")
    return provider


async def _claim_name(call: Call, provider: Provider) -> bool:
    try:
        await call.tx.claim(_NAMES, provider.name, provider)
    except Taken:
        return False
    return True


class ResourceProviders(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ResourceProviders"]

    async def list_resource_providers(self, call: Call, request: pb.ListResourceProvidersRequest) -> Result:
        query = {item.key: list(item.values) for item in request.query.filters}
        found = await filtered(call, query, await all_providers(call))
        return pb.ListResourceProvidersResponse(
            resource_providers=[shown(provider) for provider in found],
            **cache_headers(call, [provider.updated_at for provider in found]),
        )

    async def create_resource_provider(self, call: Call, request: pb.CreateResourceProviderRequest) -> Result:
        provider = await create(call, request.name, request.uuid, request.parent_provider_uuid)
        return pb.CreateResourceProviderResponse(
            resource_provider=shown(provider), **cache_headers(call, [provider.updated_at])
        )

    async def get_resource_provider(self, call: Call, request: pb.GetResourceProviderRequest) -> Result:
        return self._answer(call, await provider_of(call, request.uuid))

    async def set_resource_provider(self, call: Call, request: pb.SetResourceProviderRequest) -> Result:
        old = await provider_of(call, request.uuid)
        provider = copy_of(old)
        if request.HasField("parent_provider_uuid"):
            await self._move(call, provider, _parent(request.parent_provider_uuid))
        if request.name != old.name:
            provider.name = request.name
            if not await _claim_name(call, provider):
                raise refusals.DuplicateName(f"Conflicting resource provider {request.name} already exists.")
            await call.tx.release(_NAMES, old.name)
        return self._answer(call, await save(call, provider, bump=False))

    async def delete_resource_provider(self, call: Call, request: pb.GetResourceProviderRequest) -> Result:
        provider = await call.tx.get(Provider, request.uuid)
        if provider is None:
            raise refusals.ProviderNotFound(f"No resource provider with uuid {request.uuid} found for delete")
        if any(other.parent_id == provider.id for other in await call.tx.scan(Provider)):
            raise refusals.ProviderHasChildren(id=provider.id)
        if any(provider.used.values()):
            raise refusals.ProviderInUse(id=provider.id)
        await call.tx.delete(Provider, provider.id)
        return EMPTY

    # -- inside

    @staticmethod
    def _answer(call: Call, provider: Provider) -> pb.ResourceProviderResponse:
        return pb.ResourceProviderResponse(
            resource_provider=shown(provider), **cache_headers(call, [provider.updated_at])
        )

    async def _move(self, call: Call, provider: Provider, parent_id: str) -> None:
        """Under another parent, or out of the tree; what hangs below comes along."""
        free = call.at_least(37)
        subtree = {item.id: item for item in _subtree(provider, await call.tx.scan(Provider))}
        if parent_id:
            parent = await call.tx.get(Provider, parent_id)
            if parent is None:
                raise _unsaved(provider, "create", "parent provider UUID does not exist.")
            if provider.parent_id and provider.parent_id != parent_id and not free:
                raise _unsaved(provider, "update", "re-parenting a provider is not currently allowed.")
            if parent_id in subtree:
                raise _unsaved(provider, "update", "creating loop in the provider tree is not allowed.")
            provider.parent_id, provider.root_id = parent.id, parent.root_id
        elif provider.parent_id:
            if not free:
                raise _unsaved(provider, "update", "un-parenting a provider is not currently allowed.")
            provider.parent_id, provider.root_id = "", provider.id
        for other in subtree.values():
            if other.id != provider.id and other.root_id != provider.root_id:
                changed = copy_of(other)
                changed.root_id = provider.root_id
                await call.tx.put(changed)


def _subtree(top: Provider, providers: list[Provider]) -> Iterator[Provider]:
    yield top
    for child in providers:
        if child.parent_id == top.id:
            yield from _subtree(child, providers)


def _parent(value: Any) -> str:
    """The parent that a request names; null for none."""
    kind = value.WhichOneof("kind")
    if kind == "null_value":
        return ""
    if kind != "string_value" or not is_format("uuid", value.string_value):
        raise InvalidField(("parent_provider_uuid",), value.string_value, "one_of_schemas")
    return str(value.string_value)


def _unsaved(provider: Provider, action: str, reason: str) -> BadRequest:
    why = f"Object action {action} failed because: {reason}"
    return BadRequest(f"Unable to save resource provider {provider.id}: {why}")
