"""What all of Placement's operations share: providers, what is known by name, and the headers of answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.core.engine.call import Call
from mopenstack.core.placement import standard
from mopenstack.core.store.transaction import copy_of
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1.resource_classes_pb2 import CustomResourceClass
from mopenstack.placement.v1.resource_providers_pb2 import Provider
from mopenstack.placement.v1.traits_pb2 import Trait

CHANGED = "Resource provider's generation already changed. Please update the generation and try again."


def cache_headers(call: Call, stamps: Iterable[Timestamp] = ()) -> dict[str, Any]:
    """When the newest of the shown objects changed, or now, and that nobody may keep the answer."""
    latest = max((stamp.seconds for stamp in stamps), default=int(call.time))
    modified = format_datetime(datetime.fromtimestamp(latest, UTC), usegmt=True)
    return {"last_modified": modified, "cache_control": "no-cache"}


async def all_providers(call: Call) -> list[Provider]:
    """In the order of their creation. Shared: never change them."""
    return sorted(await call.tx.scan(Provider), key=lambda provider: provider.number)


async def provider_of(call: Call, id: str, found: str = "") -> Provider:
    """The provider; `found` stands before the refusal where an operation words it twice."""
    provider = await call.tx.get(Provider, id)
    if provider is None:
        raise refusals.ProviderNotFound(found + refusals.ProviderNotFound.message.format(id=id))
    return provider


async def editable(call: Call, id: str, generation: int | None = None, text: str = CHANGED) -> Provider:
    """A private copy; raises a conflict where the caller knows another generation."""
    provider = copy_of(await provider_of(call, id))
    if generation is not None and provider.generation != generation:
        raise refusals.ConcurrentUpdate(text)
    return provider


async def save(call: Call, provider: Provider, *, bump: bool = True) -> Provider:
    """Store a private copy, as its next generation."""
    if bump:
        provider.generation += 1
    call.stamp(provider.updated_at)
    await call.tx.put(provider)
    return provider


async def known_class(call: Call, name: str) -> bool:
    return name in standard.resource_classes() or await call.tx.get(CustomResourceClass, name) is not None


async def known_trait(call: Call, name: str) -> bool:
    return name in standard.traits() or await call.tx.get(Trait, name) is not None
