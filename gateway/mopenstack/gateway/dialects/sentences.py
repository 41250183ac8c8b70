"""Broken rules in the words of the jsonschema library."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.contract.faults import InvalidField

_SENTENCES: Mapping[str, str] = {
    "type": "{value!r} is not of type {types}",
    "required": "{bound!r} is a required property",
    "max_length": "{value!r} is too long",
    "max_items": "{value!r} is too long",
    "max_properties": "{value!r} has too many properties",
    "unique_items": "{value!r} has non-unique elements",
    "pattern": "{value!r} does not match {bound!r}",
    "minimum": "{value} is less than the minimum of {bound}",
    "maximum": "{value} is greater than the maximum of {bound}",
    "exclusive_minimum": "{value} is less than or equal to the minimum of {bound}",
    "one_of_schemas": "{value!r} is not valid under any of the given schemas",
    "one_of": "{value!r} is not one of {bound!r}",
    "format": "{value!r} is not a {bound!r}",
}
"""Rule -> the sentence of jsonschema. Only the one that is asked for is made: a value may be as long as a body."""


def jsonschema_sentence(fault: InvalidField) -> str:
    """The broken rule in the words of the jsonschema library, which Nova, Cinder and Keystone pass on."""
    value, bound = fault.value, fault.bound
    types = ", ".join(repr(item) for item in bound) if isinstance(bound, list | tuple) else repr(bound)
    if fault.rule == "unknown":
        names = ", ".join(repr(name) for name in bound)
        return f"Additional properties are not allowed ({names} {'was' if len(bound) == 1 else 'were'} unexpected)"
    if fault.rule == "pattern_properties":
        name, pattern = bound
        return f"{name!r} does not match any of the regexes: {pattern!r}"
    if fault.rule in ("min_length", "min_items"):
        return f"{value!r} should be non-empty" if bound == 1 else f"{value!r} is too short"
    return _SENTENCES.get(fault.rule, "{value!r} is not valid").format(value=value, bound=bound, types=types)
