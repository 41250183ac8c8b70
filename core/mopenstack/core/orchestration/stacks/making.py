"""New stacks: what is checked, and what they begin with. Source: heat/engine/service.py (create_stack)."""

from __future__ import annotations

import json
import re
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.own import stack_users
from mopenstack.core.orchestration.runs import owners, rows, starts, validation
from mopenstack.core.orchestration.runs.children import DEPTH_MAX, facade_of
from mopenstack.core.orchestration.runs.plan import Identity, Plan
from mopenstack.core.orchestration.runs.run import Run
from mopenstack.core.orchestration.stacks import lookups
from mopenstack.core.orchestration.stacks.wishes import Wish, files_of, merged
from mopenstack.core.orchestration.templates.environments import Environment
from mopenstack.core.orchestration.templates.template import Template
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

STACKS_MAX = 512
"""heat.conf, max_stacks_per_tenant."""
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,254}", re.ASCII)


def check_name(name: Any) -> str:
    """Raises ValidationFailed."""
    if not isinstance(name, str):
        raise ValidationFailed(f"Invalid stack name {name}, must be a string")
    if not _NAME.fullmatch(name):
        raise ValidationFailed(
            f'Invalid stack name {name} must contain only alphanumeric or "_-." characters, must start with alpha and '
            "must be 255 characters or less."
        )
    return name


async def new_stack(call: Call, wish: Wish) -> tuple[Stack, Run]:
    """A stack that is checked, and not stored; raises ValidationFailed and refusals."""
    if wish.adopted is not None:
        if call.cloud.options.get("orchestration.enable_stack_adopt") != "true":
            raise refusals.NotSupported(feature="Stack Adopt")
        left = (wish.adopted.get("environment") or {}).get("parameters") or {}
        wish.environment["parameters"] = {**left, **wish.environment["parameters"]}
    assert wish.template is not None
    files = await files_of(call, wish)
    template = Template(wish.template, files)
    environment = Environment.of(merged(template, wish, files))
    name = wish.name
    if isinstance(name, str) and await call.tx.claimed(lookups.NAMES, f"{call.caller.project_id}/{name}"):
        raise refusals.StackExists(name=name)
    await _check_limit(call)
    stack = Stack(project_id=call.caller.project_id, stack_owner=call.caller.user_name, on_behalf=owners.noted(call))
    plan = Plan(template, environment, Identity(str(name), "None", call.caller.project_id))
    validation.check_template(plan)
    check_types(call, plan)
    stack.stack_name = check_name(name)
    plan.identity.name = stack.stack_name
    _apply(stack, wish)
    starts.set_template(stack, wish.template, environment.document(), files)
    run = run_of(call, stack, plan)
    await validation.validate(plan, run.context, nested_checks(run))
    return stack, run


def check_types(call: Call, plan: Plan) -> None:
    """Refuse the types that are for administrators alone."""
    if not call.caller.is_admin:
        for name, kind in plan.types.items():
            if kind.admin:
                raise refusals.ForbiddenAction(action=plan.definitions[name].type)


def run_of(call: Call, stack: Stack, plan: Plan) -> Run:
    """A run of a stack that is not stored."""
    run = Run(call, stack)
    run.__dict__["plan"] = plan
    return run


async def _check_limit(call: Call) -> None:
    if call.caller.is_admin:
        return
    stacks = await call.tx.query(Stack, project_id=call.caller.project_id)
    if sum(not one.owner_id and not one.HasField("deletion_time") for one in stacks) >= STACKS_MAX:
        raise refusals.RequestLimitExceeded(
            message=f"You have reached the maximum stacks per tenant, {STACKS_MAX}. Please delete some stacks."
        )


def _apply(stack: Stack, wish: Wish) -> None:
    values = wish.values
    stack.disable_rollback = bool(values.get("disable_rollback", True)) if "disable_rollback" in values else True
    flag = values.get("disable_rollback")
    if flag is not None:
        if str(flag).lower() not in ("true", "false"):
            raise refusals.ValueError()
        stack.disable_rollback = str(flag).lower() == "true"
    if wish.timeout_mins is not None:
        if wish.timeout_mins > 2**31 - 1:
            raise refusals.RemoteError()
        stack.timeout_mins = wish.timeout_mins
    if wish.tags is not None:
        check_tags(wish.tags)
        stack.tags[:] = wish.tags


def check_tags(tags: list[str]) -> None:
    """Raises ValueError, as the engine does behind the API."""
    if any(len(tag) > 80 for tag in tags):
        raise refusals.ValueError()


async def create(call: Call, wish: Wish) -> Stack:
    """Begin a stack."""
    stack, run = await new_stack(call, wish)
    stack.id = call.take_id() or call.ids.uuid()
    stack.stack_user_project_id = await stack_users.make_project(call, stack.project_id, stack.id)
    call.stamp(stack.created_at)
    if wish.adopted is not None:
        stack.adopted = json.dumps(wish.adopted.get("resources") or {})
    await call.tx.claim(lookups.NAMES, f"{stack.project_id}/{stack.stack_name}", stack)
    await starts.insert(call, stack, "ADOPT" if wish.adopted is not None else "CREATE")
    await rows.announce(run)
    return stack


def nested_checks(run: Run) -> validation.Nested:
    """What checks nested stacks before anything is made."""

    async def check(plan: Plan, name: str, resource: Resource, depth: int = 1, total: int = 0) -> int:
        kind = plan.types[name]
        if depth > DEPTH_MAX:
            raise refusals.RequestLimitExceeded(message=f"Recursion depth exceeds {DEPTH_MAX}.")
        try:
            document, parameters = await kind.child_template(run.context, resource, resource.properties)
        except (TypeError, AttributeError, KeyError, ResourceFailure):
            return total  # it depends on what is not there yet
        if not document:
            return total
        nested = child_plan(plan, run, resource, document, parameters)
        validation.check_template(nested)
        total += len(nested.template.resources)
        if total > validation.RESOURCES_MAX:
            raise refusals.RequestLimitExceeded(message="Maximum resources per stack exceeded.")

        async def deeper(inner: Plan, inner_name: str, inner_resource: Resource) -> None:
            await check(inner, inner_name, inner_resource, depth + 1, total)

        context: Context = run.context
        await validation.validate(nested, context, deeper, strict=False, template_only=True)
        return total

    async def begin(plan: Plan, name: str, resource: Resource) -> None:
        await check(plan, name, resource, 1, len(plan.template.resources))

    return begin


def child_plan(
    parent: Plan, run: Run, resource: Resource, document: dict[str, Any], parameters: dict[str, Any]
) -> Plan:
    """The plan of the nested stack that a resource would have."""
    environment = Environment.of(parent.environment.for_nested(resource.name))
    environment.parameters |= parameters
    name = f"{parent.identity.name}-{resource.name}"
    identity = Identity(name, "None", run.stack.project_id, facade=facade_of(resource))
    return Plan(Template(document, parent.files), environment, identity)
