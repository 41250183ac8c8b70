"""The log of what was done to a server. Source: nova/api/openstack/compute/instance_actions.py.

An entry is written by the call that did it, under its request id; what completes later is in the same entry.
"""

from __future__ import annotations

from mopenstack.compute.v2 import instance_actions_pb2 as pb
from mopenstack.compute.v2.instance_actions_pb2 import InstanceAction
from mopenstack.compute.v2.servers_pb2 import Server
from mopenstack.core.compute import server_errors as errors
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import listing
from mopenstack.core.engine.servicer import Result, Servicer

PAGE_MAX = 1000


async def record(call: Call, server: Server, action: str) -> None:
    """Note an action on a server that the call under way does."""
    request_id = call.metadata.request_id or f"req-{call.ids.uuid()}"
    entry = InstanceAction(
        id=f"{server.id}:{request_id}",
        action=action,
        server_id=server.id,
        request_id=request_id,
        user_id=call.caller.user_id,
        project_id=call.caller.project_id,
    )
    event = entry.events.add(event=f"compute_{action}", result="Success")
    call.stamp(entry.updated_at)
    for stamp in (entry.created_at, event.start_time, event.finish_time):
        call.stamp(stamp, float(int(call.time)))
    await call.tx.put(entry)


class InstanceActions(Servicer):
    service = pb.DESCRIPTOR.services_by_name["InstanceActions"]

    async def list_instance_actions(self, call: Call, request: pb.ListInstanceActionsRequest) -> Result:
        found = await call.tx.query(InstanceAction, server_id=call.target.id)

        def missing(marker: str) -> Exception:
            return errors.ListRefused(f"marker [{marker}] not found")

        return listing(InstanceAction).page(found, request.query, PAGE_MAX, missing)

    async def get_instance_action(self, call: Call, request: pb.GetInstanceActionRequest) -> Result:
        found = await call.tx.get(InstanceAction, f"{call.target.id}:{request.request_id}")
        if found is None:
            raise errors.InstanceActionNotFound(id=request.request_id)
        return found
