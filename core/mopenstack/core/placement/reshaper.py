"""The reshaper. Source: placement/handlers/reshaper.py, placement/objects/reshaper.py."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.contract.patterns import exact
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.placement import errors, inventory_usage
from mopenstack.core.placement.allocations import Allocations
from mopenstack.core.placement.inventories import inventory_of, set_inventories
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1 import reshaper_pb2 as pb
from mopenstack.placement.v1.resource_providers_pb2 import Inventory, Provider

_UUID = "^[0-9a-fA-F-]{36}$"
_CONFLICT = "resource provider generation conflict for provider {id}: actual: {actual}, given: {given}"

Inventories = dict[str, dict[str, Inventory]]


class Reshaper(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Reshaper"]

    async def reshape(self, call: Call, request: pb.ReshapeRequest) -> Result:
        wanted = await self._inventories(call, request)
        consumers = await call.service(Allocations).all_wanted(call, request.allocations)
        try:
            # First the new inventories beside the present ones, so that allocations can move; then the new ones alone.
            for id, inventories in wanted.items():
                if inventories:
                    provider = await call.tx.edit(Provider, id)
                    await set_inventories(call, provider, {**dict(provider.inventories), **inventories})
            await inventory_usage.replace(call, consumers)
            for id, inventories in wanted.items():
                await set_inventories(call, await call.tx.edit(Provider, id), inventories)
        except errors.UnknownClass as error:
            raise BadRequest(f"malformed reshaper data: {error}") from None
        except errors.InUse as error:
            raise refusals.InventoryInUse(f"update conflict: {error}") from None
        except errors.InvalidInventory as error:
            raise refusals.PlacementConflict(f"Unable to allocate inventory: {error}") from None
        return EMPTY

    @staticmethod
    async def _inventories(call: Call, request: pb.ReshapeRequest) -> Inventories:
        if not request.inventories:
            raise InvalidField(("inventories",), {}, "min_properties", 1)
        found: Inventories = {}
        for id, item in request.inventories.items():
            if exact(_UUID).search(id) is None:
                raise InvalidField(
                    ("inventories",), dict.fromkeys(request.inventories), "pattern_properties", ([id], [_UUID])
                )
            provider = await call.tx.get(Provider, id)
            if provider is None:
                raise refusals.UnknownReshapedProvider(id=id)
            given = item.resource_provider_generation
            if provider.generation != given:
                raise refusals.ConcurrentUpdate(_CONFLICT.format(id=id, actual=provider.generation, given=given))
            found[id] = {name: inventory_of(record) for name, record in item.inventories.items()}
        return found
