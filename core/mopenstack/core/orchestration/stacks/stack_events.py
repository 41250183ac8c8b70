"""Events of stacks."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.orchestration.stacks import arguments, lookups, views
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.core.orchestration.templates.parsing import of_text
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks import stack_events_pb2 as pb
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

EVENTS_MAX = 1000


class StackEvents(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["StackEvents"]

    async def list_stack_events(self, call: Call, request: pb.ListStackEventsRequest) -> Result:
        depth = arguments.integer("nested_depth", request.nested_depth) if request.HasField("nested_depth") else 0
        stack = await lookups.stack_of(call, request, deleted=True)
        found = await self._events(call, stack, depth or 0)
        kept = _page(_filtered(found, request, list(request.resource_name)), request)
        root = stack if depth else None
        return pb.ListStackEventsResponse(events=[_shown(call, owner, one, root=root) for owner, one in kept])

    async def list_resource_events(self, call: Call, request: pb.ListResourceEventsRequest) -> Result:
        stack = await lookups.stack_of(call, request, deleted=True)
        found = await self._events(call, stack, 0)
        kept = _page(_filtered(found, request, [request.resource_name]), request)
        if not kept:
            raise refusals.EventsNotFound(name=request.resource_name)
        return pb.ListResourceEventsResponse(events=[_shown(call, owner, one) for owner, one in kept])

    async def get_stack_event(self, call: Call, request: pb.GetStackEventRequest) -> Result:
        stack = await lookups.stack_of(call, request, deleted=True)
        for one in await call.tx.query(pb.StackEvent, stack_id=stack.id):
            if one.uuid == request.event_id and one.resource_name == request.resource_name:
                return _shown(call, stack, one, detail=True)
        raise refusals.EventNotFound(id=request.event_id)

    async def _events(self, call: Call, stack: Stack, depth: int) -> list[tuple[Stack, pb.StackEvent]]:
        """Newest first."""
        found = [(stack, one) for one in await call.tx.query(pb.StackEvent, stack_id=stack.id)]
        found.sort(key=lambda pair: pair[1].number, reverse=True)
        if depth > 0:
            for child in await call.tx.query(Stack, owner_id=stack.id):
                found += await self._events(call, child, depth - 1)
            found.sort(key=lambda pair: pair[1].created_at.ToNanoseconds(), reverse=True)
        return found


def _filtered(
    found: list[tuple[Stack, pb.StackEvent]], request: Any, names: list[str]
) -> list[tuple[Stack, pb.StackEvent]]:
    def matches(event: pb.StackEvent) -> bool:
        wanted = (
            (names, event.resource_name),
            (list(request.resource_action), event.action),
            (list(request.resource_status), event.status),
            (list(request.resource_type), event.resource_type),
        )
        return all(not (words := [word for word in some if word]) or value in words for some, value in wanted)

    return [pair for pair in found if matches(pair[1])]


def _page(found: list[tuple[Stack, pb.StackEvent]], request: Any) -> list[tuple[Stack, pb.StackEvent]]:
    direction = request.sort_dir if request.HasField("sort_dir") else ""
    if direction not in ("", "asc", "desc"):
        raise refusals.ValueError()
    keys = [key for key in request.sort_keys if key in ("event_time", "resource_type")]
    if direction == "asc" or (keys and not direction):
        found = found[::-1]
    for key in reversed(keys):
        if key == "resource_type":
            found = sorted(found, key=lambda pair: pair[1].resource_type, reverse=direction == "desc")
    marker = request.marker if request.HasField("marker") else ""
    places = [place for place, (_, one) in enumerate(found) if one.uuid == marker]
    if places:
        found = found[places[0] + 1 :]
    limit = arguments.integer("limit", request.limit) if request.HasField("limit") and request.limit else None
    return found if limit is None else found[:limit]


def _shown(
    call: Call, stack: Stack, event: pb.StackEvent, *, detail: bool = False, root: Stack | None = None
) -> pb.StackEventView:
    path = views.path_of(stack)
    resource = f"{path}/resources/{event.resource_name}"
    links = [
        views.link(call, f"{resource}/events/{event.uuid}"),
        views.link(call, resource, "resource"),
        views.link(call, path, "stack"),
    ]
    if root is not None:
        links.append(views.link(call, views.path_of(root), "root_stack"))
    shown = pb.StackEventView(
        id=event.uuid,
        links=links,
        event_time=event.created_at,
        logical_resource_id=event.resource_name,
        resource_name=event.resource_name,
        physical_resource_id=event.physical_resource_id or None,
        resource_status=f"{event.action}_{event.status}",
        resource_status_reason=event.reason,
    )
    if detail:
        shown.resource_type = event.resource_type
        properties = {key: value for key, value in of_text(event.properties).items() if not key.startswith("\0")}
        shown.resource_properties.CopyFrom(to_struct(properties))
    return shown
