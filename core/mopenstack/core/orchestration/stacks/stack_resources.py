"""Resources of stacks, their metadata, signals and health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.values import plain, plain_struct, to_struct, to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.orchestration.resource_types.base import ResourceFailure
from mopenstack.core.orchestration.runs.client_errors import Failed
from mopenstack.core.orchestration.runs.graph import backwards
from mopenstack.core.orchestration.runs.run import Run, resource_of
from mopenstack.core.orchestration.runs.states import action_of, add_event, status_of
from mopenstack.core.orchestration.stacks import arguments, attributes, lookups, views
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.core.orchestration.templates.parsing import of_text
from mopenstack.orchestration.v1 import orchestration_pb2 as common
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks import stack_resources_pb2 as pb
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

_ALARM = ("previous", "current", "reason")


class BadSignal(refusals.BadRequest):
    """A signal that the resource cannot use."""


class StackResources(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["StackResources"]

    async def list_stack_resources(self, call: Call, request: pb.ListStackResourcesRequest) -> Result:
        known = {"nested_depth", "with_detail", "type", "status", "name", "action", "id", "physical_resource_id"}
        unknown = [key for key, _ in call.context.pairs if key not in known]
        if unknown:
            raise refusals.BadRequest(message=f"Invalid filter parameters {list(dict.fromkeys(unknown))}")
        depth = arguments.integer("nested_depth", request.nested_depth) if request.HasField("nested_depth") else 0
        detail = request.HasField("with_detail") and arguments.boolean("with_detail", request.with_detail)
        stack = await lookups.edit_of(call, request, deleted=True)
        found: list[pb.StackResourceView] = []
        await self._add(call, await Run.of(call, stack), request, depth or 0, detail, found)
        return pb.ListStackResourcesResponse(resources=found)

    async def _add(
        self, call: Call, run: Run, request: Any, depth: int, detail: bool, found: list[pb.StackResourceView]
    ) -> None:
        needed_by = required_by(run)
        shown: dict[str, pb.StackResource] = {}
        for row in run.rows.values():
            kept = shown.get(row.resource_name)
            if kept is None or row.template == run.stack.template_number:
                shown[row.resource_name] = row
        for row in run.rows.values():
            if shown.get(row.resource_name) is row and _matches(row, request):
                found.append(await view(call, run, row, needed_by, detail=detail))
        if depth > 0:
            for row in shown.values():
                child = await call.tx.get(Stack, row.nested_id) if row.nested_id else None
                if child is not None:
                    nested = await Run.of(call, await call.tx.edit(Stack, child.id))
                    await self._add(call, nested, request, depth - 1, detail, found)

    async def get_stack_resource(self, call: Call, request: pb.GetStackResourceRequest) -> Result:
        stack = await lookups.edit_of(call, request)
        row = await lookups.resource_of(call, stack, request.resource_name)
        run = await Run.of(call, stack)
        return await view(call, run, run.rows[row.id], required_by(run), detail=True, names=list(request.with_attr))

    async def get_resource_metadata(self, call: Call, request: pb.GetStackResourceRequest) -> Result:
        stack = await lookups.stack_of(call, request)
        row = await lookups.resource_of(call, stack, request.resource_name)
        return pb.ResourceMetadata(metadata=to_struct(of_text(row.metadata)))

    async def signal_resource(self, call: Call, request: pb.SignalResourceRequest) -> Result:
        details = plain(request.details) if request.HasField("details") else None
        stack = await lookups.edit_of(call, request)
        row = await lookups.resource_of(call, stack, request.resource_name)
        run = await Run.of(call, stack)
        try:
            await signal(run, run.rows[row.id], details)
        except BadSignal:
            if request.sync_call:  # else Heat reads it when it has answered
                raise
        return nothing()

    async def mark_resource_unhealthy(self, call: Call, request: pb.MarkResourceUnhealthyRequest) -> Result:
        health = plain_struct(request.health)
        unknown = set(health) - {"mark_unhealthy", "resource_status_reason"}
        if unknown:
            raise refusals.BadRequest(message=f"Invalid keys in resource mark unhealthy {unknown}")
        if "mark_unhealthy" not in health:
            raise refusals.BadRequest(message="Missing mandatory (mark_unhealthy) key from mark unhealthy request")
        bad = arguments.boolean("mark_unhealthy", health["mark_unhealthy"])
        stack = await lookups.edit_of(call, request)
        row = await lookups.resource_of(call, stack, request.resource_name, by_physical=True)
        run = await Run.of(call, stack)
        await mark(run, run.rows[row.id], bad, str(health.get("resource_status_reason") or ""))
        return nothing()


def nothing() -> Result:
    """An answer without anything: null."""
    answer = common.Nothing()
    answer.nothing.CopyFrom(to_value(None))
    return answer


def required_by(run: Run) -> dict[str, list[str]]:
    """Name -> names of the resources that depend on it."""
    names = {row.resource_name for row in run.rows.values()}
    requires: dict[str, list[str]] = {name: [] for name in names}
    for row in run.rows.values():
        requires[row.resource_name] = [name for name in row.requires if name in names]
    return backwards(requires)


def _matches(row: pb.StackResource, request: Any) -> bool:
    values = {
        "type": row.resource_type, "status": row.status, "name": row.resource_name, "action": row.action,
        "id": row.id, "physical_resource_id": row.physical_resource_id,
    }  # fmt: skip
    return all(not (wanted := [one for one in getattr(request, key) if one]) or value in wanted
               for key, value in values.items())  # fmt: skip


async def view(
    call: Call,
    run: Run,
    row: pb.StackResource,
    needed_by: Mapping[str, list[str]],
    *,
    detail: bool,
    names: list[str] | None = None,
) -> pb.StackResourceView:
    """A resource as it is shown."""
    stack, path = run.stack, views.path_of(run.stack)
    links = [views.link(call, f"{path}/resources/{row.resource_name}"), views.link(call, path, "stack")]
    child = await call.tx.get(Stack, row.nested_id) if row.nested_id else None
    if child is not None:
        links.append(views.link(call, views.path_of(child), "nested"))
    shown = pb.StackResourceView(
        creation_time=row.created_at,
        updated_time=row.updated_time,
        logical_resource_id=row.resource_name,
        resource_name=row.resource_name,
        physical_resource_id=row.physical_resource_id,
        resource_status=f"{row.action}_{row.status}",
        resource_status_reason=row.status_reason,
        resource_type=row.resource_type,
        links=links,
        required_by=needed_by.get(row.resource_name, []),
    )
    if stack.parent_resource_name:
        shown.parent_resource = stack.parent_resource_name
    if detail:
        shown.description = row.description
        shown.attributes.CopyFrom(to_struct(await attributes.shown(run, row, names or [])))
    return shown


def _reason(details: Any) -> str:
    """What an event says of a signal. Source: Resource._handle_signal."""
    if details is None:
        return "No signal details provided"
    if isinstance(details, str):
        return details
    if isinstance(details, dict):
        if all(key in details for key in _ALARM):
            return f"alarm state changed from {details['previous']} to {details['current']} ({details['reason']})"
        code = details.get("deploy_status_code")
        if code == 0:
            return "deployment succeeded"
        if code:
            return f"deployment failed ({code})"
    return "Unknown"


async def signal(run: Run, row: pb.StackResource, details: Any) -> None:
    """Give a resource a signal, and tell of it; raises refusals."""
    if isinstance(details, dict) and "unset_hook" in details:
        await _unset_hook(run, row, details["unset_hook"])
        return
    if run.stack.stack_status.startswith("DELETE") or row.action in ("SUSPEND", "DELETE"):
        raise refusals.ResourceActionNotSupported(action=f"Signal resource during {row.action}")
    kind, resource = run.kind(row), resource_of(row)
    if not kind.signals:
        raise refusals.ResourceActionNotSupported(action="signal")
    try:
        said = await kind.signal(run.context, resource, details)
    except (ResourceFailure, Failed) as failed:
        raise BadSignal(message=failed.text) from None
    await run.keep(row, resource)
    fresh = await run.call.tx.get(pb.StackResource, row.id)
    if fresh is not None:
        row.look_at = fresh.look_at
        await run.save(row)
    if said is not None:
        text = f"Signal: {said}" if said else _reason(details)
        await add_event(run.call, run.stack, "SIGNAL", row.status, text, row)
        await _put_events(run)


async def _put_events(run: Run) -> None:
    """The stack's number of events, beside what others may have changed of it."""
    stack = await run.call.tx.get(Stack, run.stack.id)
    if stack is not None:
        copy = await run.call.tx.edit(Stack, run.stack.id)
        copy.events = max(copy.events, run.stack.events)
        await run.call.tx.put(copy)


