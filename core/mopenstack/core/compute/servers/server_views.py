"""Addresses, topology and password of servers.

Source: nova/api/openstack/compute/ips.py, server_topology.py, server_password.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from google.protobuf.message import Message

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_views_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.servers import Servers
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer


class ServerViews(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerViews"]
    fixed: ClassVar[Mapping[str, Message]] = {"GetServerTopology": pb.GetServerTopologyResponse()}

    async def get_server_password(self, call: Call, request: pb.ServerViewRequest) -> Result:
        """What the guest posted to its metadata."""
        return pb.GetServerPasswordResponse(password=call.target.guest_password)

    async def clear_server_password(self, call: Call, request: pb.ServerViewRequest) -> Result:
        if call.target.guest_password:
            server = await call.tx.edit(Server, call.target.id)
            server.guest_password = ""
            await call.tx.put(server)
        return EMPTY

    async def list_server_ips(self, call: Call, request: pb.ServerViewRequest) -> Result:
        return pb.ListServerIpsResponse(addresses=await self._addresses(call))

    async def get_server_ips(self, call: Call, request: pb.GetServerIpsRequest) -> Result:
        addresses = await self._addresses(call)
        if request.network_label not in addresses:
            raise refusals.NotAMember()
        label = request.network_label
        return pb.GetServerIpsResponse(addresses={label: addresses[label]})

    async def _addresses(self, call: Call) -> dict[str, pb.PlainAddresses]:
        shown = await call.service(Servers).view(call, call.target)
        assert isinstance(shown, Server)
        return {
            name: pb.PlainAddresses(
                addresses=[pb.PlainAddress(version=item.version, addr=item.addr) for item in label.addresses]
            )
            for name, label in shown.addresses.items()
        }
