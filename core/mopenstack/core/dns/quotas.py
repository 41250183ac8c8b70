"""Quotas and limits (designate.quota, designate.api.v2.controllers.quotas)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.calls import Result
from mopenstack.core.dns.base import PAGE_MAX, SERVICE, DnsServicer, says
from mopenstack.core.dns.names import LENGTH_MAX
from mopenstack.core.dns.projects import check_project
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota import QuotaSet
from mopenstack.core.engine.quota_sets import QuotaSetRules
from mopenstack.dns.v2 import refusals
from mopenstack.dns.v2.operators import quotas_pb2 as pb

QUOTAS = QuotaSet(
    SERVICE,
    {"zones": 10, "zone_recordsets": 500, "zone_records": 500, "recordset_records": 20, "api_export_size": 1000},
    lambda over: refusals.OverQuota(resources=", ".join(sorted(over.resources, key=len))),
)
MIN_TTL = 0


async def _check(call: Call, request: Any) -> None:
    """Another project's quotas are for calls that speak of all projects."""
    if isinstance(request, pb.GetProjectQuotasRequest | pb.UpdateProjectQuotasRequest):
        return  # the admin API is for all projects
    if request.project_id != call.caller.project_id and not says(call, "all_projects"):
        raise refusals.Forbidden()
    if isinstance(request, pb.UpdateQuotasRequest):
        await check_project(call, request.project_id)


RULES = QuotaSetRules(SERVICE, check=_check)


async def check_quota(call: Call, project_id: str, **wanted: int) -> None:
    """Refuse what is more than a project may have (designate.quota.base.Quota.limit_check)."""
    limits = await call.quota.limits(SERVICE, project_id)
    over = [resource for resource, units in wanted.items() if 0 <= limits[resource] < units]
    if over:
        raise refusals.OverQuota(resources=", ".join(sorted(over, key=len)))


class Quotas(DnsServicer):
    service = pb.DESCRIPTOR.services_by_name["Quotas"]

    async def get_own_quotas(self, call: Call, request: pb.GetOwnQuotasRequest) -> Result:
        return pb.ProjectQuotas(**await call.quota.limits(SERVICE, call.caller.project_id))

    async def get_limits(self, call: Call, request: pb.GetLimitsRequest) -> Result:
        own = await call.quota.limits(SERVICE, call.caller.project_id)
        return pb.Limits(
            max_zones=own["zones"],
            max_zone_recordsets=own["zone_recordsets"],
            max_zone_records=own["zone_records"],
            max_recordset_records=own["recordset_records"],
            min_ttl=MIN_TTL,
            max_zone_name_length=LENGTH_MAX,
            max_recordset_name_length=LENGTH_MAX,
            max_page_limit=PAGE_MAX,
        )
