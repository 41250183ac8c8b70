"""The recorded exchanges with Mistral, and what they show of its objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mopenstack.core.workflow.language import specs, texts
from mopenstack.workflow.v2 import (
    action_executions_pb2,
    actions_pb2,
    code_sources_pb2,
    cron_triggers_pb2,
    dynamic_actions_pb2,
    environments_pb2,
    event_triggers_pb2,
    executions_pb2,
    members_pb2,
    tasks_pb2,
    workbooks_pb2,
    workflows_pb2,
)
from tests.exchanges.recorded import AGAIN, RecordedLine, lines

PLACE = "http://127.0.0.1:8989"
KINDS: dict[str, Any] = {
    "workflows": workflows_pb2.Workflow,
    "workbooks": workbooks_pb2.Workbook,
    "actions": actions_pb2.ActionDefinition,
    "code_sources": code_sources_pb2.CodeSource,
    "dynamic_actions": dynamic_actions_pb2.DynamicAction,
    "executions": executions_pb2.Execution,
    "tasks": tasks_pb2.Task,
    "action_executions": action_executions_pb2.ActionExecution,
    "cron_triggers": cron_triggers_pb2.CronTrigger,
    "environments": environments_pb2.Environment,
    "event_triggers": event_triggers_pb2.EventTrigger,
    "members": members_pb2.Member,
}
CLAIMS = {
    "workflows": "workflow",
    "workbooks": "workbook",
    "actions": "workflow_action",
    "code_sources": "workflow_code_source",
    "dynamic_actions": "workflow_dynamic_action",
    "environments": "workflow_environment",
    "cron_triggers": "workflow_cron_trigger",
}
UNSEEN = {
    "wfslow": "{tasks: {t1: {action: std.sleep seconds=30}}}",
    "wffail": "{tasks: {t1: {action: std.fail}}}",
    "wfitems": '{tasks: {t1: {with-items: "x in [1, 2, 3]", action: std.echo output=<% $.x %>}}}',
    "wfpause": "{tasks: {t1: {action: std.noop, on-success: t2}, t2: {action: std.noop, pause-before: true}}}",
    "wfrev": "{type: reverse, tasks: {t1: {action: std.noop}, t2: {action: std.noop, requires: [t1]}}}",
    "wfsub": "{tasks: {t1: {workflow: wffail}}}",
}
"""Workflows that the recordings name and do not show."""
BEFORE = {
    "cancel execution": "RUNNING",
    "pause execution": "RUNNING",
    "stop execution as error": "RUNNING",
    "pause paused execution": "PAUSED",
    "resume execution": "PAUSED",
    "resume execution paused by pause-before": "PAUSED",
    "resume cancelled execution": "CANCELLED",
    "resume failed execution": "SUCCESS",
    "delete running execution": "RUNNING",
    "delete execution as reader": "SUCCESS",
    "force delete running execution": "RUNNING",
    "skip failed task": "ERROR",
    "rerun failed task": "ERROR",
    "update action execution: output": "RUNNING",
}
"""Situation -> the state before it of what it is about."""
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
OWN, OTHER = AGAIN.values()


class Exchange(RecordedLine):
    """One line of the recordings."""

    @property
    def key(self) -> str:
        return f"{self.situation} | {self.verb} {self.path[:120]} as {self.line['as']} | {self.status}"

    @property
    def parts(self) -> list[str]:
        return str(self.path).partition("?")[0].strip("/").split("/")[1:]


def exchanges() -> list[Exchange]:
    return [Exchange(line) for line in lines("workflow")]


def pictures() -> dict[tuple[str, str], dict[str, Any]]:
    """(collection, id) -> what the recordings show of an object."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in exchanges():
        if not one.ok or not isinstance(one.response, dict):
            continue
        collection = next((part for part in reversed(one.parts) if part in KINDS), "")
        for name, item in objects_in(one.response, collection):
            if item.get("id") and item.get("created_at"):
                found[(name, item["id"])] = {**found.get((name, item["id"]), {}), **item}
    return found


def objects_in(answer: dict[str, Any], collection: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in KINDS:
        if isinstance(answer.get(name), list):
            yield from ((name, item) for item in answer[name] if isinstance(item, dict))
    if "id" in answer:
        yield collection, answer
    if "root_workflow_execution" in answer:
        yield from of_report(answer["root_workflow_execution"], None)


def of_report(node: dict[str, Any], task: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    shown = {key: value for key, value in node.items() if not key.endswith("_executions") and key != "name"}
    yield "executions", {**shown, "workflow_name": node["name"], "task_execution_id": task}
    for one in node.get("task_executions", ()):
        inner = {key: value for key, value in one.items() if not key.endswith("_executions")}
        yield "tasks", {**inner, "workflow_execution_id": node["id"], "workflow_name": node["name"]}
        for action in one.get("action_executions", ()):
            yield "action_executions", {**action, "task_execution_id": one["id"]}
        for below in one.get("workflow_executions", ()):
            yield from of_report(below, one["id"])


_CUT = re.compile(r"<cut, \d+ characters>\Z", re.DOTALL)


def uncut(value: Any) -> Any:
    """A recorded value, its texts up to where they were shortened."""
    if isinstance(value, dict):
        return {key: uncut(one) for key, one in value.items()}
    return _CUT.sub("", value) if isinstance(value, str) else value


def shortened(recorded: Any, ours: Any) -> Any:
    if isinstance(recorded, dict) and isinstance(ours, dict):
        return {key: shortened(recorded.get(key), one) for key, one in ours.items()}
    if isinstance(recorded, str) and isinstance(ours, str) and _CUT.search(recorded):
        return ours[: len(_CUT.sub("", recorded))]
    return ours


def spec_of(definition: str, name: str) -> dict[str, Any]:
    found = texts.read(definition)
    data = found.get(name) or found.get(name.rpartition(".")[2]) or {"tasks": {"t": {"action": "std.noop"}}}
    data["name"], data["version"] = name.rpartition(".")[2], "2.0"
    return specs.Workflow(data).data
