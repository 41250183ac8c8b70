"""Networks through Nova. Source: nova/api/openstack/compute/networks.py, tenant_networks.py."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import networks_pb2 as pb
from mopenstack.contract.faults import NotFound
from mopenstack.core.compute.proxies import listed
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.network.v2.core import networks_pb2 as neutron

NEUTRON = "mopenstack.network.v2.Networks"


class Networks(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Networks"]

    async def list_networks(self, call: Call, request: pb.ListNetworksRequest) -> Result:
        return pb.ListNetworksResponse(networks=[_network(network) for network in await _all(call)])

    async def get_network(self, call: Call, request: pb.NetworkRequest) -> Result:
        return _network(await _find(call, request.network_id))


class TenantNetworks(Servicer):
    service = pb.DESCRIPTOR.services_by_name["TenantNetworks"]

    async def list_tenant_networks(self, call: Call, request: pb.ListNetworksRequest) -> Result:
        return pb.ListTenantNetworksResponse(networks=[_tenant_network(network) for network in await _all(call)])

    async def get_tenant_network(self, call: Call, request: pb.NetworkRequest) -> Result:
        return _tenant_network(await _find(call, request.network_id))


async def _all(call: Call) -> list[neutron.Network]:
    """Every network that the caller may see."""
    found = await listed(call, f"{NEUTRON}.ListNetworks", neutron.ListNetworksRequest())
    return sorted(found, key=lambda network: str(network.id))


async def _find(call: Call, id: str) -> neutron.Network:
    try:
        found: neutron.Network = await call.invoke(f"{NEUTRON}.GetNetwork", neutron.GetNetworkRequest(network_id=id))
    except NotFound:
        raise refusals.NetworkProxyNotFound() from None
    return found


def _network(network: neutron.Network) -> pb.Network:
    return pb.Network(id=network.id, label=network.name)


def _tenant_network(network: neutron.Network) -> pb.TenantNetwork:
    return pb.TenantNetwork(id=network.id, cidr="None", label=network.name)
