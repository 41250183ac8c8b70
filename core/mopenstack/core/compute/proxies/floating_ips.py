"""Floating and fixed IPs through Nova.

Source: nova/api/openstack/compute/floating_ips.py, floating_ip_pools.py, multinic.py, nova/network/neutron.py.
"""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import floating_ips_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import Conflict, Fault, NotFound
from mopenstack.core.compute.proxies import listed
from mopenstack.core.compute.servers import networking, server_ports
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.engine.validation import is_format
from mopenstack.network.v2.core import networks_pb2 as networks
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.l3 import floatingips_pb2 as neutron
from mopenstack.network.v2.l3.floatingips_pb2 import Floatingip
from mopenstack.network.v2.refusals import ExternalIpAddressExhausted, IpAddressGenerationFailure

NEUTRON = "mopenstack.network.v2"
DEFAULT_POOL = "public"
"""neutron.default_floating_pool, as DevStack sets it."""


class FloatingIps(Servicer):
    service = pb.DESCRIPTOR.services_by_name["FloatingIps"]

    async def list_floating_ips(self, call: Call, request: pb.ListFloatingIpsRequest) -> Result:
        found = await _floating_ips(call, {"project_id": call.caller.project_id})
        ordered = sorted(found, key=lambda item: item.id)
        return pb.ListFloatingIpsResponse(floating_ips=[await _shown(call, item) for item in ordered])

    async def get_floating_ip(self, call: Call, request: pb.FloatingIpRequest) -> Result:
        return await _shown(call, await _find(call, request.floating_ip_id))

    async def allocate_floating_ip(self, call: Call, request: pb.AllocateFloatingIpRequest) -> Result:
        network = await _pool(call, request.pool or DEFAULT_POOL)
        create = neutron.CreateFloatingipRequest()
        create.floatingip.floating_network_id, create.floatingip.project_id = network.id, call.caller.project_id
        try:
            made = await call.invoke(f"{NEUTRON}.Floatingips.CreateFloatingip", create)
        except (ExternalIpAddressExhausted, IpAddressGenerationFailure):
            if request.pool:
                raise refusals.NoMoreFloatingIpsInPool(pool=request.pool) from None
            raise refusals.NoMoreFloatingIps() from None
        except Fault as fault:
            if fault.reason != "OverQuota":
                raise
            if request.pool:
                raise refusals.FloatingIpQuotaInPool(pool=request.pool) from None
            raise refusals.FloatingIpQuota() from None
        return await _shown(call, made)

    async def delete_floating_ip(self, call: Call, request: pb.FloatingIpRequest) -> Result:
        found = await _find(call, request.floating_ip_id)
        delete = neutron.DeleteFloatingipRequest(floatingip_id=found.id)
        await call.invoke(f"{NEUTRON}.Floatingips.DeleteFloatingip", delete)
        return EMPTY

    async def list_floating_ip_pools(self, call: Call, request: pb.ListFloatingIpPoolsRequest) -> Result:
        pools = [pb.ListFloatingIpPoolsResponse.Pool(name=item.name or item.id) for item in await _pools(call)]
        return pb.ListFloatingIpPoolsResponse(floating_ip_pools=pools)

    # -- of a server

    async def add_server_floating_ip(self, call: Call, request: pb.AddServerFloatingIpRequest) -> Result:
        server: Server = call.target
        address = request.add.address
        ports = await networking.ports_of(call, server)
        if not ports:
            raise refusals.InstanceNetworkNotReady()
        port, fixed = _fixed_of(server, ports, address, request.add.fixed_address)
        found = await _by_address(call, address)
        if found is None:
            raise refusals.FloatingIpUnknown()
        associate = neutron.UpdateFloatingipRequest(floatingip_id=found.id)
        associate.floatingip.port_id, associate.floatingip.fixed_ip_address = port.id, fixed
        try:
            await call.invoke(f"{NEUTRON}.Floatingips.UpdateFloatingip", associate)
        except Conflict as fault:
            raise refusals.FloatingIpAssociateFailed(why=_quoted(call, fault)) from None
        except Fault as fault:
            why = _quoted(call, fault)
            raise refusals.FloatingIpUnreachable(address=address, fixed=fixed, id=server.id, why=why) from None
        return EMPTY

    async def remove_server_floating_ip(self, call: Call, request: pb.RemoveServerFloatingIpRequest) -> Result:
        address = request.remove.address
        found = await _by_address(call, address)
        if found is None:
            raise refusals.FloatingIpOfAddressNotFound(address=address)
        if not found.port_id or found.port_details.device_id != call.target.id:
            raise refusals.FloatingIpNotAssociated(address=address, id=call.target.id)
        disassociate = neutron.UpdateFloatingipRequest(floatingip_id=found.id, mask={"paths": ["port_id"]})
        disassociate.floatingip.SetInParent()
        await call.invoke(f"{NEUTRON}.Floatingips.UpdateFloatingip", disassociate)
        return EMPTY

    async def add_server_fixed_ip(self, call: Call, request: pb.AddServerFixedIpRequest) -> Result:
        """One more address of a network for the server's first port on it."""
        network_id = request.add.network_id
        for port in await networking.ports_of(call, call.target):
            if port.network_id == network_id:
                await server_ports.add_fixed_ip(call, port)
                return EMPTY
        raise refusals.NetworkNotFoundForInstance(id=call.target.id)

    async def remove_server_fixed_ip(self, call: Call, request: pb.RemoveServerFixedIpRequest) -> Result:
        address = request.remove.address
        for port in await networking.ports_of(call, call.target):
            if any(fixed.ip_address == address for fixed in port.fixed_ips):
                await server_ports.remove_fixed_ip(call, port, address)
                return EMPTY
        raise refusals.FixedIpNotFoundForInstance(id=call.target.id, address=address)


