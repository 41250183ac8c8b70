"""Types of resources that are there: by the plan where it has them, else by what they were made of."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.core.orchestration import resource_types
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.resource_types import UnknownType
from mopenstack.core.orchestration.resource_types.base import ResourceType
from mopenstack.core.orchestration.runs.plan import Plan
from mopenstack.core.orchestration.runs.template_types import TemplateType, template_type
from mopenstack.core.orchestration.templates.environments import Environment
from mopenstack.orchestration.v1.stacks.stack_resources_pb2 import StackResource


def kind_of_row(plan: Plan, row: StackResource) -> ResourceType:
    """The type of a resource that is there."""
    definition = plan.definitions.get(row.resource_name)
    if definition is not None and definition.type == row.resource_type:
        return plan.types[row.resource_name]
    return kind_of(row.resource_type, row.resource_name, plan.environment, plan.files)


def kind_of(type: str, name: str, environment: Environment, files: Mapping[str, str]) -> ResourceType:
    """The type of a name; of a template that is gone, one that can still be deleted."""
    try:
        found = environment.type_of(type, name)
        if found.endswith((".yaml", ".template")):
            return template_type(type, found, files, environment)
        return resource_types.find(found)
    except (UnknownType, ValidationFailed):
        return TemplateType(type)
