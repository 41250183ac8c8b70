"""Network interfaces of servers. Source: nova/api/openstack/compute/attach_interfaces.py."""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_interfaces_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers import networking
from mopenstack.core.compute.servers.instance_actions import record
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.network.v2.core.ports_pb2 import Port


class ServerInterfaces(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerInterfaces"]

    async def list_server_interfaces(self, call: Call, request: pb.ListServerInterfacesRequest) -> Result:
        ports = await networking.ports_of(call, call.target)
        return pb.ListServerInterfacesResponse(interface_attachments=[_shown(call.target, port) for port in ports])

    async def get_server_interface(self, call: Call, request: pb.ServerInterfaceRequest) -> Result:
        port = await networking.find_port(call, request.port_id)
        if port is None:
            raise refusals.PortMissing(id=request.port_id)
        if port.device_id != call.target.id:
            raise refusals.NotThisInstancesPort(server=call.target.id, id=request.port_id)
        return pb.ServerInterfaceResponse(interface_attachment=_shown(call.target, port))

    async def create_server_interface(self, call: Call, request: pb.CreateServerInterfaceRequest) -> Result:
        body = request.interface_attachment
        if body.net_id and body.port_id:
            raise refusals.NetworkAndPort()
        address = body.fixed_ips[0].ip_address if body.fixed_ips else ""
        if address and not body.net_id:
            raise refusals.AddressWithoutNetwork()
        LIFECYCLE.check(call, call.target, "attach_interface")
        network_id = body.net_id
        if body.port_id:
            await _check_port(call, body.port_id)
        elif body.net_id:
            await _check_network(call, body.net_id, address)
        else:
            network_id = await _the_network(call, call.target)
        server = await call.tx.edit(Server, call.target.id)
        wanted = networking.NetworkRequest(network_id=network_id, port_id=body.port_id, address=address, tag=body.tag)
        await networking.allocate(call, server, [wanted], [], server.host)
        await call.tx.put(server)
        await record(call, server, "attach_interface")
        port = await call.tx.get(Port, server.port_ids[-1])
        assert port is not None
        return pb.ServerInterfaceResponse(interface_attachment=_shown(server, port))

    async def delete_server_interface(self, call: Call, request: pb.ServerInterfaceRequest) -> Result:
        port = await call.tx.get(Port, request.port_id)
        server = await call.tx.edit(Server, call.target.id)
        if port is not None and port.device_id == server.id:  # the compute host finds out, after the answer
            await networking.release(call, server, request.port_id)
            await call.tx.put(server)
        await record(call, server, "detach_interface")
        return EMPTY


async def _check_port(call: Call, port_id: str) -> None:
    port = await networking.find_port(call, port_id)
    if port is None:
        raise refusals.PortMissing(id=port_id)
    if port.device_id:
        raise refusals.PortInUse(id=port_id)


async def _check_network(call: Call, network_id: str, address: str) -> None:
    try:
        await networking.check_network(call, network_id, address)
    except refusals.NetworkNotFound:
        raise refusals.NetworkMissing(id=network_id) from None
    except refusals.FixedIpInUse as fault:
        raise refusals.FixedIpTaken(**fault.facts) from None


async def _the_network(call: Call, server: Server) -> str:
    """The only network of the project, for a request that names none; raises Nova's refusals."""
    networks = await networking.available_networks(call, server.project_id)
    if not networks:
        raise refusals.InterfaceNoNetwork(project_id=server.project_id)
    if len(networks) > 1:
        raise refusals.InterfaceNetworkAmbiguous()
    return networks[0].id


def _shown(server: Server, port: Port) -> pb.InterfaceAttachment:
    shown = pb.InterfaceAttachment(
        net_id=port.network_id, port_id=port.id, mac_addr=port.mac_address, port_state=port.status
    )
    for fixed_ip in port.fixed_ips:
        shown.fixed_ips.add(subnet_id=fixed_ip.subnet_id, ip_address=fixed_ip.ip_address)
    if port.id in server.port_tags:
        shown.tag = server.port_tags[port.id]
    return shown
