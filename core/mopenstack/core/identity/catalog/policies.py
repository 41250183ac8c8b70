"""Policies: blobs for other services. After keystone.policy.core and keystone.api.policy."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.catalog import policies_pb2 as pb2
from mopenstack.identity.v3.refusals import ValidationError

_CREATE = {
    "type": "object",
    "properties": {"blob": {"type": "string"}, "type": {"type": "string", "maxLength": 255}},
    "required": ["blob", "type"],
    "additionalProperties": True,
}
"""keystone.policy.schema.policy_create."""


class Policies(IdentityServicer[pb2.Policy]):
    service = pb2.DESCRIPTOR.services_by_name["Policies"]
    message = pb2.Policy
    not_found = refusals.PolicyNotFound

    def check_id(self, old: Any, body: Any, given: Any) -> None:
        if given != old.id:
            raise ValidationError("Cannot change policy ID")

    async def complete(self, call: Call, obj: pb2.Policy, request: Any, given: set[str]) -> None:
        for name in ("blob", "type"):
            if name not in given:
                shown = {key: getattr(obj, key) for key in ("blob", "type") if key in given}
                raise errors.schema_error(f"{name!r} is a required property", "required", _CREATE, shown)
