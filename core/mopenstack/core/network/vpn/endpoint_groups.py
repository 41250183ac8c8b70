"""Endpoint groups: what is at either end of a connection (neutron_vpnaas.db.vpn.vpn_db, vpn_validator)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.values import repeated
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.validation import is_format
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.core.addresses import parse_net
from mopenstack.core.network.core.subnets import Subnets
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.refusals import (
    EndpointGroupInUse,
    InvalidEndpointInEndpointGroup,
    MissingEndpointForEndpointGroup,
    NonExistingSubnetInEndpointGroup,
    SubnetInUseByEndpointGroup,
    VpnEndpointGroupNotFound,
)
from mopenstack.network.v2.vpn import endpoint_groups_pb2 as pb
from mopenstack.network.v2.vpn.endpoint_groups_pb2 import EndpointGroup
from mopenstack.network.v2.vpn.ipsec_site_connections_pb2 import IpsecSiteConnection


class EndpointGroups(NeutronResource[EndpointGroup]):
    service = pb.DESCRIPTOR.services_by_name["EndpointGroups"]
    message = EndpointGroup
    not_found = VpnEndpointGroupNotFound
    seen_by = "member"

    async def prepare(self, call: Call, obj: EndpointGroup, request: Any, given: set[str]) -> None:
        if not obj.endpoints:
            raise MissingEndpointForEndpointGroup(group=_as_asked(obj, list(request.mask.paths)))
        for endpoint in repeated(obj.endpoints):
            raise _invalid(obj, endpoint, "Endpoints have to be unique")
        for endpoint in obj.endpoints:
            await self._check(call, obj, endpoint)
        obj.endpoints.sort()  # as the database gives its rows back

    @staticmethod
    async def _check(call: Call, group: EndpointGroup, endpoint: str) -> None:
        if group.type == "cidr" and parse_net(endpoint) is None:
            raise _invalid(group, endpoint, "Invalid CIDR")
        if group.type != "subnet":
            return
        if not is_format("uuid", endpoint):
            raise _invalid(group, endpoint, "Invalid UUID")
        subnet = await call.tx.get(Subnet, endpoint)
        if subnet is None or not call.service(Subnets).visible(call, subnet):
            raise NonExistingSubnetInEndpointGroup(subnet=endpoint)

    async def remove(self, call: Call, obj: EndpointGroup) -> None:
        for field in ("local_ep_group_id", "peer_ep_group_id"):
            if await call.tx.count(IpsecSiteConnection, **{field: obj.id}):
                raise EndpointGroupInUse(group_id=obj.id)


def _invalid(group: EndpointGroup, endpoint: str, why: str) -> InvalidEndpointInEndpointGroup:
    return InvalidEndpointInEndpointGroup(group_type=group.type, endpoint=endpoint, why=why)


def _as_asked(group: EndpointGroup, asked: list[str]) -> dict[str, Any]:
    """The dictionary that Neutron prints: what was asked, the project, the defaults of the rest."""
    keys = [*(key for key in asked if key != "project_id"), "project_id", "tenant_id", "name", "description"]
    values = {key: getattr(group, "project_id" if key == "tenant_id" else key) for key in keys}
    return {key: list(value) if key == "endpoints" else value for key, value in values.items()}


@subscribes("before_delete", "subnet")
async def _subnet_removed(call: Call, subnet: Subnet) -> None:
    for group in await call.tx.query(EndpointGroup, endpoints=subnet.id):
        raise SubnetInUseByEndpointGroup(subnet_id=subnet.id, group_id=group.id)
