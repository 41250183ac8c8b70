"""What the language asks of the store: definitions by name, environments, other executions."""

from __future__ import annotations

import json
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.workflow.definitions.actions import Actions
from mopenstack.core.workflow.definitions.code_sources import DynamicActions
from mopenstack.core.workflow.definitions.environments import Environments
from mopenstack.core.workflow.definitions.workflows import Workflows
from mopenstack.core.workflow.executions import records
from mopenstack.workflow.v2 import executions_pb2, refusals, tasks_pb2, workflows_pb2

SHOWN_MAX = 1_000


async def answer(project: str, key: list[Any], call: Call) -> Any:
    """The answer to a question, as a member of a project gets it."""
    call = call.elevated(Caller(project_id=project))
    what, *rest = key
    found: Any = await _ANSWERS[what](call, *rest)
    return found


def definition(workflow: workflows_pb2.Workflow) -> dict[str, Any]:
    """A workflow as an execution of it is started."""
    return {
        "id": workflow.id,
        "name": workflow.name,
        "namespace": workflow.namespace,
        "tags": list(workflow.tags),
        "workbook_name": workflow.workbook_name,
        "spec": json.loads(workflow.spec),
    }


async def _workflow(call: Call, name: str, namespace: str, workbook: str) -> Any:
    """A workflow by name: of the workbook, of the namespace, of none."""
    workflows = call.service(Workflows)
    for wanted in ([f"{workbook}.{name}"] if workbook else []) + [name]:
        for place in dict.fromkeys((namespace, "")):
            try:
                return definition(await workflows.look(call, wanted, place))
            except refusals.WorkflowNotFound:
                continue
    return None


async def _action(call: Call, name: str, namespace: str) -> Any:
    for place in dict.fromkeys((namespace, "")):
        found = await call.service(Actions).by_name(call, name, place)
        if found is not None:
            return {"kind": "adhoc", "spec": json.loads(found.spec), "input": found.input}
        dynamic = await call.service(DynamicActions).by_name(call, name, place)
        if dynamic is not None:
            return {"kind": "dynamic", "class_name": dynamic.class_name}
    return None


async def _environment(call: Call, name: str) -> Any:
    found = await call.service(Environments).by_name(call, name, secure=True)
    return json.loads(found.variables or "{}") if found is not None else None


async def _executions(call: Call) -> Any:
    found = await call.tx.query(executions_pb2.Execution, project_id=call.caller.project_id)
    made = [records.workflow_record(one) for one in found[:SHOWN_MAX]]
    hidden = ("spec", "context", "runtime_context")
    return [{key: value for key, value in one.items() if key not in hidden} for one in made]


async def _tasks(call: Call, execution_id: str | None, recursive: bool) -> Any:
    if execution_id is None:
        found = await call.tx.query(tasks_pb2.Task, project_id=call.caller.project_id)
    else:
        found = await call.tx.query(tasks_pb2.Task, workflow_execution_id=execution_id)
        found = [one for one in found if one.project_id == call.caller.project_id]
        for one in [one for one in found if recursive]:
            for below in await call.tx.query(executions_pb2.Execution, task_execution_id=one.id):
                found += await call.tx.query(tasks_pb2.Task, workflow_execution_id=below.id)
    return [_shown(one) for one in found[:SHOWN_MAX]]


def _shown(task: Any) -> dict[str, Any]:
    record = records.task_record(task)
    names = ("id", "name", "state", "state_info", "published", "type", "workflow_execution_id")
    times = ("created_at", "updated_at")
    return {**{name: record[name] for name in (*names, *times)}, "result": json.loads(task.result or "null")}


_ANSWERS: dict[str, Any] = {
    "workflow": _workflow,
    "action": _action,
    "environment": _environment,
    "executions": _executions,
    "tasks": _tasks,
}
