"""Endpoints of the catalog. After keystone.catalog.core and keystone.api.endpoints.

An address `cloud:/network` lies on the cloud's own: it is shown behind the address by which the client
came, so that one cloud can be reached by many.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.v1 import options_pb2
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.regions import region_url
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer
from mopenstack.core.store.transaction import copy_of
from mopenstack.identity.v3 import identity_pb2, refusals
from mopenstack.identity.v3.catalog import endpoints_pb2 as pb2
from mopenstack.identity.v3.catalog import regions_pb2, services_pb2

OWN = "cloud:"
IDENTITY = identity_pb2.DESCRIPTOR.GetOptions().Extensions[options_pb2.api].prefix


class Endpoints(IdentityServicer[pb2.Endpoint]):
    service = pb2.DESCRIPTOR.services_by_name["Endpoints"]
    message = pb2.Endpoint
    not_found = refusals.EndpointNotFound

    async def complete(self, call: Call, obj: pb2.Endpoint, request: Any, given: set[str]) -> None:
        await self._check(call, obj)

    async def revise(self, call: Call, old: pb2.Endpoint, new: pb2.Endpoint, request: Any, given: set[str]) -> None:
        if "region" in given and "region_id" not in given:
            new.ClearField("region_id")
        await self._check(call, new)

    @staticmethod
    async def _check(call: Call, endpoint: pb2.Endpoint) -> None:
        """`region` makes the region where there is none; `region_id` must name one."""
        if not endpoint.HasField("region_id") and endpoint.HasField("region"):
            endpoint.region_id = endpoint.region
            if await call.tx.get(regions_pb2.Region, endpoint.region) is None:
                await call.tx.put(regions_pb2.Region(id=endpoint.region), fresh=True)
        if endpoint.region_id and await call.tx.get(regions_pb2.Region, endpoint.region_id) is None:
            raise errors.missing("endpoint region_id", "region table")
        if await call.tx.get(services_pb2.Service, endpoint.service_id) is None:
            raise errors.missing("endpoint service_id", "service table")
        if endpoint.HasField("region_id"):
            endpoint.region = endpoint.region_id
        else:
            endpoint.ClearField("region")

    async def view(self, call: Call, obj: pb2.Endpoint) -> Message:
        if not obj.url.startswith(OWN):
            return obj
        shown = copy_of(obj)
        shown.url = address(call, obj)
        return shown


def address(call: Call, endpoint: pb2.Endpoint) -> str:
    """Where the endpoint is for this client."""
    url = endpoint.url
    if not url.startswith(OWN):
        return url
    path, cloud = url.removeprefix(OWN), call.context.cloud_url
    if endpoint.region_id in call.cloud.regions[1:] and not path.startswith(IDENTITY):
        cloud = region_url(cloud, call.cloud.name, endpoint.region_id)  # each region has one Keystone, the same
    return cloud + path
