"""Parameters of templates. Sources: heat/engine/parameters.py, heat/engine/hot/parameters.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.functions.versions import Version
from mopenstack.core.orchestration.resource_types.base import Constraint, Context
from mopenstack.core.orchestration.templates import values
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.refusals import InvalidSchemaError

HIDDEN = "******"
_HOT_TYPES = {
    "string": "string", "number": "number", "comma_delimited_list": "list", "json": "map", "boolean": "boolean",
}  # fmt: skip
_CFN_TYPES = {"String": "string", "Number": "number", "CommaDelimitedList": "list", "Json": "map", "Boolean": "boolean"}
CFN_WORDS = {kind: word for word, kind in _CFN_TYPES.items()}
_HOT_KEYS = ("type", "description", "default", "schema", "constraints", "hidden", "label", "immutable")
_CFN_KEYS = (
    "Type", "Default", "NoEcho", "AllowedValues", "AllowedPattern", "MaxLength", "MinLength", "MaxValue", "MinValue",
    "Description", "ConstraintDescription", "Label",
)  # fmt: skip
_CONSTRAINTS = ("description", "length", "range", "modulo", "allowed_values", "allowed_pattern", "custom_constraint")


@dataclass(frozen=True, slots=True)
class Schema:
    """What a parameter is. `word` is the type as the template says it, `type` one of properties' types."""

    name: str
    type: str
    word: str
    description: str | None = None
    default: Any = None
    constraints: tuple[Constraint, ...] = ()
    hidden: bool = False
    label: str | None = None
    immutable: bool = False
    tags: tuple[Any, ...] = ()

    def parsed(self, value: Any) -> Any:
        """The value as functions see it; raises ValueError or TypeError."""
        if self.type == "number":
            return values.number(value)
        if self.type == "boolean":
            return values.boolean(value)
        if self.type == "list":
            if isinstance(value, list):
                return [str(item) for item in value]
            if not isinstance(value, str):
                raise ValueError(
                    f"Value must be a comma-delimited list string: {type(value).__name__!r} object has no "
                    "attribute 'split'"
                )
            return value.split(",") if value else []
        if self.type == "map":
            try:
                text = value if isinstance(value, str) else json.dumps(value)
                return json.loads(text) if text else value
            except (ValueError, TypeError, RecursionError) as error:
                raise ValueError(f"Value must be valid JSON: {error}") from None
        return str(value)

    def text(self, value: Any) -> str:
        """The value as answers show it."""
        if self.hidden:
            return HIDDEN
        if self.type == "list":
            return ",".join(value)
        return json.dumps(value) if self.type == "map" else str(value)


def schemata(version: Version, section: Any) -> dict[str, Schema]:
    """The parameters that a template declares; raises InvalidSchemaError."""
    read = _hot if version.is_hot else _cfn
    return {name: read(version, name, source) for name, source in (section or {}).items()}


def _check_keys(source: Any, allowed: tuple[str, ...], what: str) -> None:
    if not isinstance(source, Mapping):
        raise InvalidSchemaError(message=f"Invalid {what}, expected a mapping")
    for key in source:
        if key not in allowed:
            raise InvalidSchemaError(message=f"Invalid key '{key}' for {what}")


def _type(name: str, source: Mapping[str, Any], key: str, types: Mapping[str, str]) -> tuple[str, str]:
    if key not in source:
        raise InvalidSchemaError(message=f"Missing parameter type for parameter: {name}")
    word = source[key]
    if word not in types:
        raise InvalidSchemaError(message=f"Invalid type ({word})")
    return types[word], word


def _hot(version: Version, name: str, source: Any) -> Schema:
    keys = (*_HOT_KEYS, "tags") if version.version >= "2018-03-02" else _HOT_KEYS
    _check_keys(source, keys, f"parameter ({name})")
    type, word = _type(name, source, "type", _HOT_TYPES)
    if not isinstance(source.get("tags", []), list):
        raise InvalidSchemaError(message=f"Tags property should be a list for parameter: {name}")
    constraints = source.get("constraints")
    if constraints is not None and not isinstance(constraints, list):
        raise InvalidSchemaError(message=f"Invalid parameter constraints for parameter {name}, expected a list")
    return Schema(
        name, type, word, source.get("description"), source.get("default"),
        tuple(_hot_constraint(version, one) for one in constraints or ()), bool(source.get("hidden", False)),
        source.get("label"), bool(source.get("immutable", False)), tuple(source.get("tags") or ()),
    )  # fmt: skip


