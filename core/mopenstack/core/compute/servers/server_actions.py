"""Actions on servers that are no declared transition. Source: the controllers security_groups, console_output and
admin_actions of nova/api/openstack/compute.
"""

from __future__ import annotations

from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_actions_pb2 as pb
from mopenstack.compute.v2.servers.deleted_servers_pb2 import DeletedServer
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.consoles.boot_log import log_of
from mopenstack.core.compute.servers import networking
from mopenstack.core.compute.servers.server_images import ImageActions
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup


class ServerActions(ImageActions, Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerActions"]

    async def before(self, call: Call, request: Any) -> None:
        """Only start and stop have a refusal of their own for a server that never existed."""
        if isinstance(request, (pb.StartServerRequest, pb.StopServerRequest)):
            id = request.server_id
            if await call.tx.get(Server, id) is None and await call.tx.get(DeletedServer, id) is None:
                raise refusals.InstanceMappingNotFound(id=id)

    async def add_server_security_group(self, call: Call, request: pb.AddServerSecurityGroupRequest) -> Result:
        group = await _group(call, call.target, request.add_security_group.name)
        for port in await _ports(call, call.target):
            if group.id not in port.security_groups:
                await networking.update_port(call, port.id, security_groups=[*port.security_groups, group.id])
        return EMPTY

    async def remove_server_security_group(self, call: Call, request: pb.RemoveServerSecurityGroupRequest) -> Result:
        name = request.remove_security_group.name
        group = await _group(call, call.target, name)
        ports = [port for port in await _ports(call, call.target) if group.id in port.security_groups]
        if not ports:
            raise refusals.SecurityGroupNotAssociated(name=name, id=call.target.id)
        for port in ports:
            left = [id for id in port.security_groups if id != group.id]
            await networking.update_port(call, port.id, security_groups=left)
        return EMPTY

    async def get_server_console_output(self, call: Call, request: pb.GetServerConsoleOutputRequest) -> Result:
        lines = (await log_of(call, call.target)).text.split("\n")
        if request.get_console_output.HasField("length"):
            # Nova cuts them so, and -1, which should mean all of them, takes the first one off (manager._tail_log).
            length = request.get_console_output.length
            lines = lines[-length:] if length else []
        return pb.GetServerConsoleOutputResponse(output="\n".join(lines))


async def _group(call: Call, server: Server, name: str) -> SecurityGroup:
    groups = await call.tx.query(SecurityGroup, project_id=server.project_id)
    return networking.find_security_group(groups, name, server.project_id, refusals.SecurityGroupMissing)


async def _ports(call: Call, server: Server) -> list[Port]:
    ports = await networking.ports_of(call, server)
    if not ports:
        raise refusals.NoPorts(id=server.id)
    return ports
