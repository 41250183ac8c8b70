"""What the store asks of the language: each command takes and gives what JSON can hold."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from mopenstack.core.workflow.language import actions, definitions, engine, expressions, functions, states, tasks, works
from mopenstack.core.workflow.language.actions import Result
from mopenstack.core.workflow.language.errors import InvalidInput
from mopenstack.core.workflow.language.family import Family, Record

expressions.FUNCTIONS.update(functions.FUNCTIONS)

OVERRUN = "The execution took more steps than it may."


def _stepped(family: Family, shown: Record | None) -> Record:
    """Go on as far as it goes; what was `shown` before that is part of the answer."""
    kept = copy.deepcopy(shown)
    if not engine.drain(family):
        family.queue.clear()
        family.jobs.clear()
        for root in [one for one in family.workflows.values() if not one["task_execution_id"]]:
            engine.stop(family, root, states.ERROR, OVERRUN)
        family.queue.clear()
    return {"shown": kept, **family.changed()}


def start(family: Family, definition: Record, **values: Any) -> Record:
    """Begin an execution; the answer shows it as it began."""
    made = engine.start(family, definition, **values)
    made["updated_at"] = family.now
    return _stepped(family, made)


def step(family: Family, begin: str = "") -> Record:
    """Do what is due; before it, what an execution that waited begins with."""
    if begin:
        engine.begin(family, family.workflows[begin])
    return _stepped(family, None)


def tell(family: Family, results: list[Record]) -> Record:
    """Tell the results of actions that were done elsewhere."""
    for one in results:
        made = family.actions.get(one["id"])
        if made is not None and made["state"] not in states.COMPLETED:
            works.end_action(family, made, Result(one.get("data"), one.get("error")))
    return _stepped(family, None)


def change(family: Family, workflow_id: str, state: str, info: Any = None, env: Record | None = None) -> Record:
    """Pause, resume or end an execution, or only give it other values of the environment."""
    workflow = family.workflows[workflow_id]
    if state == states.PAUSED:
        engine.pause(family, workflow)
    elif state == states.RUNNING:
        engine.resume(family, workflow, env)
    elif state:
        engine.stop(family, workflow, state, info)
    else:
        engine.update_environment(workflow, env)
    return _stepped(family, workflow)


def rerun(family: Family, task_id: str, reset: bool, skip: bool, env: Record | None) -> Record:
    """Run a failed task again, or leave it out."""
    task = family.tasks[task_id]
    engine.rerun(family, task, reset=reset, skip=skip, env=env)
    return _stepped(family, {**task, "result": family.result(task)})


def end_action(family: Family, action_id: str, state: str, output: Any = None) -> Record:
    """Tell the result of an action, or pause it, or let it go on."""
    made = family.actions[action_id]
    if state == states.SUCCESS:
        works.end_action(family, made, Result(output))
    elif state == states.ERROR:
        works.end_action(family, made, Result(error=output or "Unknown error"))
    elif state == states.CANCELLED:
        works.end_action(family, made, Result(cancel=True))
    else:
        works.update_action(family, made, state)
    return _stepped(family, made)


def run_action(family: Family, name: str, namespace: str, given: Record, run_sync: bool, save_result: bool) -> Record:
    """Run an action that is no part of a workflow: its result, or the action that is kept until it has one."""
    action = actions.find(family, name, namespace)
    if action is None:
        raise InvalidInput(f"Failed to find action [action_name={name}]")
    action.check(given)
    if run_sync and not action.is_sync:
        raise InvalidInput("Action does not support synchronous execution.")
    base = action.base_input(given)
    if not run_sync and (save_result or not action.is_sync):
        made = family.add_action(_alone(name, namespace, given, action.is_sync))
        family.queue.append(lambda: works.run_action(family, made, action, base))
        return _stepped(family, made)
    found = actions.run(action, base, None)
    if found is actions.CALL:
        return {"call": {"name": action.base, "input": base}}
    if isinstance(found, actions.Sleep):  # nobody waits: the cloud's clock is not this process's
        found = Result(found.data)
    assert isinstance(found, Result)
    return {"state": "SUCCESS" if found.state == "SUCCESS" else "ERROR", "output": found.stored()}


def _alone(name: str, namespace: str, given: Record, is_sync: bool) -> Record:
    return {
        "name": name,
        "description": "",
        "state": states.RUNNING,
        "state_info": None,
        "input": given,
        "output": None,
        "accepted": False,
        "runtime_context": {"index": 0},
        "is_sync": is_sync,
        "task_execution_id": None,
        "workflow_name": None,
        "workflow_namespace": namespace,
    }


_OF_FAMILIES: Mapping[str, Callable[..., Record]] = {
    "start": start,
    "step": step,
    "tell": tell,
    "change": change,
    "rerun": rerun,
    "end_action": end_action,
    "run_action": run_action,
}
_OF_TEXTS: Mapping[str, Callable[..., Any]] = {
    "workflows": definitions.workflows,
    "actions": definitions.actions,
    "workbook": definitions.workbook,
    "validity": definitions.validity,
}


def carry_out(name: str, arguments: Record) -> Any:
    """Carry a command out; raises LanguageError for what refuses it, and Needed."""
    if name in _OF_TEXTS:
        return _OF_TEXTS[name](**arguments)
    family = Family(arguments.pop("family"))
    family.engine, family.of_tasks = engine, tasks
    functions.about(family)
    try:
        return _OF_FAMILIES[name](family, **arguments)
    finally:
        functions.about(None)
