"""Executions, tasks and actions as the language knows them, and as the store keeps them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.workflow.base import dump, json_value, stamp_of, time_text
from mopenstack.core.workflow.language import contexts
from mopenstack.workflow.v2 import action_executions_pb2, executions_pb2, tasks_pb2

Record = dict[str, Any]
Execution, Task, Action = executions_pb2.Execution, tasks_pb2.Task, action_executions_pb2.ActionExecution

_OF_WORKFLOW = ("spec", "context", "runtime_context", "accepted", "number")
_OF_TASK = (
    "unique_key",
    "in_context",
    "next_tasks",
    "has_next_tasks",
    "error_handled",
    "runtime_context",
    "published",
    "number",
)
_OF_ACTION = ("runtime_context", "is_sync", "output", "input", "number")


def root_of(execution: Any) -> str:
    """The id of the first of the executions above one, or its own."""
    return execution.root_execution_id or execution.id  # type: ignore[no-any-return]


async def family_of(call: Call, root_id: str) -> Record | None:
    """All of an execution and what is below it; None where it is not there."""
    root = await call.tx.get(Execution, root_id)
    if root is None:
        return None
    inside = json.loads(root.inside)
    below = await call.tx.query(Execution, root_execution_id=root_id)
    tasks = await call.tx.query(Task, family=root_id)
    actions = await call.tx.query(Action, family=root_id)
    return {
        "time": call.time,
        "began": inside.get("began", 0.0),
        "seed": call.ids.uuid(),
        "jobs": inside.get("jobs", []),
        "known": {},
        "workflows": _ordered([workflow_record(one) for one in (root, *below)]),
        "tasks": _ordered([task_record(one) for one in tasks]),
        "actions": _ordered([action_record(one) for one in actions]),
    }


def _ordered(found: list[Record]) -> list[Record]:
    return sorted(found, key=lambda one: (one["number"], one["id"]))


def _optional(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def _times(message: Any) -> Record:
    updated = message.updated_at if message.HasField("updated_at") else None
    return {
        "created_at": time_text(message.created_at),
        "updated_at": time_text(updated) if updated is not None else None,
    }


def workflow_record(one: Any) -> Record:
    inside = json.loads(one.inside)
    names = ("id", "workflow_id", "workflow_namespace", "description", "state")
    return {
        **{name: getattr(one, name) for name in names},
        **{name: inside[name] for name in _OF_WORKFLOW},
        **_times(one),
        "name": one.workflow_name,
        "tags": list(one.tags),
        "params": json.loads(one.params),
        "input": json.loads(one.input),
        "output": json.loads(one.output),
        "state_info": _optional(one, "state_info"),
        "task_execution_id": _optional(one, "task_execution_id"),
        "root_execution_id": _optional(one, "root_execution_id"),
    }


def task_record(one: Any) -> Record:
    names = ("id", "name", "type", "workflow_name", "workflow_namespace", "workflow_id", "workflow_execution_id")
    return {
        **{name: getattr(one, name) for name in (*names, "state", "processed")},
        **json.loads(one.inside),
        **_times(one),
        "tags": list(one.tags),
        "state_info": _optional(one, "state_info"),
        "started_at": time_text(one.started_at) if one.HasField("started_at") else None,
        "finished_at": time_text(one.finished_at) if one.HasField("finished_at") else None,
        "published_global": json.loads(one.published_global) if one.HasField("published_global") else None,
    }


def action_record(one: Any) -> Record:
    return {
        **{name: getattr(one, name) for name in ("id", "name", "description", "state", "accepted")},
        **json.loads(one.inside),
        **_times(one),
        "state_info": _optional(one, "state_info"),
        "task_execution_id": _optional(one, "task_execution_id"),
        "workflow_name": _optional(one, "workflow_name"),
        "workflow_namespace": one.workflow_namespace,
    }


# -- to the store


def _set_optional(message: Any, name: str, value: Any) -> None:
    if value is None:
        message.ClearField(name)
    else:
        setattr(message, name, value)


def _set_time(message: Any, name: str, text: str | None, number: int = 0) -> None:
    """A time as it is told; those that are made at once keep their order in the parts of a second."""
    if text is None:
        message.ClearField(name)
    elif not message.HasField(name) or time_text(getattr(message, name)) != text:
        stamp = getattr(message, name)
        stamp.FromDatetime(stamp_of(text))
        stamp.nanos = min(number, 999_999) * 1000


def fill_workflow(message: Any, record: Record) -> None:
    for name in ("id", "workflow_id", "workflow_namespace", "description", "state"):
        setattr(message, name, record[name])
    message.workflow_name = record["name"]
    del message.tags[:]
    message.tags.extend(record["tags"])
    for name in ("params", "input", "output"):
        setattr(message, name, dump(record[name]))
    for name in ("state_info", "task_execution_id", "root_execution_id"):
        _set_optional(message, name, record[name])
    message.published_global = dump(contexts.published_global(record))
    kept = json.loads(message.inside) if message.inside else {}
    message.inside = json.dumps({**kept, **{name: record[name] for name in _OF_WORKFLOW}})
    _set_time(message, "created_at", record["created_at"], record["number"])
    _set_time(message, "updated_at", record["updated_at"])


def fill_task(message: Any, record: Record) -> None:
    names = ("id", "name", "type", "workflow_name", "workflow_namespace", "workflow_id", "workflow_execution_id")
    for name in (*names, "state", "processed"):
        setattr(message, name, record[name])
    del message.tags[:]
    message.tags.extend(record["tags"])
    _set_optional(message, "state_info", record["state_info"])
    shown = {key: value for key, value in record["runtime_context"].items() if key != "triggered_by" or value}
    message.runtime_context = dump({key: value for key, value in shown.items() if key != "triggered_by"})
    message.published = dump(record["published"])
    message.result = dump(record.get("result"))
    _set_optional(message, "published_global", dump(record["published_global"]) if record["published_global"] else None)
    message.number = record["number"]
    message.inside = json.dumps({name: record[name] for name in _OF_TASK})
    _set_time(message, "created_at", record["created_at"], record["number"])
    for name in ("updated_at", "started_at", "finished_at"):
        _set_time(message, name, record[name])


def fill_action(message: Any, record: Record) -> None:
    for name in ("id", "name", "description", "state", "accepted", "workflow_namespace"):
        setattr(message, name, record[name])
    for name in ("state_info", "task_execution_id", "workflow_name"):
        _set_optional(message, name, record[name])
    message.input = dump(record["input"])
    message.output.CopyFrom(json_value(None if record["output"] is None else dump(record["output"])))
    message.tags.CopyFrom(json_value(None))
    message.number = record["number"]
    message.inside = json.dumps({name: record[name] for name in _OF_ACTION})
    _set_time(message, "created_at", record["created_at"], record["number"])
    _set_time(message, "updated_at", record["updated_at"])


TURN = 25


async def keep(call: Call, found: Record, root_id: str, project_id: str) -> None:
    """Store what a step has changed."""
    kinds: tuple[tuple[str, type[Any], Callable[[Any, Record], None]], ...] = (
        ("workflows", Execution, fill_workflow),
        ("tasks", Task, fill_task),
        ("actions", Action, fill_action),
    )
    for name, message, fill in kinds:
        for number, record in enumerate(found[name]):
            if number % TURN == 0:
                await asyncio.sleep(0)  # others get their turn between many rows
            there = await call.tx.get(message, record["id"])
            one = message(project_id=project_id) if there is None else await call.tx.edit(message, record["id"])
            if name != "workflows":
                one.family = root_id
            fill(one, record)
            await call.tx.put(one, fresh=there is None)


# -- in whose name


def starter_of(caller: Caller) -> executions_pb2.Execution.Starter:
    """Who starts something, for what is done later in that name."""
    return Execution.Starter(
        user_id=caller.user_id,
        user_name=caller.user_name,
        user_domain_id=caller.user_domain_id,
        project_name=caller.project_name,
        project_domain_id=caller.project_domain_id,
        roles=sorted(caller.roles),
    )


def caller_of(starter: Any, project_id: str) -> Caller:
    """The caller in whose name something is done later."""
    return Caller(
        user_id=starter.user_id,
        user_name=starter.user_name,
        user_domain_id=starter.user_domain_id,
        project_id=project_id,
        project_name=starter.project_name,
        project_domain_id=starter.project_domain_id,
        roles=frozenset(starter.roles),
    )


def about_caller(caller: Caller) -> Record:
    """What workflows see of the caller, as `openstack` of their data; never a token."""
    return {
        "user": caller.user_id,
        "user_id": caller.user_id,
        "user_name": caller.user_name,
        "project_id": caller.project_id,
        "project_name": caller.project_name,
        "project_domain": caller.project_domain_id,
        "user_domain": caller.user_domain_id,
        "roles": sorted(caller.roles),
        "is_admin": caller.is_admin,
        "is_trust_scoped": False,
        "auth_token": None,
    }


# -- what is below


async def tasks_of(call: Call, execution_id: str) -> list[Any]:
    found = await call.tx.query(Task, workflow_execution_id=execution_id)
    return sorted(found, key=lambda one: (one.number, one.id))


async def executions_of(call: Call, task_id: str) -> list[Any]:
    found = await call.tx.query(Execution, task_execution_id=task_id)
    return sorted(found, key=lambda one: (one.created_at.ToMicroseconds(), one.id))
