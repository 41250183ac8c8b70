"""Event triggers (mistral/api/controllers/v2/event_trigger.py): they are kept, and nothing of this cloud fires them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.store import Taken
from mopenstack.core.workflow.base import Listed, given, object_of, uuid_of
from mopenstack.core.workflow.definitions.workflows import Workflows
from mopenstack.core.workflow.language import specs
from mopenstack.core.workflow.triggers.cron_triggers import check_given
from mopenstack.workflow.v2 import event_triggers_pb2 as pb
from mopenstack.workflow.v2 import refusals

MANDATORY = ("exchange", "topic", "event", "workflow_id")
FIXED = ["exchange", "topic", "event"]


class EventTriggers(Listed[pb.EventTrigger]):
    service = pb.DESCRIPTOR.services_by_name["EventTriggers"]
    message = pb.EventTrigger
    not_found = refusals.EventTriggerNotFound
    word = "EventTrigger"
    more = ("all_projects",)
    shown = (
        *("id", "created_at", "updated_at", "project_id", "name", "workflow_id", "workflow_input"),
        *("workflow_params", "exchange", "topic", "event", "scope"),
    )
    arguments: ClassVar[Mapping[str, str]] = {name: name for name in shown if name != "id"}

    async def create_event_trigger(self, call: Call, request: pb.CreateEventTriggerRequest) -> Result:
        workflow_id = uuid_of(call, request, "workflow_id", "event_trigger")
        workflow_input = object_of(call, request, "workflow_input", "event_trigger")
        workflow_params = object_of(call, request, "workflow_params", "event_trigger")
        if not all(getattr(request, name) for name in MANDATORY):
            raise refusals.InvalidInput(
                why="Params {'exchange', 'event', 'workflow_id', 'topic'} must be provided for creating event trigger."
            )
        if request.scope == "public" and not call.caller.is_admin:
            raise refusals.NotAllowed(why="Operation forbidden (insufficient permissions)")
        workflow = await call.service(Workflows).look_by_id(call, workflow_id)
        check_given(specs.Workflow(json.loads(workflow.spec)), workflow_input)
        trigger = pb.EventTrigger(
            id=call.ids.uuid(),
            project_id=call.caller.project_id,
            name=request.name,
            workflow_id=workflow.id,
            workflow_input=json.dumps(workflow_input),
            workflow_params=json.dumps(workflow_params),
            exchange=request.exchange,
            topic=request.topic,
            event=request.event,
            scope=request.scope or "private",
        )
        parts = (trigger.project_id, trigger.exchange, trigger.topic, trigger.event, trigger.workflow_id)
        try:
            await call.tx.claim("workflow_event_trigger", "/".join(parts), trigger)
        except Taken:
            names = ("exchange", "topic", "event", "workflow_id")
            raise refusals.DuplicateEventTrigger(**{name: getattr(trigger, name) for name in names}) from None
        return await self.insert(call, trigger)

    async def update_event_trigger(self, call: Call, request: pb.UpdateEventTriggerRequest) -> Result:
        workflow_id = uuid_of(call, request, "workflow_id", "event_trigger")
        workflow_input = object_of(call, request, "workflow_input", "event_trigger")
        workflow_params = object_of(call, request, "workflow_params", "event_trigger")
        if any(getattr(request, name) for name in FIXED):
            raise refusals.InvalidInput(why=f"Can not update fields {FIXED} of event trigger.")
        found = await self.fetch(call, request.event_trigger_id)
        changed = await call.tx.edit(pb.EventTrigger, found.id)
        if workflow_id:
            changed.workflow_id = (await call.service(Workflows).look_by_id(call, workflow_id)).id
        for name in ("name", "scope"):
            if (value := given(request, name)) is not None:
                setattr(changed, name, value)
        if request.HasField("workflow_input"):
            changed.workflow_input = json.dumps(workflow_input)
        if request.HasField("workflow_params"):
            changed.workflow_params = json.dumps(workflow_params)
        await self.save(call, changed)
        return changed

    async def get_event_trigger(self, call: Call, request: pb.GetEventTriggerRequest) -> Result:
        return await self.fetch(call, request.event_trigger_id)

    async def delete_event_trigger(self, call: Call, request: pb.DeleteEventTriggerRequest) -> Result:
        await self.discard(call, await self.fetch(call, request.event_trigger_id))
        return EMPTY
