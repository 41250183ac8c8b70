"""What the proxies of consoles ask: whom a token lets in, and what a console shows.

Source: nova.console.websocketproxy.NovaProxyRequestHandler._get_connect_info, for who is let in.
"""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import console_sessions_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import Forbidden
from mopenstack.core.compute.consoles.boot_log import log_of
from mopenstack.core.compute.consoles.machine import machine_of
from mopenstack.core.compute.servers.remote_consoles import SESSION_TIMEOUT, ConsoleAuthTokens
from mopenstack.core.compute.servers.server_view import shown
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.identity.v3.resource.projects_pb2 import Project


class ConsoleSessions(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ConsoleSessions"]

    async def open_console(self, call: Call, request: pb.OpenConsoleRequest) -> Result:
        _check_gateway(call)
        token = await call.service(ConsoleAuthTokens).find(call, request.console_token)
        if token is None:
            raise refusals.ConsoleTokenNotFound()
        await _there(call, token.server_id)
        session = pb.ConsoleSession(
            server_id=token.server_id, console_type=token.console_type, access_url_base=token.access_url_base
        )
        if call.cloud.enabled(SESSION_TIMEOUT):
            session.seconds_left = max(0.0, token.expires_at.seconds + token.expires_at.nanos / 1e9 - call.time)
        return session

    async def show_console(self, call: Call, request: pb.ShowConsoleRequest) -> Result:
        _check_gateway(call)
        server = await _there(call, request.server_id)
        machine, log = await machine_of(call, server), await log_of(call, server)
        project = await call.tx.get(Project, server.project_id)
        screen = pb.ConsoleScreen(
            server_id=server.id,
            name=server.name,
            instance_name=server.instance_name,
            status=Server.Status.Name(server.status),
            task=server.task_state,
            image=machine.image,
            flavor=server.flavor.original_name,
            host=server.host,
            project=project.name if project is not None else server.project_id,
            prompts=log.prompts,
        )
        for network, found in sorted((await shown(call, server)).addresses.items()):
            screen.addresses.append(f"{network}: {', '.join(address.addr for address in found.addresses)}")
        if log.boot is not None:
            screen.boot = log.boot.name
            call.stamp(screen.booted_at, log.boot.at)
            screen.first = min(request.lines, len(log.lines)) if request.boot == screen.boot else 0
            screen.lines.extend(log.lines[screen.first :])
        return screen


def _check_gateway(call: Call) -> None:
    if not call.context.verb:
        raise Forbidden("Only a gateway beside the core asks for what a console shows.")


async def _there(call: Call, id: str) -> Server:
    """The server, on its host; raises ConsoleTokenNotFound for one that is gone."""
    server = await call.tx.get(Server, id)
    if server is None or server.vm_state == Server.VM_STATE_DELETED or not server.host:
        raise refusals.ConsoleTokenNotFound()
    return server
