"""Shares of servers. Source: nova/api/openstack/compute/server_shares.py.

A share is Manila's, and this cloud has no Manila: a server has no shares, and none can be found for it.
"""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_shares_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.core.compute.servers.server_states import ERROR, STOPPED, WORDS
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer


class ServerShares(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerShares"]

    async def list_server_shares(self, call: Call, request: pb.ServerSharesRequest) -> Result:
        return pb.ListServerSharesResponse()

    async def create_server_share(self, call: Call, request: pb.CreateServerShareRequest) -> Result:
        _check_state(call.target, "create share", (STOPPED,))
        raise refusals.ShareNotFound(id=request.share.share_id)

    async def get_server_share(self, call: Call, request: pb.ServerShareRequest) -> Result:
        raise refusals.ShareNotFound(id=request.share_id)

    async def delete_server_share(self, call: Call, request: pb.ServerShareRequest) -> Result:
        _check_state(call.target, "delete share", (STOPPED, ERROR))
        raise refusals.ShareNotFound(id=request.share_id)


def _check_state(server: Server, action: str, allowed: tuple[int, ...]) -> None:
    if server.vm_state not in allowed:
        state = WORDS[server.vm_state]
        raise refusals.InstanceInvalidState(action=action, id=server.id, attr="vm_state", state=state)
