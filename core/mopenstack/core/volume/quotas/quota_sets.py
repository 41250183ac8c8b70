"""Quota sets and the quota class `default`. Source: cinder/api/contrib/quotas.py, quota_classes.py.

A set has, beside the service's own resources, three for every volume type.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.quota_sets import QuotaSetRules
from mopenstack.core.volume.base import SERVICE, boolean
from mopenstack.core.volume.quotas import quotas
from mopenstack.volume.v3.quotas import quota_sets_pb2 as pb2
from mopenstack.volume.v3.refusals import InvalidInput, QuotaBelowUsage
from mopenstack.volume.v3.types.types_pb2 import VolumeType

NO_QUOTA_KEYS = frozenset({"quota_class_set", "quota_set", "id", "tenant_id", "force"})
LIMIT_MAX = 0x7FFFFFFF


async def _resources(call: Call) -> list[str]:
    """The service's own resources and three a volume type."""
    types = await call.tx.scan(VolumeType)
    return [*quotas.DEFAULTS, *(f"{resource}_{one.name}" for one in types for resource in quotas.PER_TYPE)]


def _read(
    request: pb2.UpdateQuotaSetRequest | pb2.UpdateQuotaClassSetRequest, resources: Collection[str]
) -> dict[str, int]:
    """The given limits; raises what Cinder refuses: an empty set, unknown keys, what is no limit."""
    if isinstance(request, pb2.UpdateQuotaSetRequest):
        given, what = plain_struct(request.quota_set), "quota set"
        if not given:
            raise InvalidField(("quota_set",), {}, "min_items", 1)
    else:
        given, what = plain_struct(request.quota_class_set), "quota class set"
    bad = [key for key in given if key not in resources and key not in NO_QUOTA_KEYS]
    if bad:
        raise InvalidInput(why=f"Bad key(s) in {what}: {', '.join(bad)}")
    return {key: _integer(key, value) for key, value in given.items() if key in resources}


def _integer(name: str, value: Any) -> int:
    """cinder.api.api_utils.validate_integer."""
    try:
        number = int(str(value))
    except ValueError:
        raise BadRequest(f"{name} must be an integer") from None
    if number < -1:
        raise BadRequest(f"{name} must be >= -1")
    if number > LIMIT_MAX:
        raise BadRequest(f"{name} must be <= {LIMIT_MAX}")
    return number


def _with_usage(request: pb2.GetQuotaSetRequest) -> bool:
    return boolean("usage", request.usage)


QUOTA_SETS = QuotaSetRules(
    SERVICE, below_usage=QuotaBelowUsage, resources=_resources, read=_read, with_usage=_with_usage
)
