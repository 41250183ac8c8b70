"""Quotas of projects. Source: nova/api/openstack/compute/quota_sets.py, nova/quota.py."""

from __future__ import annotations

from mopenstack.compute.v2 import quota_sets_pb2 as pb
from mopenstack.contract.faults import NotServed
from mopenstack.core.compute import errors
from mopenstack.core.compute.projects import verify_project
from mopenstack.core.compute.quotas import SERVICE, UNLIMITED
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer


class QuotaSets(Servicer):
    """Limits of single users, which Nova calls legacy, are not kept: changing them is refused as not served."""

    service = pb.DESCRIPTOR.services_by_name["QuotaSets"]

    async def get_quota_set(self, call: Call, request: pb.GetQuotaSetRequest) -> Result:
        await verify_project(call, request.project_id)
        limits = await call.quota.limits(SERVICE, request.project_id)
        return pb.QuotaSetResponse(quota_set=pb.QuotaSet(id=request.project_id, **limits))

    async def get_quota_set_detail(self, call: Call, request: pb.GetQuotaSetRequest) -> Result:
        await verify_project(call, request.project_id)
        limits = await call.quota.limits(SERVICE, request.project_id)
        used = await call.quota.usage(SERVICE, request.project_id)
        usages = {name: pb.QuotaUsage(limit=limit, in_use=used[name]) for name, limit in limits.items()}
        return pb.QuotaSetDetailResponse(quota_set=pb.QuotaSetDetail(id=request.project_id, **usages))

    async def get_quota_set_defaults(self, call: Call, request: pb.GetQuotaSetDefaultsRequest) -> Result:
        await verify_project(call, request.project_id)
        limits = await call.quota.limits(SERVICE, "class:default")
        return pb.QuotaSetResponse(quota_set=pb.QuotaSet(id=request.project_id, **limits))

    async def update_quota_set(self, call: Call, request: pb.UpdateQuotaSetRequest) -> Result:
        _no_user(request.user_id)
        await verify_project(call, request.project_id)
        limits: dict[str, int] = {
            field.name: value for field, value in request.quota_set.ListFields() if field.name != "force"
        }
        if not request.quota_set.force:
            used = await call.quota.usage(SERVICE, request.project_id)
            for name, limit in limits.items():
                if limit != UNLIMITED and limit < used[name]:
                    raise errors.QuotaBelowUsage(limit=limit, resource=name, used=used[name])
        await call.quota.set_limits(SERVICE, request.project_id, limits)
        limits = await call.quota.limits(SERVICE, request.project_id)
        return pb.QuotaSetResponse(quota_set=pb.QuotaSet(id="", **limits))

    async def delete_quota_set(self, call: Call, request: pb.DeleteQuotaSetRequest) -> Result:
        _no_user(request.user_id)
        await call.quota.reset_limits(SERVICE, request.project_id)
        return EMPTY


def _no_user(user_id: str) -> None:
    if user_id:
        raise NotServed("Quotas of single users are not served.")
