"""A stack as its template and environment define it: parameters, resources, outputs, and their values.

Sources: heat/engine/stk_defn.py, heat/engine/stack.py (validate).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration import resource_types
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.functions import base
from mopenstack.core.orchestration.functions.base import Wanted, references, resolve
from mopenstack.core.orchestration.resource_types import UnknownType
from mopenstack.core.orchestration.resource_types.base import (
    Context,
    Resource,
    ResourceFailure,
    ResourceType,
)
from mopenstack.core.orchestration.runs.graph import ordered
from mopenstack.core.orchestration.runs.properties import Properties
from mopenstack.core.orchestration.runs.template_types import template_type
from mopenstack.core.orchestration.templates.environments import Environment
from mopenstack.core.orchestration.templates.parameters import Parameters
from mopenstack.core.orchestration.templates.template import Definition, OutputDefinition, Template
from mopenstack.orchestration.v1.refusals import InvalidTemplateReference

LOOKS_MAX = 100_000
"""How often a snippet is resolved again because of values that were not known; each brings one more."""
_DOING = object()


@dataclass(slots=True)
class Identity:
    """name, id ("None": there is none yet) and project of a stack; zones of the cloud; its parent's facade."""

    name: str
    id: str
    project_id: str
    zones: list[str] = field(default_factory=lambda: ["nova"])
    facade: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:openstack:heat::{self.project_id}:stacks/{self.name}/{self.id}"


