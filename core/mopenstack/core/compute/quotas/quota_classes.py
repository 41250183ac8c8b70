"""Quota classes, of which Nova uses `default` only. Source: nova/api/openstack/compute/quota_classes.py."""

from __future__ import annotations

from mopenstack.compute.v2.quotas import quota_classes_pb2 as pb
from mopenstack.core.compute.quotas.quotas import SERVICE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer


class QuotaClasses(Servicer):
    """The limits of the class `default` are those of every project without its own."""

    service = pb.DESCRIPTOR.services_by_name["QuotaClasses"]

    async def get_quota_class(self, call: Call, request: pb.GetQuotaClassRequest) -> Result:
        limits = await call.quota.limits(SERVICE, _scope(request.class_name))
        return pb.QuotaClassResponse(quota_class_set=pb.QuotaClass(id=request.class_name, **limits))

    async def update_quota_class(self, call: Call, request: pb.UpdateQuotaClassRequest) -> Result:
        scope = _scope(request.class_name)
        changes: dict[str, int] = {field.name: value for field, value in request.quota_class_set.ListFields()}
        await call.quota.set_limits(SERVICE, scope, changes)
        limits = await call.quota.limits(SERVICE, scope)
        return pb.QuotaClassResponse(quota_class_set=pb.QuotaClass(id="", **limits))


def _scope(name: str) -> str:
    return f"class:{name}"
