"""Instance actions: the log of a server. Source: nova/api/openstack/compute/instance_actions.py.

An entry is written by the call that began the action, under its request id. Its event has no end and no result while
the action is under way. It is kept after the server is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import instance_actions_pb2 as pb
from mopenstack.compute.v2.servers.instance_actions_pb2 import InstanceAction
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import Page
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.compute.servers.changes_since import change_filter
from mopenstack.core.compute.servers.server_states import LIFECYCLE, ServerAction
from mopenstack.core.compute.servers.server_view import host_id
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.servicer import Result
from mopenstack.core.store.transaction import copy_of

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
"""Action -> its event of nova.compute.manager or the conductor, where that is not `compute_X_instance`."""
EVENTS_SINCE, PAGES_SINCE = 51, 58
PAGE_MAX = 1000
SUCCESS, ERROR = "Success", "Error"


async def record(call: Call, server: Server, action: str, *, fresh: bool = False, under_way: bool = False) -> None:
    """Record an action of the current call on a server; `fresh`: the server is a new one."""
    request_id = call.context.request_id or f"req-{call.ids.uuid()}"
    entry = InstanceAction(
        id=f"{server.id}:{request_id}",
        action=action,
        server_id=server.id,
        request_id=request_id,
        user_id=call.caller.user_id,
        project_id=call.caller.project_id,
    )
    host = server.host or server.next_host
    event = entry.events.add(
        event=EVENTS.get(action, f"compute_{action}_instance"), host=host, host_id=host_id(server, host)
    )
    for stamp in (entry.created_at, event.start_time):
        call.stamp(stamp, float(int(call.time)))
    call.stamp(entry.updated_at)
    if not under_way:
        _finish(call, event, SUCCESS)
    await call.tx.put(entry, fresh=fresh)


def _finish(call: Call, event: InstanceAction.Event, result: str) -> None:
    event.result = result
    call.stamp(event.finish_time, float(int(call.time)))


@LIFECYCLE.records
async def record_transition(call: Call, server: Server, action: ServerAction) -> None:
    """Record a declared transition."""
    if action.logged is not None:
        under_way = LIFECYCLE.takes_time(call, action.name)
        await record(call, server, action.logged or action.label, under_way=under_way)


@LIFECYCLE.on_completion
async def record_end(call: Call, server_id: str) -> None:
    """Record that what was under way on a server is done: the action has the time of its event's end."""
    if call.cloud.due(1) <= call.cloud.clock.time():
        return  # in such a cloud all is done at once, and recorded as done
    for kept in await call.tx.query(InstanceAction, server_id=server_id):
        if all(event.HasField("finish_time") for event in kept.events):
            continue
        entry = copy_of(kept)
        for event in entry.events:
            if not event.HasField("finish_time"):
                _finish(call, event, SUCCESS)
        call.stamp(entry.updated_at)
        await call.tx.put(entry)


@subscribes("extending", "volume")
async def record_volume_extend(call: Call, volume: Message, server_ids: Sequence[str]) -> None:
    """Record that an attached volume is extended, on the servers that have it."""
    for id in server_ids:
        server = await call.tx.get(Server, id)
        if server is not None:
            await record(call, server, "extend_volume")


async def record_failure(call: Call, server: Server, action: str) -> None:
    """Record that the newest action of this name failed."""
    found = [item for item in await call.tx.query(InstanceAction, server_id=server.id) if item.action == action]
    if not found:
        return
    entry = copy_of(max(found, key=lambda item: (item.created_at.seconds, item.id)))
    entry.message = ERROR
    for event in entry.events:
        _finish(call, event, ERROR)
    call.stamp(entry.updated_at)
    await call.tx.put(entry)


class InstanceActions(ChildServicer[InstanceAction]):
    """Stored by server and request; lists name the request alone as marker."""

    service = pb.DESCRIPTOR.services_by_name["InstanceActions"]
    message = InstanceAction
    not_found = refusals.InstanceActionNotFound
    page_max = None

    async def child(self, call: Call, parent_id: str, id: str) -> InstanceAction | None:
        return await call.tx.get(InstanceAction, f"{parent_id}:{id}")

    async def refine(self, call: Call, found: list[InstanceAction], query: common.Query) -> list[InstanceAction]:
        if not call.at_least(PAGES_SINCE):
            return found
        changed = change_filter(call, {item.key: item.values[-1] for item in query.filters})
        return [item for item in found if changed(item.updated_at.seconds)]

    async def list(self, call: Call, request: Any) -> Result:
        query = common.Query()
        if call.at_least(PAGES_SINCE):
            query.CopyFrom(request.query)
            query.limit = min(query.limit or PAGE_MAX, PAGE_MAX)
            query.marker = f"{call.target.id}:{query.marker}" if query.marker else ""
        page = await super().list(call, pb.ListInstanceActionsRequest(server_id=call.target.id, query=query))
        assert isinstance(page, Page)
        page.next_marker = page.next_marker.partition(":")[2]
        return page

    def missing_marker(self, marker: str) -> Exception:
        return refusals.NamedMarkerNotFound(marker=marker.partition(":")[2])

    async def view(self, call: Call, obj: InstanceAction) -> InstanceAction:
        shown = copy_of(obj)
        shown.updated_at.nanos = 0  # the column holds whole seconds
        if not (call.caller.is_admin or call.at_least(EVENTS_SINCE)):
            del shown.events[:]
        return shown
