"""Quotas. After magnum.api.controllers.v1.quota: a project may be given a limit for its clusters."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import Any

from mopenstack.container_infra.v1 import quotas_pb2 as pb
from mopenstack.container_infra.v1 import refusals
from mopenstack.contract.calls import Result
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.container_infra.base import PAGE_MAX, SERVICE, check_sort, next_row
from mopenstack.core.container_infra.options import MAX_CLUSTERS
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer
from mopenstack.identity.v3.resource.projects_pb2 import GetProjectRequest

PROJECT = "mopenstack.identity.v3.Projects.GetProject"
CLUSTER = "Cluster"


def _refuse(over: Over) -> Fault:
    return refusals.ResourceLimitExceeded(limit=over.limits["clusters"])


QUOTAS = QuotaSet(SERVICE, {"clusters": int(MAX_CLUSTERS.default)}, _refuse)


class Quotas(ResourceServicer[pb.Quota]):
    service = pb.DESCRIPTOR.services_by_name["Quotas"]
    message = pb.Quota
    page_max = PAGE_MAX
    stamps_update = False

    async def list(self, call: Call, request: Any) -> Result:
        query: common.Query = request.query
        check_sort(self, query)
        if query.marker:
            found = [one for one in await call.tx.scan(pb.Quota) if str(one.row) == query.marker]
            if not found:
                raise refusals.QuotaIdNotFound(id=query.marker)
            query.marker = found[0].id
        return await super().list(call, request)

    async def refine(self, call: Call, found: Sequence[pb.Quota], query: common.Query) -> builtins.list[pb.Quota]:
        said = {item.key: item.values[-1] for item in query.filters if item.values}
        if said.get("all_tenants", "").lower() in TRUE_WORDS:
            return list(found)
        return [one for one in found if one.project_id == call.caller.project_id]

    async def candidates(self, call: Call, query: common.Query) -> Iterable[pb.Quota]:
        return await call.tx.scan(pb.Quota)

    def new_id(self, call: Call) -> str:
        return call.ids.uuid()

    async def prepare(self, call: Call, obj: pb.Quota, request: Any, given: set[str]) -> None:
        project_id = request.quota.project_id
        if not project_id:
            raise refusals.ServiceBreaks(message="'project'")
        try:
            await call.invoke(PROJECT, GetProjectRequest(project_id=project_id), elevated=True)
        except NotFound:
            raise refusals.ProjectNotFound(name="project_id", id=project_id) from None
        if await self._own(call, project_id) is not None:
            raise refusals.QuotaAlreadyExists(project_id=project_id, resource=obj.resource)
        obj.row = await next_row(call, "quota")
        await self._limit(call, obj)

    async def answer(self, call: Call, obj: pb.Quota, request: Any) -> Result:
        return pb.CreateQuotaResponse(quota=obj, created_at=obj.created_at)

    async def get_quota(self, call: Call, request: pb.GetQuotaRequest) -> Result:
        project_id = request.project
        if not call.caller.is_admin and project_id != call.caller.project_id:
            raise refusals.NotAuthorized()
        own = await self._own(call, project_id) if request.resource == CLUSTER else None
        if own is not None:
            return pb.GetQuotaResponse(quota=own)
        limit = (await call.quota.limits(SERVICE, "class:default"))["clusters"]
        default = pb.DefaultQuota(hard_limit=limit, project_id=project_id, resource=CLUSTER)
        return pb.GetQuotaResponse(default_quota=default)

    async def update_quota(self, call: Call, request: pb.UpdateQuotaRequest) -> Result:
        found = await self._found(call, request.project, request.resource)
        new = await call.tx.edit(pb.Quota, found.id)
        asked = pb.Quota()
        asked.CopyFrom(request.quota)
        self.listing.apply_defaults(asked, set(request.mask.paths))
        new.hard_limit = asked.hard_limit
        await self._limit(call, new)
        await self.save(call, new)
        return pb.UpdateQuotaResponse(quota=new, updated_at=new.updated_at)

    async def delete_quota(self, call: Call, request: pb.GetQuotaRequest) -> Result:
        found = await self._found(call, request.project, request.resource)
        await call.quota.set_limits(SERVICE, found.project_id, {"clusters": None})
        await call.tx.delete(pb.Quota, found.id)
        return EMPTY

    async def _found(self, call: Call, project_id: str, resource: str) -> pb.Quota:
        found = await self._own(call, project_id) if resource == CLUSTER else None
        if found is None:
            raise refusals.QuotaNotFound(project_id=project_id, resource=resource)
        return found

    async def _own(self, call: Call, project_id: str) -> pb.Quota | None:
        found = await call.tx.query(pb.Quota, project_id=project_id)
        return found[0] if found else None

    async def _limit(self, call: Call, quota: pb.Quota) -> None:
        await call.quota.set_limits(SERVICE, quota.project_id, {"clusters": quota.hard_limit})
