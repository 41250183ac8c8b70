"""Policies: blobs for other services. After keystone.policy.core and keystone.api.policy."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer
from mopenstack.core.identity.deletion import forget_associations
from mopenstack.identity.v3 import policies_pb2 as pb2


class Policies(IdentityServicer[pb2.Policy]):
    service = pb2.DESCRIPTOR.services_by_name["Policies"]
    message = pb2.Policy
    not_found = errors.PolicyNotFound

    async def remove(self, call: Call, obj: pb2.Policy) -> None:
        await forget_associations(call, policy_id=obj.id)
