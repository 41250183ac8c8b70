"""Executions (mistral/api/controllers/v2/execution.py, sub_execution.py)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.servicer import EMPTY, Later
from mopenstack.core.workflow.base import Asked, Listed, copied, integer, is_uuid, object_of
from mopenstack.core.workflow.definitions.workflows import Workflows, check_owner
from mopenstack.core.workflow.executions import asking, records, running
from mopenstack.core.workflow.executions.calling import do_call
from mopenstack.core.workflow.executions.reports import report
from mopenstack.workflow.v2 import executions_pb2 as pb
from mopenstack.workflow.v2 import refusals, tasks_pb2

ENDED = ("SUCCESS", "ERROR", "CANCELLED")
ALLOWED = ("RUNNING", "PAUSED", "SUCCESS", "ERROR", "CANCELLED")


class Executions(Listed[pb.Execution]):
    service = pb.DESCRIPTOR.services_by_name["Executions"]
    message = pb.Execution
    not_found = refusals.ExecutionNotFound
    lifecycle = running.EXECUTIONS
    word = "WorkflowExecution"
    more = ("all_projects", "include_output", "nulls")
    shown = (
        *("id", "workflow_id", "workflow_name", "workflow_namespace", "description", "tags", "params"),
        *("task_execution_id", "root_execution_id", "source_execution_id", "state", "state_info", "input"),
        *("output", "created_at", "updated_at", "project_id", "published_global"),
    )
    arguments: ClassVar[Mapping[str, str]] = {
        name: name
        for name in (
            *("workflow_name", "workflow_id", "description", "tags", "params", "task_execution_id"),
            *("root_execution_id", "state", "state_info", "input", "output", "created_at", "updated_at"),
            "project_id",
        )
    }

    async def in_list(self, call: Call, obj: pb.Execution, asked: Asked) -> pb.Execution:
        if asked.include_output:
            return without(obj, "published_global")
        return without(obj, "output", "published_global")

    # -- start

    async def create_execution(self, call: Call, request: pb.CreateExecutionRequest) -> Result | Later:
        given = object_of(call, request, "input", "wf_ex")
        params = object_of(call, request, "params", "wf_ex")
        if request.id:
            there = await self.find(call, request.id)
            if there is not None and self.visible(call, there):
                return without(there, "published_global")
            if there is not None:
                raise refusals.ExecutionNotFound(id=request.id)
        identifier, namespace = request.workflow_id or request.workflow_name, request.workflow_namespace
        description = request.description
        if request.source_execution_id:
            source = await self.fetch(call, request.source_execution_id)
            description = f"{description} Based on the execution '{source.id}'".strip()
            identifier, namespace = identifier or source.workflow_id, namespace or source.workflow_namespace
            given = {**json.loads(source.input or "{}"), **given}
            params = {**json.loads(source.params or "{}"), **params}
        if not identifier:
            raise refusals.WorkflowError(
                why="Workflow ID or workflow name must be provided. Workflow ID is recommended."
            )
        return await self.begin(call, identifier, namespace, given, params, description, request.id)

    async def begin(
        self,
        call: Call,
        identifier: str,
        namespace: str,
        given: dict[str, Any],
        params: dict[str, Any],
        description: str,
        id: str = "",
    ) -> Later:
        """Start a workflow in the caller's name; the answer shows it as it began."""
        if namespace:
            params["namespace"] = namespace
        workflow = await call.service(Workflows).look(call, identifier, namespace)
        definition = {**asking.definition(workflow), "openstack": records.about_caller(call.caller)}
        starting = Starting(call, definition, given, params, description, id or call.take_id() or call.ids.uuid())
        return Later(starting.run, lambda: starting.within(call))

    # -- show, change, delete

    async def look(self, call: Call, id: str) -> pb.Execution:
        return await self.fetch(call, id)

    async def get_execution(self, call: Call, request: pb.GetExecutionRequest) -> Result:
        return await self.fetch(call, request.execution_id)

    async def update_execution(self, call: Call, request: pb.UpdateExecutionRequest) -> Result | Later:
        params = object_of(call, request, "params", "wf_ex")
        found, env = await self.fetch(call, request.execution_id), params.get("env")
        state, description = request.state, request.description
        if not (state or description or env):
            raise refusals.InvalidInput(why="The property state, description, or env is not provided for update.")
        if state and description:
            raise refusals.InvalidInput(why="The property description must be updated separately from state.")
        if env and state and state != "RUNNING":
            raise refusals.InvalidInput(
                why="The property env can only be updated when workflow execution is not running or on resume from "
                "pause."
            )
        if description:
            check_owner(call, found, "WorkflowExecution")
            changed = await call.tx.edit(pb.Execution, found.id)
            changed.description = description
            await self.save(call, changed)
            if not env:
                return without(changed, "params", "input", "output", "published_global")
        if state and state not in ALLOWED:
            raise refusals.InvalidInput(
                why=f"Cannot change state to {state}. Allowed states are: '{', '.join(ALLOWED)}"
            )
        place, root_id, id = running.Place.of(call), records.root_of(found), found.id
        info = request.state_info or None

        async def make() -> Result:
            shown = await running.evolve(
                place, root_id, "change", workflow_id=id, state=state, info=info, env=env or None
            )
            if shown is None:
                raise refusals.ExecutionNotFound(id=id)
            made = pb.Execution(project_id=found.project_id)
            records.fill_workflow(made, shown)
            return without(made, "published_global")

        return Later(make)

    async def delete_execution(self, call: Call, request: pb.DeleteExecutionRequest) -> Result:
        found = await self.fetch(call, request.execution_id)
        if not request.force and found.state not in ENDED:
            raise refusals.ExecutionNotCompleted(id=found.id, state=found.state)
        await self._discard_below(call, found)
        return EMPTY

    async def _discard_below(self, call: Call, execution: pb.Execution) -> None:
        for task in await call.tx.query(tasks_pb2.Task, workflow_execution_id=execution.id):
            for below in await call.tx.query(pb.Execution, task_execution_id=task.id):
                await self._discard_below(call, below)
        await self.discard(call, execution)

    # -- what is below

    async def list_sub_executions(self, call: Call, request: pb.ListSubExecutionsRequest) -> Result:
        if not is_uuid(request.execution_id):
            raise refusals.ExecutionNotFound(id=request.execution_id)
        first = await self.fetch(call, request.execution_id)
        depth = integer("max_depth", request.max_depth, -1)
        found: list[pb.Execution] = []
        await self.collect(call, first, found, request.errors_only, depth, 0)
        return pb.SubExecutions(executions=[_in_tree(one, request.include_output) for one in found])

    async def collect(
        self, call: Call, execution: pb.Execution, found: list[pb.Execution], errors: bool, depth: int, level: int
    ) -> None:
        """An execution and all below it, in the order of their tasks."""
        if 0 <= depth < level:
            return
        found.append(execution)
        for task in await records.tasks_of(call, execution.id):
            await self.collect_of_task(call, task, found, errors, depth, level + 1)

    async def collect_of_task(
        self, call: Call, task: Any, found: list[pb.Execution], errors: bool, depth: int, level: int
    ) -> None:
        if errors and task.state != "ERROR":
            return
        for below in await records.executions_of(call, task.id):
            await self.collect(call, below, found, errors, depth, level)

    async def get_execution_report(self, call: Call, request: pb.GetExecutionReportRequest) -> Result:
        if not is_uuid(request.execution_id):
            raise refusals.BadArgument(
                why=f"Invalid input for field/attribute workflow_execution_id. Value: '{request.execution_id}'. "
                f"unable to convert to uuid. Error: Expected a uuid but received {request.execution_id}."
            )
        found = await self.fetch(call, request.execution_id)
        depth = integer("max_depth", request.max_depth, -1)
        return await report(call, found, request.errors_only, depth, request.statistics_only)

    async def recover(self, call: Call) -> None:
        """Go on with what was under way when the process ended."""
        for one in await call.tx.scan(pb.Execution):
            if not one.HasField("root_execution_id") and json.loads(one.inside).get("calls"):
                await call.tx.schedule(one, "wake", call.started)


