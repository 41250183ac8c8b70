"""A document against a JSON schema, in the words of Python's jsonschema: as much of it as Glance's schemas use."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mopenstack.contract.patterns import exact
from mopenstack.contract.pretty import pretty
from mopenstack.contract.values import repeated

Schema = dict[str, Any]

_TYPES: dict[str, type | tuple[type, ...]] = {
    "null": type(None),
    "string": str,
    "boolean": bool,
    "array": list,
    "object": dict,
}


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken rule. Its words are made when they are asked for: a document may have thousands of them."""

    said: str
    rule: str
    rules: Schema
    place: Sequence[str]
    """Where the rules stand in the schema."""
    instance: Sequence[str | int]
    """Where the value stands in the document."""
    value: Any

    @property
    def depth(self) -> int:
        """How deep in the document."""
        return len(self.instance)

    @property
    def text(self) -> str:
        """A ValidationError as jsonschema prints it."""
        shown = textwrap.indent(pretty(self.rules), "    ").lstrip()
        got = textwrap.indent(pretty(self.value), "    ").lstrip()
        schema_path = "".join(f"[{part!r}]" for part in self.place)
        instance_path = "".join(f"[{part!r}]" for part in self.instance)
        return (
            f"{self.said}\n\nFailed validating {self.rule!r} in schema{schema_path}:\n    {shown}\n\n"
            f"On instance{instance_path}:\n    {got}"
        )


def breach(document: Any, schema: Schema) -> str | None:
    """Glance's refusal of a document that breaks its schema (glance.schema.Schema.validate); None if it is right.

    Of several broken rules the one highest in the document is told, as jsonschema's best_match does.
    """
    found = min(breaches(document, schema, schema.get("definitions")), key=lambda one: one.depth, default=None)
    return None if found is None else f"Provided object does not match schema '{schema['name']}': {found.text}"


def breaches(
    value: Any,
    rules: Schema,
    definitions: Schema | None = None,
    place: Sequence[str] = (),
    instance: Sequence[str | int] = (),
) -> Iterator[Breach]:
    """Every broken rule, but those of further items, which are no higher in the document.

    `place` is where the rules stand in the schema, `instance` where the value stands.
    """
    if "$ref" in rules:
        rules = (definitions or {})[rules["$ref"].rpartition("/")[2]]
    for part in rules.get("allOf", ()):
        yield from breaches(value, part, definitions, (*place, "allOf"), instance)
    kinds = rules.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        said = f"{value!r} is not of type {', '.join(map(repr, kinds))}"
        yield Breach(said, "type", rules, place, instance, value)
        return
    for said, rule in _plain_breaches(value, rules):
        yield Breach(said, rule, rules, place, instance, value)
    if isinstance(value, list) and "items" in rules:
        inside = (*place, "items")
        for index, item in enumerate(value):
            for one in breaches(item, rules["items"], definitions, inside, (*instance, index)):
                yield one
                if one.depth == len(instance) + 1:
                    return  # what is wrong with the other items is no higher in the document
    if isinstance(value, dict):
        yield from _of_object(value, rules, definitions, place, instance)


def _of_object(
    value: dict[str, Any],
    rules: Schema,
    definitions: Schema | None,
    place: Sequence[str],
    instance: Sequence[str | int],
) -> Iterator[Breach]:
    known = rules.get("properties", {})
    for key, part in known.items():
        if key in value:
            yield from breaches(value[key], part, definitions, (*place, "properties", key), (*instance, key))
    others = rules.get("additionalProperties", True)
    unknown = [key for key in value if key not in known]
    if isinstance(others, dict):
        for key in unknown:
            yield from breaches(value[key], others, definitions, (*place, "additionalProperties"), (*instance, key))
    elif not others and unknown:
        were = "was" if len(unknown) == 1 else "were"
        said = f"Additional properties are not allowed ({', '.join(map(repr, sorted(unknown)))} {were} unexpected)"
        yield Breach(said, "additionalProperties", rules, place, instance, value)
    for key, others_of_key in rules.get("dependentRequired", {}).items():
        for other in others_of_key if key in value else ():
            if other not in value:
                said = f"{other!r} is a dependency of {key!r}"
                yield Breach(said, "dependentRequired", rules, place, instance, value)
    for key in rules.get("required", ()):
        if key not in value:
            yield Breach(f"{key!r} is a required property", "required", rules, place, instance, value)


def _plain_breaches(value: Any, rules: Schema) -> Iterator[tuple[str, str]]:
    """(what is wrong, the broken rule) of a value by itself."""
    if "enum" in rules and value not in rules["enum"]:
        yield f"{value!r} is not one of {rules['enum']!r}", "enum"
    if isinstance(value, str):
        if len(value) > rules.get("maxLength", len(value)):
            yield f"{value!r} is too long", "maxLength"
        if "pattern" in rules and not exact(rules["pattern"]).search(value):
            yield f"{value!r} does not match {rules['pattern']!r}", "pattern"
    if isinstance(value, int | float) and not isinstance(value, bool) and value < rules.get("minimum", value):
        yield f"{value!r} is less than the minimum of {rules['minimum']!r}", "minimum"
    if isinstance(value, list) and rules.get("uniqueItems") and repeated(value):
        yield f"{value!r} has non-unique elements", "uniqueItems"


def _is(value: Any, kind: str) -> bool:
    if kind in ("integer", "number"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (kind == "number" or value % 1 == 0)
    return isinstance(value, _TYPES[kind])
