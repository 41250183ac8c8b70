"""Tasks: from their creation to what follows them.

Source: mistral/engine/tasks.py, task_handler.py, policies.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from mopenstack.core.workflow.language import contexts, graph, policies, states, works
from mopenstack.core.workflow.language.errors import LanguageError, Needed, WorkflowError
from mopenstack.core.workflow.language.family import Family, Record
from mopenstack.core.workflow.language.graph import Command


def create(family: Family, workflow: Record, command: Command) -> Record:
    """The task of a command: a new one, one that waits already, or the one to run again."""
    if command.kind == "again":
        assert command.task is not None
        task = family.tasks[command.task["id"]]
        if command.waits and command.rerun:
            set_state(family, task, states.WAITING, "Task is waiting.")
            family.later(0, "refresh", task_id=task["id"])
        return task
    if command.waits:
        for task in family.tasks_of(workflow["id"]):
            if task["unique_key"] == command.unique_key:
                if task["state"] != states.WAITING:
                    set_state(family, task, states.WAITING, "Task is waiting.")
                return task
    spec = family.spec(workflow).tasks[command.name]
    runtime: Record = {"triggered_by": command.triggered_by} if command.triggered_by else {}
    return family.add_task(
        {
            "name": spec.name,
            "type": spec.kind,
            "workflow_execution_id": workflow["id"],
            "workflow_name": workflow["name"],
            "workflow_namespace": workflow["workflow_namespace"],
            "workflow_id": workflow["workflow_id"],
            "tags": spec.tags,
            "state": states.WAITING if command.waits else states.IDLE,
            "state_info": "Task is waiting." if command.waits else None,
            "unique_key": command.unique_key,
            "in_context": command.context or {},
            "published": {},
            "published_global": None,
            "runtime_context": runtime,
            "processed": False,
            "next_tasks": [],
            "has_next_tasks": False,
            "error_handled": False,
            "started_at": None,
            "finished_at": None,
        }
    )


def _guarded(family: Family, task: Record, what: str, do: Callable[[], None]) -> None:
    """Do something of a task; what refuses it fails the task and its execution."""
    workflow = family.workflow_of(task)
    try:
        do()
    except Needed:
        raise
    except LanguageError as wrong:
        force_fail(
            family, task, f"{what} [error={wrong.text}, wf={workflow['name']}, task={task['name']}]:\n{wrong.text}"
        )
        return
    check_affected(family, task)


def force_fail(family: Family, task: Record, info: str) -> None:
    set_state(family, task, states.ERROR, info)
    family.engine.stop(family, family.workflow_of(task), states.ERROR, info)


# -- states


def set_state(family: Family, task: Record, state: str, info: Any, processed: bool | None = None) -> None:
    before = task["state"]
    if before == state and task["state_info"] == info:
        return
    task["state"] = state
    task["state_info"] = json.dumps(info) if isinstance(info, dict) else info
    if state == states.RUNNING and before in (states.WAITING, states.IDLE):
        task["started_at"] = family.now
    if state in states.COMPLETED:
        task["finished_at"] = family.now
    if processed is not None:
        task["processed"] = processed


def complete(family: Family, task: Record, state: str, info: Any = None) -> None:
    """A task ends: it publishes, its policies have their say, and what follows is dispatched."""
    if task["state"] in states.COMPLETED and state != states.SKIPPED:
        return
    set_state(family, task, state, info)
    workflow = family.workflow_of(task)
    _take_context(family, task)
    contexts.publish(family, task)
    if not family.task_spec(task).keep_result:
        for action in family.actions_of(task["id"]):
            action["output"] = {}
    if state != states.SKIPPED:
        policies.after(family, task)
    if task["state"] in (states.DELAYED, states.WAITING):
        return
    commands = graph.following(family, workflow, task)
    task["next_tasks"] = [
        [one.name, one.triggered_by[0]["event"] if one.triggered_by else None]
        for one in commands
        if one.kind in ("run", "again")
    ]
    task["has_next_tasks"] = bool(task["next_tasks"])
    if task["state"] == states.ERROR:
        task["error_handled"] = any(one.handles_error for one in commands)
    if workflow["state"] == states.PAUSED:
        return
    task["processed"] = True
    _check_end(family, task)
    family.engine.dispatch(family, workflow, commands)


def _check_end(family: Family, task: Record) -> None:
    """Ask whether the execution is over, where this task may have been the last."""
    workflow = family.workflow_of(task)
    reverse = family.spec(workflow).kind == "reverse"
    if task["state"] in states.COMPLETED and (reverse or not task["has_next_tasks"]):
        family.checks.append(lambda: family.engine.check_and_complete(family, workflow))


def _take_context(family: Family, task: Record) -> None:
    by = [one["task_id"] for one in task["runtime_context"].get("triggered_by", ())]
    task["in_context"].update(graph.inbound_context(family, family.workflow_of(task), task["name"], by))


# -- runs


def run(family: Family, task: Record, command: Command) -> None:
    """Run a task for the first time, or again."""
    _guarded(family, task, "Failed to run task", lambda: _run(family, task, command))


def _run(family: Family, task: Record, command: Command) -> None:
    if command.waits:
        family.later(0, "refresh", task_id=task["id"])
        return
    if command.kind == "run":
        if task["state"] != states.IDLE:
            return
        set_state(family, task, states.RUNNING, task["state_info"])
        policies.before(family, task)
        if task["state"] == states.RUNNING:
            works.schedule(family, task)
        return
    if task["state"] == states.SUCCESS:
        raise WorkflowError("Rerunning succeeded tasks is not supported.")
    if task["state"] in states.COMPLETED:
        task["started_at"], task["finished_at"] = family.now, None
    set_state(family, task, states.RUNNING, None, processed=False)
    if command.rerun:
        task["finished_at"] = None
        policies.before(family, task)
        if task["state"] != states.RUNNING:
            return
    _take_context(family, task)
    if command.triggered_by:
        task["runtime_context"]["triggered_by"] = command.triggered_by
    _reset(family, task, command.reset)
    works.schedule(family, task)


def _reset(family: Family, task: Record, everything: bool) -> None:
    for work in family.works_of(task):
        if everything or (work["accepted"] and work["state"] in (states.ERROR, states.CANCELLED)):
            work["accepted"] = False


def go_on(family: Family, task: Record) -> None:
    """Run a task that was delayed."""

    def do() -> None:
        set_state(family, task, states.RUNNING, None)
        _take_context(family, task)
        _reset(family, task, False)
        works.schedule(family, task)

    _guarded(family, task, "Failed to run task", do)


# -- what its works tell


def work_completed(family: Family, work: Record) -> None:
    """An action of a task, or the execution of one, has ended."""
    task = family.task_of(work)
    if task is None or task["state"] in states.COMPLETED:
        return

    def do() -> None:
        if family.task_spec(task).with_items:
            works.item_completed(family, task)
            return
        info = None
        if work["state"] != states.SUCCESS:
            if family.is_workflow(work):
                word = "Failed" if work["state"] == states.ERROR else "Cancelled"
                told = work["state_info"] or f"{word} subworkflow [execution_id={work['id']}]"
            else:
                told = (work["output"] or {}).get("result")
            info = str(told) if told else None
        complete(family, task, work["state"], info)

    _guarded(family, task, "Failed to handle action completion", do)


def work_updated(family: Family, work: Record) -> None:
    """An action of a task, or the execution of one, was paused or goes on."""
    task = family.task_of(work)
    if task is None:
        return

    def do() -> None:
        workflow = family.workflow_of(task)
        state = work["state"]
        if task["state"] in states.COMPLETED or not states.may_follow(task["state"], state):
            return
        below = [one["state"] for one in family.works_of(task)]
        if not (state == states.RUNNING and states.PAUSED in below):
            set_state(family, task, state, None)
        if state == states.PAUSED:
            family.engine.pause(family, workflow)
        elif state == states.RUNNING and all(one["state"] != states.PAUSED for one in family.tasks_of(workflow["id"])):
            family.engine.resume(family, workflow)

    _guarded(family, task, "Failed to handle action update", do)


def check_affected(family: Family, task: Record) -> None:
    """Look again at the joins that may have waited for a task that ended."""
    workflow = family.workflow_of(task)
    if task["state"] not in states.COMPLETED or workflow["state"] in states.COMPLETED:
        return
    for one in graph.affected(family, workflow, task["name"]):
        waits = any(job["do"] == "refresh" and job["task_id"] == one["id"] for job in family.jobs)
        if not waits:
            family.later(0, "refresh", task_id=one["id"])


def refresh(family: Family, task: Record) -> None:
    """Let a task with a join go on, or fail, where those before it say so."""
    workflow = family.workflow_of(task)
    if task["state"] in states.COMPLETED or task["state"] == states.RUNNING or workflow["state"] in states.COMPLETED:
        return
    logical = graph.logical_state(family, workflow, task)
    task["runtime_context"]["triggered_by"] = list(logical.triggered_by)
    if logical.state == states.RUNNING:
        command = Command("run", task["name"])
        task["state"] = states.IDLE
        run(family, task, command)
    elif logical.state == states.ERROR:
        _guarded(family, task, "Failed to complete task", lambda: complete(family, task, states.ERROR, logical.info))


# -- what was to be done later


def do_job(family: Family, job: Record) -> None:
    """Do something whose time has come."""
    if job["do"] == "work":
        works.end_sleep(family, job)
        return
    task = family.tasks.get(job["task_id"])
    if task is None:
        return
    if job["do"] == "continue":
        if task["state"] == states.DELAYED:
            go_on(family, task)
    elif job["do"] == "complete":
        if task["state"] == states.DELAYED:
            _guarded(family, task, "Failed to complete task", lambda: complete(family, task, job["state"], job["info"]))
    elif job["do"] == "refresh":
        refresh(family, task)
    elif job["do"] == "timeout" and task["state"] not in states.COMPLETED:
        info = f"Task timed out [timeout(s)={job['timeout']}]."
        _guarded(family, task, "Failed to complete task", lambda: complete(family, task, states.ERROR, info))
