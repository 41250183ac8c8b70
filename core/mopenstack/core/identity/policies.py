"""Policies: blobs for other services. After keystone.policy.core and keystone.api.policy."""

from __future__ import annotations

from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer
from mopenstack.identity.v3 import policies_pb2 as pb2


class Policies(IdentityServicer[pb2.Policy]):
    service = pb2.DESCRIPTOR.services_by_name["Policies"]
    message = pb2.Policy
    not_found = errors.PolicyNotFound
