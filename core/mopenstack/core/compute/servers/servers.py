"""Servers: create, show, list, update, delete. Source: nova/api/openstack/compute/servers.py, nova/compute/api.py.

A server is stored without its addresses and security groups: those are read from its ports whenever it is shown.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import servers_pb2 as pb
from mopenstack.compute.v2.servers.deleted_servers_pb2 import DeletedServer
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.quotas.simple_tenant_usage import SimpleTenantUsage
from mopenstack.core.compute.servers import (
    block_devices,
    networking,
    reserved_volumes,
    server_create,
    server_lists,
    server_states,
    server_values,
)
from mopenstack.core.compute.servers.deleted_servers import DeletedServers
from mopenstack.core.compute.servers.instance_actions import record
from mopenstack.core.compute.servers.migrations import release_claims
from mopenstack.core.compute.servers.server_images import drop_shelved
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.compute.servers.server_view import shown
from mopenstack.core.engine.call import Call, names_of
from mopenstack.core.engine.lists import find, walked
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.store.kept_lists import ALL
from mopenstack.core.store.walks import in_scopes


class Servers(ResourceServicer[Server]):
    service = pb.DESCRIPTOR.services_by_name["Servers"]
    message = Server
    not_found = refusals.InstanceNotFound
    lifecycle = LIFECYCLE

    # -- the RPCs

    async def create_server(self, call: Call, request: pb.CreateServerRequest) -> Result:
        plan = await server_create.check_create(call, request)
        made = []
        for server in await server_create.new_servers(call, plan):
            made.append(await self.insert(call, server))
        return server_create.answer(plan, made)

    async def update_server(self, call: Call, request: pb.UpdateServerRequest) -> Result:
        body, given = request.server, set(request.mask.paths) or names_of(request.server)
        server = await call.tx.edit(Server, call.target.id)
        server_values.set_given(server, body, given)
        await call.tx.put(server)
        return await self.view(call, server)

    async def list_servers(self, call: Call, request: pb.ListServersRequest) -> Result:
        return await self._page(call, request.query, "index")

    async def list_servers_detail(self, call: Call, request: pb.ListServersRequest) -> Result:
        return await self._page(call, request.query, "detail")

    async def _page(self, call: Call, query: common.Query, operation: str) -> Page:
        filters = server_lists.read_filters(call, query, operation)
        if filters is None:
            return Page([])
        server_lists.check_sort(call, query)
        page = await self._of_filters(call, server_lists.in_columns(query), filters)
        if operation == "detail":
            page.items = [await self.view(call, server) for server in page.items]  # type: ignore[arg-type]
        return page

    async def _of_filters(self, call: Call, query: common.Query, filters: server_lists.Filters) -> Page:
        scopes = [ALL if filters.all_projects else ("project_id", call.caller.project_id)]
        order, found, walk = self.listing.order(query.sort), list[Server](), None
        if filters.deleted is False and order is not None:
            found, walk = await find(call.tx, Server, scopes, order)
        elif filters.deleted is not True:
            found = await in_scopes(call.tx, Server, scopes)
        if filters.deleted is not False:
            found += [item.server for item in await in_scopes(call.tx, DeletedServer, scopes)]

        async def passes(server: Server) -> bool:
            return await server_lists.matches(call, server, filters)

        most, missing = server_lists.PAGE_MAX, self.missing_marker
        if walk is not None:
            items = await walked(walk, query, most, passes, filters.wanted, missing)
            return self.listing.page_of(items, query, most)
        return self.listing.page([server for server in found if await passes(server)], query, most, missing)

    # -- hooks

    async def view(self, call: Call, obj: Server) -> Message:
        return await shown(call, obj)

    async def prepare(self, call: Call, obj: Server, request: Any, given: set[str]) -> None:
        server_states.derive(obj)

    async def created(self, call: Call, obj: Server, request: Any) -> None:
        slow = await LIFECYCLE.enter(call, obj, "build" if obj.next_host else "build_nowhere")
        await record(call, obj, "create", fresh=True, under_way=slow)
        if not slow:
            await reserved_volumes.complete_all(call, obj)

    async def remove(self, call: Call, obj: Server) -> None:
        """Release the ports, allocations, volumes and quota of the server."""
        await call.service(SimpleTenantUsage).ended(call, obj)
        server = await call.tx.edit(Server, obj.id)
        await networking.release_all(call, server)
        await release_claims(call, server)
        await block_devices.disconnect_all(call, server)
        await drop_shelved(call, server)
        await server_create.give_quota(call, server)
        await call.service(DeletedServers).keep(call, server)


@LIFECYCLE.on("delete", "forceDelete")
async def _deleted(call: Call, server: Server) -> None:
    await call.service(Servers).discard(call, server)
