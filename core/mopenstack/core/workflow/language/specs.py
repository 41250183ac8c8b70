"""Definitions as Mistral reads them: checked by their schemas and for what they mean, in its order and its words.

A specification keeps the dictionary that it was read of, with what Mistral adds to it (name, version, type): that is
what is stored, and what refusals print.

Source: mistral/lang/base.py, mistral/lang/parser.py, mistral/lang/v2.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match

from mopenstack.core.workflow.language import expressions, schemas
from mopenstack.core.workflow.language.errors import InvalidDefinition

NOT_DEFINED = object()
"""The default of a parameter that has none."""

COMMANDS = ("noop", "fail", "succeed", "pause")
"""What may stand for a next task."""

NAME_MAX = 255
JOIN_NAME_MAX = NAME_MAX - 47
_COMMAND = re.compile(rf"^([\w\.]+[^=\(\s\"]*|{schemas.YAQL}|{{{{.*}}}}|{{%.*%}})")
_PARAMETERS = re.compile(
    r"([-_\w]+)=("
    + "|".join(
        (
            r"\"[^\"]*\"\s*",
            r"'[^']*'\s*",
            rf"{schemas.JINJA}|{schemas.YAQL}",
            r"\[.*\]\s*",
            "true",
            "false",
            "null",
            r"\d+",
        )
    )
    + ")"
)
_WITH_ITEMS = re.compile(rf"\s*([\w\d_\-]+)\s*in\s*(\[.+\]|{schemas.JINJA}|{schemas.YAQL})")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


@cache
def _validator(name: str) -> Any:
    schema = schemas.TASKS[name] if name in schemas.TASKS else getattr(schemas, name)
    return jsonschema.validators.validator_for(schema)(schema)


def check_schema(name: str, data: Any) -> None:
    """Raises InvalidDefinition with jsonschema's sentence."""
    wrong = best_match(_validator(name).iter_errors(data))
    if wrong is not None:
        raise InvalidDefinition(f"Invalid DSL: {wrong}")


def check_expressions(part: Any) -> None:
    """Raises InvalidDefinition for an expression that cannot be read."""
    if isinstance(part, str):
        expressions.validate(part)
    elif isinstance(part, (list, tuple)):
        for one in part:
            if isinstance(one, str):
                expressions.validate(one)
    elif isinstance(part, dict):
        for one in part.values():
            if isinstance(one, str):
                expressions.validate(one)


def command_of(text: str) -> tuple[str, dict[str, Any]]:
    """What a line names, and the parameters behind it: `std.echo output="a"`."""
    if " " not in text:
        return text, {}
    found = _COMMAND.search(text)
    if found is None:
        raise InvalidDefinition(f"Invalid action/workflow task property: {text}")
    parameters: dict[str, Any] = {}
    for match in _PARAMETERS.findall(text):
        value: Any = match[1].strip()
        if value[0] in "\"'":
            value = value[1:-1]
        else:
            with contextlib.suppress(ValueError):
                value = json.loads(value)
        parameters[match[0]] = value
    return found.group(), parameters


def parameters_of(entries: Any) -> dict[str, Any]:
    """Name -> default of the declared input."""
    found: dict[str, Any] = {}
    for entry in entries or ():
        found.update(entry if isinstance(entry, dict) else {entry: NOT_DEFINED})
    return found


class OnClause:
    """What follows a task, and what is published then."""

    def __init__(self, data: Any, check: bool) -> None:
        if check:
            check_schema("ON", data)
        advanced = isinstance(data, dict)
        self.publish: dict[str, Any] | None = data.get("publish") if advanced else None
        if self.publish is not None and check:
            check_schema("PUBLISH", self.publish)
            for one in self.publish.values():
                check_expressions(one)
        self.next: list[tuple[str, str, dict[str, Any]]] = []
        following = data.get("next") if advanced else data
        for item in ([following] if isinstance(following, (str, dict)) else following) or ():
            text, condition = next(iter(item.items())) if isinstance(item, dict) else (item, "")
            name, parameters = command_of(text)
            self.next.append((name, condition, parameters))


class Retry:
    """How often, and how long after, a task is tried again."""

    def __init__(self, data: Any, check: bool) -> None:
        if isinstance(data, str):
            data = command_of(data)[1]
        if check:
            check_schema("RETRY", data)
            for name in ("count", "delay", "break-on", "continue-on"):
                check_expressions(data.get(name))
        self.count, self.delay = data.get("count"), data["delay"]
        self.break_on, self.continue_on = data.get("break-on"), data.get("continue-on")


_POLICIES = {
    "wait-before": 0,
    "wait-after": 0,
    "timeout": 0,
    "pause-before": False,
    "concurrency": 0,
    "fail-on": False,
}


class Policies:
    """How a task runs."""

    def __init__(self, data: dict[str, Any], check: bool) -> None:
        own = {name: data[name] for name in ("retry", *_POLICIES) if data.get(name)}
        if check:
            check_schema("POLICIES", own)
            for name, default in _POLICIES.items():
                check_expressions(own.get(name, default))
        self.retry = Retry(own["retry"], check) if own.get("retry") is not None else None
        self.values = {name: own.get(name, default) for name, default in _POLICIES.items()}


