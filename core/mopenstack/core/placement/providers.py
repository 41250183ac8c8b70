"""Resource providers, alone or in trees. Source: placement/handlers/resource_provider.py, placement/objects/."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.engine.validation import is_format
from mopenstack.core.placement.provider_filters import filtered
from mopenstack.core.placement.records import all_providers, last_modified
from mopenstack.core.store.transaction import Taken, copy_of
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1 import resource_providers_pb2 as pb

_NAMES = "placement/provider/name"
Provider = pb.Provider


def normal_uuid(text: str) -> str:
    """With dashes and in lower case."""
    return str(uuid.UUID(text))


async def create(call: Call, name: str, id: str) -> Provider:
    """A new provider, the root of a tree of its own, as a private copy; raises what Placement answers."""
    return copy_of(await call.service(ResourceProviders).insert(call, Provider(id=id, name=name)))


class ResourceProviders(ResourceServicer[Provider]):
    service = pb.DESCRIPTOR.services_by_name["ResourceProviders"]
    message = Provider
    not_found = refusals.ProviderNotFound
    page_max: ClassVar[int | None] = None

    # -- how they are shown

    async def candidates(self, call: Call, query: common.Query) -> Iterable[Provider]:
        asked = {item.key: list(item.values) for item in query.filters}
        return await filtered(call, asked, await all_providers(call))

    async def view(self, call: Call, obj: Provider) -> pb.ResourceProvider:
        return pb.ResourceProvider(
            uuid=obj.id,
            name=obj.name,
            generation=obj.generation,
            parent_provider_uuid=obj.parent_id or None,
            root_provider_uuid=obj.root_id,
        )

    async def beside(self, call: Call, page: Page, found: Sequence[Provider]) -> None:
        page.extra["last_modified"] = last_modified(call, [provider.updated_at for provider in found])

    async def answer(self, call: Call, obj: Provider, request: Any) -> Result:
        shown, modified = await self.view(call, obj), last_modified(call, [obj.updated_at])
        if isinstance(request, pb.CreateResourceProviderRequest):
            return pb.CreateResourceProviderResponse(resource_provider=shown, last_modified=modified)
        return pb.ResourceProviderResponse(resource_provider=shown, last_modified=modified)

    # -- create, update, delete

    async def prepare(self, call: Call, obj: Provider, request: Any, given: set[str]) -> None:
        id = obj.id = normal_uuid(obj.id)
        obj.root_id = id
        parent_id = request.parent_provider_uuid if request is not None else ""
        if parent_id:
            await self._join(call, obj, parent_id)
        duplicates = [f"uuid: {id}"] if await call.tx.get(Provider, id) is not None else []
        if not await _claim_name(call, obj):
            duplicates.append(f"name: {obj.name}")
        if duplicates:
            raise refusals.DuplicateName(f"Conflicting resource provider {', '.join(duplicates)} already exists.")
        obj.number = await call.tx.add("placement/provider/number", 1)

    @staticmethod
    async def _join(call: Call, obj: Provider, parent_id: str) -> None:
        """Put a new provider below another one."""
        reason = ""
        parent = await call.tx.get(Provider, parent_id)
        if parent_id == obj.id:
            reason = (
                "parent provider UUID cannot be same as UUID. "
                "Please set parent provider UUID to None if there is no parent."
            )
        elif parent is None:
            reason = "parent provider UUID does not exist."
        if reason or parent is None:
            why = f"Object action create failed because: {reason}"
            raise BadRequest(f'Unable to create resource provider "{obj.name}", {obj.id}: {why}')
        obj.parent_id, obj.root_id = parent.id, parent.root_id

    async def change(self, call: Call, old: Provider, new: Provider, request: Any, given: set[str]) -> None:
        if request.HasField("parent_provider_uuid"):
            await self._move(call, new, _parent(request.parent_provider_uuid))
        if new.name != old.name:
            if not await _claim_name(call, new):
                raise refusals.DuplicateName(f"Conflicting resource provider {new.name} already exists.")
            await call.tx.release(_NAMES, old.name)

    async def remove(self, call: Call, obj: Provider) -> None:
        if any(other.parent_id == obj.id for other in await call.tx.scan(Provider)):
            raise refusals.ProviderHasChildren(id=obj.id)
        if any(obj.used.values()):
            raise refusals.ProviderInUse(id=obj.id)

    async def _move(self, call: Call, provider: Provider, parent_id: str) -> None:
        """Under another parent, or out of the tree; the providers below come along."""
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


async def _claim_name(call: Call, provider: Provider) -> bool:
    try:
        await call.tx.claim(_NAMES, provider.name, provider)
    except Taken:
        return False
    return True


def _subtree(top: Provider, providers: list[Provider]) -> Iterator[Provider]:
    yield top
    for child in providers:
        if child.parent_id == top.id:
            yield from _subtree(child, providers)


def _parent(value: Any) -> str:
    """The parent that a request names; null for none."""
    found = plain(value)
    if found is None:
        return ""
    if not isinstance(found, str) or not is_format("uuid", found):
        raise InvalidField(("parent_provider_uuid",), found, "one_of_schemas")
    return found


def _unsaved(provider: Provider, action: str, reason: str) -> BadRequest:
    why = f"Object action {action} failed because: {reason}"
    return BadRequest(f"Unable to save resource provider {provider.id}: {why}")
