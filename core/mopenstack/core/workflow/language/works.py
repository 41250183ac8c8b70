"""The works of tasks: their actions, one or one for each item, and executions of other workflows.

Source: mistral/engine/family.of_tasks.py (RegularTask, WithItemsTask), mistral/engine/actions.py.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from mopenstack.core.workflow.language import actions, contexts, specs, states
from mopenstack.core.workflow.language.actions import Result, Sleep
from mopenstack.core.workflow.language.errors import (
    Completed,
    InvalidInput,
    LanguageError,
    Needed,
    WorkflowError,
)
from mopenstack.core.workflow.language.expressions import Context, evaluate, evaluate_all
from mopenstack.core.workflow.language.family import Family, Record, merge

ITEMS_MAX = 1_000


def schedule(family: Family, task: Record) -> None:
    """Begin the works of a task; the task fails where one of them cannot begin."""
    spec = family.task_spec(task)
    if spec.with_items:
        _schedule_items(family, task)
        return
    given = _input(family, task, {})
    begin = _work(family, task)
    try:
        begin(given, 0)
    except Needed:
        raise
    except LanguageError as wrong:
        family.of_tasks.complete(family, task, states.ERROR, wrong.text)


def _input(family: Family, task: Record, item: Record) -> Record:
    spec = family.task_spec(task)
    given = evaluate_all(spec.input, contexts.of_task(family, task, item)) if spec.input else {}
    if not isinstance(given, dict):
        raise InvalidInput(
            f"Wrong dynamic input for task: {task['name']}. Dict type is expected. Actual type: {type(given)}. "
            f"Actual value: {given}"
        )
    defaults = family.workflow_of(task)["params"].get("env", {}).get("__actions", {})
    return merge(given, copy.deepcopy(defaults.get(spec.action or "", {})), overwrite=False)  # type: ignore[no-any-return]


def _work(family: Family, task: Record) -> Any:
    """The function of (input, index) that begins one work of a task."""
    spec, workflow = family.task_spec(task), family.workflow_of(task)
    if spec.workflow:
        name = evaluate(spec.workflow, contexts.of_task(family, task))
        return lambda given, index: _start_workflow(family, task, str(name), given, index)
    name = (evaluate(spec.action, contexts.of_task(family, task)) if spec.action else "") or "std.noop"
    namespace = workflow["workflow_namespace"]
    workbook = workflow["runtime_context"].get("wb_name")
    found = actions.find(family, f"{workbook}.{name}", namespace) if workbook else None
    action = found or actions.find(family, str(name), namespace)
    if action is None:
        raise WorkflowError(f"Failed to find action [action_name={name}, namespace={namespace}]")
    return lambda given, index: _start_action(family, task, action, given, index)


def _start_action(family: Family, task: Record, action: actions.Action, given: Record, index: int) -> None:
    action.check(given)
    workflow = family.workflow_of(task)
    view = Context(task["in_context"], contexts.environment(family, workflow), workflow["context"])
    base = action.base_input(given, view)
    made = family.add_action(
        {
            "name": action.name,
            "description": "",
            "state": states.RUNNING,
            "state_info": None,
            "input": given,
            "output": None,
            "accepted": False,
            "runtime_context": {"index": index},
            "is_sync": action.is_sync,
            "task_execution_id": task["id"],
            "workflow_name": workflow["name"],
            "workflow_namespace": workflow["workflow_namespace"],
        }
    )
    family.queue.append(lambda: run_action(family, made, action, base))


def run_action(family: Family, made: Record, action: actions.Action, base: Record) -> None:
    """Do an action, or what of it is done here."""
    if made["state"] in states.COMPLETED:
        return
    found = actions.run(action, base, made["id"])
    if found is actions.CALL:
        family.calls.append({"id": made["id"], "name": action.base, "input": base})
    elif isinstance(found, Sleep):
        family.later(found.seconds, "work", action_id=made["id"], data=found.data)
    elif isinstance(found, Result):
        family.queue.append(lambda: end_action(family, made, found))


def end_sleep(family: Family, job: Record) -> None:
    made = family.actions.get(job["action_id"])
    if made is not None and made["state"] not in states.COMPLETED:
        end_action(family, made, Result(job["data"]))


def end_action(family: Family, made: Record, result: Result) -> None:
    """An action has its result; raises Completed where it had one before."""
    if made["state"] in states.COMPLETED:
        raise Completed(made["id"])
    made["state"] = result.state
    try:
        action = actions.find(family, made["name"], made["workflow_namespace"])
        made["output"] = (action.transform(result) if action is not None else result).stored()
        made["accepted"] = True
    except Needed:
        raise
    except LanguageError as wrong:
        task = family.task_of(made)
        info = (
            f"Failed to complete action [error={wrong.text}, action={made['name']}, "
            f"task={task['name'] if task else None}]:\n{wrong.text}"
        )
        made["state"], made["output"] = states.ERROR, {"result": info}
        if task is not None:
            family.of_tasks.force_fail(family, task, info)
        return
    if made["task_execution_id"]:
        family.queue.append(lambda: family.of_tasks.work_completed(family, made))


def update_action(family: Family, made: Record, state: str) -> None:
    """Pause an action, or let it go on."""
    if state == states.PAUSED and made["is_sync"]:
        raise WorkflowError("Transition to the PAUSED state is only supported for asynchronous action execution.")
    if not states.may_follow(made["state"], state):
        raise WorkflowError(f"Invalid state transition from {made['state']} to {state}.")
    made["state"] = state
    if made["task_execution_id"]:
        family.queue.append(lambda: family.of_tasks.work_updated(family, made))


def _start_workflow(family: Family, task: Record, name: str, given: Record, index: int) -> None:
    parent = family.workflow_of(task)
    namespace = parent["params"].get("namespace", "")
    found = family.engine.definition_of(family, name, namespace, parent["runtime_context"].get("wb_name") or "")
    found["openstack"] = parent["context"].get("openstack")
    depth, above = 1, parent
    while (task_above := family.task_of(above)) is not None:
        depth, above = depth + 1, family.workflow_of(task_above)
    if depth >= family.engine.DEPTH_MAX:
        raise WorkflowError(f"Workflows are nested {family.engine.DEPTH_MAX} deep at most.")
    params: Record = {
        "root_execution_id": parent["root_execution_id"] or parent["id"],
        "task_execution_id": task["id"],
        "index": index,
        "namespace": namespace,
    }
    declared = specs.Workflow(copy.deepcopy(found["spec"])).input
    params |= {key: value for key, value in given.items() if key not in declared}
    taken = {key: value for key, value in given.items() if key in declared}

    def begin() -> None:
        try:
            family.engine.start(family, found, "", taken, "sub-workflow execution", params)
        except Needed:
            raise
        except LanguageError as wrong:
            if task["state"] not in states.COMPLETED:
                family.of_tasks.force_fail(family, task, wrong.text)

    family.queue.append(begin)


# -- items


def _schedule_items(family: Family, task: Record) -> None:
    values = _items(family, task)
    runtime = task["runtime_context"]
    if not runtime.get("with_items"):
        runtime["with_items"] = {"capacity": runtime.get("concurrency"), "count": len(next(iter(values.values())))}
    indexes = _next_indexes(family, task)
    inputs = [(n, _input(family, task, {k: v[n] for k, v in values.items()})) for n in indexes]
    if not inputs:
        family.of_tasks.complete(family, task, states.SUCCESS)
        return
    try:
        begin = _work(family, task)
        for index, given in inputs:
            begin(given, index)
            if runtime["with_items"]["capacity"] is not None:
                runtime["with_items"]["capacity"] -= 1
    except Needed:
        raise
    except LanguageError as wrong:
        family.of_tasks.complete(family, task, states.ERROR, wrong.text)


def _items(family: Family, task: Record) -> dict[str, list[Any]]:
    found = evaluate_all(family.task_spec(task).with_items, contexts.of_task(family, task))
    values: dict[str, list[Any]] = {}
    for name, items in found.items():
        if not isinstance(items, Iterable):
            raise InvalidInput(f"Wrong input format for: {values}. Iterable type is expected for each value.")
        values[name] = list(items)
        if len(values[name]) > ITEMS_MAX:
            raise InvalidInput(f"A task has {ITEMS_MAX} items at most.")
    if len({len(one) for one in values.values()}) > 1:
        raise InvalidInput(f"Wrong input format for: {found}. All arrays must have the same length.")
    return values


def _next_indexes(family: Family, task: Record) -> list[int]:
    there, kept = family.works_of(task), task["runtime_context"]["with_items"]
    ended = [one for one in there if one["state"] in states.COMPLETED]
    accepted = {one["runtime_context"]["index"] for one in ended if one["accepted"]}
    again = sorted({one["runtime_context"]["index"] for one in ended if not one["accepted"]} - accepted)
    if again:
        indexes = again + list(range(max(again) + 1, kept["count"]))
    else:
        begun = [one for one in there if one["accepted"] or one["state"] in (states.RUNNING, states.IDLE)]
        indexes = list(range(len(begun), kept["count"]))
    return indexes[: kept["capacity"]]


def item_completed(family: Family, task: Record) -> None:
    """One of the works of a task with items has ended."""
    kept, concurrency = task["runtime_context"]["with_items"], task["runtime_context"].get("concurrency")
    if concurrency and kept["capacity"] < concurrency:
        kept["capacity"] += 1
    there = [one for one in family.works_of(task) if one["accepted"]]
    cancelled = any(one["state"] == states.CANCELLED for one in there)
    full = not concurrency or kept["capacity"] == concurrency
    if cancelled or (len(there) == (kept["count"] or 1) and full):
        failed = any(one["state"] == states.ERROR for one in there)
        state = states.CANCELLED if cancelled else states.ERROR if failed else states.SUCCESS
        info = {"SUCCESS": None, "ERROR": "One or more actions had failed."}.get(
            state, "One or more actions was cancelled."
        )
        family.of_tasks.complete(family, task, state, info)
        return
    begun = [one for one in family.works_of(task) if one["accepted"] or one["state"] == states.RUNNING]
    if concurrency and kept["count"] > len(begun):
        _schedule_items(family, task)
