"""Local IPs: addresses that a host answers itself (neutron.db.local_ip_db)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.network.base import NeutronResource
from mopenstack.core.network.common.subresource import SubResource
from mopenstack.core.network.core import device_ports
from mopenstack.core.network.core.networks import Networks
from mopenstack.core.network.core.ports import Ports
from mopenstack.network.v2.core.ports_pb2 import FixedIp, Port
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.l3 import local_ips_pb2 as pb
from mopenstack.network.v2.l3.local_ips_pb2 import LocalIp, LocalIpAssociation
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    LocalIpAssociationNotFound,
    LocalIpInUse,
    LocalIpNoIp,
    LocalIpNoRequestedIp,
    LocalIpNotFound,
    LocalIpPortOrNetworkRequired,
    LocalIpRequestedIpNotFound,
    RequestFailed,
    ServicePortInUse,
)

OWNER = "network:local_ip"
"""device_owner of the port that Neutron itself makes to hold an address."""


class LocalIps(NeutronResource[LocalIp]):
    service = pb.DESCRIPTOR.services_by_name["LocalIps"]
    message = LocalIp
    not_found = LocalIpNotFound

    async def prepare(self, call: Call, obj: LocalIp, request: Any, given: set[str]) -> None:
        if obj.local_port_id:
            port = await self._port(call, obj.local_port_id)
            obj.local_ip_address = address_of(port, obj.local_ip_address)
        elif obj.network_id:
            port = await self._make_port(call, obj)
            obj.local_port_id, obj.local_ip_address = port.id, port.fixed_ips[0].ip_address
        else:
            raise LocalIpPortOrNetworkRequired()
        obj.network_id = port.network_id

    @staticmethod
    async def _port(call: Call, id: str) -> Port:
        port = await call.tx.get(Port, id)
        if port is None or not call.service(Ports).visible(call, port):
            raise BadResourceRequest(resource="local_ip", msg=f"Port {id} not found")
        return port

    @staticmethod
    async def _make_port(call: Call, obj: LocalIp) -> Port:
        """A port that holds the address and nothing else (_create_local_port)."""
        network = await call.service(Networks).fetch(call, obj.network_id)
        if all(subnet.ip_version != 4 for subnet in await call.tx.query(Subnet, network_id=network.id)):
            msg = f"Network {network.id} does not contain any IPv4 subnet"
            raise BadResourceRequest(resource="local_ip", msg=msg)
        port = Port(
            network_id=network.id, project_id=obj.project_id, admin_state_up=True, device_id=obj.id, device_owner=OWNER
        )
        asked = [FixedIp(ip_address=obj.local_ip_address)] if obj.local_ip_address else None
        return await device_ports.make(call, port, asked)

    async def discard(self, call: Call, obj: LocalIp) -> None:
        if await call.tx.query(LocalIpAssociation, local_ip_id=obj.id):
            raise LocalIpInUse(id=obj.id)
        await super().discard(call, obj)
        port = await call.tx.get(Port, obj.local_port_id)
        if port is not None and port.device_owner == OWNER:
            await device_ports.drop(call, port.id)


class LocalIpAssociations(SubResource[LocalIpAssociation]):
    service = pb.DESCRIPTOR.services_by_name["LocalIpAssociations"]
    message = LocalIpAssociation

    async def prepare(self, call: Call, obj: LocalIpAssociation, request: Any, given: set[str]) -> None:
        await super().prepare(call, obj, request, given)
        port = await call.tx.get(Port, obj.fixed_port_id)
        obj.id = _key(obj.local_ip_id, obj.fixed_port_id)
        if port is None or not call.service(Ports).visible(call, port):
            raise RequestFailed()  # Neutron asks the missing port for its id
        obj.fixed_ip = address_of(port, obj.fixed_ip)
        if await call.tx.get(LocalIpAssociation, obj.id) is not None:
            raise RequestFailed()  # and the association that it did not make for its address
        obj.local_ip_address, obj.host = call.target.local_ip_address, port.host_id

    async def child(self, call: Call, parent_id: str, id: str) -> LocalIpAssociation | None:
        return await call.tx.get(LocalIpAssociation, _key(parent_id, id))

    def absent(self, call: Call, id: str) -> Exception:
        return LocalIpAssociationNotFound(local_ip_id=call.target.id, port_id=id)


def _key(local_ip_id: str, port_id: str) -> str:
    return f"{local_ip_id}/{port_id}"


def address_of(port: Port, asked: str) -> str:
    """The one address of a port that is asked for, or its only one (_get_local_ip_address)."""
    addresses = [fixed.ip_address for fixed in port.fixed_ips]
    if not addresses:
        raise LocalIpNoIp(port_id=port.id)
    if asked:
        if asked not in addresses:
            raise LocalIpRequestedIpNotFound(port_id=port.id, ip=asked)
        return asked
    if len(addresses) > 1:
        raise LocalIpNoRequestedIp(port_id=port.id)
    return addresses[0]


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    if await call.tx.query(LocalIp, local_port_id=port.id):
        raise ServicePortInUse(port_id=port.id, why="still referenced by Local IPs")
    for association in await call.tx.query(LocalIpAssociation, fixed_port_id=port.id):
        await call.tx.delete(LocalIpAssociation, association.id)
