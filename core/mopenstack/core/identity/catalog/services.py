"""Services of the catalog (keystone.catalog.core, keystone.api.services). Names need not be unique."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.identity.base import IdentityServicer
from mopenstack.core.identity.resource.deletion import forget_associations, forget_endpoint
from mopenstack.identity.v3.catalog import endpoints_pb2
from mopenstack.identity.v3.catalog import services_pb2 as pb2
from mopenstack.identity.v3.refusals import ServiceNotFound


class Services(IdentityServicer[pb2.Service]):
    service = pb2.DESCRIPTOR.services_by_name["Services"]
    message = pb2.Service
    not_found = ServiceNotFound

    async def remove(self, call: Call, obj: pb2.Service) -> None:
        for endpoint in await call.tx.query(endpoints_pb2.Endpoint, service_id=obj.id):
            await forget_endpoint(call, endpoint.id)
            await call.tx.delete(endpoints_pb2.Endpoint, endpoint.id)
        await forget_associations(call, service_id=obj.id)
