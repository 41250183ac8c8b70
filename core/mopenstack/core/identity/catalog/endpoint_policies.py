"""Associations of policies with endpoints, services and regions. Source: keystone.endpoint_policy.core."""

from __future__ import annotations

from mopenstack.core.engine.associations import Association, Ends
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.identity.catalog.endpoints import Endpoints
from mopenstack.core.identity.catalog.policies import Policies
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.catalog import endpoint_policies_pb2 as pb2
from mopenstack.identity.v3.catalog.endpoints_pb2 import Endpoint
from mopenstack.identity.v3.catalog.regions_pb2 import Region


class EndpointPolicies(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["EndpointPolicies"]

    async def get_endpoint_policy(self, call: Call, request: pb2.GetEndpointPolicyRequest) -> Result:
        """The endpoint's own; else that of its service in its region or one above; else the service's."""
        endpoint = await call.service(Endpoints).lookup(call, request.endpoint_id)
        places = [_id(endpoint_id=endpoint.id)]
        region_id = endpoint.region_id
        while region_id:
            places.append(_id(service_id=endpoint.service_id, region_id=region_id))
            region = await call.tx.get(Region, region_id)
            region_id = "" if region is None else region.parent_region_id
        places.append(_id(service_id=endpoint.service_id))
        for place in places:
            association = await call.tx.get(pb2.PolicyAssociation, place)
            if association is not None:
                return await call.service(Policies).lookup(call, association.policy_id)
        raise refusals.EndpointPolicyNotFound(endpoint_id=endpoint.id)


async def _endpoints(call: Call, association: pb2.PolicyAssociation) -> list[Endpoint]:
    """The endpoints that an association applies to."""
    if association.endpoint_id:
        found = await call.tx.get(Endpoint, association.endpoint_id)
        return [] if found is None else [found]
    every = await call.tx.query(Endpoint, service_id=association.service_id)
    if not association.region_id:
        return every
    regions, level = {association.region_id}, {association.region_id}
    while level:
        level = {region.id for region in await call.tx.scan(Region) if region.parent_region_id in level} - regions
        regions |= level
    return [endpoint for endpoint in every if endpoint.region_id in regions]


def _id(endpoint_id: str = "", service_id: str = "", region_id: str = "") -> str:
    return f"{endpoint_id}:{service_id}:{region_id}"


async def _all_endpoints(call: Call, ends: Ends) -> list[Endpoint]:
    """The endpoints that a policy holds for."""
    found: dict[str, Endpoint] = {}
    for association in await call.tx.query(pb2.PolicyAssociation, policy_id=ends["policy_id"].id):
        for endpoint in await _endpoints(call, association):
            found[endpoint.id] = endpoint
    return list(found.values())


def _missing(call: Call, association: pb2.PolicyAssociation) -> Exception:
    return refusals.PolicyAssociationNotFound()


POLICIES = Association(
    pb2.PolicyAssociation,
    {"policy_id": "policy", "endpoint_id": "endpoint", "service_id": "service", "region_id": "region"},
    key=("endpoint_id", "service_id", "region_id"),
    missing=_missing,
    lenient=True,  # keystone.endpoint_policy.backends.sql
    partners={"endpoint_id": _all_endpoints},
)