def _ons(data: dict[str, Any], check: bool) -> dict[str, OnClause]:
    names = ("on-complete", "on-success", "on-error", "on-skip")
    return {name: OnClause(data[name], check) for name in names if data.get(name) is not None}


class Defaults:
    """What holds for every task of a workflow."""

    def __init__(self, data: dict[str, Any], check: bool) -> None:
        if check:
            check_schema("DEFAULTS", data)
            check_expressions(data.get("safe-rerun", {}))
        self.policies = Policies(data, check)
        self.ons = _ons(data, check)
        requires = data.get("requires", [])
        self.requires: list[str] = [requires] if isinstance(requires, str) else requires


class Task:
    """One task of a workflow."""

    def __init__(self, data: dict[str, Any], check: bool) -> None:
        self.data = data
        self.name: str = data["name"]
        kind = data.get("type", "direct")
        if check:
            self._check(kind)
        self.action: str | None = data.get("action")
        self.workflow: str | None = data.get("workflow")
        self.tags: list[str] = data.get("tags", [])
        self.input: Any = data.get("input", {})
        self.with_items = self._with_items()
        self.policies = Policies(data, check)
        self.keep_result = data.get("keep-result", True)
        given: dict[str, Any] = {}
        if self.action:
            self.action, given = command_of(self.action)
        elif self.workflow:
            self.workflow, given = command_of(self.workflow)
        else:
            self.action = "std.noop"
        if given and isinstance(self.input, dict):
            self.input = {**self.input, **given}
        self.join: Any = data.get("join")
        self.ons = _ons(data, check) if kind == "direct" else {}
        requires = data.get("requires", [])
        self.requires: list[str] = [requires] if isinstance(requires, str) else requires
        if check and self.join and len(self.name) > JOIN_NAME_MAX:
            raise InvalidDefinition(
                f"The length of a '{self.name}' join task name must not exceed {JOIN_NAME_MAX} symbols"
            )

    def _check(self, kind: str) -> None:
        check_schema(kind, self.data)
        if len(self.name) > NAME_MAX:
            raise InvalidDefinition(f"The length of a '{self.name}' task name must not exceed {NAME_MAX} symbols")
        line = self.data.get("action") or self.data.get("workflow")
        if line:
            check_expressions(command_of(line)[1])
        for name in ("input", "publish", "publish-on-error", "publish-on-skip", "keep-result", "safe-rerun"):
            check_expressions(self.data.get(name, {}))

    def _with_items(self) -> dict[str, Any]:
        raw = self.data.get("with-items", [])
        found: dict[str, Any] = {}
        for item in [raw] if isinstance(raw, str) else raw:
            match = _WITH_ITEMS.match(item)
            if match is None:
                raise InvalidDefinition(
                    "Wrong format of 'with-items' property. Please use format 'var in {[some, list] | "
                    f"<% $.array %> }}: {self.data}"
                )
            name, items = match[1], match[2]
            check_expressions(items)
            if items.startswith("["):
                try:
                    items = json.loads(items)
                except ValueError as wrong:
                    raise InvalidDefinition(f"Invalid array in 'with-items' clause: {items}, error: {wrong}") from None
            found[name] = items
        return found

    @property
    def kind(self) -> str:
        return "WORKFLOW" if self.workflow else "ACTION"

    def publish(self, state: str) -> dict[str, dict[str, Any]]:
        """Scope (branch, global) -> what is published when the task ends in a state."""
        word = {"SUCCESS": "publish", "ERROR": "publish-on-error", "SKIPPED": "publish-on-skip"}[state]
        clause = {"SUCCESS": "on-success", "ERROR": "on-error", "SKIPPED": "on-skip"}[state]
        found: dict[str, dict[str, Any]] = {}
        if self.data.get(word):
            found["branch"] = dict(self.data[word])
        on_complete, on_state = self.ons.get("on-complete"), self.ons.get(clause)
        for one in (on_complete, on_state) if found else (on_state, on_complete):
            for scope, values in (one.publish or {}).items() if one is not None else ():
                found[scope] = {**found.get(scope, {}), **values}
        return found


