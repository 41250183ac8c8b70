"""Registered limits: the default of a resource in a service. After keystone.limit.core."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer, number
from mopenstack.core.store.transaction import Taken
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.catalog import regions_pb2, services_pb2
from mopenstack.identity.v3.limit import limits_pb2
from mopenstack.identity.v3.limit import registered_limits_pb2 as pb2


class RegisteredLimits(IdentityServicer[pb2.RegisteredLimit]):
    service = pb2.DESCRIPTOR.services_by_name["RegisteredLimits"]
    message = pb2.RegisteredLimit
    not_found = refusals.RegisteredLimitNotFound

    async def create_registered_limits(self, call: Call, request: pb2.CreateRegisteredLimitsRequest) -> Result:
        """All of them or none."""
        made = []
        for limit in request.registered_limits:
            fresh = pb2.RegisteredLimit()
            fresh.CopyFrom(limit)
            await number(call, fresh)
            made.append(await self.insert(call, fresh))
        return pb2.CreateRegisteredLimitsResponse(registered_limits=made)

    async def complete(self, call: Call, obj: pb2.RegisteredLimit, request: Any, given: set[str]) -> None:
        await check_place(call, obj, "registered_limit")
        await self._claim(call, obj)

    async def revise(
        self, call: Call, old: pb2.RegisteredLimit, new: pb2.RegisteredLimit, request: Any, given: set[str]
    ) -> None:
        await check_place(call, new, "registered_limit")
        if place_of(old) != place_of(new):
            await self._check_unused(call, old)
            await call.tx.release("registered_limit", place_of(old))
            await self._claim(call, new)

    async def remove(self, call: Call, obj: pb2.RegisteredLimit) -> None:
        await self._check_unused(call, obj)

    @staticmethod
    async def _claim(call: Call, limit: pb2.RegisteredLimit) -> None:
        try:
            await call.tx.claim("registered_limit", place_of(limit), limit)
        except Taken:
            raise errors.duplicate("registered_limit", "Duplicate entry") from None

    @staticmethod
    async def _check_unused(call: Call, registered: pb2.RegisteredLimit) -> None:
        for limit in await call.tx.query(limits_pb2.Limit, service_id=registered.service_id):
            if place_of(limit) == place_of(registered):
                raise refusals.RegisteredLimitInUse(id=registered.id)


def place_of(limit: Any) -> str:
    """What is limited: a resource of a service in a region or in all."""
    return f"{limit.service_id}/{limit.region_id}/{limit.resource_name}"


async def check_place(call: Call, limit: Any, target: str) -> None:
    """The service and the region must be there."""
    if await call.tx.get(services_pb2.Service, limit.service_id) is None:
        raise errors.missing("service_id", target)
    if limit.region_id and await call.tx.get(regions_pb2.Region, limit.region_id) is None:
        raise errors.missing("region_id", target)
