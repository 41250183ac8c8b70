"""Extra specs of volume types. Source: cinder/api/contrib/types_extra_specs.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import BadRequest, Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.volume.types.types import USER_VISIBLE_EXTRA_SPECS
from mopenstack.core.volume.volumes.metadata import SPEC_KEYS, check_key, check_metadata, check_single
from mopenstack.volume.v3.refusals import VolumeTypeExtraSpecsNotFound
from mopenstack.volume.v3.types import types_pb2 as pb2
from mopenstack.volume.v3.types.types_pb2 import VolumeType
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume


async def _check(call: Call, request: Any) -> None:
    """The body, and that no volume is of the type."""
    if call.operation is not None and call.operation.routes[0].verb == "GET":
        return
    if isinstance(request, pb2.UpdateTypeExtraSpecRequest):
        check_single(request.specs)
        check_key(request.key, request.specs)
        check_metadata(request.specs, "extra_specs", SPEC_KEYS)
    elif isinstance(request, pb2.CreateTypeExtraSpecsRequest):
        check_metadata(request.extra_specs, "extra_specs", SPEC_KEYS)
    if await call.tx.count(Volume, volume_type_id=request.type_id):
        raise BadRequest("Volume Type is currently in use.")


async def _change(call: Call, volume_type: VolumeType, before: Mapping[str, str], request: Any) -> None:
    specs = volume_type.extra_specs
    if specs.get("multiattach") == specs.get("cacheable") == "<is> True":
        raise BadRequest("cacheable cannot be set with multiattach.")


def _missing(call: Call, volume_type: VolumeType, key: str) -> Fault:
    return VolumeTypeExtraSpecsNotFound(id=volume_type.id, key=key)


def _shows(call: Call, volume_type: VolumeType, key: str) -> bool:
    return call.caller.is_admin or key in USER_VISIBLE_EXTRA_SPECS


EXTRA_SPECS = Collection("volume_type", "extra_specs", check=_check, change=_change, missing=_missing, shows=_shows)