class Workflow:
    """A workflow: tasks, and what follows what."""

    def __init__(self, data: dict[str, Any], check: bool = False) -> None:
        kind = data.get("type", "direct")
        if kind not in ("direct", "reverse"):
            raise InvalidDefinition(
                "Failed to find a specification class to instantiate [spec_cls=<class "
                f"'mistral.lang.v2.workflows.WorkflowSpec'>, data={data}]"
            )
        self.data, self.kind = data, kind
        if check:
            check_schema("WORKFLOW", data)
            check_expressions(data.get("output", {}))
            check_expressions(data.get("vars", {}))
        if not isinstance(data.get("tasks"), dict):
            raise InvalidDefinition(f"Workflow doesn't have any tasks [data={data}]")
        self.name: str = data["name"]
        self.tags: list[str] = data.get("tags", [])
        self.input = parameters_of(data.get("input", []))
        self.output: Any = data.get("output", {})
        self.output_on_error: Any = data.get("output-on-error", {})
        self.vars: Any = data.get("vars", {})
        defaults = data.get("task-defaults")
        self.defaults = Defaults(defaults, check) if defaults is not None else None
        self.tasks: dict[str, Task] = {}
        for task in data["tasks"].values():
            if isinstance(task, dict):
                task["type"] = kind
        for name, task in data["tasks"].items():
            if name == "version":
                continue
            if not isinstance(task, dict):
                raise InvalidDefinition(
                    "A specification with polymorphic key must be backed by a dictionary [spec_cls=<class "
                    f"'mistral.lang.v2.tasks.TaskSpec'>, data={task}]"
                )
            task["name"], task["version"] = name, "2.0"
            self.tasks[name] = Task(task, check)
        if check:
            self._check()

    def __repr__(self) -> str:
        return f"{'Direct' if self.kind == 'direct' else 'Reverse'}WorkflowSpec {self.data}"

    @property
    def class_name(self) -> str:
        return "DirectWorkflowSpec" if self.kind == "direct" else "ReverseWorkflowSpec"

    def following(self, name: str, clause: str) -> list[tuple[str, str, dict[str, Any]]]:
        """(task or command, condition, parameters) of a clause of a task, or of the defaults of all."""
        own = self.tasks[name].ons.get(clause)
        if own is not None and own.next:
            return own.next
        default = self.defaults.ons.get(clause) if self.defaults is not None else None
        return [one for one in default.next if one[0] != name] if default is not None else []

    def outbound(self, name: str) -> set[str]:
        """The tasks and commands that may follow a task."""
        clauses = ("on-error", "on-success", "on-complete", "on-skip")
        return {one[0] for clause in clauses for one in self.following(name, clause)}

    def inbound(self, name: str) -> list[str]:
        """The tasks that a task may follow."""
        if not hasattr(self, "_inbound"):
            known: dict[str, list[str]] = {}
            for one in self.tasks:
                for following in self.outbound(one):
                    known.setdefault(following, []).append(one)
            self._inbound = known
        return self._inbound.get(name, [])

    def requires(self, name: str) -> list[str]:
        """The tasks that a task of a reverse workflow needs."""
        found = dict.fromkeys(self.tasks[name].requires)
        if self.defaults is not None:
            found.update(dict.fromkeys(self.defaults.requires))
        found.pop(name, None)
        return list(found)

    def starts(self) -> Iterator[str]:
        return (name for name in self.tasks if not self.inbound(name))

    def _check(self) -> None:
        if _UUID.fullmatch(self.name):
            raise InvalidDefinition("Workflow name cannot be in the format of UUID.")
        if self.kind == "direct" and next(self.starts(), None) is None:
            raise InvalidDefinition(
                "Failed to find start tasks in direct workflow. There must be at least one task without inbound "
                f"transition.[workflow_name={self.name}]"
            )
        for name in self.tasks:
            following = self.outbound(name) if self.kind == "direct" else self.requires(name)
            for one in following:
                if one not in self.tasks and not (self.kind == "direct" and one in COMMANDS):
                    raise InvalidDefinition(f"Task '{one}' not found.")
        wrong = []
        for name, task in self.tasks.items():
            count = len(self.inbound(name))
            if task.join == "all" and not count:
                wrong.append(f"No inbound tasks for task with 'join: all' [task_name={name}]")
            elif task.join and task.join != "all" and count < (1 if task.join == "one" else task.join):
                number = 1 if task.join == "one" else task.join
                wrong.append(
                    "Not enough inbound tasks for task with 'join' "
                    f"[task_name={name}, join={number}, inbound_tasks={count}]"
                )
        if wrong:
            raise InvalidDefinition("\n".join(wrong))


class Action:
    """An action that is made of another one."""

    def __init__(self, data: dict[str, Any], check: bool = False) -> None:
        self.data = data
        if check:
            check_schema("ACTION", data)
            check_expressions(command_of(data["base"])[1])
            check_expressions(data.get("base-input", {}))
            if isinstance(data.get("output"), str):
                check_expressions(data["output"])
        self.name: str = data["name"]
        self.description: str | None = data.get("description")
        self.tags: list[str] = data.get("tags", [])
        self.input = parameters_of(data.get("input", []))
        self.output: Any = data.get("output")
        self.base, given = command_of(data["base"])
        self.base_input: dict[str, Any] = {**(data.get("base-input") or {}), **given}

    def parameters(self) -> str | None:
        """The input as the API shows it."""
        shown = []
        for one in self.data.get("input", []):
            shown += [f"{k}={json.dumps(v)}" for k, v in one.items()] if isinstance(one, dict) else [one]
        return ", ".join(shown) or None
