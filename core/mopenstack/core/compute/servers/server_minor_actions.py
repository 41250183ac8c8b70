"""Actions on servers that leave what they run as it is: lock, password, security groups, console, image.

Source: the controllers lock_server, admin_password, security_groups, console_output, admin_actions of
nova/api/openstack/compute.
"""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_actions_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers import networking
from mopenstack.core.compute.servers.instance_actions import record
from mopenstack.core.compute.servers.server_states import ACTIVE, ERROR, LIFECYCLE, derive
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup


def console_of(server: Server) -> list[str]:
    """The lines that a server's console shows: there is no guest to write more."""
    flavor = server.flavor
    return [
        f"Booting {server.name} ({server.id})",
        "mopenstack runs no guest: this is all that its console says",
        f"{flavor.original_name}: {flavor.vcpus} vcpus, {flavor.ram} MB of memory, {flavor.disk} GB of disk",
        f"Root device: {server.root_device_name}",
        "",
        f"{server.hostname} login: ",
    ]


class MinorActions:
    """Handlers of the ServerActions service."""

    async def lock_server(self, call: Call, request: pb.LockServerRequest) -> Result:
        server = await call.tx.edit(Server, call.target.id)
        server.locked = True
        server.locked_by = "admin" if call.caller.is_admin else "owner"
        server.ClearField("locked_reason")
        if request.lock.locked_reason:
            server.locked_reason = request.lock.locked_reason
        await call.tx.put(server)
        await record(call, server, "lock")
        return EMPTY

    async def unlock_server(self, call: Call, request: pb.UnlockServerRequest) -> Result:
        if call.target.locked_by == "admin" and not call.caller.is_admin:
            raise refusals.RestrictedUnlock()
        server = await call.tx.edit(Server, call.target.id)
        server.locked, server.locked_by = False, ""
        server.ClearField("locked_reason")
        await call.tx.put(server)
        await record(call, server, "unlock")
        return EMPTY

    async def change_server_password(self, call: Call, request: pb.ChangeServerPasswordRequest) -> Result:
        LIFECYCLE.check(call, call.target, "changePassword")
        server = await call.tx.edit(Server, call.target.id)
        server.admin_pass = request.change_password.admin_pass
        await call.tx.put(server)
        await record(call, server, "changePassword")
        return EMPTY

    async def add_server_security_group(self, call: Call, request: pb.AddServerSecurityGroupRequest) -> Result:
        group = await _group(call, call.target, request.add_security_group.name)
        for port in await _ports(call, call.target):
            if group.id not in port.security_groups:
                await networking.set_security_groups(call, port.id, [*port.security_groups, group.id])
        return EMPTY

    async def remove_server_security_group(self, call: Call, request: pb.RemoveServerSecurityGroupRequest) -> Result:
        name = request.remove_security_group.name
        group = await _group(call, call.target, name)
        ports = [port for port in await _ports(call, call.target) if group.id in port.security_groups]
        if not ports:
            raise refusals.SecurityGroupNotAssociated(name=name, id=call.target.id)
        for port in ports:
            left = [id for id in port.security_groups if id != group.id]
            await networking.set_security_groups(call, port.id, left)
        return EMPTY

    async def get_server_console_output(self, call: Call, request: pb.GetServerConsoleOutputRequest) -> Result:
        if not call.target.host:
            raise refusals.InstanceNotReady(id=call.target.id)
        length = request.get_console_output.length if request.get_console_output.HasField("length") else -1
        lines = console_of(call.target)
        if length >= 0:
            lines = lines[max(0, len(lines) - length) :]
        return pb.GetServerConsoleOutputResponse(output="\n".join(lines))

    async def trigger_server_crash_dump(self, call: Call, request: pb.TriggerServerCrashDumpRequest) -> Result:
        LIFECYCLE.check(call, call.target, "trigger_crash_dump")
        await record(call, call.target, "trigger_crash_dump")
        return EMPTY

    async def reset_server_state(self, call: Call, request: pb.ResetServerStateRequest) -> Result:
        server = await call.tx.edit(Server, call.target.id)
        server.vm_state = ACTIVE if request.reset_state.state == "active" else ERROR
        server.ClearField("task_state")
        derive(server)
        call.stamp(server.updated_at)
        await call.tx.unschedule("server", server.id)
        await call.tx.put(server)
        return EMPTY

    async def inject_server_network_info(self, call: Call, request: pb.InjectServerNetworkInfoRequest) -> Result:
        LIFECYCLE.check(call, call.target, "injectNetworkInfo")
        return EMPTY

    async def reset_server_network(self, call: Call, request: pb.ResetServerNetworkRequest) -> Result:
        raise refusals.GoneForGood()


async def _group(call: Call, server: Server, name: str) -> SecurityGroup:
    groups = await call.tx.query(SecurityGroup, project_id=server.project_id)
    return networking.pick_group(groups, name, server.project_id, refusals.SecurityGroupMissing)


async def _ports(call: Call, server: Server) -> list[Port]:
    ports = await networking.ports_of(call, server)
    if not ports:
        raise refusals.NoPorts(id=server.id)
    return ports
