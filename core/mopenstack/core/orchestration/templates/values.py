"""What a value must be: types, and constraints with their texts. Source: heat/engine/constraints.py, properties.py."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mopenstack.core.engine.caller_patterns import BadPattern, caller_pattern
from mopenstack.core.orchestration.resource_types import custom
from mopenstack.core.orchestration.resource_types.base import Constraint, Context
from mopenstack.orchestration.v1.refusals import InvalidSchemaError

TRUE, FALSE = ("1", "t", "true", "on", "y", "yes"), ("0", "f", "false", "off", "n", "no")
_FITS = {
    "range": ("integer", "number"),
    "length": ("string", "list", "map"),
    "modulo": ("integer", "number"),
    "allowed_values": ("string", "integer", "number", "boolean", "list"),
    "allowed_pattern": ("string",),
    "custom": ("string", "integer", "number", "boolean", "list"),
}
CLASSES = {
    "range": "Range", "length": "Length", "modulo": "Modulo", "allowed_values": "AllowedValues",
    "allowed_pattern": "AllowedPattern", "custom": "CustomConstraint",
}  # fmt: skip


def number(value: Any) -> int | float:
    """A number, or the one that a text says; raises ValueError or TypeError."""
    if isinstance(value, bool | int | float):
        return value
    try:
        return int(value)
    except ValueError:
        return float(value)


def boolean(value: Any) -> bool:
    """oslo.utils' strict bool_from_string; raises ValueError."""
    text = str(value).strip().lower()
    if text in TRUE or text in FALSE:
        return text in TRUE
    words = ", ".join(f"'{word}'" for word in sorted(TRUE + FALSE))
    raise ValueError(f"Unrecognized value '{value}', acceptable values are: {words}")


def fits(kind: str, type: str) -> bool:
    """Whether a constraint is one for values of a type."""
    return type in _FITS[kind]


def of_type(value: Any, type: str, word: str = "") -> Any:
    """The value in the type, as constraints compare it; raises ValueError."""
    try:
        if type == "integer":
            found = number(value)
            if isinstance(found, float):
                raise ValueError
            return found
        if type == "number":
            return number(value)
        if type == "string":
            return str(value)
        if type == "boolean":
            return boolean(value)
    except ValueError:
        raise ValueError(f'Value "{value}" is invalid for data type "{word or type.capitalize()}".') from None
    return value


async def check(
    context: Context | None, constraints: Sequence[Constraint], value: Any, type: str, word: str = ""
) -> None:
    """Hold a value against constraints; raises ValueError. Without a context custom ones are left out."""
    for one in constraints:
        if one.kind == "custom":
            wrong = await custom(context, one.name, value) if context is not None else ""
        else:
            wrong = _wrong(one, value, type, word)
        if wrong:
            raise ValueError(one.description or wrong)


def _wrong(one: Constraint, value: Any, type: str, word: str) -> str:
    if one.kind == "range":
        low, high = one.minimum, one.maximum
        found = number(value)
        is_in = (low is None or found >= low) and (high is None or found <= high)
        return "" if is_in else f"{value} is out of range (min: {low}, max: {high})"
    if one.kind == "length":
        low, high, length = one.minimum, one.maximum, len(value)
        is_in = (low is None or length >= low) and (high is None or length <= high)
        return "" if is_in else f"length ({length}) is out of range (min: {low}, max: {high})"
    if one.kind == "modulo":
        if number(value) % one.step == one.offset:
            return ""
        return f"{value} is not a multiple of {one.step} with an offset of {one.offset}"
    if one.kind == "allowed_values":
        if isinstance(value, list):
            allowed = all(item in one.values for item in value)
        else:
            allowed = of_type(value, type, word) in [of_type(item, type, word) for item in one.values]
        if allowed:
            return ""
        return f"{json.dumps(value)} is not an allowed value [{', '.join(json.dumps(item) for item in one.values)}]"
    try:
        matches = caller_pattern(one.pattern).fullmatch(str(value))
    except BadPattern:
        matches = None
    return "" if matches else f'"{value}" does not match pattern "{one.pattern}"'


def range_of(kind: str, source: Any, description: Any) -> Constraint:
    """A range or length constraint; raises InvalidSchemaError."""
    low, high = _number(source.get("min")), _number(source.get("max"))
    if low is None and high is None:
        raise InvalidSchemaError(message=f"A {kind} constraint must have a min value and/or a max value specified.")
    if kind == "length" and any(isinstance(one, float) for one in (low, high)):
        raise InvalidSchemaError(message="min/max length must be integral")
    return Constraint(kind, minimum=low, maximum=high, description=description)


def modulo_of(source: Any, description: Any) -> Constraint:
    """A modulo constraint; raises InvalidSchemaError."""
    step, offset = _number(source.get("step")), _number(source.get("offset"))
    if step is None or offset is None:
        raise InvalidSchemaError(message="A modulo constraint must have a step value and an offset value specified.")
    if int(step) != step or int(offset) != offset:
        raise InvalidSchemaError(message="step/offset must be integer")
    step, offset = int(step), int(offset)
    if step == 0:
        raise InvalidSchemaError(message="step cannot be 0.")
    if abs(offset) >= abs(step):
        raise InvalidSchemaError(message="offset must be smaller (by absolute value) than step.")
    if step * offset < 0:
        raise InvalidSchemaError(message="step and offset must be both positive or both negative.")
    return Constraint("modulo", step=step, offset=offset, description=description)


def values_of(source: Any, description: Any) -> Constraint:
    """A constraint of allowed values; raises InvalidSchemaError."""
    if not isinstance(source, list):
        raise InvalidSchemaError(message="AllowedValues must be a list")
    return Constraint("allowed_values", values=tuple(source), description=description)


def pattern_of(source: Any, description: Any) -> Constraint:
    """A constraint of a pattern; raises InvalidSchemaError."""
    if not isinstance(source, str):
        raise InvalidSchemaError(message="AllowedPattern must be a string")
    return Constraint("allowed_pattern", pattern=source, description=description)


def _number(value: Any) -> int | float | None:
    try:
        return None if value is None else number(value)
    except (ValueError, TypeError) as error:
        raise InvalidSchemaError(message=str(error)) from None


def constraint_document(one: Constraint) -> dict[str, Any]:
    """As a schema shows it."""
    value: Any
    if one.kind in ("range", "length"):
        value = {key: number for key, number in (("min", one.minimum), ("max", one.maximum)) if number is not None}
    elif one.kind == "modulo":
        value = {"step": one.step, "offset": one.offset}
    elif one.kind == "allowed_values":
        value = list(one.values)
    else:
        value = one.pattern if one.kind == "allowed_pattern" else one.name
    found: dict[str, Any] = {"custom_constraint" if one.kind == "custom" else one.kind: value}
    return found | ({"description": one.description} if one.description is not None else {})


def is_map(value: Any) -> bool:
    return isinstance(value, Mapping)
