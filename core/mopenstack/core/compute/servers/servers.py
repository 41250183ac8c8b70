"""Servers: create, show, list, update, delete. Source: nova/api/openstack/compute/servers.py, nova/compute/api.py.

A server is stored with everything but its addresses and security groups: those are read from its
ports whenever it is shown, so they are true on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import servers_pb2 as pb
from mopenstack.compute.v2.servers.deleted_servers_pb2 import DeletedServer
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.quotas.simple_tenant_usage import SimpleTenantUsage
from mopenstack.core.compute.servers import block_devices, networking, server_create, server_lists, server_states
from mopenstack.core.compute.servers.deleted_servers import DeletedServers
from mopenstack.core.compute.servers.instance_actions import record
from mopenstack.core.compute.servers.migrations import release_claims
from mopenstack.core.compute.servers.remote_consoles import drop_tokens
from mopenstack.core.compute.servers.server_groups import ServerGroups
from mopenstack.core.compute.servers.server_images import drop_shelved
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.compute.servers.server_view import view_of
from mopenstack.core.engine.call import Call, names_of
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result


class Servers(ResourceServicer[Server]):
    service = pb.DESCRIPTOR.services_by_name["Servers"]
    message = Server
    not_found = refusals.InstanceNotFound
    lifecycle = LIFECYCLE

    # -- the RPCs

    async def create_server(self, call: Call, request: pb.CreateServerRequest) -> Result:
        plan = await server_create.plan_of(call, request)
        made = []
        for server in await server_create.make(call, plan):
            made.append(await self.insert(call, server))
            await record(call, made[-1], "create")
        return server_create.answer(plan, made)

    async def update_server(self, call: Call, request: pb.UpdateServerRequest) -> Result:
        body, given = request.server, set(request.mask.paths) or names_of(request.server)
        server = await call.tx.edit(Server, call.target.id)
        if "name" in given:
            server.name = body.name.strip()
        server_create.set_plain(server, body, given)
        if "description" in given:
            server.ClearField("description")
            if body.HasField("description"):
                server.description = body.description
        if given & {"hostname", "fqdn"}:
            server.hostname = server.hostname_to_admin = body.hostname or body.fqdn
        await call.tx.put(server)
        shown = await self.view(call, server)
        # The answer's message has the same fields under the same numbers.
        return pb.UpdateServerResponse(server=pb.UpdatedServer.FromString(shown.SerializeToString()))

    async def delete_server(self, call: Call, request: pb.DeleteServerRequest) -> Result:
        await self.begin_delete(call, call.target.id, "delete")
        return EMPTY

    async def begin_delete(self, call: Call, id: str, action: str) -> None:
        """Start the end of a server."""
        server = await call.tx.edit(Server, id)
        LIFECYCLE.check(call, server, action)
        await record(call, server, "delete")
        await LIFECYCLE.begin(call, server, action)

    async def list_servers(self, call: Call, request: pb.ListServersRequest) -> Result:
        return await self._page(call, request.query, "index")

    async def list_servers_detail(self, call: Call, request: pb.ListServersRequest) -> Result:
        return await self._page(call, request.query, "detail")

    async def _page(self, call: Call, query: common.Query, operation: str) -> Page:
        wanted = server_lists.read(call, query, operation)
        if wanted is None:
            return Page([])
        server_lists.check_sort(call, query)
        candidates = await self._candidates(call, wanted)
        found = [server for server in candidates if await server_lists.fits(call, server, wanted)]
        page = server_lists.page(found, query, self.missing_marker)
        if operation == "detail":
            page.items = [await self.view(call, server) for server in page.items]  # type: ignore[arg-type]
        return page

    async def _candidates(self, call: Call, wanted: server_lists.Wanted) -> Iterable[Server]:
        project = {} if wanted.all_projects else {"project_id": call.caller.project_id}
        if wanted.deleted is False:
            return await call.tx.query(Server, **project) if project else await call.tx.scan(Server)
        found: list[Server] = []
        if wanted.deleted is not True:
            found += await call.tx.query(Server, **project) if project else await call.tx.scan(Server)
        gone = await call.tx.query(DeletedServer, **project) if project else await call.tx.scan(DeletedServer)
        return [*found, *(item.server for item in gone)]

    # -- hooks

    async def view(self, call: Call, obj: Server) -> Message:
        if obj.vm_state == Server.VM_STATE_DELETED:
            return obj  # nothing of it changes any more
        return await call.tx.view(("server", obj.id), lambda: view_of(call, obj.id))

    async def prepare(self, call: Call, obj: Server, request: Any, given: set[str]) -> None:
        server_states.derive(obj)

    async def created(self, call: Call, obj: Server, request: Any) -> None:
        await call.tx.schedule(obj, "build", call.cloud.due(LIFECYCLE.actions["build"].seconds))

    async def remove(self, call: Call, obj: Server) -> None:
        """Ports, volumes, group membership and quota go with the server."""
        await call.service(SimpleTenantUsage).ended(call, obj)
        server = await call.tx.edit(Server, obj.id)
        await networking.release_all(call, server)
        await release_claims(call, server)
        await block_devices.disconnect_all(call, server)
        await drop_shelved(call, server)
        for group_id in server.server_groups:
            await call.service(ServerGroups).leave(call, group_id, server.id)
        await server_create.give_quota(call, server)
        await drop_tokens(call, server.id)
        await call.service(DeletedServers).keep(call, server)


@LIFECYCLE.on("delete", "forceDelete")
async def _deleted(call: Call, server: Server) -> None:
    await call.service(Servers).discard(call, server)
