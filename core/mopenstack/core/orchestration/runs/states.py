"""States of stacks: their table, and the events that tell of each change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.actions import LEFT, Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.orchestration.templates.parsing import as_text
from mopenstack.orchestration.v1.refusals import ActionInProgress
from mopenstack.orchestration.v1.stacks.stack_events_pb2 import StackEvent
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

ACTIONS = (
    "CREATE", "ADOPT", "UPDATE", "ROLLBACK", "DELETE", "SUSPEND", "RESUME", "CHECK", "SNAPSHOT", "RESTORE",
)  # fmt: skip
STATUSES = ("IN_PROGRESS", "COMPLETE", "FAILED")
ALL = frozenset(f"{action}_{status}" for action in ACTIONS for status in STATUSES)
SETTLED = frozenset(state for state in ALL if not state.endswith("IN_PROGRESS"))
EVENTS_MAX = 1000
"""heat.conf, max_events_per_stack."""


def action_of(stack: Stack) -> str:
    """CREATE, UPDATE, ..."""
    return stack.stack_status.partition("_")[0]


def status_of(stack: Stack) -> str:
    """IN_PROGRESS, COMPLETE or FAILED."""
    return stack.stack_status.partition("_")[2]


def _refuse(action: Action, stack: Stack) -> Fault:
    return ActionInProgress(name=stack.stack_name, action=action_of(stack))


def _row(action: str, *, only_settled: bool) -> Action:
    return Action(
        action.lower(),
        SETTLED if only_settled else ALL,
        interim=f"{action}_IN_PROGRESS",
        error=LEFT,
        cancels=True,
        seconds=1.0,
    )


STACKS: Lifecycle[Stack] = Lifecycle(
    Stack,
    [_row(action, only_settled=action == "SNAPSHOT") for action in ACTIONS],
    _refuse,
    state="stack_status",
    error=LEFT,
    repeats=True,
)
"""What is under way ends in COMPLETE or FAILED, as the walk over the resources has it."""


async def set_state(call: Call, stack: Stack, action: str, status: str, reason: str) -> None:
    """Note a state of a private copy and tell of it; the caller puts the copy."""
    stack.stack_status, stack.stack_status_reason = f"{action}_{status}", reason
    await add_event(call, stack, action, status, reason)


def physical_name(stack: Stack, row: StackResource, limit: int = 255) -> str:
    """How a resource is called where nothing else names it. Source: Resource.physical_resource_name."""
    name = f"{stack.stack_name.rstrip('*')}-{row.resource_name}-{row.short_id}"
    return name if len(name) <= limit else f"{name[:2]}-{name[3 - limit :]}"


async def add_event(
    call: Call,
    stack: Stack,
    action: str,
    status: str,
    reason: str,
    row: StackResource | None = None,
    properties: Mapping[str, Any] | None = None,
    limit: int = 255,
) -> None:
    """Tell of a stack, or of one of its resources."""
    stack.events += 1
    event = StackEvent(
        id=f"{stack.id}/{stack.events:08d}",
        stack_id=stack.id,
        uuid=call.ids.uuid(),
        number=stack.events,
        resource_name=row.resource_name if row is not None else stack.stack_name,
        physical_resource_id=stack.id if row is None else row.physical_resource_id or physical_name(stack, row, limit),
        action=action,
        status=status,
        reason=reason,
        resource_type=row.resource_type if row is not None else "OS::Heat::Stack",
        properties=as_text(properties) if properties else "",
    )
    call.stamp(event.created_at)
    await call.tx.put(event, fresh=True)
    if stack.events > EVENTS_MAX:
        await call.tx.delete(StackEvent, f"{stack.id}/{stack.events - EVENTS_MAX:08d}")
