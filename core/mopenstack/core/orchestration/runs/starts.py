"""How a walk over the resources of a stack begins."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.runs.states import STACKS, add_event
from mopenstack.core.orchestration.templates.parsing import as_text, of_text
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

TIMEOUT_MINS = 60
"""heat.conf, stack_action_timeout, in minutes."""


async def begin(call: Call, stack: Stack, action: str) -> None:
    """Begin an action of a private copy, and put it."""
    stack.walk += 1
    stack.failure, stack.looks = "", 0
    stack.deadline = call.time + 60 * (stack.timeout_mins or TIMEOUT_MINS)
    if action != "CREATE":
        call.stamp(stack.updated_time)
    stack.stack_status_reason = f"Stack {action} started"
    await add_event(call, stack, action, "IN_PROGRESS", stack.stack_status_reason)
    await STACKS.begin(call, stack, action.lower())


async def insert(call: Call, stack: Stack, action: str) -> None:
    """The same of a new stack."""
    stack.walk = stack.template_number = stack.templates = 1
    stack.deadline = call.time + 60 * (stack.timeout_mins or TIMEOUT_MINS)
    stack.stack_status, stack.stack_status_reason = f"{action}_IN_PROGRESS", f"Stack {action} started"
    await add_event(call, stack, action, "IN_PROGRESS", stack.stack_status_reason)
    await call.tx.put(stack, fresh=True)
    await STACKS.enter(call, stack, action.lower())


def replace_template(
    stack: Stack, template: dict[str, Any], environment: dict[str, Any], files: dict[str, str]
) -> None:
    """Give a private copy another template; what it had is kept for a rollback."""
    stack.previous = as_text(
        {
            "template": of_text(stack.template),
            "environment": of_text(stack.environment),
            "files": dict(stack.files),
            "number": stack.template_number,
        }
    )
    stack.templates += 1
    stack.template_number = stack.templates
    set_template(stack, template, environment, files)


def set_template(stack: Stack, template: dict[str, Any], environment: dict[str, Any], files: dict[str, str]) -> None:
    """Template, environment and files of a private copy."""
    stack.template, stack.environment = as_text(template), as_text(environment)
    stack.files.clear()
    stack.files.update(files)


async def roll_back(call: Call, stack: Stack) -> None:
    """Begin the way back to what a stack was before; to nothing, where it is new."""
    before = of_text(stack.previous)
    stack.previous = ""
    if before:
        stack.template_number = int(before["number"])
        set_template(stack, before["template"], before["environment"], before["files"])
    else:
        stack.templates += 1
        stack.template_number = stack.templates
        template = of_text(stack.template)
        set_template(stack, without_resources(template), of_text(stack.environment), dict(stack.files))
    await begin(call, stack, "ROLLBACK")


def without_resources(template: dict[str, Any]) -> dict[str, Any]:
    """The template of a stack that is to have nothing."""
    return {key: value for key, value in template.items() if key not in ("resources", "Resources")}
