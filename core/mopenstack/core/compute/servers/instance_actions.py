"""The log of what was done to a server. Source: nova/api/openstack/compute/instance_actions.py.

An entry is written by the call that did it, under its request id; what completes later is in the same entry.
The log outlives its server.
"""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.message import Message

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import instance_actions_pb2 as pb
from mopenstack.compute.v2.servers.instance_actions_pb2 import InstanceAction
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.servers.changes_since import moment_in
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.compute.servers.server_view import host_id
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.lifecycle import Action
from mopenstack.core.engine.listing import listing
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.store.transaction import copy_of

PAGE_MAX = 1000
EVENTS = {
    "create": "compute__do_build_and_run_instance",
    "delete": "compute_terminate_instance",
    "shelve": "compute_shelve_instance",
    "shelveOffload": "compute_shelve_offload_instance",
    "resize": "compute_prep_resize",
    "migrate": "cold_migrate",
    "confirmResize": "compute_confirm_resize",
    "revertResize": "compute_revert_resize",
    "live-migration": "conductor_live_migrate_instance",
    "live_migration_force_complete": "compute_live_migration_force_complete",
    "live_migration_cancel": "compute_live_migration_abort",
    "evacuate": "compute_rebuild_instance",
    "createImage": "compute_snapshot_instance",
    "createBackup": "compute_backup_instance",
    "changePassword": "compute_set_admin_password",
    "attach_interface": "compute_attach_interface",
    "detach_interface": "compute_detach_interface",
    "attach_volume": "compute_attach_volume",
    "detach_volume": "compute_detach_volume",
    "swap_volume": "compute_swap_volume",
    "extend_volume": "compute_extend_volume",
    "trigger_crash_dump": "compute_trigger_crash_dump",
    "lock": "api_lock",
    "unlock": "api_unlock",
}
"""What nova.compute.manager and the conductor call their part of an action, where it is not `compute_X_instance`."""
EVENTS_SINCE, PAGES_SINCE, BEFORE_SINCE = 51, 58, 66


async def record(call: Call, server: Server, action: str) -> None:
    """Note an action on a server that the call under way does."""
    request_id = call.context.request_id or f"req-{call.ids.uuid()}"
    entry = InstanceAction(
        id=f"{server.id}:{request_id}",
        action=action,
        server_id=server.id,
        request_id=request_id,
        user_id=call.caller.user_id,
        project_id=call.caller.project_id,
    )
    event = entry.events.add(
        event=EVENTS.get(action, f"compute_{action}_instance"),
        result="Success",
        host=server.host,
        host_id=host_id(server),
    )
    call.stamp(entry.updated_at)
    for stamp in (entry.created_at, event.start_time, event.finish_time):
        call.stamp(stamp, float(int(call.time)))
    await call.tx.put(entry)


@LIFECYCLE.records
async def record_transition(call: Call, server: Server, action: Action) -> None:
    """Note a declared transition."""
    await record(call, server, action.label)


@subscribes("extending", "volume")
async def record_volume_extend(call: Call, volume: Message, server_ids: Sequence[str]) -> None:
    """Note that an attached volume grows, on the servers that have it."""
    for id in server_ids:
        server = await call.tx.get(Server, id)
        if server is not None:
            await record(call, server, "extend_volume")


async def record_failure(call: Call, server: Server, action: str) -> None:
    """Note that the newest such action came to nothing."""
    found = [item for item in await call.tx.query(InstanceAction, server_id=server.id) if item.action == action]
    if not found:
        return
    entry = copy_of(max(found, key=lambda item: (item.created_at.seconds, item.id)))
    entry.message = "Error"
    for event in entry.events:
        event.result = "Error"
    call.stamp(entry.updated_at)
    await call.tx.put(entry)


class InstanceActions(Servicer):
    service = pb.DESCRIPTOR.services_by_name["InstanceActions"]

    async def list_instance_actions(self, call: Call, request: pb.ListInstanceActionsRequest) -> Result:
        server_id, query = call.target.id, request.query
        found = await call.tx.query(InstanceAction, server_id=server_id)

        def missing(marker: str) -> Exception:
            return refusals.NamedMarkerNotFound(marker=marker.partition(":")[2])

        if not call.at_least(PAGES_SINCE):
            return listing(InstanceAction).page(found, common.Query(), None, missing)
        given = {item.key: item.values[-1] for item in query.filters}
        since = moment_in(given, "changes-since")
        before = moment_in(given, "changes-before") if call.at_least(BEFORE_SINCE) else None
        if since is not None and before is not None and before < since:
            raise refusals.ChangesInWrongOrder()
        found = [
            item
            for item in found
            if (since is None or item.updated_at.seconds >= since)
            and (before is None or item.updated_at.seconds <= before)
        ]
        asked = common.Query(limit=query.limit, nothing=query.nothing)
        asked.marker = f"{server_id}:{query.marker}" if query.marker else ""
        page: Page = listing(InstanceAction).page(found, asked, PAGE_MAX, missing)
        page.next_marker = page.next_marker.partition(":")[2]
        return page

    async def get_instance_action(self, call: Call, request: pb.GetInstanceActionRequest) -> Result:
        found = await call.tx.get(InstanceAction, f"{call.target.id}:{request.request_id}")
        if found is None:
            raise refusals.InstanceActionNotFound(id=request.request_id)
        if call.caller.is_admin or call.at_least(EVENTS_SINCE):
            return found
        shown = copy_of(found)
        del shown.events[:]
        return shown
