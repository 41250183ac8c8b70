"""What expressions may ask beside their data: of the execution that runs, and of others.

Source: mistral/expressions/std_functions.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import yaml

from mopenstack.core.workflow.language.errors import Needed
from mopenstack.core.workflow.language.family import Family

_FAMILY: list[Family] = []


def about(family: Family | None) -> None:
    """Say which executions are asked about from now on."""
    _FAMILY[:] = [] if family is None else [family]


def _of(context: Any, name: str) -> Any:
    """A value of the context, which is a library's own or a dictionary; None where there is none."""
    try:
        return context[name]
    except KeyError:
        return None


def _family() -> Family:
    return _FAMILY[0]


def env_(context: Any) -> Any:
    return _of(context, "__env")


def execution_(context: Any) -> Any:
    found = _family().workflows[context["__execution"]["id"]]
    shown = {name: found[name] for name in ("id", "name", "spec", "input", "params", "created_at", "updated_at")}
    return {**shown, "root_execution_id": found["root_execution_id"]}


def executions_(
    context: Any,
    id: Any = None,
    root_execution_id: Any = None,
    state: Any = None,
    from_time: Any = None,
    to_time: Any = None,
) -> Any:
    found = _known("executions")
    wanted = {"id": id, "root_execution_id": root_execution_id, "state": state}
    for name, value in wanted.items():
        if value is not None:
            found = [one for one in found if one[name] == value]
    if from_time is not None:
        found = [one for one in found if one["created_at"] >= str(from_time)]
    if to_time is not None:
        found = [one for one in found if one["created_at"] < str(to_time)]
    return found


def json_pp_(context: Any, data: Any = None) -> str:
    return json.dumps(plain(data or context), indent=4).replace("\\n", "\n").replace(" \n", "\n")


def json_dump_(context: Any, data: Any) -> str:
    return json.dumps(plain(data), indent=4)


def json_parse_(context: Any, data: Any) -> Any:
    return json.loads(data)


def yaml_dump_(context: Any, data: Any) -> str:
    return str(yaml.safe_dump(plain(data), default_flow_style=False))


def yaml_parse_(context: Any, data: Any) -> Any:
    from mopenstack.core.workflow.language import texts

    return texts.read(data)


def task_(context: Any, task_name: Any = None) -> Any:
    family, current = _family(), _of(context, "__task_execution")
    if current and (not task_name or current["name"] == task_name):
        return family.shown(family.tasks[current["id"]])
    of_workflow = family.tasks_of(context["__execution"]["id"])
    named = [one for one in of_workflow if one["name"] == task_name]
    return family.shown(named[-1]) if named else None


def tasks_(
    context: Any, workflow_execution_id: Any = None, recursive: bool = False, state: Any = None, flat: bool = False
) -> Any:
    family = _family()
    if workflow_execution_id not in family.workflows:
        found = _known("tasks", workflow_execution_id, recursive)
    else:
        ids, found = [workflow_execution_id], []
        while ids:
            for task in family.tasks_of(ids.pop(0)):
                found.append(family.shown(task))
                ids += [one["id"] for one in family.workflows_of(task["id"])] if recursive else []
    if state:
        found = [one for one in found if one["state"] == state]
    if flat:
        below = {one["id"]: family.workflows_of(one["id"]) for one in found}
        found = [
            one
            for one in found
            if one["type"] == "ACTION" or all(inner["state"] != one["state"] for inner in below[one["id"]])
        ]
    return found


def uuid_(context: Any = None) -> str:
    return _family().new_id()


def global_(context: Any, var_name: Any) -> Any:
    return _family().workflows[context["__execution"]["id"]]["context"].get(var_name)


def _known(*key: Any) -> Any:
    known = _family().known
    name = json.dumps(list(key))
    if name not in known:
        raise Needed(*key)
    return known[name]


def plain(value: Any) -> Any:
    """A value as JSON has it, out of what the libraries make of it."""
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "env": env_,
    "execution": execution_,
    "executions": executions_,
    "global": global_,
    "json_dump": json_dump_,
    "json_parse": json_parse_,
    "json_pp": json_pp_,
    "task": task_,
    "tasks": tasks_,
    "uuid": uuid_,
    "yaml_dump": yaml_dump_,
    "yaml_parse": yaml_parse_,
}
