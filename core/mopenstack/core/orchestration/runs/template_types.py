"""Templates as types: a resource of such a type is a nested stack.

Source: heat/engine/resources/template_resource.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.resource_types.base import (
    Attribute,
    Context,
    Property,
    Resource,
    ResourceType,
)
from mopenstack.core.orchestration.templates.environments import Environment
from mopenstack.core.orchestration.templates.parameters import Schema
from mopenstack.core.orchestration.templates.parsing import parse_template
from mopenstack.core.orchestration.templates.template import Template

STACK_ID = "OS::stack_id"
"""The output that is the reference id of such a resource, where the template has one."""


def template_type(type: str, name: str, files: Mapping[str, str], environment: Environment) -> ResourceType:
    """The type that a template makes; raises ValidationFailed."""
    text = files.get(name)
    if text is None:
        if name.startswith(("http://", "https://")):
            raise ValidationFailed(f'Could not fetch remote template "{name}": Failed to retrieve template from {name}')
        raise ValidationFailed(f'Could not fetch remote template "{name}": Invalid URL scheme ')
    try:
        document = parse_template(text, name)
        template = Template(document, files)
        return TemplateType(type, document, template.schemata(), _outputs(template), environment.defaults)
    except ValueError as error:
        raise ValidationFailed(str(error)) from None
    except Fault as fault:
        raise ValidationFailed(fault.text) from None


def _outputs(template: Template) -> dict[str, str]:
    section = template.document.get(template.words.outputs) or {}
    found = section if isinstance(section, Mapping) else {}
    return {
        name: one.get(template.words.description) or "" if isinstance(one, Mapping) else ""
        for name, one in found.items()
    }


def _property(schema: Schema, defaults: Mapping[str, Any]) -> Property:
    default = defaults.get(schema.name, schema.default)
    return Property(
        type=schema.type,
        description=schema.description,
        required=default is None,
        constraints=schema.constraints,
        update_allowed=True,
        allow_conversion=schema.type in ("map", "list"),
    )


class TemplateType(ResourceType):
    nested = True
    checks = True
    attributes_any = True
    class_name = "TemplateResource"

    def __init__(
        self,
        name: str,
        document: dict[str, Any] | None = None,
        schemata: Mapping[str, Schema] | None = None,
        outputs: Mapping[str, str] | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self._document = name, document or {}
        self.properties = {key: _property(one, defaults or {}) for key, one in (schemata or {}).items()}
        self.attributes = {key: Attribute(description=text) for key, text in (outputs or {}).items() if key != STACK_ID}
        self._outputs = dict(outputs or {})

    def _parameters(self, resource: Resource, properties: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, schema in self.properties.items():
            value = properties.get(key)
            if key not in resource.given or value is None:
                continue
            if schema.type == "list":
                value = ",".join(str(item) for item in value) if all(isinstance(item, str) for item in value) else value
            elif schema.type == "map" and not isinstance(value, str):
                value = json.dumps(value)
            found[key] = value
        return found

    async def child_template(
        self, context: Context, resource: Resource, properties: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return self._document, self._parameters(resource, properties)

    async def create(self, context: Context, resource: Resource) -> str | None:
        parameters = self._parameters(resource, resource.properties)
        return await context.children.create(resource, self._document, parameters)

    async def created(self, context: Context, resource: Resource) -> float | None:
        return None if await context.children.finished(resource, "CREATE") else 1.0

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        given = Resource(resource.name, resource.type, resource.uuid, given=frozenset({*resource.given, *changed}))
        await context.children.update(resource, self._document, self._parameters(given, new))

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return None if await context.children.finished(resource, "UPDATE") else 1.0

    async def broken(self, context: Context, resource: Resource) -> bool:
        return not resource.physical_id

    async def delete(self, context: Context, resource: Resource) -> None:
        await context.children.act(resource, "DELETE")

    async def deleted(self, context: Context, resource: Resource) -> float | None:
        return None if await context.children.finished(resource, "DELETE") else 1.0

    async def suspend(self, context: Context, resource: Resource) -> None:
        await context.children.act(resource, "SUSPEND")

    async def suspended(self, context: Context, resource: Resource) -> float | None:
        return None if await context.children.finished(resource, "SUSPEND") else 1.0

    async def resume(self, context: Context, resource: Resource) -> None:
        await context.children.act(resource, "RESUME")

    async def resumed(self, context: Context, resource: Resource) -> float | None:
        return None if await context.children.finished(resource, "RESUME") else 1.0

    async def check(self, context: Context, resource: Resource) -> None:
        await context.children.act(resource, "CHECK")

    async def reference(self, context: Context, resource: Resource) -> Any:
        if not resource.physical_id:
            return resource.name
        if STACK_ID in self._outputs:
            return (await context.children.outputs(resource)).get(STACK_ID)
        return await context.children.identifier(resource)

    async def selected(self, context: Context, resource: Resource, name: str, path: Sequence[Any]) -> Any:
        if name.startswith("resource."):
            member, _, rest = name.removeprefix("resource.").partition(".")
            return await context.children.attribute(resource, member, rest or (path[0] if path else ""), list(path[1:]))
        return await super().selected(context, resource, name, path)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        return await context.children.output(resource, name)

    async def show(self, context: Context, resource: Resource) -> Any:
        return None
