"""Action executions (mistral/api/controllers/v2/action_execution.py, mistral/engine/default_engine.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Later
from mopenstack.core.workflow.base import Asked, Listed, copied, dump, json_value, object_of, value_of
from mopenstack.core.workflow.executions import records, running
from mopenstack.core.workflow.executions.calling import do_call
from mopenstack.workflow.v2 import action_executions_pb2 as pb
from mopenstack.workflow.v2 import executions_pb2, refusals, tasks_pb2

STATES = ["SUCCESS", "ERROR", "CANCELLED", "PAUSED", "RUNNING"]


class ActionExecutions(Listed[pb.ActionExecution]):
    service = pb.DESCRIPTOR.services_by_name["ActionExecutions"]
    message = pb.ActionExecution
    not_found = refusals.ActionExecutionNotFound
    word = "ActionExecution"
    more = ("include_output",)
    arguments: ClassVar[Mapping[str, str]] = {
        **{
            name: name
            for name in (
                *("created_at", "name", "updated_at", "workflow_name", "task_execution_id", "state"),
                *("state_info", "accepted", "input", "description"),
            )
        },
        **dict.fromkeys(("tags", "output"), "name"),
        **dict.fromkeys(("task_name", "params"), ""),
    }
    shown = (
        *("id", "workflow_name", "workflow_namespace", "task_name", "task_execution_id", "state", "state_info"),
        *("tags", "name", "description", "project_id", "accepted", "input", "output", "created_at", "updated_at"),
        "params",
    )

    async def in_list(self, call: Call, obj: pb.ActionExecution, asked: Asked) -> pb.ActionExecution:
        if asked.include_output:
            return obj
        made = copied(obj)
        made.ClearField("output")
        return made

    async def get_action_execution(self, call: Call, request: pb.GetActionExecutionRequest) -> Result:
        return await self.fetch(call, request.action_execution_id)

    # -- running

    async def create_action_execution(self, call: Call, request: pb.CreateActionExecutionRequest) -> Later:
        given = object_of(call, request, "input", "action_ex")
        params = object_of(call, request, "params", "action_ex")
        if not request.name:
            raise refusals.InvalidInput(why="Please provide at least action name to run action.")
        place, caller = running.Place.of(call), call.caller
        family = {"time": call.time, "seed": call.ids.uuid()}
        name, namespace = request.name, request.workflow_namespace
        description = request.description if request.HasField("description") else None

        async def make() -> Result:
            answer = await running.ask(
                place,
                caller.project_id,
                "run_action",
                family=family,
                name=name,
                namespace=namespace,
                given=given,
                run_sync=bool(params.get("run_sync")),
                save_result=bool(params.get("save_result")),
            )
            if "shown" in answer:
                return await self._saved(place, caller, answer)
            if "call" in answer:
                told = await do_call(place, caller, {"id": None, **answer["call"]})
                failed = told.get("error") is not None
                output = {"result": told["error"] if failed else told["data"]}
                answer = {"state": "ERROR" if failed else "SUCCESS", "output": output}
            made = pb.RanAction(workflow_namespace=namespace, name=name, state=answer["state"], input=dump(given))
            made.tags.CopyFrom(json_value(None))
            made.output.CopyFrom(json_value(dump(answer["output"])))
            if description is not None:
                made.description = description
            return made

        return Later(make)

    async def _saved(self, place: running.Place, caller: Any, answer: dict[str, Any]) -> Result:
        """An action that is kept until it has its result; what it sleeps is over when it is asked for."""
        (record,) = answer["actions"]
        for one in answer["calls"]:
            told = await do_call(place, caller, one)
            record["state"] = "ERROR" if told.get("error") is not None else "SUCCESS"
            record["output"] = {"result": told.get("error", told.get("data"))}
            record["accepted"] = True
        for job in answer["jobs"]:
            record["state"], record["output"], record["accepted"] = "SUCCESS", {"result": job["data"]}, True

        async def write(call: Call) -> None:
            kept = pb.ActionExecution(project_id=caller.project_id)
            records.fill_action(kept, record)
            await call.tx.put(kept, fresh=True)

        await place.transact(write)
        first = pb.ActionExecution()
        records.fill_action(first, answer["shown"])
        made = pb.RanAction(project_id=caller.project_id)
        for name in ("id", "workflow_namespace", "state", "name", "description", "accepted", "input"):
            setattr(made, name, getattr(first, name))
        made.tags.CopyFrom(first.tags)
        made.output.CopyFrom(first.output)
        made.created_at.CopyFrom(first.created_at)
        return made

    # -- results

    async def update_action_execution(self, call: Call, request: pb.UpdateActionExecutionRequest) -> Later:
        output = value_of(call, request, "output", "action_ex") if request.HasField("output") else None
        state = request.state if request.HasField("state") else "Unset"
        if state not in STATES:
            raise refusals.InvalidInput(why=f"Error. Expected one of {STATES}, actual: {state}")
        found = await self.fetch(call, request.action_execution_id)
        place = running.Place.of(call)
        values = {"action_id": found.id, "state": state, "output": output}
        task = await call.tx.get(tasks_pb2.Task, found.task_execution_id) if found.task_execution_id else None
        if task is None:
            family = {"time": call.time, "seed": call.ids.uuid(), "actions": [records.action_record(found)]}
            return Later(lambda: self._alone(place, found, family, values))
        execution = await call.tx.get(executions_pb2.Execution, task.workflow_execution_id)
        assert execution is not None
        root_id = records.root_of(execution)

        async def make() -> Result:
            shown = await running.evolve(place, root_id, "end_action", **values)
            return _shown(found, shown)

        return Later(make)

    async def _alone(self, place: running.Place, found: Any, family: Any, values: Any) -> Result:
        """The result of an action that is no part of a workflow."""
        answer = await running.ask(place, found.project_id, "end_action", family=family, **values)

        async def write(call: Call) -> None:
            there = await call.tx.get(pb.ActionExecution, found.id)
            if there is None:
                raise refusals.ActionExecutionNotFound(id=found.id)
            if there.state != found.state:
                raise refusals.ActionCompleted(id=found.id)
            for record in answer["actions"]:
                kept = await call.tx.edit(pb.ActionExecution, found.id)
                records.fill_action(kept, record)
                await call.tx.put(kept)

        await place.transact(write)
        shown = dict(answer["shown"])
        if answer["actions"]:
            shown["updated_at"] = answer["actions"][0]["updated_at"]
        return _shown(found, shown)


def _shown(found: Any, shown: dict[str, Any] | None) -> pb.ActionExecution:
    if shown is None:
        raise refusals.ActionExecutionNotFound(id=found.id)
    made = pb.ActionExecution(project_id=found.project_id)
    records.fill_action(made, shown)
    return made
