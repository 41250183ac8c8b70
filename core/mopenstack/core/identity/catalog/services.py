"""Services of the catalog. Names need not be unique. Source: keystone.catalog.core, keystone.api.services."""

from __future__ import annotations

from mopenstack.core.identity.base import IdentityServicer
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.catalog import services_pb2 as pb2


class Services(IdentityServicer[pb2.Service]):
    service = pb2.DESCRIPTOR.services_by_name["Services"]
    message = pb2.Service
    not_found = refusals.ServiceNotFound
