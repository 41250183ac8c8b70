"""Extra specs of share types. Source: manila/api/v2/share_types_extra_specs.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.shared_file_system.base import TEXT_MAX
from mopenstack.core.shared_file_system.types.share_types import (
    OPTIONAL,
    SERVERS,
    as_kept,
    is_boolean,
    is_valid_optional,
)
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.types import share_types_pb2 as pb2
from mopenstack.shared_file_system.v2.types.share_types_pb2 import StoredShareType

KEY = re.compile(r"^[\w.\-:]+\Z")
BAD_KEY = "Key names can only contain alphanumeric characters, underscores, periods, colons and hyphens."


def check_keys(keys: Iterable[str]) -> None:
    """Refuse keys with other characters than Manila takes."""
    if not all(KEY.match(key) for key in keys):
        raise refusals.Refused(BAD_KEY)


def check_specs(specs: Mapping[str, Any], word: str = "extra_spec") -> None:
    """Refuse keys and values that are no texts of 1 to 255 characters."""
    for key, value in specs.items():
        good = 0 < len(key) <= TEXT_MAX and (isinstance(value, bool) or _is_text(value))
        if word == "extra_spec":
            good = good and (key != SERVERS or is_boolean(value))
            good = good and (key not in OPTIONAL or is_valid_optional(key, value))
        if not good:
            raise refusals.Refused(f"Invalid {word}: {key}: {value}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TEXT_MAX


def check_one(key: str, specs: Mapping[str, Any], end: str = "") -> None:
    """Refuse a body that does not hold the key of the path, and that alone."""
    if not specs:
        raise refusals.Refused(f"Request body empty{end}")
    if key not in specs:
        raise refusals.Refused(f"Request body and URI mismatch{end}")
    if len(specs) > 1:
        raise refusals.Refused(f"Request body contains too many items{end}")


class ShareTypeExtraSpecs(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["ShareTypeExtraSpecs"]

    async def add_share_type_extra_specs(self, call: Call, request: pb2.AddShareTypeExtraSpecsRequest) -> Result:
        specs = plain_struct(request.extra_specs)
        check_specs(specs)
        check_keys(specs)
        await self._set(call, specs)
        return pb2.AddedExtraSpecsResponse(extra_specs=request.extra_specs)

    async def set_share_type_extra_spec(self, call: Call, request: pb2.SetShareTypeExtraSpecRequest) -> Result:
        specs = plain_struct(request.specs)
        check_one(request.key, specs)
        check_specs(specs)
        await self._set(call, specs)
        return pb2.ExtraSpecResponse(specs=as_kept(specs))

    @staticmethod
    async def _set(call: Call, specs: Mapping[str, Any]) -> None:
        kept = await call.tx.edit(StoredShareType, call.target.id)
        kept.extra_specs.update(as_kept(specs))
        call.stamp(kept.updated_at)
        await call.tx.put(kept)


async def _change(call: Call, kept: StoredShareType, before: Any, request: Any) -> None:
    if SERVERS in before and SERVERS not in kept.extra_specs:
        raise refusals.RequiredExtraSpec(key=SERVERS)
    if "snapshot_support" in before and "snapshot_support" not in kept.extra_specs and not call.at_least(24):
        raise refusals.RequiredExtraSpec(key="snapshot_support")


def _missing(call: Call, kept: StoredShareType, key: str) -> Fault:
    if call.operation is not None and call.operation.method.startswith("Get"):
        return refusals.AnyNotFound()
    if key == SERVERS or (key == "snapshot_support" and not call.at_least(24)):
        return refusals.RequiredExtraSpec(key=key)
    return refusals.ExtraSpecNotFound(id=kept.id, key=key)


EXTRA_SPECS = Collection("share_type", "extra_specs", change=_change, missing=_missing)
