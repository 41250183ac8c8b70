"""Federations. After magnum.api.controllers.v1.federation; the conductor carries none of the orders out."""

from __future__ import annotations

from mopenstack.container_infra.v1 import federations_pb2 as pb
from mopenstack.container_infra.v1 import refusals
from mopenstack.contract.calls import Result
from mopenstack.contract.faults import Conflict
from mopenstack.core.container_infra.base import Named
from mopenstack.core.container_infra.clusters.clusters import Clusters
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY


class Federations(Named[pb.Federation]):
    service = pb.DESCRIPTOR.services_by_name["Federations"]
    message = pb.Federation
    not_found = refusals.FederationNotFound
    ambiguous = Conflict

    async def create_federation(self, call: Call, request: pb.CreateFederationRequest) -> Result:
        asked = request.federation
        if not asked.HasField("hostcluster_id"):
            raise refusals.InvalidParameterValue(err="No hostcluster specified. Please specify a hostcluster_id.")
        await call.service(Clusters).named(call, asked.hostcluster_id, everywhere=False)
        if "properties" not in request.mask.paths and not asked.properties:
            raise refusals.InvalidParameterValue(err="Please specify a `properties` dict for the federation.")
        if "dns-zone" not in asked.properties:
            raise refusals.InvalidParameterValue(err="No DNS zone specified. Please specify a `dns-zone`.")
        return pb.FederationId(uuid=call.ids.uuid())

    async def update_federation(self, call: Call, request: pb.UpdateFederationRequest) -> Result:
        return pb.FederationId(uuid=call.target.id)

    async def delete_federation(self, call: Call, request: pb.FederationRequest) -> Result:
        return EMPTY
