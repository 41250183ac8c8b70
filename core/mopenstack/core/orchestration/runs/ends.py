"""How an action of a stack ends: what is noted, kept and thrown away."""

from __future__ import annotations

import json
from typing import Any

from mopenstack.contract.values import to_struct
from mopenstack.core.orchestration.resource_types.own import stack_users
from mopenstack.core.orchestration.runs.run import Run
from mopenstack.core.orchestration.runs.states import set_state
from mopenstack.core.orchestration.templates.parsing import of_text
from mopenstack.orchestration.v1.stacks.stack_events_pb2 import StackEvent
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource
from mopenstack.orchestration.v1.stacks.stack_snapshots_pb2 import StackSnapshot
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

TOMBSTONES_MAX = 100
"""Deleted stacks of a project that are still shown; Heat keeps them until an operator purges its database."""


_OWN = ("_", "snapshot", "acted", "hook ", "passed ")
"""How data begin that Heat does not keep as the resource's data."""


async def complete(run: Run, action: str) -> None:
    """Everything is as the action wanted it."""
    stack, call = run.stack, run.call
    reason = f"Stack {action} completed successfully"
    if action == "CHECK" and not all(run.kind(row).checks for row in run.rows.values()):
        reason += ". 'CHECK' not fully supported (see resources)"
    await set_state(call, stack, action, "COMPLETE", reason)
    if action in ("CREATE", "ADOPT", "UPDATE", "ROLLBACK", "RESTORE"):
        stack.previous = stack.adopted = ""
    if action == "SNAPSHOT":
        await _keep_snapshot(run, "COMPLETE", reason)
    if action == "DELETE":
        await _bury(run)


async def failed(run: Run, action: str) -> None:
    """What follows a failure that was noted on the stack."""
    if action == "SNAPSHOT":
        await _keep_snapshot(run, "FAILED", run.stack.stack_status_reason)


async def _keep_snapshot(run: Run, status: str, reason: str) -> None:
    snapshot = await run.call.tx.get(StackSnapshot, run.stack.snapshot_id)
    if snapshot is None:
        return
    copy = await run.call.tx.edit(StackSnapshot, run.stack.snapshot_id)
    copy.status, copy.status_reason = status, reason
    copy.data.CopyFrom(to_struct(stack_data(run, with_snapshots=True) | {"status": status}))
    run.stack.snapshot_id = ""
    await run.call.tx.put(copy)


def stack_data(run: Run, *, with_snapshots: bool = False) -> dict[str, Any]:
    """All that is known of a stack. Source: Stack.prepare_abandon."""
    stack = run.stack
    environment = of_text(stack.environment)
    resources = {
        row.resource_name: _resource_data(row, with_snapshots) for row in run.rows.values() if not row.replaced_by
    }
    action, _, status = stack.stack_status.partition("_")
    return {
        "name": stack.stack_name,
        "id": stack.id,
        "action": action,
        "environment": environment,
        "files": dict(stack.files),
        "status": status,
        "template": of_text(stack.template),
        "resources": resources,
        "project_id": stack.project_id,
        "stack_user_project_id": stack.stack_user_project_id or None,
        "tags": list(stack.tags),
    }


def _resource_data(row: StackResource, with_snapshots: bool) -> dict[str, Any]:
    data: dict[str, Any] = dict(row.data)
    if with_snapshots and "snapshot" in row.data:
        data = json.loads(row.data["snapshot"])
    data = {key: value for key, value in data.items() if not key.startswith(_OWN)}
    return {
        "name": row.resource_name,
        "resource_id": row.physical_resource_id or None,
        "type": row.resource_type,
        "action": row.action,
        "status": row.status,
        "metadata": of_text(row.metadata),
        "resource_data": data,
    }


async def _bury(run: Run) -> None:
    """A stack that is gone is shown for a while, without what it was made of."""
    stack, tx = run.stack, run.call.tx
    if stack.owner_id:
        await forget(run, stack)
        return
    if stack.stack_user_project_id:
        await stack_users.drop_project(run.call, stack.stack_user_project_id)
    run.call.stamp(stack.deletion_time)
    for field in ("previous", "on_behalf", "adopted", "snapshot_id"):
        stack.ClearField(field)
    for snapshot in await tx.query(StackSnapshot, stack_id=stack.id):
        await tx.delete(StackSnapshot, snapshot.id)
    await tx.release("stack name", f"{stack.project_id}/{stack.stack_name}")
    gone = [one for one in await tx.query(Stack, project_id=stack.project_id) if one.HasField("deletion_time")]
    gone.sort(key=lambda one: one.deletion_time.ToNanoseconds())
    for one in gone[: max(0, len(gone) - TOMBSTONES_MAX + 1)]:
        await forget(run, one)


async def forget(run: Run, stack: Stack) -> None:
    """Delete all that is stored of a stack."""
    tx = run.call.tx
    for event in await tx.query(StackEvent, stack_id=stack.id):
        await tx.delete(StackEvent, event.id)
    for row in await tx.query(StackResource, stack_id=stack.id):
        await tx.delete(StackResource, row.id)
    for snapshot in await tx.query(StackSnapshot, stack_id=stack.id):
        await tx.delete(StackSnapshot, snapshot.id)
    await tx.delete(Stack, stack.id)


async def forget_all(run: Run) -> None:
    """Forget a stack and its nested ones; what their resources stand for stays."""
    for child in await run.call.tx.query(Stack, owner_id=run.stack.id):
        await forget_all(await Run.of(run.call, await run.call.tx.edit(Stack, child.id)))
    await forget(run, run.stack)
