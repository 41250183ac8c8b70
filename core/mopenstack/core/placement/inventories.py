"""Inventories of providers. Source: placement/handlers/inventory.py, placement/objects/resource_provider.py."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest, InvalidField, NotFound
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.parts import Parts
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.placement import errors, standard
from mopenstack.core.placement.provider_filters import capacity
from mopenstack.core.placement.records import check_generation, known_class, last_modified, save
from mopenstack.placement.v1 import inventories_pb2 as pb
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1.resource_providers_pb2 import Inventory, Provider

MAX = 2**31 - 1
_RATIO_MAX = 3.40282e38
"""The largest number of MySQL's FLOAT."""
_DEFAULTS = {"reserved": 0, "min_unit": 1, "max_unit": MAX, "step_size": 1, "allocation_ratio": 1.0}
_CONFLICT = "resource provider generation conflict"


def inventory_of(record: Any) -> Inventory:
    """A request's record with Placement's defaults for what it leaves out."""
    if record.HasField("allocation_ratio") and record.allocation_ratio > _RATIO_MAX:
        raise InvalidField(("allocation_ratio",), record.allocation_ratio, "maximum", _RATIO_MAX)
    given = {name: getattr(record, name) for name in _DEFAULTS if record.HasField(name)}
    return Inventory(total=record.total, **{**_DEFAULTS, **given})


async def set_inventories(call: Call, provider: Provider, inventories: Mapping[str, Inventory]) -> None:
    """Replace all of a private copy's inventories; raises UnknownClass, InUse. A total below the usage is accepted."""
    for name in inventories:
        if not await known_class(call, name):
            raise errors.UnknownClass(name)
    check_unused(provider, inventories)
    replace_inventories(provider, inventories)
    await save(call, provider)


def check_unused(provider: Provider, kept: Container[str]) -> None:
    """Raise InUse where an inventory that is not kept has allocations."""
    used = [name for name in provider.inventories if name not in kept and provider.used.get(name)]
    if used:
        order = list(standard.resource_classes())
        used.sort(key=lambda name: order.index(name) if name in order else len(order))
        raise errors.InUse(used, provider.id)


def replace_inventories(provider: Provider, inventories: Mapping[str, Inventory]) -> None:
    """Without a look at anything."""
    kept = dict(inventories.items())
    provider.ClearField("inventories")
    for name, inventory in kept.items():
        provider.inventories[name].CopyFrom(inventory)


class Inventories(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Inventories"]

    async def add_inventory(self, call: Call, request: pb.AddInventoryRequest) -> Result:
        provider, name = await call.tx.edit(Provider, call.target.id), request.resource_class
        inventory = inventory_of(request)
        why = self._too_little(call, provider, name, inventory)
        if not why and not await known_class(call, name):
            why = refusals.ResourceClassNotFound(id=name).text
        if why:
            raise BadRequest(f"Unable to create inventory for resource provider {provider.id}: {why}")
        if name in provider.inventories:
            raise _taken(call, provider, name, "")
        provider.inventories[name].CopyFrom(inventory)
        await save(call, provider)
        return pb.AddInventoryResponse(
            inventory=provider.inventories[name],
            resource_provider_generation=provider.generation,
            last_modified=last_modified(call),
        )

    async def set_inventories(self, call: Call, request: pb.SetInventoriesRequest) -> Result:
        inventories = {name: inventory_of(record) for name, record in request.inventories.items()}
        provider = await self._editable(call, request.resource_provider_generation)
        for name, inventory in inventories.items():
            why = self._too_little(call, provider, name, inventory)
            if why:
                raise BadRequest(f"Unable to update inventory for resource provider {provider.id}: {why}")
        try:
            await set_inventories(call, provider, inventories)
        except errors.UnknownClass as error:
            text = f"Unknown resource class in inventory for resource provider {provider.id}: {error}"
            raise BadRequest(text) from None
        except errors.InUse as error:
            raise refusals.InventoryInUse(f"update conflict: {error}") from None
        answer = pb.InventoriesResponse(inventories=provider.inventories)
        await _complete(call, provider, answer)
        return answer

    async def set_inventory(self, call: Call, request: pb.SetInventoryRequest) -> Result:
        name = request.resource_class
        inventory = inventory_of(request)
        provider = await self._editable(call, request.resource_provider_generation)
        why = self._too_little(call, provider, name, inventory)
        if why:
            raise BadRequest(f"Unable to update inventory for resource provider {provider.id}: {why}")
        if not await known_class(call, name):
            raise refusals.ResourceClassNotFound(id=name)
        if name not in provider.inventories:
            why = f"No inventory of class {name} found."
            raise BadRequest(f"No inventory record with resource class for resource provider {provider.id}: {why}")
        provider.inventories[name].CopyFrom(inventory)
        return await self._one(call, await save(call, provider), name)

    async def drop_inventory(self, call: Call, request: pb.GetInventoryRequest) -> Result:
        provider, name = await call.tx.edit(Provider, call.target.id), request.resource_class
        why = ""
        if not await known_class(call, name):
            why = refusals.ResourceClassNotFound(id=name).text
        elif name not in provider.inventories:
            why = f"No inventory of class {name} found for delete"
        if why:
            raise NotFound(f"No inventory of class {name} found for delete: {why}")
        if provider.used.get(name):
            text = f"Unable to delete inventory of class {name}: {errors.InUse([name], provider.id)}"
            raise refusals.ConcurrentUpdate(text)
        del provider.inventories[name]
        await save(call, provider)
        return EMPTY

    # -- inside

    @staticmethod
    async def _editable(call: Call, generation: int) -> Provider:
        """A private copy of the provider, whose generation the caller must know."""
        check_generation(call.target, generation, _CONFLICT)
        return await call.tx.edit(Provider, call.target.id)

    @staticmethod
    def _too_little(call: Call, provider: Provider, name: str, inventory: Inventory) -> str:
        """Why an inventory without anything to allocate is refused; from 1.26 on all of it may be reserved."""
        least = int(capacity(inventory))
        head = f"Invalid inventory for '{name}' on resource provider '{provider.id}'. "
        if call.at_least(26):
            return head + "The reserved value is greater than total." if least < 0 else ""
        return head + "The reserved value is greater than or equal to total." if least <= 0 else ""

    @staticmethod
    async def _one(call: Call, provider: Provider, name: str) -> pb.InventoryResponse:
        answer = pb.InventoryResponse(inventory=provider.inventories[name])
        await _complete(call, provider, answer)
        return answer


# -- what is declared: list, show one, delete all


async def _complete(call: Call, provider: Provider, answer: pb.InventoriesResponse | pb.InventoryResponse) -> None:
    if isinstance(answer, pb.InventoriesResponse) or provider.generation:
        answer.resource_provider_generation = provider.generation
    answer.last_modified.CopyFrom(last_modified(call, [provider.updated_at]))


def _missing(call: Call, provider: Provider, name: str) -> Exception:
    return NotFound(f"No inventory of class {name} for {provider.id}")


def _taken(call: Call, provider: Provider, name: str, former: str) -> Exception:
    return refusals.ConcurrentUpdate(
        f"Update conflict: an inventory of class {name} exists on resource provider {provider.id}"
    )


async def _remove(call: Call, provider: Provider, name: str) -> None:
    try:
        check_unused(provider, ())
    except errors.InUse as error:
        raise refusals.InventoryInUse(str(error)) from None
    provider.generation += 1


INVENTORIES = Parts(
    "resource_provider",
    "inventories",
    key="resource_class",
    missing=_missing,
    taken=_taken,
    remove=_remove,
    complete=_complete,
)
