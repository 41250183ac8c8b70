"""Quotas of projects, and of users in projects. Source: nova/api/openstack/compute/quota_sets.py, nova/quota.py."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.quotas import quota_sets_pb2 as pb
from mopenstack.core.compute.projects import verify_project
from mopenstack.core.compute.quotas import quotas
from mopenstack.core.compute.quotas.quotas import SERVICE, UNLIMITED
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer


class QuotaSets(Servicer):
    """A user's limits are the project's where none were set for the user."""

    service = pb.DESCRIPTOR.services_by_name["QuotaSets"]

    async def get_quota_set(self, call: Call, request: pb.GetQuotaSetRequest) -> Result:
        await verify_project(call, request.project_id)
        limits = await _limits(call, request.project_id, request.user_id)
        return pb.QuotaSetResponse(quota_set=pb.QuotaSet(id=request.project_id, **limits))

    async def get_quota_set_detail(self, call: Call, request: pb.GetQuotaSetRequest) -> Result:
        await verify_project(call, request.project_id)
        limits = await _limits(call, request.project_id, request.user_id)
        used = await _used(call, request.project_id, request.user_id)
        usages = {name: pb.QuotaUsage(limit=limit, in_use=used[name]) for name, limit in limits.items()}
        return pb.QuotaSetDetailResponse(quota_set=pb.QuotaSetDetail(id=request.project_id, **usages))

    async def get_quota_set_defaults(self, call: Call, request: pb.GetQuotaSetDefaultsRequest) -> Result:
        await verify_project(call, request.project_id)
        limits = await call.quota.limits(SERVICE, "class:default")
        return pb.QuotaSetResponse(quota_set=pb.QuotaSet(id=request.project_id, **limits))

    async def update_quota_set(self, call: Call, request: pb.UpdateQuotaSetRequest) -> Result:
        project_id, user_id = request.project_id, request.user_id
        await verify_project(call, project_id)
        changes: dict[str, int] = {
            field.name: value for field, value in request.quota_set.ListFields() if field.name != "force"
        }
        if not request.quota_set.force:
            await _check(call, project_id, user_id, changes)
        await call.quota.set_limits(SERVICE, f"{project_id}/{user_id}" if user_id else project_id, changes)
        limits = await _limits(call, project_id, user_id)
        return pb.QuotaSetResponse(quota_set=pb.QuotaSet(id="", **limits))

    async def delete_quota_set(self, call: Call, request: pb.DeleteQuotaSetRequest) -> Result:
        project_id = request.project_id
        if request.user_id:
            await call.quota.reset_limits(SERVICE, f"{project_id}/{request.user_id}")
            return EMPTY
        for user_id in await quotas.users_limits(call, project_id):
            await call.quota.reset_limits(SERVICE, f"{project_id}/{user_id}")
        await call.quota.reset_limits(SERVICE, project_id)
        return EMPTY


async def _limits(call: Call, project_id: str, user_id: str) -> dict[str, int]:
    limits = await call.quota.limits(SERVICE, project_id)
    if user_id:
        limits |= await quotas.own_limits(call, project_id, user_id)
    return limits


async def _used(call: Call, project_id: str, user_id: str) -> dict[str, int]:
    if user_id:
        return await quotas.user_usage(call, project_id, user_id)
    return await call.quota.usage(SERVICE, project_id)


async def _check(call: Call, project_id: str, user_id: str, changes: dict[str, int]) -> None:
    """Refuse limits below what is used or given to users, and a user's above what the project has left."""
    used = await _used(call, project_id, user_id)
    project = await call.quota.limits(SERVICE, project_id)
    users = await quotas.users_limits(call, project_id)
    users.pop(user_id, None)
    for name, limit in changes.items():
        given = sum(max(0, own.get(name, 0)) for own in users.values())
        least = used[name] if user_id else max(used[name], given)
        if limit != UNLIMITED and limit < least:
            raise refusals.QuotaBelowUsage(limit=limit, resource=name, used=least)
        if user_id and project[name] != UNLIMITED:
            maximum = project[name] - given
            if limit == UNLIMITED or limit > maximum:
                raise refusals.QuotaAboveProject(limit=limit, resource=name, maximum=maximum)