class Plan:
    """The scope of a stack's functions. `fetch` tells values of resources that are there."""

    def __init__(
        self,
        template: Template,
        environment: Environment,
        identity: Identity,
        fetch: Callable[[str, str, tuple[Any, ...]], Awaitable[Any]] | None = None,
        missing: Callable[[str], bool] = lambda name: True,
    ) -> None:
        self.template, self.environment, self.identity = template, environment, identity
        self.known: dict[tuple[str, str, tuple[Any, ...]], Any] = {}
        """(resource, attribute, path) -> value; attribute "" is the reference id."""
        self._fetch, self.missing = fetch, missing
        self.files, self.mappings = template.files, template.mappings
        self.facade, self.zones = identity.facade, identity.zones
        self._conditions: dict[str, Any] = {}
        self._enabled: dict[str, Definition] | None = None

    # -- parameters

    @cached_property
    def parameters(self) -> Parameters:
        """Raises InvalidSchemaError."""
        identity, pseudo = self.identity, {}
        if self.template.version.is_hot:
            pseudo = {
                "OS::stack_id": identity.id, "OS::project_id": identity.project_id, "OS::stack_name": identity.name,
            }  # fmt: skip
        else:
            stack_id = identity.arn if identity.id != "None" else "None"
            pseudo = {"AWS::StackId": stack_id, "AWS::StackName": identity.name, "AWS::Region": "ap-southeast-1"}
        own = self.environment
        return Parameters(self.template.schemata(), own.parameters, own.defaults, pseudo)

    def parameter(self, name: str) -> Any:
        return self.parameters[name]

    # -- conditions

    @cached_property
    def conditions(self) -> dict[str, Any]:
        return self.template.conditions(self)

    def parse_condition(self, snippet: Any, path: str) -> Any:
        return self.template.parse_condition(self, snippet, path)

    def condition(self, value: Any) -> bool:
        if value is None or isinstance(value, bool):
            return value is not False
        if not isinstance(value, str) or value not in self.conditions:
            raise ValueError(f'Invalid condition "{value}"')
        found = self._conditions.get(value)
        if found is _DOING:
            raise ValidationFailed(f'Circular definition for condition "{value}"', error="Condition validation error")
        if found is None:
            self._conditions[value] = _DOING
            try:
                found = resolve(self.conditions[value])
                self._check_condition(value, found)
            finally:
                del self._conditions[value]
            self._conditions[value] = found
        return bool(found)

    def _check_condition(self, name: str, value: Any) -> None:
        if not isinstance(value, bool | base.Function):
            raise ValidationFailed(
                f'The definition of condition "{name}" is invalid: {value}', error="Condition validation error"
            )

    def check_conditions(self) -> None:
        """Raises ValidationFailed."""
        for name, value in self.conditions.items():
            self._check_condition(name, value)
            base.validate(value)

    # -- resources

    def has_resource(self, name: str) -> bool:
        return name in (self.template.resources if self._enabled is None else self._enabled)

    @property
    def definitions(self) -> dict[str, Definition]:
        """The resources whose conditions hold, in the template's order; raises ValidationFailed."""
        if self._enabled is None:
            found = {}
            for name, source in self.template.resources.items():
                definition = self.template.definition(self, name, source)
                if definition is not None:
                    found[name] = definition
            self._enabled = found
        return self._enabled

    @cached_property
    def types(self) -> dict[str, ResourceType]:
        """The type of each resource; raises ValidationFailed."""
        return {name: self.type_of(one) for name, one in self.definitions.items()}

    def type_of(self, definition: Definition) -> ResourceType:
        name = definition.name
        if definition.type == "":
            raise ValidationFailed(f'Resource "{name}" has no type')
        try:
            found = self.environment.type_of(definition.type, name)
        except UnknownType as unknown:
            raise ValidationFailed(f"The Resource Type ({unknown.args[0]}) could not be found.") from None
        if found.endswith((".yaml", ".template")):
            return template_type(definition.type, found, self.files, self.environment)
        return resource_types.find(found)

    def requires(self, name: str) -> list[str]:
        """The names of the resources that one depends on, of those that are there."""
        return self._edges[name]

    @cached_property
    def _edges(self) -> dict[str, list[str]]:
        """Raises InvalidTemplateReference for a resource that is nowhere."""
        found: dict[str, list[str]] = {}
        for name, definition in self.definitions.items():
            needed = []
            for other in definition.requires():
                if other in self.definitions:
                    needed.append(other)
                elif other not in self.template.resources:
                    raise InvalidTemplateReference(resource=other, key=name)
            found[name] = needed
        return found

    def label(self, name: str) -> str:
        """How texts of circles show a resource."""
        kind = self.types[name]
        return f'{kind.class_name or kind.name.rpartition("::")[2]} "{name}"'

    async def order(self, *, explicit: bool = False) -> list[str]:
        """The names so that each comes behind those that it depends on; raises CircularDependencyException."""
        if not explicit:
            await self._add_implicit()
        return ordered(self._edges, self.label)

    async def _add_implicit(self) -> None:
        kinds = [name for name, kind in self.types.items() if type(kind).follows is not ResourceType.follows]
        if not kinds:
            return
        others = [await self._provisional(name) for name in self.definitions]
        by_name = {one.name: one for one in others}
        for name in kinds:
            added = self.types[name].follows(by_name[name], others)
            known = self._edges[name]
            known += [one for one in added if one not in known and one != name and one in by_name]

    async def _provisional(self, name: str) -> Resource:
        """A resource with the values that are known: references by names, no attributes."""
        definition, kind = self.definitions[name], self.types[name]
        given = definition.properties if isinstance(definition.properties, Mapping) else {}
        found: dict[str, Any] = {}
        for key in kind.properties:
            try:
                found[key] = await self.resolved(given.get(key), ask=False)
            except (ValueError, TypeError, KeyError, Fault, ValidationFailed):
                found[key] = None
        return Resource(name, definition.type, "", properties=found, given=frozenset(given))

    # -- values

    def reference(self, name: str) -> Any:
        return self._value((name, "", ()))

    def attribute(self, name: str, attribute: str, path: tuple[Any, ...]) -> Any:
        return self._value((name, attribute, path))

    def _value(self, key: tuple[str, str, tuple[Any, ...]]) -> Any:
        if key not in self.known:
            raise Wanted(*key)
        return self.known[key]

    def attributes(self, name: str) -> set[str] | None:
        kind = self.types[name]
        return None if kind.attributes_any else {*kind.attributes, "show"}

    def forget(self, name: str) -> None:
        """What was known of a resource is so no longer."""
        self.known = {key: value for key, value in self.known.items() if key[0] != name}

    async def resolved(self, snippet: Any, *, ask: bool = True, nullable: bool = False) -> Any:
        """The value of a parsed snippet; without asking, references are names and attributes None."""
        kept = self.known
        if not ask or self._fetch is None:
            self.known = dict(kept) if self._fetch is not None and ask else {}
        try:
            for _ in range(LOOKS_MAX):
                try:
                    return resolve(snippet, nullable=nullable)
                except Wanted as wanted:
                    name, attribute, _path = wanted.key
                    if ask and self._fetch is not None:
                        self.known[wanted.key] = await self._fetch(*wanted.key)
                    else:
                        self.known[wanted.key] = None if attribute else name
            raise ValueError("The value depends on too many others.")
        finally:
            if not ask or self._fetch is None:
                self.known = kept

    def is_open(self, snippet: Any) -> bool:
        """Whether a value depends on resources that are not there yet."""
        return any(self.missing(name) for name in references(snippet))

    def properties(self, name: str, context: Context | None) -> Properties:
        """The properties of a resource against the schema of its type."""
        definition, kind = self.definitions[name], self.types[name]
        given = definition.properties

        async def value(snippet: Any) -> Any:
            return await self.resolved(snippet, nullable=True)

        if isinstance(given, base.Function):
            given = resolve(given) if not list(references(given)) else {}
        description = definition.description
        return Properties(kind.properties, given or {}, context, value, self.is_open, description, kind.aliases)

    # -- outputs

    @cached_property
    def outputs(self) -> dict[str, OutputDefinition]:
        """Raises ValidationFailed."""
        return self.template.outputs(self)

    async def output(self, one: OutputDefinition) -> tuple[Any, str | None]:
        """The value of an output, and why there is none."""
        if not one.enabled:
            return None, None
        try:
            return await self.resolved(one.value), None
        except (ValidationFailed, ValueError, TypeError, KeyError, ResourceFailure) as error:
            return None, str(error)
        except Fault as fault:
            return None, fault.text
