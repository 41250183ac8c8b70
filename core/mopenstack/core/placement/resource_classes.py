"""Resource classes. Source: placement/handlers/resource_class.py, placement/objects/resource_class.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from mopenstack.contract.calls import Outcome, Page
from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.contract.patterns import exact
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.core.placement import standard
from mopenstack.core.placement.inventory_usage import rename_class
from mopenstack.core.placement.records import known_class, last_modified
from mopenstack.core.store.transaction import copy_of
from mopenstack.placement.v1 import refusals
from mopenstack.placement.v1 import resource_classes_pb2 as pb
from mopenstack.placement.v1.resource_providers_pb2 import Provider

_CUSTOM = "^CUSTOM_[A-Z0-9_]+$"
Custom = pb.CustomResourceClass


class ResourceClasses(ResourceServicer[Custom]):
    """The ids are the names. Standard classes are not stored: they are made where they are found."""

    service = pb.DESCRIPTOR.services_by_name["ResourceClasses"]
    message = Custom
    not_found = refusals.ResourceClassNotFound
    page_max: ClassVar[int | None] = None

    async def find(self, call: Call, id: str) -> Custom | None:
        return Custom(id=id) if id in standard.resource_classes() else await call.tx.get(Custom, id)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[Custom]:
        custom = sorted(await call.tx.scan(Custom), key=lambda item: item.number)
        return [*(Custom(id=name) for name in standard.resource_classes()), *custom]

    async def view(self, call: Call, obj: Custom) -> pb.ResourceClass:
        return pb.ResourceClass(name=obj.id)

    async def beside(self, call: Call, page: Page, found: Sequence[Custom]) -> None:
        page.extra["last_modified"] = last_modified(call, [item.created_at for item in found])

    async def answer(self, call: Call, obj: Custom, request: Any) -> Result:
        if isinstance(request, pb.CreateResourceClassRequest):
            return EMPTY
        shown = await self.view(call, obj)
        return pb.ResourceClassResponse(resource_class=shown, last_modified=last_modified(call, [obj.created_at]))

    async def prepare(self, call: Call, obj: Custom, request: Any, given: set[str]) -> None:
        if await known_class(call, obj.id):
            raise refusals.PlacementConflict(f"Conflicting resource class already exists: {obj.id}")
        obj.number = await call.tx.add("placement/resource-class/number", 1)

    async def remove(self, call: Call, obj: Custom) -> None:
        name = obj.id
        if name in standard.resource_classes():
            raise BadRequest(f"Error in delete resource class: Cannot delete standard resource class {name}.")
        if any(name in provider.inventories for provider in await call.tx.scan(Provider)):
            why = f"Cannot delete resource class {name}. Class is in use in inventory."
            raise refusals.PlacementConflict(f"Error in delete resource class: {why}")

    async def rename_resource_class(self, call: Call, request: pb.RenameResourceClassRequest) -> Result:
        old, new = request.name, request.new_name
        if old in standard.resource_classes():
            raise BadRequest(f"Cannot update standard resource class {old}")
        if old != new:
            if await known_class(call, new):
                raise refusals.PlacementConflict(f"Resource class already exists: {new}")
            renamed = copy_of(call.target)
            renamed.id = new
            await call.tx.delete(Custom, old)
            await call.tx.put(renamed, fresh=True)
            await rename_class(call, old, new)
        return pb.RenameResourceClassResponse(resource_class=pb.ResourceClass(name=new))

    async def add_resource_class(self, call: Call, request: pb.GetResourceClassRequest) -> Result | Outcome:
        name = request.name
        if exact(_CUSTOM).search(name) is None:
            raise InvalidField(("name",), name, "pattern", _CUSTOM)
        if len(name) > 255:
            raise InvalidField(("name",), name, "max_length", 255)
        if await known_class(call, name):
            return EMPTY
        await self.insert(call, Custom(id=name))
        return Outcome("created", EMPTY)