def _fixed_of(server: Server, ports: list[Port], address: str, fixed_address: str) -> tuple[Port, str]:
    """The port and its address that a floating IP shall lead to: the one asked for, else the first IPv4 one."""
    fixed = [(port, item.ip_address) for port in ports for item in port.fixed_ips]
    if not fixed:
        raise refusals.NoFixedIps()
    if fixed_address:
        fixed = [item for item in fixed if item[1] == fixed_address]
        if not fixed:
            raise refusals.FixedAddressNotAssigned()
        return fixed[0]
    for item in fixed:
        if ":" not in item[1]:
            return item
    raise refusals.NoFixedIpv4(address=address, id=server.id)


async def _shown(call: Call, item: Floatingip) -> pb.FloatingIp:
    shown = pb.FloatingIp(id=item.id, ip=item.floating_ip_address, pool=item.floating_network_id)
    request = networks.GetNetworkRequest(network_id=item.floating_network_id)
    network = await call.invoke(f"{NEUTRON}.Networks.GetNetwork", request, elevated=True)
    shown.pool = network.name or network.id
    if item.HasField("fixed_ip_address") and item.fixed_ip_address:
        shown.fixed_ip = item.fixed_ip_address
    if item.port_id:
        shown.instance_id = item.port_details.device_id
    return shown


async def _floating_ips(call: Call, filters: dict[str, str]) -> list[Floatingip]:
    """Those that the caller may see."""
    return await listed(call, f"{NEUTRON}.Floatingips.ListFloatingips", neutron.ListFloatingipsRequest(), filters)


async def _find(call: Call, id: str) -> Floatingip:
    try:
        found: Floatingip = await call.invoke(
            f"{NEUTRON}.Floatingips.GetFloatingip", neutron.GetFloatingipRequest(floatingip_id=id)
        )
    except NotFound:
        raise refusals.FloatingIpNotFound(id=id) from None
    return found


async def _by_address(call: Call, address: str) -> Floatingip | None:
    """The floating IP with the address that the caller may see."""
    return next(iter(await _floating_ips(call, {"floating_ip_address": address})), None)


async def _pools(call: Call) -> list[networks.Network]:
    """The external networks that the caller may see."""
    external = {"router:external": "True"}
    found = await listed(call, f"{NEUTRON}.Networks.ListNetworks", networks.ListNetworksRequest(), external)
    return sorted(found, key=lambda network: str(network.id))


async def _pool(call: Call, name: str) -> networks.Network:
    by_id = is_format("uuid", name)
    for network in await _pools(call):
        if name == (network.id if by_id else network.name):
            return network
    raise refusals.FloatingIpPoolNotFound()


def _quoted(call: Call, fault: Fault) -> str:
    """A refusal of Neutron as its client words it (neutronclient.v2_0.client.exception_handler_v20)."""
    return f"{fault.text}\nNeutron server returns request_ids: ['req-{call.ids.uuid()}']"
