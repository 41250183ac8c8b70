"""The engine: executions from their start to their end.

What Mistral does in a transaction of its own stands in the family's queue here, in the same order.

Source: mistral/engine/workflows.py, workflow_handler.py, dispatcher.py, mistral/workflow/commands.py.
"""

from __future__ import annotations

import json
from typing import Any

from mopenstack.core.workflow.language import contexts, graph, specs, states, tasks
from mopenstack.core.workflow.language.errors import InvalidInput, LanguageError, Needed, NotAllowed, WorkflowError
from mopenstack.core.workflow.language.expressions import Context, evaluate_all
from mopenstack.core.workflow.language.family import Family, Record, check_size, merge
from mopenstack.core.workflow.language.graph import Command

STEPS_MAX = 20_000
DEPTH_MAX = 20
"""Levels of workflows within workflows."""


def check_input(declared: Record, given: Record, name: str, class_name: str) -> None:
    """Raises InvalidInput for input that is missing, or that nothing asks for."""
    missing = [key for key, default in declared.items() if default is specs.NOT_DEFINED and key not in given]
    unexpected = [key for key in given if key not in declared]
    if missing or unexpected:
        parts = [f"name={name}", f"class={class_name}"]
        parts += [f"missing={missing}"] if missing else []
        parts += [f"unexpected={unexpected}"] if unexpected else []
        raise InvalidInput(f"Invalid input [{', '.join(parts)}]")


# -- start


def start(
    family: Family,
    definition: Record,
    id: str,
    given: Record,
    description: str,
    params: Record,
    waits: bool = False,
) -> Record:
    """Begin an execution of a workflow; where it `waits`, not with its tasks. Raises what refuses it."""
    spec = specs.Workflow(definition["spec"])
    params.setdefault("namespace", definition["namespace"])
    check_input(spec.input, given, spec.name, spec.class_name)
    check_size("WorkflowExecution", "input", given)
    defaults = {k: v for k, v in spec.input.items() if k not in given and v is not specs.NOT_DEFINED}
    parent = params.get("root_execution_id")
    workflow = family.add_workflow(
        {
            "id": id or family.new_id(),
            "name": definition["name"],
            "workflow_id": definition["id"],
            "workflow_namespace": definition["namespace"],
            "description": description,
            "tags": definition["tags"],
            "spec": definition["spec"],
            "state": states.IDLE,
            "state_info": None,
            "output": {},
            "task_execution_id": params.get("task_execution_id"),
            "root_execution_id": parent,
            "runtime_context": {"index": params.get("index", 0), "wb_name": definition.get("workbook_name") or ""},
            "input": {**given, **defaults},
            "params": params,
            "context": {},
            "accepted": False,
        }
    )
    params["env"] = _environment(family, params)
    check_size("WorkflowExecution", "params", params)
    workflow["context"] = {"openstack": definition.get("openstack") or {}, "__execution": {"id": workflow["id"]}}
    variables = evaluate_all(spec.vars, contexts.of_workflow(family, workflow))
    merge(workflow["context"], variables)
    set_state(family, workflow, states.RUNNING)
    commands = graph.first(family, workflow)
    if not waits:
        dispatch(family, workflow, commands)
        check_and_complete(family, workflow)
    return workflow


def begin(family: Family, workflow: Record) -> None:
    """Begin with the first tasks of an execution that was started before."""
    if workflow["state"] in states.COMPLETED or family.tasks_of(workflow["id"]):
        return
    dispatch(family, workflow, graph.first(family, workflow))


def _environment(family: Family, params: Record) -> Record:
    named = params.get("env") or {}
    if isinstance(named, str):
        key = json.dumps(["environment", named])
        if key not in family.known:
            raise Needed("environment", named)
        if family.known[key] is None:
            raise InvalidInput(f"Environment is not found: {named}")
        named = family.known[key]
    elif not isinstance(named, dict):
        raise InvalidInput(f"Unexpected value type for environment [env={named}, type={type(named)}]")
    if not params.get("evaluate_env", True):
        return dict(named)
    found: Record = evaluate_all(named, Context({"__env": named}))
    return found


def definition_of(family: Family, identifier: str, namespace: str, workbook: str = "") -> Record:
    """A workflow by name, of the workbook first; raises WorkflowError where there is none."""
    key = json.dumps(["workflow", identifier, namespace, workbook])
    if key not in family.known:
        raise Needed("workflow", identifier, namespace, workbook)
    found: Record | None = family.known[key]
    if found is None:
        raise WorkflowError(f"Failed to find workflow [name={identifier}] [namespace={namespace}]")
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


# -- states


