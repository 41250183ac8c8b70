"""Shares of servers. Source: nova/api/openstack/compute/server_shares.py.

A share is an object of Manila, and there is no Manila in the cloud: no server has shares, and none can be attached.
"""

from __future__ import annotations

from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import server_shares_pb2 as pb
from mopenstack.compute.v2.servers.server_shares_pb2 import ServerShare
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer


class ServerShares(ChildServicer[ServerShare]):
    service = pb.DESCRIPTOR.services_by_name["ServerShares"]
    message = ServerShare
    not_found = refusals.ShareNotFound

    async def prepare(self, call: Call, obj: ServerShare, request: Any, given: set[str]) -> None:
        raise refusals.ShareNotFound(id=obj.share_id)
