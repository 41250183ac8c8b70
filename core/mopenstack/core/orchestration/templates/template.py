"""A template: its version, its sections, and what they define.

Sources: heat/engine/template.py, template_common.py, hot/template.py, cfn/template.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.functions import base
from mopenstack.core.orchestration.functions.base import NOTHING, Function, Removed, Scope, references, resolve
from mopenstack.core.orchestration.functions.versions import BY_NAME, KEYS, VERSIONS, Version
from mopenstack.core.orchestration.templates.parameters import Schema, schemata
from mopenstack.orchestration.v1 import refusals


class Words(NamedTuple):
    """What a language of templates calls its sections and keys."""

    description: str
    parameters: str
    resources: str
    outputs: str
    conditions: str
    mappings: str
    type: str
    properties: str
    metadata: str
    depends_on: str
    deletion_policy: str
    update_policy: str
    condition: str
    value: str
    external_id: str = ""


HOT = Words(
    "description", "parameters", "resources", "outputs", "conditions", "", "type", "properties", "metadata",
    "depends_on", "deletion_policy", "update_policy", "condition", "value", "external_id",
)  # fmt: skip
CFN = Words(
    "Description", "Parameters", "Resources", "Outputs", "Conditions", "Mappings", "Type", "Properties", "Metadata",
    "DependsOn", "DeletionPolicy", "UpdatePolicy", "Condition", "Value",
)  # fmt: skip
POLICIES = {"Delete": "Delete", "Retain": "Retain", "Snapshot": "Snapshot"}
_LOWER = {word.lower(): word for word in POLICIES}


@dataclass(slots=True)
class Definition:
    """A resource as the template defines it; values are parsed snippets."""

    name: str
    type: str
    properties: Any = None
    metadata: Any = None
    depends: tuple[str, ...] = ()
    deletion_policy: str = "Delete"
    update_policy: Any = None
    description: str | None = None
    external_id: Any = None
    source: Mapping[str, Any] = field(default_factory=dict)

    def requires(self) -> list[str]:
        """The names of the resources that it depends on, each once; raises InvalidTemplateReference."""
        found = dict.fromkeys(self.depends)
        for label, snippet in (("Properties", self.properties), ("Metadata", self.metadata)):
            found.update(dict.fromkeys(references(snippet, f"{self.name}.{label}")))
        return list(found)


@dataclass(frozen=True, slots=True)
class OutputDefinition:
    """An output; `value` is a parsed snippet."""

    name: str
    value: Any
    description: str | None = None
    enabled: bool = True


def version_of(document: Mapping[str, Any]) -> Version:
    """The version that a template says; raises InvalidTemplateVersion."""
    present = [key for key, value in document.items() if key in KEYS and isinstance(value, str)]
    if len(present) > 1:
        raise refusals.InvalidTemplateVersion(explanation=f"Ambiguous versions ({', '.join(present)})")
    if not present:
        raise refusals.InvalidTemplateVersion(explanation="Template version was not provided")
    (key,) = present
    found = BY_NAME.get((key, document[key]))
    if found is None:
        known = sorted(word for one in VERSIONS if one.key == key for word in (one.version, one.alias) if word)
        verb = "should be one of" if len(known) > 1 else "should be"
        raise refusals.InvalidTemplateVersion(
            explanation=f'"{key}: {document[key]}". "{key}" {verb}: {", ".join(known)}'
        )
    return found


class Template:
    def __init__(self, document: dict[str, Any], files: Mapping[str, str] | None = None) -> None:
        """Raises InvalidTemplateVersion."""
        self.document, self.files = document, files or {}
        self.version = version_of(document)
        self.words = HOT if self.version.is_hot else CFN
        banned = {
            name: function if function is Removed else base.Invalid for name, function in self.version.functions.items()
        }
        self._condition_functions = banned | dict(self.version.conditions)

    @property
    def sections(self) -> set[str]:
        words, is_hot = self.words, self.version.is_hot
        found = {words.description, words.parameters, words.resources, words.outputs}
        found |= {self.version.key, "parameter_groups"} if is_hot else {
            "AWSTemplateFormatVersion", "HeatTemplateFormatVersion", words.mappings,
        }  # fmt: skip
        return found | ({words.conditions} if self.version.has_conditions else set())

    @property
    def description(self) -> str:
        found = self.document.get(self.words.description) or "No description"
        return found if isinstance(found, str) else str(found)

    @property
    def mappings(self) -> Mapping[str, Any]:
        return (self.document.get(self.words.mappings) or {}) if self.words.mappings else {}

    @property
    def resources(self) -> dict[str, Any]:
        return self.document.get(self.words.resources) or {}

    def schemata(self) -> dict[str, Schema]:
        """Its parameters; raises InvalidSchemaError."""
        section = self.document.get(self.words.parameters)
        if section and not isinstance(section, Mapping):
            raise refusals.AttributeError()
        return schemata(self.version, section)

    # -- checks

    def validate(self) -> None:
        """Check the sections; raises ValidationFailed, or the text of another refusal as one."""
        for section in self.document:
            if section not in self.sections:
                raise ValidationFailed(str(refusals.InvalidTemplateSection(section=section)))
        if self.version.is_hot:
            self._check_hot(self.words.resources, "type", self._resource_keys())
        else:
            for one in self.resources.values():
                if not isinstance(one, Mapping):
                    raise ValidationFailed(f"Resources must contain Resource. Found a [{type(one)}] instead")
                if not one or not one.get("Type"):
                    raise ValidationFailed("Each Resource must contain a Type key.")

    def _resource_keys(self) -> set[str]:
        words = self.words
        found = {words.type, words.properties, words.metadata, words.depends_on, words.deletion_policy,
                 words.update_policy, "description"}  # fmt: skip
        return found | ({words.condition, words.external_id} if self.version.has_conditions else set())

    def _check_hot(self, section: str, needed: str, allowed: set[str]) -> None:
        source, noun = self.document.get(section) or {}, section[:-1]
        if not isinstance(source, Mapping):
            kind = type(source).__name__
            raise ValidationFailed(f"'{kind}' object has no attribute 'items'")
        for _, attributes in sorted(source.items(), key=lambda item: str(item[0])):
            if not attributes:
                raise ValidationFailed(f"Each {noun} must contain a {needed} key.")
            if not isinstance(attributes, Mapping):
                raise ValidationFailed(
                    f'"{section}" must contain a map of {noun} maps. Found a [{type(attributes)}] instead'
                )
            for key in attributes:
                if key not in allowed:
                    raise ValidationFailed(f'"{key}" is not a valid keyword inside a {noun} definition')
            if needed not in attributes:
                raise ValidationFailed(f"Each {noun} must contain a {needed} key.")

    def check_groups(self, names: set[str]) -> None:
        """Check the groups of parameters; raises ValidationFailed."""
        groups = self.document.get("parameter_groups")
        if not groups:
            return
        if not isinstance(groups, list):
            raise _group("The parameter_groups should be a list.")
        grouped: set[str] = set()
        for group in groups:
            label = group.get("label", "") if isinstance(group, Mapping) else ""
            found = group.get("parameters") if isinstance(group, Mapping) else None
            if found is None:
                raise _group("The parameters must be provided for each parameter group.", label)
            if not isinstance(found, list):
                raise _group("The parameters of parameter group should be a list.", label)
            for name in map(str, found):
                if name in grouped:
                    raise _group(f"The {name} parameter must be assigned to one parameter group only.", label)
                grouped.add(name)
                if name not in names:
                    raise _group(f"The grouped parameter {name} does not reference a valid parameter.", label)

    # -- what it defines

    def parse(self, scope: Scope, snippet: Any, path: str) -> Any:
        return base.parse(self.version.functions, scope, snippet, path)

    def parse_condition(self, scope: Scope, snippet: Any, path: str) -> Any:
        return base.parse(self._condition_functions, scope, snippet, path)

    def conditions(self, scope: Scope) -> dict[str, Any]:
        """Name -> parsed condition; raises ValidationFailed."""
        source = (self.document.get(self.words.conditions) or {}) if self.version.has_conditions else {}
        if not isinstance(source, Mapping):
            raise ValidationFailed(
                f"Condition definitions must be a map. Found a {type(source).__name__} instead",
                error="Conditions validation error",
            )
        words = self.words.conditions
        return {name: self.parse_condition(scope, one, f"{words}.{name}") for name, one in source.items()}

    def definition(self, scope: Scope, name: str, source: Mapping[str, Any]) -> Definition | None:
        """A resource; None where its condition does not hold. Raises ValidationFailed."""
        try:
            return self._definition(scope, name, source)
        except (TypeError, ValueError, KeyError) as error:
            raise ValidationFailed(str(error)) from None

    def _definition(self, scope: Scope, name: str, source: Mapping[str, Any]) -> Definition | None:
        words = self.words
        if self.version.is_hot and (unknown := set(source) - self._resource_keys()):
            raise ValueError(f"Invalid keyword(s) inside a resource definition: {', '.join(map(str, unknown))}")
        if words.type not in source:
            raise KeyError(f'Resource {name} is missing "{words.type}"')

        def one(key: str, kinds: Any, word: str, read: Callable[[Any, str], Any]) -> Any:
            if key not in source:
                return None
            found = read(source[key], f"{words.resources}.{name}.{key}")
            if not isinstance(found, kinds) and found is not NOTHING:
                raise TypeError(f"Resource {name} {key} type must be {word}")
            return None if found is NOTHING else found

        def parsed(snippet: Any, path: str) -> Any:
            return self.parse(scope, snippet, path)

        def plain(snippet: Any, path: str) -> Any:
            return snippet

        kind = one(words.type, str, "string", parsed)
        objects = (Mapping, Function)
        properties = one(words.properties, objects, "object", parsed)
        metadata = one(words.metadata, objects, "object", parsed)
        depends = one(words.depends_on, (list, str), "list or string", plain)
        depends = [depends] if isinstance(depends, str) else depends or []
        if not all(isinstance(item, str) for item in depends):
            raise ValidationFailed(f"Resource {name} {words.depends_on} must be a list of strings")
        policy = resolve(one(words.deletion_policy, (str, Function), "string", parsed))
        known = POLICIES | (_LOWER if self.version.has_conditions and self.version.is_hot else {})
        if policy is not None and policy not in known:
            raise ValidationFailed(f'Invalid deletion policy "{policy}"')
        update_policy = one(words.update_policy, objects, "object", parsed)
        description = one("description" if self.version.is_hot else "Description", str, "string", plain)
        external = one(words.external_id, (str, Function), "string", parsed) if words.external_id else None
        if self.version.has_conditions and words.condition in source:
            word = "string_or_boolean" if self.version.is_hot else "string or boolean"
            condition = one(
                words.condition, (str, bool, Function), word,
                lambda snippet, path: self.parse_condition(scope, snippet, path),
            )  # fmt: skip
            try:
                if not scope.condition(resolve(condition)):
                    return None
            except ValueError as error:
                raise ValidationFailed(str(error), [words.resources, name, words.condition]) from None
        return Definition(
            name, kind, properties, metadata, tuple(depends), known[policy] if policy else "Delete", update_policy,
            description, external, source,
        )  # fmt: skip

    def outputs(self, scope: Scope) -> dict[str, OutputDefinition]:
        """Its outputs; raises ValidationFailed."""
        words, found = self.words, {}
        for name, source in (self.document.get(words.outputs) or {}).items():
            if not isinstance(source, Mapping):
                raise _output(f"Output definitions must be a map. Found a {type(source).__name__} instead", words, name)
            if words.value not in source:
                raise _output(f"Each output definition must contain a {words.value} key.", words, name)
            description = source.get(words.description)
            if self.version.has_conditions and source.get(words.condition) is not None:
                path = [words.outputs, name, words.condition]
                condition = self.parse_condition(scope, source[words.condition], ".".join(path))
                try:
                    holds = scope.condition(resolve(condition))
                except ValueError as error:
                    raise ValidationFailed(str(error), path) from None
                if not holds:
                    found[name] = OutputDefinition(name, None, description, enabled=False)
                    continue
            value = self.parse(scope, source[words.value], f"{words.outputs}.{name}.{words.value}")
            found[name] = OutputDefinition(name, value, description)
        return found


def _group(message: str, *label: str) -> ValidationFailed:
    return ValidationFailed(message, ["parameter_groups", *label], "Parameter Groups error")


def _output(message: str, words: Words, name: str) -> ValidationFailed:
    return ValidationFailed(message, [words.outputs, name], "Output validation error")