def set_state(family: Family, workflow: Record, state: str, info: Any = None) -> None:
    """Raises WorkflowError for a state that may not follow."""
    before = workflow["state"]
    if not states.may_follow(before, state):
        raise WorkflowError(
            f"Can't change workflow execution state from {before} to {state}. "
            f"[workflow={workflow['name']}, execution_id={workflow['id']}]"
        )
    workflow["state"] = state
    workflow["state_info"] = json.dumps(info) if isinstance(info, dict) else info
    workflow["accepted"] = state in states.COMPLETED


def stop(family: Family, workflow: Record, state: str, info: Any = None) -> None:
    """End an execution."""
    if state == states.SUCCESS:
        succeed(family, workflow, _final_context(family, workflow), info)
    elif state == states.ERROR:
        fail(family, workflow, _final_context(family, workflow), info)
    elif state == states.CANCELLED:
        cancel(family, workflow, info)
        for below in _below(family, workflow):
            if below["state"] not in states.COMPLETED:
                stop(family, below, state, info)


def pause(family: Family, workflow: Record, info: Any = None) -> None:
    for below in _below(family, workflow):
        if below["state"] not in states.COMPLETED:
            pause(family, below, info)
    if workflow["state"] == states.PAUSED:
        return
    set_state(family, workflow, states.PAUSED, info)
    if workflow["task_execution_id"]:
        family.queue.append(lambda: tasks.work_updated(family, workflow))


def resume(family: Family, workflow: Record, env: Record | None = None) -> None:
    if workflow["state"] not in (states.PAUSED, states.IDLE):
        return
    for below in _below(family, workflow):
        if below["state"] not in states.COMPLETED:
            resume(family, below)
    update_environment(workflow, env)
    set_state(family, workflow, states.RUNNING)
    go_on(family, workflow, graph.following(family, workflow))
    if workflow["task_execution_id"]:
        family.queue.append(lambda: tasks.work_updated(family, workflow))


def rerun(family: Family, task: Record, *, reset: bool, skip: bool, env: Record | None) -> None:
    """Run a failed task again, or leave it out."""
    workflow = family.workflow_of(task)
    if workflow["state"] == states.PAUSED:
        return
    update_environment(workflow, env)
    _run_again(family, workflow)
    task["runtime_context"].clear()
    if skip:
        command = Command("skip", task["name"], task["in_context"], task=task)
    else:
        command = Command("again", task["name"], task["in_context"], task=task, reset=reset, rerun=True)
        graph.note_join(family, workflow, command)
    go_on(family, workflow, [command])


def _run_again(family: Family, workflow: Record) -> None:
    set_state(family, workflow, states.RUNNING)
    above = family.task_of(workflow)
    if above is not None:
        _run_again(family, family.workflow_of(above))
        tasks.set_state(family, above, states.RUNNING, None, processed=False)


def update_environment(workflow: Record, env: Record | None) -> None:
    """Raises NotAllowed while the execution runs."""
    if not env:
        return
    if workflow["state"] not in (states.IDLE, states.PAUSED, states.ERROR):
        raise NotAllowed(
            "Updating env to workflow execution is only permitted if it is in IDLE, PAUSED, or ERROR state."
        )
    workflow["params"]["env"] = merge(workflow["params"].get("env") or {}, env)


def _below(family: Family, workflow: Record) -> list[Record]:
    return [one for task in family.tasks_of(workflow["id"]) for one in family.workflows_of(task["id"])]


# -- the end


def check_and_complete(family: Family, workflow: Record) -> None:
    """End an execution whose tasks have all ended; it fails where that cannot be told."""
    if workflow["state"] in states.COMPLETED:
        return
    try:
        _complete(family, workflow)
    except Needed:
        raise
    except LanguageError as wrong:
        info = f"Failed to check and complete [wf_ex_id={workflow['id']}, wf_name={workflow['name']}]: {wrong.text}\n"
        stop(family, workflow, states.ERROR, info)


def _complete(family: Family, workflow: Record) -> None:
    if workflow["state"] in states.PAUSED_OR_COMPLETED:
        return
    found = family.tasks_of(workflow["id"])
    if any(task["state"] in states.INCOMPLETE for task in found):
        return
    cancelled = sorted(task["name"] for task in found if task["state"] == states.CANCELLED)
    if cancelled:
        cancel(family, workflow, f"Cancelled tasks: {', '.join(cancelled)}")
    elif graph.all_errors_handled(family, workflow):
        succeed(family, workflow, graph.final_context(family, workflow))
    else:
        fail(family, workflow, graph.final_context(family, workflow), _failure(family, workflow))


