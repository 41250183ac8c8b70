"""Quota sets, the class `default`, and the absolute limits. Source: cinder/api/contrib/quotas.py, quota_classes.py.

A set has, beside the service's own resources, three for every volume type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.volume.base import SERVICE, boolean
from mopenstack.core.volume.quotas import quotas
from mopenstack.volume.v3.quotas import quota_sets_pb2 as pb2
from mopenstack.volume.v3.refusals import InvalidInput
from mopenstack.volume.v3.types.types_pb2 import VolumeType

NO_QUOTA_KEYS = frozenset({"quota_class_set", "quota_set", "id", "tenant_id", "force"})
LIMIT_MAX = 0x7FFFFFFF
CLASS = "class:"


class QuotaSets(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["QuotaSets"]

    async def get_quota_set(self, call: Call, request: pb2.GetQuotaSetRequest) -> Result:
        project = request.quota_project_id
        limits = await resources(call, await call.quota.limits(SERVICE, project))
        if not boolean("usage", request.usage):
            return _answer({**limits, "id": project})
        usages: dict[str, Any] = {}
        for name, limit in limits.items():
            used = await call.quota.used(SERVICE, project, name)
            usages[name] = {"limit": limit, "in_use": used, "reserved": 0, "allocated": 0}
        return _answer({**usages, "id": project})

    async def get_quota_set_defaults(self, call: Call, request: pb2.GetQuotaSetDefaultsRequest) -> Result:
        limits = await resources(call, await call.quota.limits(SERVICE, f"{CLASS}default"))
        return _answer({**limits, "id": request.quota_project_id})

    async def update_quota_set(self, call: Call, request: pb2.UpdateQuotaSetRequest) -> Result:
        project, wanted = request.quota_project_id, json_format.MessageToDict(request.quota_set)
        if not wanted:
            raise InvalidField(("quota_set",), {}, "min_items", 1)
        limits = await resources(call, await call.quota.limits(SERVICE, project))
        changes = _checked(wanted, limits, "quota set")
        for name, limit in changes.items():
            used = await call.quota.used(SERVICE, project, name)
            if name != "per_volume_gigabytes" and 0 <= limit < used:
                raise BadRequest(
                    f"Quota {name} limit must be equal or greater than existing resources. "
                    f"Current usage is {used} and the requested limit is {limit}."
                )
        await call.quota.set_limits(SERVICE, project, changes)
        return _answer({**limits, **changes})

    async def delete_quota_set(self, call: Call, request: pb2.DeleteQuotaSetRequest) -> Result:
        await call.quota.reset_limits(SERVICE, request.quota_project_id)
        return EMPTY

    async def get_quota_class_set(self, call: Call, request: pb2.GetQuotaClassSetRequest) -> Result:
        limits = await resources(call, await call.quota.limits(SERVICE, CLASS + request.class_name))
        return _class_answer({**limits, "id": request.class_name})

    async def update_quota_class_set(self, call: Call, request: pb2.UpdateQuotaClassSetRequest) -> Result:
        key, wanted = CLASS + request.class_name, json_format.MessageToDict(request.quota_class_set)
        limits = await resources(call, await call.quota.limits(SERVICE, key))
        changes = _checked(wanted, limits, "quota class set")
        await call.quota.set_limits(SERVICE, key, changes)
        return _class_answer({**limits, **changes})


class Limits(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Limits"]

    async def get_limits(self, call: Call, request: pb2.GetLimitsRequest) -> Result:
        project = call.caller.project_id
        limits = await call.quota.limits(SERVICE, project)
        used = {name: await call.quota.used(SERVICE, project, name) for name in limits}
        absolute = pb2.LimitsResponse.Absolute(
            max_total_volumes=limits["volumes"],
            max_total_snapshots=limits["snapshots"],
            max_total_volume_gigabytes=limits["gigabytes"],
            max_total_backups=limits["backups"],
            max_total_backup_gigabytes=limits["backup_gigabytes"],
            total_volumes_used=used["volumes"],
            total_gigabytes_used=used["gigabytes"],
            total_snapshots_used=used["snapshots"],
            total_backups_used=used["backups"],
            total_backup_gigabytes_used=used["backup_gigabytes"],
        )
        return pb2.LimitsResponse(limits=pb2.LimitsResponse.Limits(absolute=absolute))


async def resources(call: Call, limits: Mapping[str, int]) -> dict[str, int]:
    """A limit for every resource that there is now: the service's own and three a volume type."""
    found = {name: limits[name] for name in quotas.DEFAULTS}
    for volume_type in await call.tx.scan(VolumeType):
        for resource in quotas.PER_TYPE:
            name = f"{resource}_{volume_type.name}"
            found[name] = limits.get(name, -1)
    return found


def _checked(wanted: Mapping[str, Any], known: Mapping[str, int], what: str) -> dict[str, int]:
    bad = [key for key in wanted if key not in known and key not in NO_QUOTA_KEYS]
    if bad:
        raise InvalidInput(why=f"Bad key(s) in {what}: {', '.join(bad)}")
    return {key: _integer(key, value) for key, value in wanted.items() if key in known}


def _integer(name: str, value: Any) -> int:
    """cinder.api.api_utils.validate_integer."""
    try:
        number = int(str(value)) if not isinstance(value, float) or not value.is_integer() else int(value)
    except ValueError:
        raise BadRequest(f"{name} must be an integer") from None
    if number < -1:
        raise BadRequest(f"{name} must be >= -1")
    if number > LIMIT_MAX:
        raise BadRequest(f"{name} must be <= {LIMIT_MAX}")
    return number


def _struct(values: Mapping[str, Any]) -> Struct:
    return json_format.ParseDict(dict(values), Struct())


def _answer(values: Mapping[str, Any]) -> pb2.QuotaSetResponse:
    return pb2.QuotaSetResponse(quota_set=_struct(values))


def _class_answer(values: Mapping[str, Any]) -> pb2.QuotaClassSetResponse:
    return pb2.QuotaClassSetResponse(quota_class_set=_struct(values))
