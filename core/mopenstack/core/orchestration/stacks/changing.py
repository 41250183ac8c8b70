"""Updates of stacks. Source: heat/engine/service.py (_prepare_stack_updates, update_stack)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.runs import owners, rows, starts, validation
from mopenstack.core.orchestration.runs.plan import Plan
from mopenstack.core.orchestration.runs.run import Run
from mopenstack.core.orchestration.runs.states import action_of
from mopenstack.core.orchestration.stacks.making import check_tags, nested_checks, run_of
from mopenstack.core.orchestration.stacks.wishes import Wish, files_of, merged
from mopenstack.core.orchestration.templates.environments import Environment
from mopenstack.core.orchestration.templates.parsing import of_text
from mopenstack.core.orchestration.templates.template import Template
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack


@dataclass(slots=True)
class Change:
    """What an update makes of a stack: `run` is of the stack as it would be."""

    template: dict[str, Any]
    environment: Environment
    files: dict[str, str]
    run: Run


async def prepare(call: Call, stack: Stack, wish: Wish, *, patch: bool) -> Change:
    """Read and check an update; raises ValidationFailed and refusals."""
    existing = patch or wish.flag("existing")
    files = await files_of(call, wish)
    if existing:
        document = wish.template if wish.template is not None else of_text(stack.template)
        files = dict(stack.files) | files
        template = Template(document, files)
        given = merged(template, wish, files)
        environment = Environment.of(of_text(stack.environment))
        cleared = wish.values.get("clear_parameters") or []
        environment.parameters = {name: value for name, value in environment.parameters.items() if name not in cleared}
        environment.merge(given)
        known = template.schemata()
        environment.parameters = {name: value for name, value in environment.parameters.items() if name in known}
    else:
        assert wish.template is not None
        document = wish.template
        template = Template(document, files)
        environment = Environment.of(merged(template, wish, files))
    if len(template.resources) > validation.RESOURCES_MAX:
        raise refusals.RequestLimitExceeded(message="Maximum resources per stack exceeded.")
    before = await Run.of(call, stack)
    plan = Plan(template, environment, before.identity, before._fetch, before._is_missing)
    run = run_of(call, stack, plan)
    run.rows = before.rows
    await _check_immutable(before, plan)
    try:
        template.validate()
    except ValidationFailed as failed:
        unknown = [section for section in document if section not in template.sections]
        if unknown:
            raise refusals.InvalidTemplateSection(section=unknown[0]) from None
        raise failed from None
    await validation.validate(plan, run.context, nested_checks(run))
    return Change(document, environment, files, run)


async def _check_immutable(before: Run, plan: Plan) -> None:
    found = []
    try:
        old = before.plan.parameters
    except refusals.InvalidSchemaError:
        return
    for name, schema in plan.parameters.schemata.items():
        if schema.immutable and name in old.schemata and old[name] != plan.parameters[name]:
            found.append(name)
    if found:
        raise refusals.ImmutableParameterModified(names=", ".join(found))


def check_state(stack: Stack) -> None:
    """Raises NotSupported."""
    action = action_of(stack)
    if action == "SUSPEND":
        raise refusals.NotSupported(feature="Updating a stack when it is suspended")
    if action == "DELETE":
        raise refusals.NotSupported(feature="Updating a stack when it is deleting")


async def update(call: Call, stack: Stack, wish: Wish, *, patch: bool) -> None:
    """Begin an update of a private copy."""
    check_state(stack)
    change = await prepare(call, stack, wish, patch=patch)
    values = wish.values
    if values.get("disable_rollback") is not None:
        flag = str(values["disable_rollback"]).lower()
        if flag not in ("true", "false"):
            raise refusals.ValueError()
        stack.disable_rollback = flag == "true"
    if wish.timeout_mins is not None:
        stack.timeout_mins = wish.timeout_mins
    if wish.tags is not None:
        check_tags(wish.tags)
        stack.tags[:] = wish.tags
    elif not (patch or wish.flag("existing")):
        del stack.tags[:]
    stack.converge = bool(values.get("converge", stack.converge))
    if call.caller.user_id and not call.caller.is_internal:
        stack.on_behalf = owners.noted(call)
    starts.replace_template(stack, change.template, change.environment.document(), change.files)
    await starts.begin(call, stack, "UPDATE")
    await rows.announce(change.run)


async def delete(call: Call, stack: Stack) -> None:
    """Begin to delete a private copy."""
    starts.replace_template(
        stack, starts.without_resources(of_text(stack.template)), of_text(stack.environment), dict(stack.files)
    )
    await starts.begin(call, stack, "DELETE")
