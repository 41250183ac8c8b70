"""An execution with all executions below it, their tasks and actions: what one step of the engine works on.

Records are plain dictionaries, as they come from the store and go back to it.
"""

from __future__ import annotations

import json
import random
import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mopenstack.core.workflow.language import specs
from mopenstack.core.workflow.language.errors import WorkflowError

Record = dict[str, Any]

FIELD_KILOBYTES_MAX = 1024
"""execution_field_size_limit_kb of mistral.conf."""
TASKS_MAX = 500
ACTIONS_MAX = 1_500


class Family:
    """What a step works on.

    until          the cloud's time, in seconds
    time, now      when what is done now is done: earlier than that for what was due before
    began          when the last step was done: nothing is done before it
    known          what the store was asked for, by the JSON of the question
    jobs           what is to be done later: {"due": seconds, "do": name, ...}
    calls          actions that are not done here: [{"id": ..., "name": ..., "input": ...}]
    engine         the module that leads executions, for those that it imports itself
    of_tasks       the module that leads tasks
    queue          what follows in this step, each as a transaction of its own would
    checks         what follows right behind what is done now
    """

    def __init__(self, state: Record) -> None:
        self.until: float = state["time"]
        self.time: float = state["time"]
        self.began: float = state.get("began", 0.0)
        self.known: Record = state.get("known", {})
        self.workflows: dict[str, Record] = {one["id"]: one for one in state.get("workflows", ())}
        self.tasks: dict[str, Record] = {one["id"]: one for one in state.get("tasks", ())}
        self.actions: dict[str, Record] = {one["id"]: one for one in state.get("actions", ())}
        self.jobs: list[Record] = state.get("jobs", [])
        self.calls: list[Record] = []
        self.engine: Any = None
        self.of_tasks: Any = None
        self.queue: deque[Callable[[], None]] = deque()
        self.checks: deque[Callable[[], None]] = deque()
        self._random = random.Random(state.get("seed"))  # noqa: S311  # ids; they are no secret
        self._before = {id: json.dumps(one, sort_keys=True) for id, one in self._all()}
        self._specs: dict[str, specs.Workflow] = {}

    def _all(self) -> list[tuple[str, Record]]:
        return [*self.workflows.items(), *self.tasks.items(), *self.actions.items()]

    @property
    def now(self) -> str:
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%d %H:%M:%S")

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    # -- what is there

    def spec(self, workflow: Record) -> specs.Workflow:
        """The specification that an execution was started with."""
        found = self._specs.get(workflow["id"])
        if found is None:
            found = self._specs[workflow["id"]] = specs.Workflow(workflow["spec"])
        return found

    def task_spec(self, task: Record) -> specs.Task:
        return self.spec(self.workflow_of(task)).tasks[task["name"]]

    def workflow_of(self, task: Record) -> Record:
        return self.workflows[task["workflow_execution_id"]]

    def task_of(self, one: Record) -> Record | None:
        """The task that an action, or an execution, is the work of."""
        return self.tasks.get(one["task_execution_id"] or "")

    def tasks_of(self, workflow_id: str) -> list[Record]:
        return [one for one in self.tasks.values() if one["workflow_execution_id"] == workflow_id]

    def workflows_of(self, task_id: str) -> list[Record]:
        return [one for one in self.workflows.values() if one["task_execution_id"] == task_id]

    def actions_of(self, task_id: str) -> list[Record]:
        return [one for one in self.actions.values() if one["task_execution_id"] == task_id]

    def works_of(self, task: Record) -> list[Record]:
        """The actions, or the executions, of a task."""
        if task["type"] == "WORKFLOW":
            return self.workflows_of(task["id"])
        return self.actions_of(task["id"])

    def is_workflow(self, one: Record) -> bool:
        return one["id"] in self.workflows

    # -- what is made

    def add_task(self, values: Record) -> Record:
        if len(self.tasks) >= TASKS_MAX:
            raise WorkflowError(f"An execution has {TASKS_MAX} tasks at most.")
        return self._add(self.tasks, values)

    def add_action(self, values: Record) -> Record:
        if len(self.actions) >= ACTIONS_MAX:
            raise WorkflowError(f"An execution has {ACTIONS_MAX} actions at most.")
        check_size("ActionExecution", "input", values["input"])
        return self._add(self.actions, values)

    def add_workflow(self, values: Record) -> Record:
        return self._add(self.workflows, values)

    def _add(self, kept: dict[str, Record], values: Record) -> Record:
        made = {"id": self.new_id(), "created_at": self.now, "updated_at": None, "number": len(kept), **values}
        kept[made["id"]] = made
        return made

    def later(self, seconds: float, do: str, **values: Any) -> None:
        """Do something in a while; at once in this step where that is no time."""
        self.jobs.append({"due": self.time + max(float(seconds), 0.0), "do": do, **values})

    # -- what is told of it

    def result(self, task: Record) -> Any:
        """The result of a task, of all accepted works of one with items."""
        works = sorted(self.works_of(task), key=lambda one: one["runtime_context"].get("index", 0))
        found = [self._output(one) for one in works if one["accepted"]]
        if self.task_spec(task).with_items:
            return found
        return found[0] if len(found) == 1 else found

    def _output(self, one: Record) -> Any:
        if self.is_workflow(one):
            return one["output"]
        return one["output"].get("result") if one["output"] else None

    def shown(self, task: Record) -> Record:
        """A task as expressions see it."""
        names = ("id", "name", "state", "state_info", "published", "type", "workflow_execution_id", "created_at")
        return {
            **{name: task[name] for name in names},
            "spec": self.task_spec(task).data,
            "updated_at": task["updated_at"],
            "result": self.result(task),
        }

    def changed(self) -> Record:
        """What is to be stored: the records that are new, or not as they were."""
        found: Record = {"workflows": [], "tasks": [], "actions": []}
        for name, kept in (("workflows", self.workflows), ("tasks", self.tasks), ("actions", self.actions)):
            for id, one in kept.items():
                before = self._before.get(id)
                if before == json.dumps(one, sort_keys=True):
                    continue
                if before is not None or name != "actions" or one["state"] in ("SUCCESS", "ERROR"):
                    one["updated_at"] = self.now
                found[name].append({**one, "result": self.result(one)} if name == "tasks" else one)
        changed = {one["task_execution_id"] for name in ("workflows", "actions") for one in found[name]}
        there = {one["id"] for one in found["tasks"]}
        for id in changed - there:
            if id in self.tasks:
                found["tasks"].append({**self.tasks[id], "result": self.result(self.tasks[id])})
        return {**found, "jobs": self.jobs, "calls": self.calls}


def check_size(owner: str, field: str, value: Any) -> None:
    """Raises WorkflowError for a value that is larger than a field may be."""
    kilobytes = int((len(str(value)) + 49) / 1024) if value else 0
    if kilobytes > FIELD_KILOBYTES_MAX:
        raise WorkflowError(
            f"Field size limit exceeded [class={owner}, field={field}, size={kilobytes}KB, "
            f"limit={FIELD_KILOBYTES_MAX}KB]"
        )


def merge(left: Any, right: Any, overwrite: bool = True) -> Any:
    """The right dictionary merged into the left one, deeply (mistral_lib.utils.merge_dicts)."""
    if left is None:
        return right
    for key, value in (right or {}).items():
        if key not in left:
            left[key] = value
        elif isinstance(left[key], dict) and isinstance(value, dict):
            merge(left[key], value, overwrite)
        elif overwrite:
            left[key] = value
    return left
