"""What a stack under way does when it is looked at: the steps of its action, and how that ends."""

from __future__ import annotations

import logging

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.resource_types.base import ResourceFailure
from mopenstack.core.orchestration.runs import acts, ends, starts
from mopenstack.core.orchestration.runs.client_errors import Failed, failed_by
from mopenstack.core.orchestration.runs.graph import backwards, ordered
from mopenstack.core.orchestration.runs.run import Run, wake
from mopenstack.core.orchestration.runs.states import ACTIONS, STACKS, action_of, set_state, status_of
from mopenstack.core.orchestration.runs.walk import Walk
from mopenstack.core.store import Conflicted
from mopenstack.core.store.base import StoreFull, Unreachable
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

log = logging.getLogger(__name__)

_FORWARD = frozenset({"CREATE", "ADOPT", "UPDATE", "ROLLBACK", "RESTORE"})
_ROLLS_BACK = frozenset({"CREATE", "ADOPT", "UPDATE", "RESTORE"})
_NEXT = 0.001
"""Seconds after which a stack goes on that has done enough for one look."""


@STACKS.on(*(action.lower() for action in ACTIONS))
async def work(call: Call, stack: Stack) -> None:
    """Lead a stack on: its private copy is put, or deleted."""
    action, run = action_of(stack), await Run.of(call, stack)
    walk = Walk(run)
    was_under_way = status_of(stack) == "IN_PROGRESS"
    if was_under_way and call.time >= stack.deadline and await _timed_out(run):
        walk.failure = "Timed out"
    else:
        await _steps(run, walk, action)
    if walk.failure and was_under_way:
        await _fail(run, walk, action)
    elif walk.busy:
        await _again(run, walk, action)
    elif was_under_way:
        await ends.complete(run, action)
        await _tell_parent(run)


@STACKS.fails()
async def failed(call: Call, stack: Stack, why: str) -> None:
    """A rule of the cloud lets an action fail."""
    await set_state(call, stack, action_of(stack), "FAILED", why)
    await ends.failed(await Run.of(call, stack), action_of(stack))
    if stack.owner_id:
        await wake(call, stack.owner_id)


async def _steps(run: Run, walk: Walk, action: str) -> None:
    try:
        if action in _FORWARD:
            await walk.forward()
        elif action == "DELETE":
            await walk.backward()
        else:
            await _each(run, walk, action)
    except (Conflicted, StoreFull, Unreachable):
        raise
    except Exception as error:
        if type(error).__module__.startswith("asyncpg"):
            raise
        if not isinstance(error, Fault | ValidationFailed | ResourceFailure | Failed):
            log.exception("stack %s: %s", run.stack.id, action)
        reason = failed_by(error, run.call.context.request_id)
        walk.failure = f"{reason.kind}: {reason.text}" if reason.kind else reason.text


async def _each(run: Run, walk: Walk, action: str) -> None:
    """SUSPEND, RESUME, CHECK or SNAPSHOT every resource: suspended is first what nothing needs."""
    rows = {row.resource_name: row for row in run.rows.values() if not row.replaced_by}
    requires = {name: [one for one in row.requires if one in rows] for name, row in rows.items()}
    if action == "SUSPEND":
        requires = backwards(requires)
    done: set[str] = set()
    for name in ordered(requires, lambda name: name):
        row = rows[name]
        if not all(other in done for other in requires[name]):
            continue
        if walk.is_full:
            walk.more = walk.busy = True
            return
        try:
            if await _act(run, walk, row, action):
                done.add(name)
            else:
                walk.busy = True
        except Failed as failure:
            section = run.plan.template.words.resources
            walk.failure = walk.failure or f"Resource {action} failed: {failure.reason(section, name)}"


async def _act(run: Run, walk: Walk, row: StackResource, action: str) -> bool:
    if row.walk == run.stack.walk and row.action == action:
        if row.status == "IN_PROGRESS":
            return await acts.look(run, row)
        return row.status == "COMPLETE"
    row.walk = run.stack.walk
    walk.steps += 1
    state = f"('{row.action}', '{row.status}')"
    if action == "CHECK" and row.action == "INIT":
        return True
    if action == "SUSPEND" and (row.action == "DELETE" or (row.action != "SUSPEND" and row.status != "COMPLETE")):
        await run.save(row)
        raise Failed(f"State {state} invalid for suspend", "Error")
    if action == "RESUME" and (row.action, row.status) not in (
        ("SUSPEND", "COMPLETE"), ("RESUME", "FAILED"), ("RESUME", "COMPLETE"),
    ):  # fmt: skip
        await run.save(row)
        raise Failed(f"State {state} invalid for resume", "Error")
    return await acts.act(run, row, action)


async def _fail(run: Run, walk: Walk, action: str) -> None:
    call, stack = run.call, run.stack
    await set_state(call, stack, action, "FAILED", walk.failure)
    await ends.failed(run, action)
    if action in _ROLLS_BACK and not stack.disable_rollback:
        await starts.roll_back(call, stack)
    elif walk.busy:
        await _again(run, walk, action)
    await _tell_parent(run)


async def _again(run: Run, walk: Walk, action: str) -> None:
    call, stack = run.call, run.stack
    now = call.time
    waiting = [row.look_at for row in run.rows.values() if row.status == "IN_PROGRESS"]
    seconds = max(0.0, min([*waiting, stack.deadline]) - now) if waiting else 1.0
    stack.looks += 1
    await call.tx.put(stack)
    await STACKS.again(call, stack, action.lower(), _NEXT if walk.more else seconds)


async def _timed_out(run: Run) -> bool:
    """Give up what is under way; whether there is anything."""
    found = [row for row in run.rows.values() if row.status == "IN_PROGRESS"]
    for row in found:
        label = f'{run.kind(row).class_name or row.resource_type.rpartition("::")[2]} "{row.resource_name}"'
        where = f'Stack "{run.stack.stack_name}" [{run.stack.id}]'
        place = f" [{row.physical_resource_id}]" if row.physical_resource_id else ""
        reason = f"{row.action} aborted (Task {row.action.lower()} from {label}{place} {where} Timed out)"
        await acts.give_up(run, row, reason)
    return bool(found)


async def _tell_parent(run: Run) -> None:
    if run.stack.owner_id:
        await wake(run.call, run.stack.owner_id)