def _hot_constraint(version: Version, source: Any) -> Constraint:
    _check_keys(source, _CONSTRAINTS, "parameter constraints")
    description = source.get("description")
    if "modulo" in source and version.version >= "2017-02-24":
        _check_keys(source["modulo"], ("step", "offset"), "modulo constraint")
        return values.modulo_of(source["modulo"], description)
    for kind in ("range", "length"):
        if kind in source:
            _check_keys(source[kind], ("min", "max"), f"{kind} constraint")
            return values.range_of(kind, source[kind], description)
    if "allowed_values" in source:
        return values.values_of(source["allowed_values"], description)
    if "allowed_pattern" in source:
        return values.pattern_of(source["allowed_pattern"], description)
    if "custom_constraint" in source:
        return Constraint("custom", name=str(source["custom_constraint"]), description=description)
    raise InvalidSchemaError(message="No constraint expressed")


def _cfn(version: Version, name: str, source: Any) -> Schema:
    _check_keys(source, _CFN_KEYS, f"parameter ({name})")
    type, word = _type(name, source, "Type", _CFN_TYPES)
    description, found = source.get("ConstraintDescription"), []
    for kind, low, high in (("range", "MinValue", "MaxValue"), ("length", "MinLength", "MaxLength")):
        if low in source or high in source:
            found.append(values.range_of(kind, {"min": source.get(low), "max": source.get(high)}, description))
    if "AllowedValues" in source:
        found.append(values.values_of(source["AllowedValues"], description))
    if "AllowedPattern" in source:
        found.append(values.pattern_of(source["AllowedPattern"], description))
    hidden = str(source.get("NoEcho", "false")).lower() == "true"
    return Schema(
        name, type, word, source.get("Description"), source.get("Default"), tuple(found), hidden, source.get("Label")
    )


class Parameters:
    """The parameters of one stack with their values.

    given     name -> what the environment says
    defaults  name -> default of the environment (parameter_defaults)
    pseudo    name -> value of what every stack has
    """

    def __init__(
        self,
        schemata: Mapping[str, Schema],
        given: Mapping[str, Any],
        defaults: Mapping[str, Any],
        pseudo: Mapping[str, str],
    ) -> None:
        self.schemata, self.given, self.defaults, self.pseudo = schemata, given, defaults, pseudo

    def __contains__(self, name: str) -> bool:
        return name in self.schemata or name in self.pseudo

    def raw(self, name: str) -> Any:
        """What is given, or the default; None: neither."""
        found = self.given.get(name)
        return self.default(name) if found is None else found

    def default(self, name: str) -> Any:
        found = self.defaults.get(name)
        return self.schemata[name].default if found is None else found

    def __getitem__(self, name: str) -> Any:
        """The value; raises KeyError for a name that is none, UserParameterMissing for one without a value."""
        if name in self.schemata:
            value = self.raw(name)
            if value is None:
                raise refusals.UserParameterMissing(name=name)
            return self.schemata[name].parsed(value)
        return self.pseudo[name]

    async def validate(self, context: Context, *, with_values: bool = True) -> None:
        """Check the declarations and the values; raises the refusal."""
        for name in self.given:
            if name not in self.schemata:
                raise refusals.UnknownUserParameter(name=name)
        for name, schema in self.schemata.items():
            try:
                await _validate_schema(schema)
                if with_values:
                    await self._validate_value(context, name, schema)
            except InvalidSchemaError as error:
                raise InvalidSchemaError(message=f"Parameter '{name}' is invalid: {error.text}") from None
            except (ValueError, TypeError) as error:
                raise ValidationFailed(f"Parameter '{name}' is invalid: {error}") from None

    async def _validate_value(self, context: Context, name: str, schema: Schema) -> None:
        value = self.raw(name)
        if value is None:
            raise refusals.UserParameterMissing(name=name)
        parsed = schema.parsed(value)
        await values.check(context, schema.constraints, parsed if schema.type in ("list", "map") else value,
                           schema.type, schema.word)  # fmt: skip

    def texts(self) -> dict[str, str]:
        """Name -> value as answers show it."""
        shown = dict(self.pseudo)
        for name, schema in self.schemata.items():
            try:
                value = self[name]
            except (refusals.UserParameterMissing, ValueError, TypeError):
                continue
            shown[name] = schema.text(value)
        return shown


async def _validate_schema(schema: Schema) -> None:
    for one in schema.constraints:
        if not values.fits(one.kind, schema.type):
            raise InvalidSchemaError(message=f"{values.CLASSES[one.kind]} constraint invalid for {schema.word}")
    if schema.default is None:
        return
    default = schema.default
    if schema.type == "list":
        try:
            default = [str(item) for item in default] if isinstance(default, list) else default.split(",")
        except AttributeError as error:
            raise InvalidSchemaError(message=f"Default must be a comma-delimited list string: {error}") from None
    try:
        await values.check(None, schema.constraints, default, schema.type, schema.word)
    except (ValueError, TypeError) as error:
        raise InvalidSchemaError(message=f"Invalid default {schema.default} ({error})") from None
