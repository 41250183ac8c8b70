"""Quota sets of projects, of users and share types in projects, and of classes; the limits of the own project.

Source: manila/api/v2/quota_sets.py, quota_class_sets.py, limits.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota_sets import Part, QuotaSetRules
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.shared_file_system.base import SERVICE
from mopenstack.core.shared_file_system.quotas import DEFAULTS
from mopenstack.core.shared_file_system.types.share_types import ShareTypes
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.services import quota_sets_pb2 as pb2

NO_QUOTAS = ("tenant_id", "id", "force", "share_type")
OF_NO_TYPE = ("share_networks", "share_groups", "share_group_snapshots")
"""What a share type has no quotas of."""
SINCE = (
    (39, 40, ("share_groups", "share_group_snapshots"), "2.40"),
    (40, 53, ("share_replicas", "replica_gigabytes"), "2.53"),
    (53, 62, ("per_share_gigabytes",), "2.62"),
    (62, 80, ("backups", "backup_gigabytes"), "2.80"),
    (80, 90, ("encryption_keys",), "2.90"),
)
"""(from, to, names, since when): what a body must not hold at microversions from the first until the second."""
TYPES_SINCE = 39


class QuotaSets(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["QuotaSets"]

    async def check_request(self, call: Call, request: Any) -> None:
        if isinstance(request, pb2.GetQuotaClassSetRequest) and not call.caller.is_admin:
            raise refusals.AccessDenied()
        if isinstance(request, pb2.UpdateQuotaClassSetRequest) and not request.HasField("quota_class_set"):
            raise refusals.Refused("'quota_class_set' is a required property")
        if not hasattr(request, "quota_project_id"):
            return
        if getattr(request, "share_type", "") and not call.at_least(TYPES_SINCE):
            raise refusals.Refused(
                "'share_type' key is not supported by this microversion. Use 2.39 or greater microversion to be able "
                "to use 'share_type' quotas."
            )
        body = plain_struct(request.quota_set) if hasattr(request, "quota_set") else None
        if body is not None:
            _check_versions(call, body)
            if all(body.get(name) is None for name in DEFAULTS):
                raise refusals.Refused("Must supply at least one quota field to update.")
        elif isinstance(request, pb2.GetQuotaSetDefaultsRequest):
            return
        elif not call.caller.is_admin and request.quota_project_id != call.caller.project_id:
            raise refusals.AccessDenied()
        if getattr(request, "user_id", "") and request.share_type:
            raise refusals.Refused("'user_id' and 'share_type' values are mutually exclusive")
        if getattr(request, "share_type", ""):
            kind = await call.service(ShareTypes).by_name_or_id(call, request.share_type)
            if kind is None:
                raise refusals.TypeOfQuotasNotFound(id=request.share_type)
            request.share_type = kind.id
            _check_of_type(body or {})


def _check_versions(call: Call, body: Mapping[str, Any]) -> None:
    """Refuse what an older microversion does not know."""
    for first, last, names, since in SINCE:
        if not first <= call.microversion < last and not (call.microversion < 7 and first < 53):
            continue
        for name in names:
            if body.get(name):
                raise refusals.Refused(
                    f"'{name}' key is not supported by this microversion. Use {since} or greater microversion to be "
                    f"able to use '{name}' quotas."
                )


def _check_of_type(body: Mapping[str, Any]) -> None:
    if body.get("share_groups", body.get("share_group_snapshots")):
        raise refusals.Refused("Share type quotas cannot constrain share groups and share group snapshots.")
    if "share_networks" in body:
        raise refusals.Refused(
            "'share_networks' quota cannot be set for share type. It can be set only for project or user."
        )


def _read(request: Any, resources: Collection[str]) -> Mapping[str, int | None]:
    """The limits that a body sets."""
    of_class = hasattr(request, "quota_class_set")
    body = plain_struct(request.quota_class_set if of_class else request.quota_set)
    bad = [key for key in body if key not in resources and key not in NO_QUOTAS]
    if bad and not of_class:
        raise refusals.Refused(f"Bad key(s) {','.join(bad)} in quota_set.")
    found: dict[str, int | None] = {}
    for key, value in body.items():
        if key not in resources or (not value and value != 0):
            continue
        number = _number(value)
        if number is None:
            raise refusals.Refused(f"Quota '{value}' for {key} should be integer.")
        if number < -1:
            raise refusals.Refused("Quota limit must be -1 or greater.")
        found[key] = min(number, 2**31 - 1)
    return found


def _number(value: Any) -> int | None:
    try:
        return int(value) if len(str(value)) <= 20 else None
    except (ValueError, TypeError, OverflowError):
        return None


async def _part_usage(call: Call, project_id: str, part: Part) -> Mapping[str, int]:
    return {name: await call.quota.used(SERVICE, project_id, f"{name}@{part.key}") for name in DEFAULTS}


def _leaves_out(part: Part | None) -> Collection[str]:
    return OF_NO_TYPE if part is not None and part.field == "share_type" else ()


QUOTA_SETS = QuotaSetRules(
    SERVICE,
    below_usage=refusals.QuotaBelowUsage,
    force="force",
    read=_read,
    parts=("user_id", "share_type"),
    part_usage=_part_usage,
    above_project=refusals.QuotaAboveProject,
    leaves_out=_leaves_out,
)


class Limits(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Limits"]

    async def get_limits(self, call: Call, request: pb2.GetLimitsRequest) -> Result:
        project = call.caller.project_id
        limits, used = await call.quota.limits(SERVICE, project), await call.quota.usage(SERVICE, project)
        answer = pb2.LimitsResponse()
        absolute = answer.limits.absolute
        for field, name in FIELDS.items():
            setattr(absolute, f"max_total_{field}", limits[name])
            setattr(absolute, f"total_{field}_used", used[name])
        return answer


FIELDS = {
    "shares": "shares",
    "share_snapshots": "snapshots",
    "share_gigabytes": "gigabytes",
    "snapshot_gigabytes": "snapshot_gigabytes",
    "share_networks": "share_networks",
    "share_groups": "share_groups",
    "share_group_snapshots": "share_group_snapshots",
    "share_replicas": "share_replicas",
    "replica_gigabytes": "replica_gigabytes",
    "share_backups": "backups",
    "backup_gigabytes": "backup_gigabytes",
}
