"""Which policy holds for which endpoints. After keystone.endpoint_policy.core."""

from __future__ import annotations

from mopenstack.contract.faults import NotFound
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.identity.base import page_of
from mopenstack.core.identity.catalog.endpoints import Endpoints
from mopenstack.core.identity.catalog.policies import Policies
from mopenstack.core.identity.catalog.regions import Regions
from mopenstack.core.identity.catalog.services import Services
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.catalog import endpoint_policies_pb2 as pb2
from mopenstack.identity.v3.catalog.endpoints_pb2 import Endpoint
from mopenstack.identity.v3.catalog.regions_pb2 import Region


class EndpointPolicies(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["EndpointPolicies"]

    async def list_policy_endpoints(self, call: Call, request: pb2.ListPolicyEndpointsRequest) -> Result:
        await call.service(Policies).lookup(call, request.policy_id)
        found: dict[str, Endpoint] = {}
        for association in await call.tx.query(pb2.PolicyAssociation, policy_id=request.policy_id):
            for endpoint in await _endpoints(call, association):
                found[endpoint.id] = endpoint
        endpoints = call.service(Endpoints)
        return page_of([await endpoints.view(call, endpoint) for endpoint in found.values()], request.query)

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
        raise NotFound(f"No policy is associated with endpoint {endpoint.id}.")

    async def _check(self, call: Call, request: pb2.PolicyAssociationRequest) -> Result:
        await self._find(call, request)
        return EMPTY

    async def _add(self, call: Call, request: pb2.PolicyAssociationRequest) -> Result:
        """A new association takes the place of the one that was there."""
        await self._parts(call, request)
        made = pb2.PolicyAssociation(
            id=_of(request), policy_id=request.policy_id, endpoint_id=request.endpoint_id,
            service_id=request.service_id, region_id=request.region_id,
        )  # fmt: skip
        await call.tx.put(made)
        return EMPTY

    async def _remove(self, call: Call, request: pb2.PolicyAssociationRequest) -> Result:
        """What is not there is removed without a word (keystone.endpoint_policy.backends.sql)."""
        await self._parts(call, request)
        found = await call.tx.get(pb2.PolicyAssociation, _of(request))
        if found is not None and found.policy_id == request.policy_id:
            await call.tx.delete(pb2.PolicyAssociation, found.id)
        return EMPTY

    check_endpoint_association = check_service_association = check_region_service_association = _check
    add_endpoint_association = add_service_association = add_region_service_association = _add
    remove_endpoint_association = remove_service_association = remove_region_service_association = _remove

    async def _find(self, call: Call, request: pb2.PolicyAssociationRequest) -> pb2.PolicyAssociation:
        await self._parts(call, request)
        found = await call.tx.get(pb2.PolicyAssociation, _of(request))
        if found is None or found.policy_id != request.policy_id:
            raise refusals.PolicyAssociationNotFound
        return found

    @staticmethod
    async def _parts(call: Call, request: pb2.PolicyAssociationRequest) -> None:
        await call.service(Policies).lookup(call, request.policy_id)
        if request.endpoint_id:
            await call.service(Endpoints).lookup(call, request.endpoint_id)
        if request.service_id:
            await call.service(Services).lookup(call, request.service_id)
        if request.region_id:
            await call.service(Regions).lookup(call, request.region_id)


async def _endpoints(call: Call, association: pb2.PolicyAssociation) -> list[Endpoint]:
    """The endpoints that an association speaks of."""
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


def _of(request: pb2.PolicyAssociationRequest) -> str:
    return _id(request.endpoint_id, request.service_id, request.region_id)
