"""Limits of projects and domains, which override registered limits. After keystone.limit.core; model: flat."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import InvalidField
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer, may_read_all, number
from mopenstack.core.identity.limit.registered_limits import check_place, place_of
from mopenstack.core.store.transaction import Taken
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.limit import limits_pb2 as pb2
from mopenstack.identity.v3.limit.registered_limits_pb2 import RegisteredLimit
from mopenstack.identity.v3.resource.projects_pb2 import Project


class Limits(IdentityServicer[pb2.Limit]):
    service = pb2.DESCRIPTOR.services_by_name["Limits"]
    message = pb2.Limit
    not_found = refusals.LimitNotFound

    async def create_limits(self, call: Call, request: pb2.CreateLimitsRequest) -> Result:
        """All of them or none."""
        made = []
        for place, limit in enumerate(request.limits):
            _check_owner(place, limit)
            fresh = pb2.Limit()
            fresh.CopyFrom(limit)
            await number(call, fresh)
            made.append(await self.insert(call, fresh))
        return pb2.CreateLimitsResponse(limits=made)

    async def complete(self, call: Call, obj: pb2.Limit, request: Any, given: set[str]) -> None:
        if obj.owner_project_id:
            project = await call.tx.get(Project, obj.owner_project_id)
            if project is None or project.is_domain:
                raise errors.missing("project_id", "limit")
        else:
            domain = await call.tx.get(Project, obj.domain_id)
            if domain is None or not domain.is_domain:
                raise errors.missing("domain_id", "limit")
        await check_place(call, obj, "limit")
        await self._check_registered(call, obj)
        try:
            await call.tx.claim("limit", f"{obj.owner_project_id or obj.domain_id}/{place_of(obj)}", obj)
        except Taken:
            raise errors.duplicate("limit", "Duplicate entry") from None

    @staticmethod
    async def _check_registered(call: Call, limit: pb2.Limit) -> None:
        for registered in await call.tx.query(RegisteredLimit, service_id=limit.service_id):
            if place_of(registered) == place_of(limit):
                return
        raise refusals.NoRegisteredLimit

    async def refine(self, call: Call, found: list[pb2.Limit], query: common.Query) -> list[pb2.Limit]:
        """Those of the caller's project or domain, unless the caller may read everything."""
        caller = call.caller
        if may_read_all(call) or caller.system or "service" in caller.roles:
            return found
        if not caller.domain_id:
            return [limit for limit in found if caller.project_id and limit.owner_project_id == caller.project_id]
        own = {project.id for project in await call.tx.query(Project, domain_id=caller.domain_id)}
        return [limit for limit in found if limit.domain_id == caller.domain_id or limit.owner_project_id in own]

    async def get(self, call: Call, request: Any) -> Result:
        """Those of the token's project or domain, and of the projects of the domain."""
        caller, limit = call.caller, call.target
        if not may_read_all(call):
            project = await call.tx.get(Project, limit.owner_project_id) if limit.owner_project_id else None
            domain = project.domain_id if project is not None else limit.domain_id
            own = caller.project_id and caller.project_id == limit.owner_project_id
            if not own and not (caller.domain_id and caller.domain_id == domain):
                raise errors.refused("identity:get_limit")
        return await super().get(call, request)

    async def get_limit_model(self, call: Call, request: pb2.GetLimitModelRequest) -> Result:
        model = pb2.GetLimitModelResponse.Model(
            name="flat",
            description="Limit enforcement and validation does not take project hierarchy into consideration.",
        )
        return pb2.GetLimitModelResponse(model=model)


def _check_owner(place: int, limit: pb2.Limit) -> None:
    """A project or a domain has it, never both."""
    if bool(limit.owner_project_id) != bool(limit.domain_id):
        return
    names = {"owner_project_id": "project_id"}
    given = {names.get(field.name, field.name): value for field, value in limit.ListFields()}
    raise InvalidField(("limits", place), given, "one_of_schemas")
