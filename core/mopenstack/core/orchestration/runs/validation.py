"""Whether a stack can be made of its template. Sources: heat/engine/stack.py (validate), resource.py (validate)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration import resource_types
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.functions import base
from mopenstack.core.orchestration.functions.base import references
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.runs.plan import Plan
from mopenstack.core.orchestration.runs.properties import Properties
from mopenstack.orchestration.v1 import refusals

RESOURCES_MAX = 1000
"""heat.conf, max_resources_per_stack: of all levels of nested stacks together."""
Nested = Callable[[Plan, str, Resource], Any]
"""Checks the nested stack of a resource."""


def check_template(plan: Plan) -> None:
    """The template on its own; raises ValidationFailed and RequestLimitExceeded."""
    try:
        plan.template.validate()
    except Fault as fault:
        raise ValidationFailed(fault.text) from None
    if len(plan.template.resources) > RESOURCES_MAX:
        raise refusals.RequestLimitExceeded(message="Maximum resources per stack exceeded.")


async def validate(
    plan: Plan, context: Context, nested: Nested | None = None, *, strict: bool = True, template_only: bool = False
) -> None:
    """The stack; raises ValidationFailed and refusals.

    strict         values of parameters and properties are asked for
    template_only  types are not asked what crosses properties
    """
    await plan.parameters.validate(context, with_values=strict)
    plan.template.check_groups({*plan.parameters.schemata, *plan.parameters.pseudo})
    plan.check_conditions()
    names = plan.types  # all definitions are read, and all types found
    twice = {name for name in plan.definitions if name in plan.parameters}
    if twice:
        raise ValidationFailed(f"Duplicate names {twice}")
    order = await plan.order(explicit=not strict)
    for place, name in enumerate(order):
        if place % 20 == 19:
            await asyncio.sleep(0)
        if name in names:
            await _resource(plan, context, name, nested, strict=strict, template_only=template_only)
    _outputs(plan)


async def _resource(
    plan: Plan, context: Context, name: str, nested: Nested | None, *, strict: bool, template_only: bool
) -> None:
    words, definition, kind = plan.template.words, plan.definitions[name], plan.types[name]
    path = (words.resources, name)
    if "/" in name:
        raise ValidationFailed('Resource name may not contain "/"')
    if definition.external_id is not None:
        return
    for key, snippet in ((words.properties, definition.properties), (words.metadata, definition.metadata)):
        base.validate(snippet, (*path, key))
    base.validate(definition.update_policy, (*path, words.update_policy))
    await _update_policy(plan, name)
    away = resource_types.unavailable(context.call, kind)
    if away:
        raise ValidationFailed(away, path, "ResourceTypeUnavailable")
    if kind.properties_any:
        return
    properties = plan.properties(name, context)
    try:
        await properties.validate(with_values=strict)
    except ValidationFailed as failed:
        inner = failed.within(*path, words.properties)
        raise ValidationFailed(inner.message, inner.path, failed.error or "Property error") from None
    if template_only and not kind.nested:
        return
    resource = await provisional(plan, name, properties)
    try:
        if not template_only:
            await kind.validate(context, resource)
        if nested is not None and kind.nested:
            await nested(plan, name, resource)
    except ResourceFailure as failure:
        error = "" if failure.kind == "StackValidationFailed" else failure.kind
        raise ValidationFailed(failure.text, [] if not error else path, error) from None


async def provisional(plan: Plan, name: str, properties: Properties) -> Resource:
    """A resource before it is made: values that depend on others are None, in nested templates their names."""
    found: dict[str, Any] = {}
    whole = plan.types[name].nested
    for key in properties.schema:
        snippet = properties.given.get(key)
        try:
            is_open = any(True for _ in references(snippet)) and plan.is_open(snippet)
            if not is_open:
                found[key] = await properties.value(key)
            else:
                found[key] = await plan.resolved(snippet, ask=False, nullable=True) if whole else None
        except (ValueError, ValidationFailed):
            found[key] = None
    definition = plan.definitions[name]
    return Resource(name, definition.type, "", properties=found, given=frozenset(properties.given))


async def _update_policy(plan: Plan, name: str) -> None:
    definition, kind, words = plan.definitions[name], plan.types[name], plan.template.words
    given = definition.update_policy
    if not given or isinstance(given, base.Function):
        return

    async def value(snippet: Any) -> Any:
        return await plan.resolved(snippet, nullable=True)

    try:
        await Properties(kind.update_policy, given, None, value).validate()
    except ValidationFailed as failed:
        path = (words.resources, name, words.update_policy)
        raise ValidationFailed(failed.message, [*path, *failed.path], failed.error or "Property error") from None


def _outputs(plan: Plan) -> None:
    words = plan.template.words
    for name, one in plan.outputs.items():
        base.validate(one.value, (words.outputs, name, words.value))
