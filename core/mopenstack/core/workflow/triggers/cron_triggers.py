"""Cron triggers (mistral/services/triggers.py, mistral/services/periodic.py).

A trigger is a transition that is due at its next time: the first call of the cloud that comes after it starts the
workflow, once, however long that time is past.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from mopenstack.contract.calls import Result
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.store import Taken
from mopenstack.core.workflow.base import Listed, given, integer_of, object_of
from mopenstack.core.workflow.definitions.workflows import Workflows
from mopenstack.core.workflow.definitions.writing import claim_name
from mopenstack.core.workflow.executions import records, running
from mopenstack.core.workflow.executions.executions import start_for
from mopenstack.core.workflow.language import engine, specs
from mopenstack.core.workflow.language.errors import InvalidInput
from mopenstack.workflow.v2 import cron_triggers_pb2 as pb
from mopenstack.workflow.v2 import refusals

NEVER = "0 0 30 2 0"
"""The pattern of a trigger that has none: it fires at its first time alone."""

TRIGGERS = Lifecycle(
    pb.CronTrigger,
    [Action("fire", frozenset({"waiting"}), seconds=0)],
    lambda action, trigger: refusals.CronTriggerNotFound(identifier=trigger.id),
    guards=(),
)


def next_time(pattern: str, after: datetime) -> datetime | None:
    """When a pattern fires next; None: never. Raises InvalidModel for one that is none."""
    from croniter import CroniterBadDateError, croniter

    try:
        found: datetime = croniter(pattern, after).get_next(datetime)
    except CroniterBadDateError:
        return None
    except (ValueError, KeyError):
        raise refusals.InvalidModel(why=f"The specified pattern is not valid: {pattern}") from None
    return found


class CronTriggers(Listed[pb.CronTrigger]):
    service = pb.DESCRIPTOR.services_by_name["CronTriggers"]
    message = pb.CronTrigger
    not_found = refusals.CronTriggerNotFound
    lifecycle = TRIGGERS
    word = "CronTrigger"
    more = ("all_projects",)
    shown = (
        *("id", "name", "workflow_name", "workflow_id", "workflow_input", "workflow_params", "project_id", "scope"),
        *("pattern", "remaining_executions", "first_execution_time", "next_execution_time"),
        *("created_at", "updated_at"),
    )
    arguments: ClassVar[Mapping[str, str]] = {name: name for name in shown if name != "id"}

    async def create_cron_trigger(self, call: Call, request: pb.CreateCronTriggerRequest) -> Result:
        workflow_input = object_of(call, request, "workflow_input", "cron_trigger")
        workflow_params = object_of(call, request, "workflow_params", "cron_trigger")
        count = integer_of(call, request, "remaining_executions", "cron_trigger")
        pattern, now = request.pattern, call.now.replace(microsecond=0)
        first = _first_time(request)
        _check(pattern, first, count, now)
        if first is not None:
            count = count or (None if pattern else 1)
        due = first or next_time(pattern, now)
        if due is None:
            raise refusals.InvalidModel(why=f"The specified pattern is not valid: {pattern}")
        identifier = given(request, "workflow_id") or given(request, "workflow_name")
        workflow = await call.service(Workflows).look(call, identifier or "None")
        spec = specs.Workflow(json.loads(workflow.spec))
        check_given(spec, workflow_input)
        trigger = pb.CronTrigger(
            name=request.name,
            workflow_name=workflow.name,
            workflow_id=workflow.id,
            workflow_input=json.dumps(workflow_input),
            workflow_params=json.dumps(workflow_params),
            project_id=call.caller.project_id,
            scope="private",
            pattern=pattern or NEVER,
            remaining_executions=count,
            status="waiting",
        )
        trigger.next_execution_time.FromDatetime(due)
        if first is not None:
            trigger.first_execution_time.FromDatetime(first)
        trigger.starter.CopyFrom(records.starter_of(call.caller))
        await claim_name(call, trigger, "workflow_cron_trigger", refusals.DuplicateCronTrigger)
        await _claim_times(call, trigger)
        made = await self.insert(call, trigger)
        await call.tx.schedule(made, "fire", due.timestamp())
        return _written(made)

    async def _look(self, call: Call, identifier: str) -> pb.CronTrigger:
        found = await self.by_id_or_name(call, identifier)
        if found is None:
            raise refusals.CronTriggerNotFound(identifier=identifier)
        return found

    async def get_cron_trigger(self, call: Call, request: pb.GetCronTriggerRequest) -> Result:
        return await self._look(call, request.identifier)

    async def delete_cron_trigger(self, call: Call, request: pb.DeleteCronTriggerRequest) -> Result:
        await self.discard(call, await self._look(call, request.identifier))
        return EMPTY


def check_given(spec: specs.Workflow, workflow_input: dict[str, Any]) -> None:
    """Raises InvalidInput for input that a workflow does not take."""
    try:
        engine.check_input(spec.input, workflow_input, spec.name, spec.class_name)
    except InvalidInput as wrong:
        raise refusals.InvalidInput(why=wrong.text) from None


def _first_time(request: pb.CreateCronTriggerRequest) -> datetime | None:
    if not request.first_execution_time:
        return None
    try:
        return datetime.strptime(request.first_execution_time, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    except ValueError as wrong:
        raise refusals.InvalidModel(why=str(wrong)) from None


async def _claim_times(call: Call, trigger: pb.CronTrigger) -> None:
    """Of what is alike in a project there is one trigger; one without an end or a first time is like no other."""
    if not (trigger.HasField("first_execution_time") and trigger.HasField("remaining_executions")):
        return
    parts = (
        *(trigger.project_id, trigger.workflow_name, trigger.pattern, trigger.workflow_input, trigger.workflow_params),
        *(str(trigger.remaining_executions), trigger.first_execution_time.ToJsonString()),
    )
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    try:
        await call.tx.claim("workflow_cron_trigger_times", key, trigger)
    except Taken:
        raise refusals.DuplicateCronTrigger(name=trigger.name) from None


def _check(pattern: str, first: datetime | None, count: int | None, now: datetime) -> None:
    if not (first or pattern):
        raise refusals.InvalidModel(why="Pattern or first_execution_time must be specified.")
    if first is not None:
        if now + timedelta(seconds=60) > first:
            raise refusals.InvalidModel(why="first_execution_time must be at least 1 minute in the future.")
        if not pattern and count and count > 1:
            raise refusals.InvalidModel(why="Pattern must be provided if count is superior to 1.")
    if pattern:
        next_time(pattern, now)


def _written(trigger: pb.CronTrigger) -> pb.WrittenCronTrigger:
    made = pb.WrittenCronTrigger(created_at=trigger.created_at, next_execution_time=trigger.next_execution_time)
    for name in ("id", "name", "workflow_name", "workflow_id", "workflow_input", "workflow_params"):
        setattr(made, name, getattr(trigger, name))
    for name in ("project_id", "scope", "pattern"):
        setattr(made, name, getattr(trigger, name))
    if trigger.HasField("remaining_executions"):
        made.remaining_executions = trigger.remaining_executions
    if trigger.HasField("first_execution_time"):
        made.first_execution_time.CopyFrom(trigger.first_execution_time)
    return made


@TRIGGERS.on("fire")
async def _fire(call: Call, trigger: pb.CronTrigger) -> None:
    """Start the workflow, and note the next time; the trigger goes when that was the last."""
    named = call.elevated(records.caller_of(trigger.starter, trigger.project_id))
    by = {"triggered_by": {"type": "cron_trigger", "id": trigger.id, "name": trigger.name}}
    given, params = json.loads(trigger.workflow_input), json.loads(trigger.workflow_params)
    with contextlib.suppress(refusals.WorkflowIdNotFound):
        await start_for(running.Place.of(call), named, trigger.workflow_id, given, params, json.dumps(by))
    now = datetime.fromtimestamp(call.cloud.clock.time(), UTC)
    following = next_time(trigger.pattern, max(now, trigger.next_execution_time.ToDatetime(UTC)))
    if trigger.HasField("remaining_executions"):
        trigger.remaining_executions -= 1
    if following is None or (trigger.HasField("remaining_executions") and trigger.remaining_executions <= 0):
        await call.tx.delete(pb.CronTrigger, trigger.id)
        return
    trigger.next_execution_time.FromDatetime(following)
    call.stamp(trigger.updated_at)
    await call.tx.put(trigger)
    await call.tx.schedule(trigger, "fire", following.timestamp())
