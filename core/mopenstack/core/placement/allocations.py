"""Allocations. Source: placement/handlers/allocation.py, placement/handlers/util.py (ensure_consumer)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest, InvalidField, NotFound
from mopenstack.contract.patterns import exact
from mopenstack.contract.values import plain, plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.engine.validation import is_format
from mopenstack.core.placement import errors, inventory_usage
from mopenstack.core.placement.inventory_usage import Wanted
from mopenstack.core.placement.providers import normal_uuid
from mopenstack.core.placement.records import last_modified
from mopenstack.placement.v1 import allocations_pb2 as pb
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1.resource_providers_pb2 import Provider

INCOMPLETE = "00000000-0000-0000-0000-000000000000"
"""Project and user of consumers from before 1.8, which named neither."""
UNKNOWN_TYPE = "unknown"
_UUID = "^[0-9a-fA-F-]{36}$"
_CLASS = "^[A-Z0-9_]+$"


class Allocations(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Allocations"]

    async def get_allocations(self, call: Call, request: pb.GetAllocationsRequest) -> Result:
        consumer = await call.tx.get(pb.Consumer, request.consumer_uuid)
        if consumer is None:
            return pb.GetAllocationsResponse(last_modified=last_modified(call))
        shown = pb.GetAllocationsResponse(
            project_id=consumer.owner_project_id,
            user_id=consumer.owner_user_id,
            consumer_generation=consumer.generation,
            consumer_type=consumer.consumer_type or UNKNOWN_TYPE,
            last_modified=last_modified(call, [consumer.created_at]),
        )
        for id, held in consumer.allocations.items():
            provider = await call.tx.get(Provider, id)
            assert provider is not None, "a provider with allocations cannot be deleted"
            shown.allocations[id].generation = provider.generation
            shown.allocations[id].resources.update(held.resources)
        return shown

    async def set_allocations(self, call: Call, request: pb.SetAllocationsRequest) -> Result:
        id = request.consumer_uuid
        if not is_format("uuid", id):
            raise BadRequest(f"Malformed consumer_uuid: {id}")
        if not request.HasField("consumer"):
            raise InvalidField(("allocations",), None, "required", "allocations")
        check_consumer(call, request.consumer, (), may_be_empty=call.at_least(28))
        want = await self.wanted(call, normal_uuid(id), request.consumer)
        try:
            await inventory_usage.replace(call, [want])
        except errors.UnknownClass as error:
            raise BadRequest(f"Unable to allocate inventory for consumer {want.consumer_id}: {error}") from None
        except errors.InvalidInventory as error:
            raise refusals.PlacementConflict(f"Unable to allocate inventory: {error}") from None
        return EMPTY

    async def manage_allocations(self, call: Call, request: pb.ManageAllocationsRequest) -> Result:
        if not request.consumers:
            raise InvalidField((), {}, "min_properties", 1)
        wants = await self.all_wanted(call, request.consumers)
        try:
            await inventory_usage.replace(call, wants)
        except errors.UnknownClass as error:
            raise BadRequest(f"Unable to allocate inventory {error}") from None
        except errors.InvalidInventory as error:
            raise refusals.PlacementConflict(f"Unable to allocate inventory: {error}") from None
        return EMPTY

    async def delete_allocations(self, call: Call, request: pb.GetAllocationsRequest) -> Result:
        if not await inventory_usage.release(call, request.consumer_uuid):
            raise NotFound(f"No allocations for consumer '{request.consumer_uuid}'")
        return EMPTY

    async def list_provider_allocations(self, call: Call, request: pb.ListProviderAllocationsRequest) -> Result:
        provider = call.target
        consumers = [item for item in await call.tx.scan(pb.Consumer) if provider.id in item.allocations]
        shown = pb.ListProviderAllocationsResponse(
            resource_provider_generation=provider.generation,
            last_modified=last_modified(call, [consumer.created_at for consumer in consumers]),
        )
        for consumer in consumers:
            shown.allocations[consumer.id].resources.update(consumer.allocations[provider.id].resources)
            shown.allocations[consumer.id].consumer_generation = consumer.generation
        return shown

    # -- shared with the reshaper

    async def all_wanted(self, call: Call, consumers: Mapping[str, pb.ConsumerAllocations]) -> list[Wanted]:
        """What a request wants for many consumers; raises what is wrong with it."""
        for id, body in consumers.items():
            if exact(_UUID).search(id) is None:
                raise InvalidField((), dict.fromkeys(consumers), "pattern_properties", ([id], [_UUID]))
            check_consumer(call, body, (id,), may_be_empty=True)
        return [await self.wanted(call, id, body) for id, body in consumers.items()]

    async def wanted(self, call: Call, id: str, body: pb.ConsumerAllocations) -> Wanted:
        """What a request wants for one consumer, whose generation it must know."""
        consumer = await call.tx.get(pb.Consumer, id)
        if call.at_least(28):
            self._check_generation(consumer, body.consumer_generation)
        amounts: dict[str, dict[str, int]] = {}
        for one in body.listed:
            amounts[one.resource_provider.uuid] = dict(one.resources)
        for provider_id, held in body.allocations.items():
            amounts[provider_id] = dict(held.resources)
        for provider_id in amounts:
            if await call.tx.get(Provider, provider_id) is None:
                raise BadRequest(f"Allocation for resource provider '{provider_id}' that does not exist.")
        return Wanted(
            id, body.project_id or INCOMPLETE, body.user_id or INCOMPLETE, amounts, body.consumer_type or None
        )

    @staticmethod
    def _check_generation(consumer: pb.Consumer | None, given: Any) -> None:
        got = plain(given)
        expected = consumer.generation if consumer is not None else None
        if got != expected:
            said = "expected null but got" if expected is None else f"expected {expected} but got"
            raise refusals.ConcurrentUpdate(f"consumer generation conflict - {said} {got}")


def check_consumer(call: Call, body: pb.ConsumerAllocations, path: tuple[str, ...], *, may_be_empty: bool) -> None:
    """What the schema says of maps: their keys, their amounts, that they hold something."""
    place = (*path, "allocations")
    if call.at_least(12) and not body.allocations and not may_be_empty:
        raise InvalidField(place, {}, "min_properties", 1)
    for id, held in body.allocations.items():
        if exact(_UUID).search(id) is None:
            raise InvalidField(place, dict.fromkeys(body.allocations), "pattern_properties", ([id], [_UUID]))
        _check_amounts(held.resources, (*place, id, "resources"))
    if not call.at_least(12) and not body.listed:
        raise InvalidField(place, [], "min_items", 1)
    for one in body.listed:
        _check_amounts(one.resources, (*place, "resources"))
    if call.at_least(28):
        _check_type(body.consumer_generation, (*path, "consumer_generation"))
    if body.HasField("mappings"):
        _check_mappings(plain_struct(body.mappings), (*path, "mappings"))


def _check_mappings(mappings: Mapping[str, Any], path: tuple[str, ...]) -> None:
    """Placement looks at their form and keeps nothing of them."""
    if not mappings:
        raise InvalidField(path, {}, "min_properties", 1)
    for suffix, ids in mappings.items():
        place = (*path, suffix)
        if not isinstance(ids, list):
            raise InvalidField(place, ids, "type", "array")
        if not ids:
            raise InvalidField(place, ids, "min_items", 1)
        for number, id in enumerate(ids):
            if not isinstance(id, str):
                raise InvalidField((*place, number), id, "type", "string")
            if not is_format("uuid", id):
                raise InvalidField((*place, number), id, "format", "uuid")


def _check_amounts(amounts: Mapping[str, int], path: tuple[str, ...]) -> None:
    if not amounts:
        raise InvalidField(path, {}, "min_properties", 1)
    for name, amount in amounts.items():
        if exact(_CLASS).search(name) is None:
            raise InvalidField(path, dict(amounts), "pattern_properties", ([name], [_CLASS]))
        if amount < 1:
            raise InvalidField((*path, name), amount, "minimum", 1)


def _check_type(value: Any, path: tuple[str, ...]) -> None:
    given = plain(value)
    if given is not None and (isinstance(given, bool) or not isinstance(given, int)):
        raise InvalidField(path, given, "type", ["integer", "null"])