async def _unset_hook(run: Run, row: pb.StackResource, hook: Any) -> None:
    if f"hook {hook}" not in row.data:
        raise refusals.BadRequest(
            message=f'The "{hook}" hook is not defined on {row.resource_name} "{row.resource_type}"'
        )
    row.data[f"passed {hook}"] = row.data.pop(f"hook {hook}")
    row.look_at = 0
    await run.save(row)
    await add_event(run.call, run.stack, row.action, row.status, f"Hook {hook} is cleared", row)
    await _put_events(run)
    await run.context.wake()


async def mark(run: Run, row: pb.StackResource, bad: bool, reason: str) -> None:
    """Note that a resource is unhealthy, or well again."""
    if status_of(run.stack) == "IN_PROGRESS" and action_of(run.stack) != "CHECK" and row.status == "IN_PROGRESS":
        raise refusals.ActionInProgress(name=run.stack.stack_name, action=action_of(run.stack))
    if row.action == "INIT" or row.status == "IN_PROGRESS":
        return
    text = reason or "state changed by resource_mark_unhealthy api"
    if bad:
        await run.set_state(row, "CHECK", "FAILED", text)
    elif (row.action, row.status) == ("CHECK", "FAILED"):
        await run.set_state(row, "CHECK", "COMPLETE", text)
    await _put_events(run)