class Starting:
    """A workflow that is started: outside of any transaction, but for what it writes."""

    def __init__(self, call: Call, definition: Any, given: Any, params: Any, description: str, id: str) -> None:
        self.place, self.caller, self.waits = running.Place.of(call), call.caller, call.takes_time
        self.definition, self.given, self.params = definition, given, params
        self.description, self.id = description, id
        self.time, self.seed = call.time, call.ids.uuid()

    async def run(self) -> Result:
        answer = await running.ask(self.place, self.caller.project_id, "start", **self._values)
        await self.place.transact(lambda call: self._write(call, answer))
        if answer["calls"]:
            await self._call(answer)
        return self._shown(answer)

    async def within(self, call: Call) -> Result:
        """The same in a transaction that is under way; what the actions call is called once that holds."""
        about = [self.definition, self.given, self.params, self.description, self.waits]
        answer = await running.ask_within(call, self.caller.project_id, "start", about, **self._values)
        self.id = answer["shown"]["id"]  # a transaction that is run again has other ids
        await self._write(call, answer)

        async def work(background: Background) -> None:
            await running.beside(self._call(answer))

        if answer["calls"]:
            call.start(work)
        return self._shown(answer)

    @property
    def _values(self) -> dict[str, Any]:
        return {
            "family": {"time": self.time, "seed": self.seed},
            "definition": self.definition,
            "given": self.given,
            "params": self.params,
            "description": self.description,
            "id": self.id,
            "waits": self.waits,
        }

    def _shown(self, answer: dict[str, Any]) -> pb.Execution:
        made = pb.Execution(project_id=self.caller.project_id)
        records.fill_workflow(made, answer["shown"])
        return without(made, "published_global")

    async def _write(self, call: Call, answer: dict[str, Any]) -> None:
        if await call.tx.get(pb.Execution, self.id) is not None:
            return  # another call took the id, and the execution is that one's
        await records.keep(call, answer, self.id, self.caller.project_id)
        root = await call.tx.edit(pb.Execution, self.id)
        root.starter.CopyFrom(records.starter_of(self.caller))
        inside = {"jobs": answer["jobs"], "calls": answer["calls"], "began": self.time}
        root.inside = json.dumps({**json.loads(root.inside), **inside})
        root.step = 1
        await call.tx.put(root)
        if self.waits:
            await running.EXECUTIONS.enter(call, await call.tx.edit(pb.Execution, self.id), "begin")
            return
        due = min((job["due"] for job in answer["jobs"]), default=math.inf)
        if answer["calls"]:
            due = min(due, call.started + running.WATCH_SECONDS)
        if due != math.inf:
            await call.tx.schedule(root, "wake", due)

    async def _call(self, answer: dict[str, Any]) -> None:
        results = [await do_call(self.place, self.caller, one) for one in answer["calls"]]
        await running.evolve(self.place, self.id, "tell", results=results)


def without(execution: pb.Execution, *names: str) -> pb.Execution:
    """A copy of an execution that does not tell some fields."""
    made = copied(execution)
    for name in names:
        made.ClearField(name)
    return made


def _in_tree(execution: pb.Execution, output: bool) -> pb.Execution:
    return without(execution, "published_global") if output else without(execution, "output", "published_global")


async def start_for(place: running.Place, call: Call, id: str, given: Any, params: Any, description: str) -> None:
    """Start a workflow for a trigger, once the call's transaction holds."""
    workflow = await call.service(Workflows).look_by_id(call, id)
    definition = {**asking.definition(workflow), "openstack": records.about_caller(call.caller)}
    starting = Starting(call, definition, given, params, description, call.ids.uuid())

    async def work(background: Background) -> None:
        await running.beside(starting.run())

    call.start(work)
