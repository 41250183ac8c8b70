"""What all of Placement's operations share: providers, what is known by name, and the time of a change."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.core.engine.call import Call
from mopenstack.core.placement import standard
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1.resource_classes_pb2 import CustomResourceClass
from mopenstack.placement.v1.resource_providers_pb2 import Provider
from mopenstack.placement.v1.traits_pb2 import Trait

CHANGED = "Resource provider's generation already changed. Please update the generation and try again."


def last_modified(call: Call, stamps: Iterable[Timestamp] = ()) -> Timestamp:
    """When the newest of the shown objects changed; now where none of them says it."""
    latest = max((stamp.seconds for stamp in stamps if stamp.seconds), default=int(call.time))
    return Timestamp(seconds=latest)


async def all_providers(call: Call) -> list[Provider]:
    """In the order of their creation. Shared: never change them."""
    return sorted(await call.tx.scan(Provider), key=lambda provider: provider.number)


def check_generation(provider: Provider, generation: int, text: str = CHANGED) -> None:
    """Raise ConcurrentUpdate where the caller knows another generation."""
    if provider.generation != generation:
        raise refusals.ConcurrentUpdate(text)


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
