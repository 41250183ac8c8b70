"""Limits and quotas (trove/limits, trove/common/limits.py, trove/extensions/mgmt/quota)."""

from __future__ import annotations

from datetime import UTC, datetime

from mopenstack.contract.values import plain_struct, to_struct
from mopenstack.core.database.pages import broken
from mopenstack.core.database.quotas import RESOURCES, SERVICE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.database.v1 import limits_pb2 as pb
from mopenstack.database.v1 import refusals

RATES = (
    ("POST", "*", ".*"),
    ("PUT", "*", ".*"),
    ("DELETE", "*", ".*"),
    ("GET", "*", ".*"),
    ("POST", "*/mgmt", "^/mgmt"),
)
"""Verb, URI and regular expression of each rate; a mock counts none, so that all are left."""
RATE = 200
LIMIT_MAX = 2**31 - 1


class Limits(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Limits"]

    async def list_limits(self, call: Call, request: pb.ListLimitsRequest) -> Result:
        limits = await call.quota.limits(SERVICE, call.caller.project_id)
        absolute = {"verb": "ABSOLUTE", **{f"max_{name}": limits[name] for name in RESOURCES}}
        now = datetime.fromtimestamp(call.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        rates = [
            {
                "nextAvailable": now, "remaining": RATE, "unit": "MINUTE", "value": RATE, "verb": verb, "uri": uri,
                "regex": regex,
            }
            for verb, uri, regex in RATES
        ]  # fmt: skip
        return pb.ListLimitsResponse(limits=[to_struct(one) for one in (absolute, *rates)])

    async def get_quotas(self, call: Call, request: pb.GetQuotasRequest) -> Result:
        if request.project != call.caller.project_id and not call.caller.is_admin:
            raise refusals.OperationNotAllowed(project=call.caller.project_id)
        limits = await call.quota.limits(SERVICE, request.project)
        used = await call.quota.usage(SERVICE, request.project)
        shown = [pb.QuotaUsage(resource=name, in_use=used[name], limit=limits[name]) for name in RESOURCES]
        return pb.GetQuotasResponse(quotas=shown)

    async def change_quotas(self, call: Call, request: pb.ChangeQuotasRequest) -> Result:
        changes: dict[str, int] = {}
        for resource, limit in plain_struct(request.quotas).items():
            if limit is None:
                continue
            if not isinstance(limit, int) or limit > LIMIT_MAX:
                raise broken(call)
            if limit < -1:
                raise refusals.QuotaLimitTooSmall(limit=limit, resource=resource)
            if resource not in RESOURCES:
                raise refusals.UnknownQuotaResource(resource=resource)
            changes[resource] = int(limit)
        await call.quota.set_limits(SERVICE, request.project, {**changes})
        return pb.ChangeQuotasResponse(quotas=changes)
