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
from mopenstack.core.compute.servers.server_states import LIFECYCLE, ServerAction, ServerStep
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
    "confirmResize": "compute_confirm_resize",
    "revertResize": "compute_revert_resize",
    "live_migration_force_complete": "compute_live_migration_force_complete",
    "live_migration_cancel": "compute_live_migration_abort",
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
"""Action -> its event of nova.compute.manager, where that is not `compute_X_instance`; rows may name others."""
AT_DESTINATION = frozenset(
    {
        "compute_prep_resize",
        "compute_finish_resize",
        "compute_check_can_live_migrate_destination",
        "compute_pre_live_migration",
        "compute_post_live_migration_at_destination",
    }
)
"""The events of the host that a server moves to."""
EVENTS_SINCE, PAGES_SINCE = 51, 58
PAGE_MAX = 1000
SUCCESS, ERROR = "Success", "Error"


async def record(
    call: Call,
    server: Server,
    action: str,
    *,
    fresh: bool = False,
    under_way: bool = False,
    row: ServerAction | None = None,
) -> None:
    """Record an action of the current call on a server; `fresh`: the server is a new one.

    With a row its events are those that the row names: under way those of its first state alone.
    """
    request_id = call.context.request_id or f"req-{call.ids.uuid()}"
    entry = InstanceAction(
        id=f"{server.id}:{request_id}",
        action=action,
        server_id=server.id,
        request_id=request_id,
        user_id=call.caller.user_id,
        project_id=call.caller.project_id,
    )
    call.stamp(entry.created_at, float(int(call.time)))
    call.stamp(entry.updated_at)
    events = (row.events if row is not None else ()) or (EVENTS.get(action, f"compute_{action}_instance"),)
    _begin(call, entry, server, events)
    if not under_way:
        for step in row.steps if row is not None else ():
            _begin(call, entry, server, step.events)  # type: ignore[attr-defined]  # a ServerStep
        _finish(call, entry, SUCCESS)
    await call.tx.put(entry, fresh=fresh)


def _begin(call: Call, entry: InstanceAction, server: Server, names: Sequence[str]) -> None:
    """Add events, each of which ends the ones before."""
    for name in names:
        if name == "get_image_info" and not server.shelved_image_id:
            continue
        _finish(call, entry, SUCCESS)
        host = (name in AT_DESTINATION and server.next_host) or server.host or server.next_host
        event = entry.events.add(event=name, host=host, host_id=host_id(server, host))
        call.stamp(event.start_time, float(int(call.time)))


def _finish(call: Call, entry: InstanceAction, result: str, details: str = "") -> None:
    """End the events of an action that have no end yet."""
    for event in entry.events:
        if event.HasField("finish_time"):
            continue
        event.result = result
        call.stamp(event.finish_time, float(int(call.time)))
        if details:
            event.details = details


@LIFECYCLE.records
async def record_transition(call: Call, server: Server, action: ServerAction, slow: bool) -> None:
    """Record a declared transition."""
    if action.logged is not None:
        await record(call, server, action.logged or action.label, under_way=slow, row=action)


async def record_step(call: Call, server: Server, action: ServerAction, step: ServerStep) -> None:
    """Record the events that begin with a step of an action under way."""
    kept = await _under_way(call, server.id, action)
    if kept is not None and step.events:
        entry = copy_of(kept)
        _begin(call, entry, server, step.events)
        call.stamp(entry.updated_at)
        await call.tx.put(entry)


@LIFECYCLE.on_completion
async def record_end(call: Call, server_id: str, action: ServerAction, why: str) -> None:
    """Record that what was under way on a server is done: the action has the time of its event's end.

    With a server that is deleted everything ends.
    """
    if await call.tx.get(Server, server_id) is None:
        for other in await call.tx.query(InstanceAction, server_id=server_id):
            if not _is_over(other):
                await _end(call, other, why)
        return
    kept = await _under_way(call, server_id, action)
    if kept is not None:
        await _end(call, kept, why)


async def _end(call: Call, kept: InstanceAction, why: str) -> None:
    entry = copy_of(kept)
    _finish(call, entry, ERROR if why else SUCCESS, why)
    if why:
        entry.message = ERROR
    call.stamp(entry.updated_at)
    await call.tx.put(entry)


async def _under_way(call: Call, server_id: str, action: ServerAction) -> InstanceAction | None:
    """The entry of a row's action that has no end yet."""
    name = "create" if action.label == "build" else action.logged or action.label
    for kept in await call.tx.query(InstanceAction, server_id=server_id):
        if kept.action == name and not _is_over(kept):
            return kept
    return None


def _is_over(entry: InstanceAction) -> bool:
    return all(event.HasField("finish_time") for event in entry.events)


async def record_end_of(call: Call, server_id: str, request_id: str, why: str = "") -> None:
    """Record that the action of a request is done."""
    kept = await call.tx.get(InstanceAction, f"{server_id}:{request_id}")
    if kept is not None:
        await _end(call, kept, why)


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
        event.ClearField("finish_time")
    _finish(call, entry, ERROR)
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
        shown.events.reverse()  # the newest first
        if not (call.caller.is_admin or call.at_least(EVENTS_SINCE)):
            del shown.events[:]
        return shown
