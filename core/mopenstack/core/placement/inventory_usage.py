"""Allocations of consumers, and with them the usage of every provider: the one place where both change.

After placement.objects.allocation (replace_all, _set_allocations, _check_capacity_exceeded).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mopenstack.core.engine.call import Call
from mopenstack.core.placement import errors
from mopenstack.core.placement.provider_filters import capacity
from mopenstack.core.placement.records import known_class, save
from mopenstack.core.store.transaction import copy_of
from mopenstack.placement.v1.allocations_pb2 import Consumer
from mopenstack.placement.v1.resource_providers_pb2 import Provider

Amounts = Mapping[str, Mapping[str, int]]
"""Provider -> resource class -> amount."""


@dataclass(slots=True)
class Wanted:
    """What a consumer shall hold from now on, instead of what it holds; nothing: it is forgotten."""

    consumer_id: str
    project_id: str
    user_id: str
    amounts: Amounts = field(default_factory=dict)
    consumer_type: str | None = None


async def replace(call: Call, wanted: Sequence[Wanted]) -> None:
    """Change the allocations of all these consumers at once; raises AllocationError, and then nothing has changed.

    Providers must exist. A provider that would hold more than its capacity refuses, if not less than before.
    """
    for want in wanted:
        for amounts in want.amounts.values():
            for name in amounts:
                if not await known_class(call, name):
                    raise errors.UnknownClass(name)
    old = {want.consumer_id: await call.tx.get(Consumer, want.consumer_id) for want in wanted}
    providers: dict[str, Provider] = {}
    visited: set[str] = set()
    for want in wanted:
        consumer = old[want.consumer_id]
        before = consumer.allocations if consumer is not None else {}
        for id in {**dict.fromkeys(before), **dict.fromkeys(want.amounts)}:
            if id not in providers:
                providers[id] = await call.tx.edit(Provider, id)
        visited.update(want.amounts or before)
    previous = {id: dict(provider.used) for id, provider in providers.items()}
    for consumer in old.values():
        if consumer is not None:
            for id, held in consumer.allocations.items():
                _give(providers[id], held.resources)
    for want in wanted:
        for id, amounts in want.amounts.items():
            _take(providers[id], amounts, previous[id])
    for id, provider in providers.items():
        await save(call, provider, bump=id in visited)
    for want in wanted:
        await _store(call, old[want.consumer_id], want)


async def claim(call: Call, want: Wanted, providers: Mapping[str, Provider]) -> bool:
    """The short way for a new consumer on providers that were looked at already: whether it fits, and then it holds.

    The same as `replace` where nothing was held; resource classes are known to the one who asks.
    """
    copies = []
    for id, amounts in want.amounts.items():
        provider = copy_of(providers[id])
        try:
            _take(provider, amounts, {})
        except errors.InvalidInventory:
            return False
        copies.append(provider)
    for provider in copies:
        await save(call, provider)
    await _store(call, None, want)
    return True


async def release(call: Call, consumer_id: str) -> bool:
    """Give back all that a consumer holds; whether it held anything."""
    consumer = await call.tx.get(Consumer, consumer_id)
    if consumer is None:
        return False
    for id, held in consumer.allocations.items():
        provider = await call.tx.edit(Provider, id)
        _give(provider, held.resources)
        await save(call, provider, bump=False)
    await call.tx.delete(Consumer, consumer_id)
    return True


async def held_by(call: Call, consumer_id: str) -> dict[str, dict[str, int]]:
    """Provider -> resource class -> amount of what a consumer holds."""
    consumer = await call.tx.get(Consumer, consumer_id)
    return {} if consumer is None else {id: dict(held.resources) for id, held in consumer.allocations.items()}


async def rename_class(call: Call, old: str, new: str) -> None:
    """A resource class has another name everywhere: Placement's rows name its number."""
    for found in await call.tx.scan(Provider):
        if old in found.inventories or old in found.used:
            provider = copy_of(found)
            if old in provider.inventories:
                provider.inventories[new].CopyFrom(provider.inventories[old])
                del provider.inventories[old]
            if old in provider.used:
                provider.used[new] = provider.used.pop(old)
            await call.tx.put(provider)
    for kept in await call.tx.scan(Consumer):
        if any(old in held.resources for held in kept.allocations.values()):
            consumer = copy_of(kept)
            for held in consumer.allocations.values():
                if old in held.resources:
                    held.resources[new] = held.resources.pop(old)
            await call.tx.put(consumer)


def _give(provider: Provider, amounts: Mapping[str, int]) -> None:
    for name, amount in amounts.items():
        left = provider.used.get(name, 0) - amount
        if left > 0:
            provider.used[name] = left
        else:
            provider.used.pop(name, None)


def _take(provider: Provider, amounts: Mapping[str, int], previous: Mapping[str, int]) -> None:
    """Add amounts to what is used; raises InvalidInventory. `previous` was used before the change began."""
    id = provider.id
    missing = [name for name in amounts if name not in provider.inventories]
    if missing and len(missing) == len(amounts):
        raise errors.InvalidInventory(f"Inventory for '{', '.join(amounts)}' on resource provider '{id}' invalid.")
    for name, amount in amounts.items():
        if name in missing:
            raise errors.InvalidInventory(f"Inventory for '{name}' on resource provider '{id}' invalid.")
        inventory = provider.inventories[name]
        head = f"Unable to create allocation for '{name}' on resource provider '{id}'. The requested amount would "
        if not inventory.min_unit <= amount <= inventory.max_unit or amount % inventory.step_size:
            raise errors.InvalidInventory(head + "violate inventory constraints.")
        total = provider.used.get(name, 0) + amount
        if total > capacity(inventory) and total > previous.get(name, -1):
            raise errors.InvalidInventory(head + "exceed the capacity.")
        provider.used[name] = total


async def _store(call: Call, old: Consumer | None, want: Wanted) -> None:
    if not want.amounts:
        if old is not None:
            await call.tx.delete(Consumer, want.consumer_id)
        return
    consumer = Consumer(
        id=want.consumer_id,
        generation=1 if old is None else old.generation + 1,
        owner_project_id=want.project_id,
        owner_user_id=want.user_id,
    )
    kind = want.consumer_type or (old.consumer_type if old is not None and old.HasField("consumer_type") else None)
    if kind:
        consumer.consumer_type = kind
    for id, amounts in want.amounts.items():
        consumer.allocations[id].resources.update(amounts)
    call.stamp(consumer.created_at)
    await call.tx.put(consumer, fresh=old is None)