def succeed(family: Family, workflow: Record, context: Record, info: Any = None) -> None:
    output = contexts.output(family, workflow, family.spec(workflow).output, context)
    check_size("WorkflowExecution", "output", output)
    set_state(family, workflow, states.SUCCESS, info)
    workflow["output"] = output
    tell_parent(family, workflow)


def fail(family: Family, workflow: Record, context: Record, info: Any) -> None:
    if workflow["state"] in states.PAUSED_OR_COMPLETED:
        return
    declared: Any = family.spec(workflow).output_on_error
    output: Any = {}
    try:
        found = contexts.output(family, workflow, declared, context) if declared else None
        output = found if found is not None else {k: v for k, v in context.items() if k != contexts.VERSIONS}
    except Needed:
        raise
    except LanguageError as wrong:
        info = (
            f"Failed to evaluate expression in output-on-error! (output-on-error: '{declared}', "
            f"exception: '{wrong.text}' Cause: '{info}'"
        )
    set_state(family, workflow, states.ERROR, info)
    workflow["output"] = merge({"result": info}, output)
    tell_parent(family, workflow)


def cancel(family: Family, workflow: Record, info: Any) -> None:
    if workflow["state"] in states.COMPLETED:
        return
    set_state(family, workflow, states.CANCELLED, info)
    workflow["output"] = {"result": info}
    tell_parent(family, workflow)


def tell_parent(family: Family, workflow: Record) -> None:
    if workflow["task_execution_id"]:
        family.queue.append(lambda: tasks.work_completed(family, workflow))


def _final_context(family: Family, workflow: Record) -> Record:
    try:
        return graph.final_context(family, workflow)
    except LanguageError:
        return {}


def _failure(family: Family, workflow: Record) -> str:
    failed = [
        task
        for task in family.tasks_of(workflow["id"])
        if task["state"] == states.ERROR and not graph.is_error_handled(family, workflow, task)
    ]
    failed.sort(key=lambda task: task["name"])
    text = f"Failure caused by error in tasks: {', '.join(task['name'] for task in failed)}\n"
    for task in failed:
        text += f"\n  {task['name']} [task_ex_id={task['id']}] -> {task['state_info']}\n"
        for word, works in (("action_ex_id", family.actions_of), ("wf_ex_id", family.workflows_of)):
            for place, work in enumerate(works(task["id"])):
                if work["state"] == states.ERROR:
                    output = (work["output"] or {}).get("result", "Unknown")
                    text += f"    [{word}={work['id']}, idx={place}]: {output}\n"
    return text


# -- commands


def go_on(family: Family, workflow: Record, commands: list[Command]) -> None:
    """What follows, after a pause or a rerun."""
    for task in family.tasks_of(workflow["id"]):
        if task["state"] in states.COMPLETED and not task["processed"]:
            task["processed"] = True
    commands = [one for one in commands if one.kind != "pause"]
    if commands or workflow["runtime_context"].get("backlog"):
        dispatch(family, workflow, commands)
    else:
        check_and_complete(family, workflow)


def dispatch(family: Family, workflow: Record, commands: list[Command]) -> None:
    """Carry commands out, those that a pause kept first."""
    kept = [Command.of(one) for one in workflow["runtime_context"].pop("backlog", [])]
    for some in (kept, commands):
        for command in graph.arranged(some):
            if workflow["state"] in states.COMPLETED:
                break
            if workflow["state"] == states.PAUSED:
                workflow["runtime_context"].setdefault("backlog", []).append(command.kept())
                continue
            _carry_out(family, workflow, command)


def _carry_out(family: Family, workflow: Record, command: Command) -> None:
    if command.kind in ("run", "again"):
        task = tasks.create(family, workflow, command)
        family.queue.append(lambda: tasks.run(family, task, command))
    elif command.kind == "skip":
        assert command.task is not None
        tasks.complete(family, command.task, states.SKIPPED, "Task was skipped.")
        tasks.check_affected(family, command.task)
    elif command.kind == "pause":
        pause(family, workflow, command.info)
    else:
        stop(family, workflow, states.ERROR if command.kind == "fail" else states.SUCCESS, command.info)


# -- steps


def drain(family: Family) -> bool:
    """Do what is in the queue and what is due; whether all of it was done."""
    for _ in range(STEPS_MAX):
        while family.checks:
            family.checks.popleft()()
        if family.queue:
            family.queue.popleft()()
            continue
        due = [job for job in family.jobs if job["due"] <= family.until]
        if not due:
            family.time = family.until
            return True
        job = min(due, key=lambda one: one["due"])  # the first of those that are due at once
        family.jobs.remove(job)
        family.time = max(job["due"], family.began)
        tasks.do_job(family, job)
    return False
