"""Quotas of projects (barbican.api.controllers.quotas)."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.key_manager.base import OfProject, page_of
from mopenstack.key_manager.v1 import quotas_pb2 as pb
from mopenstack.key_manager.v1 import refusals

SERVICE = "key_manager"


class Quotas(OfProject):
    service = pb.DESCRIPTOR.services_by_name["Quotas"]

    async def get_effective_quotas(self, call: Call, request: pb.GetEffectiveQuotasRequest) -> Result:
        limits = await call.quota.limits(SERVICE, call.caller.project_id)
        return pb.EffectiveQuotasResponse(quotas=pb.QuotaValues(**limits))

    async def list_project_quotas(self, call: Call, request: pb.ListProjectQuotasRequest) -> Result:
        found = []
        for project_id in await call.quota.projects(SERVICE):
            own = await call.quota.own_limits(SERVICE, project_id)
            found.append(pb.ProjectQuotas(project_id=project_id, project_quotas=_values(own or {})))
        return page_of(found, request.query)

    async def get_project_quotas(self, call: Call, request: pb.GetProjectQuotasRequest) -> Result:
        own = await call.quota.own_limits(SERVICE, request.quota_project_id)
        if own is None:
            raise refusals.ProjectQuotasNotFound()
        return pb.ProjectQuotasResponse(project_quotas=_values(own))

    async def set_project_quotas(self, call: Call, request: pb.SetProjectQuotasRequest) -> Result:
        given = {field.name: value for field, value in request.project_quotas.ListFields()}
        await call.quota.reset_limits(SERVICE, request.quota_project_id)
        await call.quota.set_limits(SERVICE, request.quota_project_id, given)
        return EMPTY

    async def delete_project_quotas(self, call: Call, request: pb.GetProjectQuotasRequest) -> Result:
        if await call.quota.own_limits(SERVICE, request.quota_project_id) is None:
            raise refusals.ProjectQuotasNotFound()
        await call.quota.reset_limits(SERVICE, request.quota_project_id)
        return EMPTY


def _values(limits: Mapping[str, int]) -> pb.QuotaValues:
    return pb.QuotaValues(**limits)
