"""Calls of Neutron, Cinder and Ironic to Nova: external events of servers, assisted volume snapshots.

Source: nova/api/openstack/compute/server_external_events.py, assisted_volume_snapshots.py and
nova.compute.manager.external_instance_event.
"""

from __future__ import annotations

import json
from typing import Any

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import service_calls_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import Outcome
from mopenstack.contract.faults import InvalidField
from mopenstack.core.compute.servers import networking
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer

NAMES = ("network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted")
NAMES_SINCE = (
    (51, "volume-extended"),
    (76, "power-update"),
    (82, "accelerator-request-bound"),
    (93, "volume-reimaged"),
)
TAG_REQUIRED = ("volume-extended", "power-update", "accelerator-request-bound")
POWER_ACTIONS = {"POWER_ON": "start", "POWER_OFF": "stop"}


class ServerExternalEvents(Servicer):
    service = pb.DESCRIPTOR.services_by_name["ServerExternalEvents"]

    async def before(self, call: Call, request: Any) -> None:
        if not request.events:
            raise InvalidField(("events",), [], "min_items", 1)

    async def create_server_external_events(
        self, call: Call, request: pb.CreateServerExternalEventsRequest
    ) -> Result | Outcome:
        words = [*NAMES, *(name for since, name in NAMES_SINCE if call.at_least(since))]
        for place, event in enumerate(request.events):
            if event.name not in words:
                raise InvalidField(("events", place, "name"), event.name, "one_of", words)
        answer = pb.ServerExternalEventsResponse()
        for event in request.events:
            told = answer.events.add()
            told.CopyFrom(event)
            told.code = await self._take(call, event)
            told.status = event.status or "completed" if told.code == 200 else "failed"
        if any(event.code != 200 for event in answer.events):
            return Outcome("partial", answer)
        return answer

    async def _take(self, call: Call, event: pb.ServerExternalEvent) -> int:
        """Handle an event; the code of its answer."""
        server = await call.tx.get(Server, event.server_uuid)
        if server is None:
            return 404
        if event.name in TAG_REQUIRED and not event.HasField("tag"):
            return 400
        if not server.host:
            return 422
        if event.name == "network-vif-deleted":
            changed = await call.tx.edit(Server, server.id)
            await networking.release(call, changed, event.tag)
            await call.tx.put(changed)
        elif event.name == "power-update":
            await self._power(call, server, event.tag)
        return 200

    @staticmethod
    async def _power(call: Call, server: Server, tag: str) -> None:
        """Start or stop the server as its machine in Ironic was; no instance action is recorded."""
        action = POWER_ACTIONS.get(tag.upper())
        if action is not None and LIFECYCLE.refusal(call, server, action) is None:
            await LIFECYCLE.begin(call, await call.tx.edit(Server, server.id), action)


class AssistedVolumeSnapshots(Servicer):
    """Nothing is stored: the snapshot is an object of Cinder."""

    service = pb.DESCRIPTOR.services_by_name["AssistedVolumeSnapshots"]

    async def create_assisted_volume_snapshot(
        self, call: Call, request: pb.CreateAssistedVolumeSnapshotRequest
    ) -> Result:
        body = request.snapshot
        await _check_attached(call, body.volume_id)
        made = pb.AssistedVolumeSnapshotResponse.AssistedSnapshotMade(volume_id=body.volume_id)
        if body.create_info.HasField("id"):
            made.id = body.create_info.id
        return pb.AssistedVolumeSnapshotResponse(snapshot=made)

    async def delete_assisted_volume_snapshot(
        self, call: Call, request: pb.DeleteAssistedVolumeSnapshotRequest
    ) -> Result:
        if not request.HasField("delete_info"):
            raise refusals.BadDeleteInfo(why="'delete_info'")
        try:
            told = json.loads(request.delete_info)
        except ValueError as error:
            raise refusals.BadDeleteInfo(why=str(error)) from None
        if not isinstance(told, dict) or "volume_id" not in told:
            raise refusals.BadDeleteInfo(why="'volume_id'")
        await _check_attached(call, str(told["volume_id"]))
        return EMPTY


async def _check_attached(call: Call, volume_id: str) -> None:
    """Check that the volume is attached to a server; raises VolumeBdmNotFound."""
    for server in await call.tx.scan(Server):
        if any(item.id == volume_id for item in server.volumes_attached):
            return
    raise refusals.VolumeBdmNotFound(id=volume_id)
