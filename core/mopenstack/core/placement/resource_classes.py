"""Resource classes. Source: placement/handlers/resource_class.py, placement/objects/resource_class.py."""

from __future__ import annotations

import re

from google.protobuf.timestamp_pb2 import Timestamp

from mopenstack.contract.calls import Outcome
from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.placement import standard
from mopenstack.core.placement.inventory_usage import rename_class
from mopenstack.core.placement.records import cache_headers, known_class
from mopenstack.core.store.transaction import copy_of
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1 import resource_classes_pb2 as pb
from mopenstack.placement.v1.resource_providers_pb2 import Provider

_CUSTOM = "^CUSTOM_[A-Z0-9_]+$"
Custom = pb.CustomResourceClass


class ResourceClasses(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ResourceClasses"]

    async def list_resource_classes(self, call: Call, request: pb.ListResourceClassesRequest) -> Result:
        custom = sorted(await call.tx.scan(Custom), key=lambda item: item.number)
        names = [*standard.resource_classes(), *(item.id for item in custom)]
        return pb.ListResourceClassesResponse(
            resource_classes=[pb.ResourceClass(name=name) for name in names],
            **cache_headers(call, [item.created_at for item in custom]),
        )

    async def create_resource_class(self, call: Call, request: pb.CreateResourceClassRequest) -> Result:
        if await known_class(call, request.name):
            raise refusals.PlacementConflict(f"Conflicting resource class already exists: {request.name}")
        await self._create(call, request.name)
        return pb.CreateResourceClassResponse(name=request.name)

    async def get_resource_class(self, call: Call, request: pb.GetResourceClassRequest) -> Result:
        custom = await self._fetch(call, request.name)
        stamps: list[Timestamp] = [custom.created_at] if custom is not None else []
        return pb.ResourceClassResponse(
            resource_class=pb.ResourceClass(name=request.name), **cache_headers(call, stamps)
        )

    async def rename_resource_class(self, call: Call, request: pb.RenameResourceClassRequest) -> Result:
        old, new = request.name, request.new_name
        custom = await self._fetch(call, old)
        if custom is None:
            raise BadRequest(f"Cannot update standard resource class {old}")
        if old != new:
            if await known_class(call, new):
                raise refusals.PlacementConflict(f"Resource class already exists: {new}")
            renamed = copy_of(custom)
            renamed.id = new
            await call.tx.delete(Custom, old)
            await call.tx.put(renamed, fresh=True)
            await rename_class(call, old, new)
        return pb.RenameResourceClassResponse(resource_class=pb.ResourceClass(name=new))

    async def add_resource_class(self, call: Call, request: pb.GetResourceClassRequest) -> Result | Outcome:
        name = request.name
        if re.search(_CUSTOM, name) is None:
            raise InvalidField(("name",), name, "pattern", _CUSTOM)
        if len(name) > 255:
            raise InvalidField(("name",), name, "max_length", 255)
        if await known_class(call, name):
            return EMPTY
        await self._create(call, name)
        return Outcome("created", EMPTY)

    async def delete_resource_class(self, call: Call, request: pb.GetResourceClassRequest) -> Result:
        name = request.name
        if await self._fetch(call, name) is None:
            raise BadRequest(f"Error in delete resource class: Cannot delete standard resource class {name}.")
        if any(name in provider.inventories for provider in await call.tx.scan(Provider)):
            why = f"Cannot delete resource class {name}. Class is in use in inventory."
            raise refusals.PlacementConflict(f"Error in delete resource class: {why}")
        await call.tx.delete(Custom, name)
        return EMPTY

    # -- inside

    @staticmethod
    async def _fetch(call: Call, name: str) -> Custom | None:
        """The custom class, None for a standard one; raises for one that is not known."""
        if name in standard.resource_classes():
            return None
        found = await call.tx.get(Custom, name)
        if found is None:
            raise refusals.ResourceClassNotFound(name=name)
        return found

    @staticmethod
    async def _create(call: Call, name: str) -> None:
        custom = Custom(id=name, number=await call.tx.add("placement/resource-class/number", 1))
        call.stamp(custom.created_at)
        await call.tx.put(custom, fresh=True)
