"""Deleted servers, kept as in Nova's database: for lists that include them, and for their instance actions.

Source: nova.compute.api.get_all (deleted, changes-since), nova/db/main/api.py (archive_deleted_rows).
"""

from __future__ import annotations

from typing import ClassVar

from mopenstack.compute.v2.refusals import InstanceNotFound
from mopenstack.compute.v2.servers import deleted_servers_pb2 as pb
from mopenstack.compute.v2.servers.deleted_servers_pb2 import DeletedServer
from mopenstack.compute.v2.servers.instance_actions_pb2 import InstanceAction
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import NotFound
from mopenstack.core.compute.servers.server_states import derive
from mopenstack.core.compute.servers.server_view import host_id
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.store.transaction import copy_of

LOGS_SINCE = 21
"""From this microversion the instance actions of a deleted server can be read."""
KEPT_MAX = 2_000
"""How many are kept, the newest ones; Nova keeps all until they are archived."""


class DeletedServers(ResourceServicer[DeletedServer]):
    service = pb.DESCRIPTOR.services_by_name["DeletedServers"]
    message = DeletedServer
    not_found: ClassVar[type[NotFound]] = InstanceNotFound
    stamps_update = False

    async def fetch(self, call: Call, id: str) -> DeletedServer:
        """A server that exists or is deleted: the target of the instance actions."""
        server = await call.tx.get(Server, id)
        if server is not None:
            found: DeletedServer | None = DeletedServer(id=server.id, project_id=server.project_id)
        else:
            found = await call.tx.get(DeletedServer, id) if call.at_least(LOGS_SINCE) else None
        if found is None or not self.visible(call, found):
            raise InstanceNotFound(id=id)
        return found

    async def keep(self, call: Call, server: Server) -> None:
        """Keep a copy of a server that is deleted."""
        left = copy_of(server)
        left.host_id = host_id(left)
        left.vm_state, left.power_state = Server.VM_STATE_DELETED, 0
        left.ClearField("task_state")
        for name in ("volumes_attached", "own_ports", "port_tags", "port_ids", "server_groups"):
            left.ClearField(name)
        call.stamp(left.terminated_at, float(int(call.time)))
        call.stamp(left.updated_at)
        derive(left)
        place = await call.tx.add("compute/deleted_server/place", 1)
        kept = DeletedServer(id=left.id, project_id=left.project_id, server=left, place=str(place))
        await call.tx.put(kept, fresh=True)
        for oldest in await call.tx.query(DeletedServer, place=str(place - KEPT_MAX)):
            await self._forget(call, oldest)

    async def archive_deleted_servers(self, call: Call, request: pb.ArchiveDeletedServersRequest) -> Result:
        """Delete deleted servers with their instance actions, as `nova-manage db archive_deleted_rows --purge` does."""
        archived = 0
        for gone in await call.tx.scan(DeletedServer):
            await self._forget(call, gone)
            archived += 1
        return pb.ArchiveDeletedServersResponse(archived=archived)

    @staticmethod
    async def _forget(call: Call, gone: DeletedServer) -> None:
        for action in await call.tx.query(InstanceAction, server_id=gone.id):
            await call.tx.delete(InstanceAction, action.id)
        await call.tx.delete(DeletedServer, gone.id)
