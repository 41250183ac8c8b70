"""Regions: the client may choose the id. After keystone.catalog.core and keystone.api.regions."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.catalog import endpoints_pb2
from mopenstack.identity.v3.catalog import regions_pb2 as pb2


class Regions(IdentityServicer[pb2.Region]):
    service = pb2.DESCRIPTOR.services_by_name["Regions"]
    message = pb2.Region
    not_found = refusals.RegionNotFound

    async def create_region_with_id(self, call: Call, request: pb2.CreateRegionWithIdRequest) -> Result:
        region = request.region
        if "id" in request.mask.paths and region.id != request.region_id:
            given = region.id if region.HasField("id") else None
            raise BadRequest(f'Conflicting region IDs specified: "{request.region_id}" != "{given}"')
        region.id = request.region_id
        if request.mask.paths:
            request.mask.paths.append("id")
        return await self.create(call, request)

    async def complete(self, call: Call, obj: pb2.Region, request: Any, given: set[str]) -> None:
        if await self.find(call, obj.id) is not None:
            raise errors.duplicate("region", f"Duplicate ID, {obj.id}.")
        if obj.parent_region_id:
            await self.lookup(call, obj.parent_region_id)

    async def revise(self, call: Call, old: pb2.Region, new: pb2.Region, request: Any, given: set[str]) -> None:
        if "id" in given and new.HasField("id"):
            if not new.id:
                raise InvalidField(("region", "id"), "", "min_length", 1)
            if new.id != old.id:
                raise BadRequest("Cannot change ID")
        new.id = old.id
        parent_id = new.parent_region_id
        while parent_id:
            if parent_id == new.id:
                raise refusals.CircularRegionHierarchy(parent_region_id=new.parent_region_id)
            parent_id = (await self.lookup(call, parent_id)).parent_region_id

    async def remove(self, call: Call, obj: pb2.Region) -> None:
        """The child regions are deleted too, unless one of them is in use."""
        regions = [obj]
        for region in regions:
            regions += await call.tx.query(pb2.Region, parent_region_id=region.id)
        for region in regions:
            if await call.tx.query(endpoints_pb2.Endpoint, region_id=region.id):
                raise refusals.RegionInUse(region_id=obj.id)
        for child in regions[1:]:
            await call.publish("before_delete", "region", child)
            await call.tx.delete(pb2.Region, child.id)
