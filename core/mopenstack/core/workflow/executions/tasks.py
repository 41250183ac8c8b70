"""Tasks (mistral/api/controllers/v2/task.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Later
from mopenstack.core.workflow.base import Asked, Listed, copied, integer, is_uuid, object_of
from mopenstack.core.workflow.executions import records, running
from mopenstack.core.workflow.executions.action_executions import ActionExecutions
from mopenstack.core.workflow.executions.executions import Executions, without
from mopenstack.core.workflow.language import specs
from mopenstack.workflow.v2 import action_executions_pb2, executions_pb2, refusals
from mopenstack.workflow.v2 import tasks_pb2 as pb

_ARGUMENTS = {
    **{
        name: name
        for name in (
            *("name", "workflow_name", "workflow_id", "workflow_execution_id", "tags", "state", "state_info"),
            *("published", "processed", "created_at", "updated_at"),
        )
    },
    **dict.fromkeys(("result", "reset", "env"), ""),
}


class Tasks(Listed[pb.Task]):
    service = pb.DESCRIPTOR.services_by_name["Tasks"]
    message = pb.Task
    not_found = refusals.TaskNotFound
    word = "TaskExecution"
    arguments: ClassVar[Mapping[str, str]] = _ARGUMENTS
    shown = (
        *("id", "name", "type", "workflow_name", "workflow_namespace", "workflow_id", "workflow_execution_id"),
        *("tags", "state", "state_info", "project_id", "runtime_context", "result", "published"),
        *("published_global", "processed", "created_at", "updated_at", "started_at", "finished_at", "reset", "env"),
    )

    async def in_list(self, call: Call, obj: pb.Task, asked: Asked) -> pb.Task:
        made = copied(obj)
        made.ClearField("result")
        made.ClearField("published_global")
        return made

    async def list_execution_tasks(self, call: Call, request: pb.ListExecutionTasksRequest) -> Result:
        await call.service(Executions).look(call, request.execution_id)
        asked = self.ask(call, request.query)
        found = await call.tx.query(pb.Task, workflow_execution_id=request.execution_id)
        return await self.page_of(call, self.arrange(found, asked), asked)

    async def get_task(self, call: Call, request: pb.GetTaskRequest) -> Result:
        return await self.fetch(call, request.task_id)

    async def rerun_task(self, call: Call, request: pb.RerunTaskRequest) -> Later:
        env = object_of(call, request, "env", "task")
        task = await self.fetch(call, request.task_id)
        if request.name and request.name != task.name:
            raise refusals.WorkflowError(why="Task name does not match.")
        if request.workflow_name and request.workflow_name != task.workflow_name:
            raise refusals.WorkflowError(why="Workflow name does not match.")
        if request.state not in ("RUNNING", "SKIPPED"):
            raise refusals.WorkflowError(
                why="Invalid task state. Only updating task to RUNNING or SKIPPED is supported."
            )
        if task.state != "ERROR":
            raise refusals.WorkflowError(
                why="The current task execution must be in ERROR for rerun. Only updating task to rerun is supported."
            )
        execution = await call.tx.get(executions_pb2.Execution, task.workflow_execution_id)
        assert execution is not None
        if request.state == "RUNNING":
            if not request.HasField("reset"):
                raise refusals.WorkflowError(why="Reset field is mandatory to rerun task.")
            spec: Any = records.workflow_record(execution)["spec"]
            if not request.reset and not specs.Workflow(spec).tasks[task.name].with_items:
                raise refusals.WorkflowError(why="Only with-items task has the option to not reset.")
        place, root_id, id = running.Place.of(call), records.root_of(execution), task.id
        skip, reset = request.state == "SKIPPED", request.reset

        async def make() -> Result:
            shown = await running.evolve(place, root_id, "rerun", task_id=id, reset=reset, skip=skip, env=env or None)
            if shown is None:
                raise refusals.TaskNotFound(id=id)
            made = pb.Task(project_id=task.project_id)
            records.fill_task(made, shown)
            return made

        return Later(make)

    # -- what a task started

    async def list_task_sub_executions(self, call: Call, request: pb.ListTaskSubExecutionsRequest) -> Result:
        if not is_uuid(request.task_id):
            raise refusals.TaskNotFound(id=request.task_id)
        task = await self.fetch(call, request.task_id)
        found: list[executions_pb2.Execution] = []
        depth = integer("max_depth", request.max_depth, -1)
        await call.service(Executions).collect_of_task(call, task, found, request.errors_only, depth, 0)
        hidden = ("published_global",) if request.include_output else ("output", "published_global")
        return pb.TaskSubExecutions(executions=[without(one, *hidden) for one in found])

    async def list_task_workflow_executions(self, call: Call, request: pb.ListTaskWorkflowExecutionsRequest) -> Result:
        executions = call.service(Executions)
        asked = executions.ask(call, request.query)
        kept = await call.tx.query(executions_pb2.Execution, task_execution_id=request.task_id)
        page = executions.cut_to(executions.arrange(_seen(executions, call, kept), asked), asked)
        items: Sequence[Any] = page.items
        page.items = [without(one, "params", "input", "output", "published_global") for one in items]
        return page

    async def list_task_action_executions(self, call: Call, request: pb.ListTaskActionExecutionsRequest) -> Result:
        actions = call.service(ActionExecutions)
        asked = actions.ask(call, request.query)
        kept = await call.tx.query(action_executions_pb2.ActionExecution, task_execution_id=request.task_id)
        return await actions.page_of(call, actions.arrange(_seen(actions, call, kept), asked), asked)

    async def get_task_action_execution(self, call: Call, request: pb.GetTaskActionExecutionRequest) -> Result:
        return await call.service(ActionExecutions).fetch(call, request.action_execution_id)


def _seen(servicer: Any, call: Call, found: list[Any]) -> list[Any]:
    return [one for one in found if servicer.visible(call, one)]
