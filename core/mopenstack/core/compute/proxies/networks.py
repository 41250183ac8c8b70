"""Networks through Nova. Source: nova/api/openstack/compute/networks.py, tenant_networks.py."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import networks_pb2 as pb
from mopenstack.contract.faults import NotFound
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.network.core import networks as neutron
from mopenstack.network.v2.core.networks_pb2 import Network


class Networks(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Networks"]

    async def list_networks(self, call: Call, request: pb.ListNetworksRequest) -> Result:
        return pb.ListNetworksResponse(
            networks=[pb.Network(id=network.id, label=network.name) for network in await _all(call)]
        )

    async def get_network(self, call: Call, request: pb.NetworkRequest) -> Result:
        network = await _find(call, request.network_id)
        return pb.Network(id=network.id, label=network.name)


class TenantNetworks(Servicer):
    service = pb.DESCRIPTOR.services_by_name["TenantNetworks"]

    async def list_tenant_networks(self, call: Call, request: pb.ListNetworksRequest) -> Result:
        return pb.ListTenantNetworksResponse(networks=[_tenant_network(network) for network in await _all(call)])

    async def get_tenant_network(self, call: Call, request: pb.NetworkRequest) -> Result:
        return _tenant_network(await _find(call, request.network_id))


async def _all(call: Call) -> list[Network]:
    """Every network that the caller may see."""
    networks = call.service(neutron.Networks)
    found = await networks.candidates(call, common.Query())
    return sorted((item for item in found if networks.visible(call, item)), key=lambda network: network.id)


async def _find(call: Call, id: str) -> Network:
    try:
        return await call.service(neutron.Networks).fetch(call, id)
    except NotFound:
        raise refusals.NetworkProxyNotFound() from None


def _tenant_network(network: Network) -> pb.TenantNetwork:
    return pb.TenantNetwork(id=network.id, cidr="None", label=network.name)
