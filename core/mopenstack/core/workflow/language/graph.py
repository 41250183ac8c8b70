"""Which task follows which: direct and reverse workflows, and joins.

Source: mistral/workflow/direct_workflow.py, reverse_workflow.py, mistral/engine/dispatcher.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mopenstack.core.workflow.language import contexts, specs, states
from mopenstack.core.workflow.language.errors import WorkflowError
from mopenstack.core.workflow.language.expressions import evaluate, evaluate_all
from mopenstack.core.workflow.language.family import Family, Record

ENDED = (states.SUCCESS, states.ERROR, states.CANCELLED)
PARENTS_DEPTH_MAX = 5
ROUTE_DEPTH_MAX = 200


@dataclass(slots=True)
class Command:
    """What the engine is to do: run a task, run one again, skip one, or noop, fail, succeed, pause."""

    kind: str
    name: str = ""
    context: Record | None = None
    triggered_by: list[Record] | None = None
    handles_error: bool = False
    unique_key: str = ""
    waits: bool = False
    info: Any = None
    task: Record | None = None
    reset: bool = False
    rerun: bool = False

    def kept(self) -> Record:
        """As a paused execution keeps it."""
        names = ("kind", "name", "context", "triggered_by", "unique_key", "waits", "info", "reset", "rerun", "task")
        return {name: getattr(self, name) for name in names}

    @staticmethod
    def of(kept: Record) -> Command:
        return Command(**kept)


def arranged(commands: Sequence[Command]) -> list[Command]:
    """In the order in which they are carried out (mistral.engine.dispatcher._rearrange_commands)."""
    left = [one for one in commands if one.kind != "noop"]
    place = next((n for n, one in enumerate(left) if one.kind in ("fail", "succeed", "pause")), -1)
    if place < 0:
        return _waiting_last(left)
    if place == 0 and left[0].kind != "pause":
        return left[:1]
    found = [*_waiting_last(left[:place]), left[place]]
    return found + left[place + 1 :] if left[place].kind == "pause" else found


def _waiting_last(commands: Sequence[Command]) -> list[Command]:
    return sorted(commands, key=lambda one: (one.kind == "run" and one.waits, one.unique_key if one.waits else ""))


def note_join(family: Family, workflow: Record, command: Command) -> None:
    """A task with a join waits for others."""
    if command.kind in ("run", "again") and family.spec(workflow).tasks[command.name].join:
        command.unique_key = f"join-task-{workflow['id']}-{command.name}"
        command.waits = True


# -- what follows


def first(family: Family, workflow: Record) -> list[Command]:
    """The commands that an execution begins with; raises WorkflowError for a target that is none."""
    spec = family.spec(workflow)
    if spec.kind == "reverse":
        return _satisfied(family, workflow)
    return [Command("run", name, inbound_context(family, workflow, name)) for name in spec.starts()]


def following(family: Family, workflow: Record, task: Record | None = None) -> list[Command]:
    """The commands that follow a task, or all that are there to be done."""
    if workflow["state"] in states.COMPLETED:
        return []
    spec, commands = family.spec(workflow), []
    there = family.tasks_of(workflow["id"])
    if task is None:
        idle = [one for one in there if one["state"] == states.IDLE]
        commands = [Command("again", one["name"], one["in_context"], task=one, reset=True) for one in idle]
    if spec.kind == "reverse":
        return commands + _satisfied(family, workflow)
    if task is None and not there:
        return first(family, workflow)
    done = [task] if task else [one for one in there if one["state"] in states.COMPLETED and not one["processed"]]
    for one in done:
        commands += _after(family, workflow, one)
    return commands


def _after(family: Family, workflow: Record, task: Record) -> list[Command]:
    context, spec = contexts.outbound(task), family.spec(workflow)
    commands = []
    for name, parameters, event in _next(family, workflow, task, context):
        by = [{"task_id": task["id"], "event": event}]
        if name in spec.tasks:
            command = Command("run", name, context, by, event == "on-error")
            note_join(family, workflow, command)
        elif name in specs.COMMANDS:
            command = Command(name, task["name"], context, by, event == "on-error", info=parameters.get("msg"))
        else:
            raise WorkflowError(f"Task '{name}' not found.")
        commands.append(command)
    return commands


def _next(family: Family, workflow: Record, task: Record, context: Record) -> list[tuple[str, Record, str]]:
    spec, state = family.spec(workflow), task["state"]
    view = contexts.of_task(family, task, context)
    found: list[tuple[str, Record, str]] = []

    def look(clause: str) -> None:
        for name, condition, parameters in spec.following(task["name"], clause):
            if not condition or evaluate(condition, view):
                found.append((name, evaluate_all(parameters, view), clause))

    if state == states.ERROR:
        look("on-error")
    if state == states.SKIPPED:
        look("on-skip")
    if state == states.SUCCESS or (state == states.SKIPPED and not found):
        look("on-success")
    if state in (states.SUCCESS, states.ERROR):
        look("on-complete")
    return found


def _satisfied(family: Family, workflow: Record) -> list[Command]:
    """The tasks of a reverse workflow that can run now, on the way to its target."""
    spec = family.spec(workflow)
    target = _target(workflow, spec)
    there = {task["name"] for task in family.tasks_of(workflow["id"])}
    done = {task["name"] for task in family.tasks_of(workflow["id"]) if task["state"] == states.SUCCESS}
    order: list[str] = []
    seen: set[str] = set()
    stack: list[tuple[str, bool]] = [(target, False)]
    while stack:
        name, expanded = stack.pop()
        if expanded:
            order.append(name)
            continue
        if name in seen:
            continue
        seen.add(name)
        stack.append((name, True))
        stack += [(one, False) for one in reversed(spec.requires(name)) if one not in seen]
    ready = [name for name in order if name not in there and set(spec.requires(name)) <= done]
    return [Command("run", name, inbound_context(family, workflow, name)) for name in ready]


def _target(workflow: Record, spec: specs.Workflow) -> str:
    name = workflow["params"].get("task_name")
    if name not in spec.tasks:
        raise WorkflowError(f"Invalid task name [wf_spec={spec}, task_name={name}]")
    return str(name)


# -- contexts


def inbound_context(family: Family, workflow: Record, name: str, triggered_by: Sequence[str] = ()) -> Record:
    """What a task gets of those before it."""
    spec, there = family.spec(workflow), family.tasks_of(workflow["id"])
    if spec.kind == "reverse":
        needed = spec.requires(name)
        return contexts.together([t for t in there if t["name"] in needed and t["state"] == states.SUCCESS])
    before = spec.inbound(name)
    if not before:
        return {}
    ended = [task for task in there if task["state"] in ENDED]
    if spec.tasks[name].join:
        return contexts.together(
            [t for t in ended if t["name"] in before and name in [one[0] for one in t["next_tasks"]]]
        )
    found = [task for task in ended if task["processed"] and (not triggered_by or task["id"] in triggered_by)]
    if not triggered_by:
        found = [task for task in found if task["name"] == before[0]]
    return contexts.together(found)


def final_context(family: Family, workflow: Record) -> Record:
    """What the tasks at the end hand on."""
    there = family.tasks_of(workflow["id"])
    if family.spec(workflow).kind == "reverse":
        target = _target(workflow, family.spec(workflow))
        found = [task for task in there if task["name"] == target]
        return contexts.outbound(found[0]) if found else {}
    context: Record = {}
    for task in there:
        if task["state"] in states.COMPLETED and not task["has_next_tasks"]:
            context = contexts.together([task], context)
    return context


# -- errors


def is_error_handled(family: Family, workflow: Record, task: Record) -> bool:
    spec = family.spec(workflow)
    if spec.kind == "reverse":
        return bool(task["state"] != states.ERROR)
    return bool(spec.following(task["name"], "on-error"))


def all_errors_handled(family: Family, workflow: Record) -> bool:
    failed = [task for task in family.tasks_of(workflow["id"]) if task["state"] == states.ERROR]
    if family.spec(workflow).kind == "reverse":
        return not failed
    return all(task["error_handled"] for task in failed)


# -- joins


@dataclass(frozen=True, slots=True)
class Logical:
    """The state in which a task with a join is by those before it."""

    state: str
    info: str | None = None
    triggered_by: tuple[Record, ...] = ()


def affected(family: Family, workflow: Record, name: str) -> list[Record]:
    """The joins that wait, maybe, for a task that ended."""
    spec = family.spec(workflow)
    if spec.kind == "reverse":
        return []
    there = {task["name"]: task for task in family.tasks_of(workflow["id"])}
    found: dict[str, Record] = {}
    seen: set[str] = {name}
    ahead = list(spec.outbound(name))
    while ahead:
        one = ahead.pop()
        if one in seen or one not in spec.tasks:
            continue
        seen.add(one)
        if spec.tasks[one].join and one in there:
            found[one] = there[one]
            continue
        ahead += spec.outbound(one)
    return list(found.values())


def logical_state(family: Family, workflow: Record, task: Record) -> Logical:
    """Where a task with a join stands."""
    spec = family.spec(workflow)
    join = spec.tasks[task["name"]].join if spec.kind == "direct" else None
    if not join:
        return Logical(task["state"], task["state_info"])
    before = spec.inbound(task["name"])
    if not before:
        return Logical(states.RUNNING)
    there = {one["name"]: one for one in family.tasks_of(workflow["id"])}
    induced = [(name, *_induced(spec, name, task["name"], there)) for name in before]
    running = [one for one in induced if one[1] == states.RUNNING]
    errors = [one for one in induced if one[1] == states.ERROR]
    waiting = [one[0] for one in induced if one[1] == states.WAITING]
    needed = len(induced) if join == "all" else 1 if join == "one" else join
    if len(running) >= needed:
        return Logical(states.RUNNING, None, _triggers(running, there))
    if len(errors) > len(induced) - needed:
        return Logical(states.ERROR, f"Failed by tasks: {[one[0] for one in errors]}", _triggers(errors, there))
    return Logical(states.WAITING, f"Blocked by tasks: {waiting}")


def _triggers(induced: Sequence[tuple[str, str, str | None]], there: dict[str, Record]) -> tuple[Record, ...]:
    return tuple({"task_id": there[one[0]]["id"], "event": one[2]} for one in induced if one[0] in there)


def _induced(spec: specs.Workflow, name: str, join: str, there: dict[str, Record]) -> tuple[str, str | None]:
    """(state, event) that a task before a join means for it."""
    task = there.get(name)
    if task is None:
        possible = _possible(spec, name, there, set())
        return (states.WAITING, None) if possible else (states.ERROR, "impossible route")
    if task["state"] not in states.COMPLETED:
        return states.WAITING, None
    following = {one[0]: one[1] for one in task["next_tasks"]}
    return (states.RUNNING, following[join]) if join in following else (states.ERROR, "not triggered")


def _possible(spec: specs.Workflow, name: str, there: dict[str, Record], seen: set[str]) -> bool:
    """Whether a task that is not there may still come."""
    if name in seen or len(seen) > ROUTE_DEPTH_MAX:
        return False
    seen.add(name)
    before = spec.inbound(name)
    if not before:
        return True
    for one in before:
        task = there.get(one)
        if task is None:
            if _possible(spec, one, there, seen):
                return True
        elif task["state"] not in states.COMPLETED or name in [following[0] for following in task["next_tasks"]]:
            return True
    return False
