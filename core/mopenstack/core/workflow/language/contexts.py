"""What tasks hand on to those that follow: their variables, with versions that tell which branch changed one last.

Source: mistral/workflow/data_flow.py, mistral/workflow/context_versioning.py.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

from mopenstack.core.workflow.language.expressions import Context, evaluate_all
from mopenstack.core.workflow.language.family import Family, Record, check_size, merge

VERSIONS = "__versions"
HIDDEN = frozenset({"__execution", "openstack"})


def environment(family: Family, workflow: Record) -> Record:
    """The environment: that of the root."""
    root = family.workflows.get(workflow["root_execution_id"] or "", workflow)
    return {"__env": root["params"].get("env", {})}


def of_workflow(family: Family, workflow: Record, context: Record | None = None) -> Context:
    """What expressions of a workflow see."""
    return Context(context, environment(family, workflow), workflow["context"], workflow["input"])


def of_task(family: Family, task: Record, context: Record | None = None) -> Context:
    """What expressions of a task see."""
    workflow = family.workflow_of(task)
    current = {"__task_execution": {"id": task["id"], "name": task["name"]}}
    return Context(
        current,
        environment(family, workflow),
        context or {},
        task["in_context"],
        workflow["context"],
        workflow["input"],
    )


def outbound(task: Record) -> Record:
    """What a task hands on."""
    context = copy.deepcopy(task["in_context"] or {})
    versions = context.setdefault(VERSIONS, {})
    for key in _leaves(task["published"] or {}):
        versions[key] = versions.get(key, 0) + 1
    context.update(copy.deepcopy(task["published"] or {}))
    return context


def _leaves(published: Record, prefix: str = "") -> Iterator[str]:
    for key, value in published.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if isinstance(value, dict):
            yield from _leaves(value, name)
        else:
            yield name


def together(tasks: Sequence[Record], onto: Record | None = None) -> Record:
    """What several tasks hand on."""
    context = onto or {}
    for task in reversed(tasks):
        other = outbound(task)
        context = _by_version(context, other) if context else other
    return context


def _by_version(left: Record, right: Record) -> Record:
    left_versions, right_versions = left.pop(VERSIONS, {}), right.pop(VERSIONS, {})
    left.pop("__task_execution", None)
    right.pop("__task_execution", None)
    _merge(left, left_versions, right, right_versions)
    for key, version in right_versions.items():
        left_versions[key] = max(left_versions.get(key, version), version)
    left[VERSIONS] = left_versions
    return left


def _merge(left: Record, left_versions: Record, right: Record, right_versions: Record, prefix: str = "") -> None:
    for key, value in right.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if key not in left:
            left[key] = value
        elif isinstance(left[key], dict) and isinstance(value, dict):
            _merge(left[key], left_versions, value, right_versions, name)
        elif right_versions.get(name, 0) > left_versions.get(name, 0):
            left[key] = value


def publish(family: Family, task: Record) -> None:
    """Publish the variables of a task that ended."""
    if task["state"] not in ("SUCCESS", "ERROR", "SKIPPED"):
        return
    clauses = family.task_spec(task).publish(task["state"])
    if not clauses:
        return
    context = of_task(family, task)
    task["published"] = evaluate_all(clauses.get("branch") or {}, context)
    check_size("TaskExecution", "published", task["published"])
    if clauses.get("global"):
        found = evaluate_all(clauses["global"], context)
        merge(family.workflow_of(task)["context"], found)
        task["published_global"] = found


def output(family: Family, workflow: Record, declared: Any, context: Record) -> Any:
    """The output of a workflow: what it declares, else all its variables."""
    found = evaluate_all(declared, of_workflow(family, workflow, context)) if declared else {}
    return found or {key: value for key, value in context.items() if key != VERSIONS}


def published_global(workflow: Record) -> Record:
    """What tasks published for the whole execution."""
    hidden = HIDDEN | set(workflow["spec"].get("vars") or {})
    return {key: value for key, value in workflow["context"].items() if key not in hidden}
