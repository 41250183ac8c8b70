"""Properties of a resource against the schema of its type. Source: heat/engine/properties.py."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.functions.base import NOTHING
from mopenstack.core.orchestration.resource_types.base import Context, Property
from mopenstack.core.orchestration.templates import values

Resolver = Callable[[Any], Awaitable[Any]]
"""parsed snippet -> its value, NOTHING where there is none"""
Open = Callable[[Any], bool]
"""parsed snippet -> whether its value depends on resources that are not there yet"""


Words = Sequence[tuple[tuple[str, ...], tuple[str, ...]]]
"""path of a property, path of the older one that may be given in its place"""


def _renamed(given: Mapping[str, Any], words: Words) -> Mapping[str, Any]:
    """Properties under their new names."""
    pairs = {old[0]: new[0] for new, old in words if len(new) == len(old) == 1 and new[0] not in given}
    return {pairs.get(key, key): value for key, value in given.items()} if pairs else given


def _double(given: Mapping[str, Any], words: Words) -> str:
    """A property that is given under both names."""
    pairs = ((new[0], old[0]) for new, old in words if len(new) == len(old) == 1)
    return next((f"{new}, {old}" for new, old in pairs if given.get(new) and given.get(old)), "")


async def _plain(snippet: Any) -> Any:
    return snippet


class Properties:
    """The properties of one resource, or of a map in it.

    Without a context custom constraints are not asked; `is_open` says of which values nothing can be checked yet.
    """

    def __init__(
        self,
        schema: Mapping[str, Property],
        given: Mapping[str, Any],
        context: Context | None,
        resolver: Resolver = _plain,
        is_open: Open = lambda snippet: False,
        description: str | None = None,
        words: Words = (),
    ) -> None:
        self.schema, self.context = schema, context
        self.given, self._words, self._double = _renamed(given, words), words, _double(given, words)
        self._resolve, self._is_open, self._description = resolver, is_open, description

    async def validate(self, *, with_values: bool = True) -> None:
        """Raises ValidationFailed; its path is below the properties."""
        for key in self.given:
            if key not in self.schema:
                raise ValidationFailed(f"Unknown Property {key}")
        if self._double:
            text = f"Cannot define the following properties at the same time: {self._double}"
            raise ValidationFailed(text)
        if with_values:
            for key in self.schema:
                try:
                    await self.value(key, validate=True)
                except ValidationFailed as failed:
                    raise failed.within(key) from None
                except ValueError as error:
                    path = [] if self.schema[key].required and key not in self.given else [key]
                    raise ValidationFailed(str(error), path) from None

    async def all(self) -> dict[str, Any]:
        """Every property with its value; raises ValueError or ValidationFailed."""
        return {key: await self.value(key) for key in self.schema}

    async def value(self, key: str, *, validate: bool = False) -> Any:
        schema = self.schema[key]
        if key in self.given:
            snippet = self.given[key]
            checked = validate and not self._is_open(snippet)
            try:
                found = await self._resolve(snippet)
                if found is not NOTHING:
                    return await self._read(schema, found, self._below(key), validate=checked)
            except ValidationFailed:
                raise
            except Fault as fault:
                raise ValueError(fault.text) from None
            except (TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
                raise ValueError(str(error)) from None
        if schema.default is not None:
            return await self._read(schema, None, self._below(key), validate=validate)
        if schema.required:
            raise ValueError(f"Property {key} not assigned")
        if key == "description" and schema.update_allowed:
            return self._description
        return None

    def _below(self, key: str) -> Words:
        """The words of what is in a property; the items of a list have those of the list."""
        if key.isdigit():
            return self._words
        return [(new[1:], old[1:]) for new, old in self._words if len(new) == len(old) > 1 and new[0] == key]

    async def _read(self, schema: Property, value: Any, words: Words, *, validate: bool) -> Any:
        if schema.type == "map":
            found = await self._map(schema, value, words, validate=validate)
        elif schema.type == "list":
            found = await self._list(schema, value, words, validate=validate)
        else:
            found = _scalar(schema, value)
        if validate and schema.constraints:
            try:
                await values.check(self.context, schema.constraints, found, schema.type)
            except ValueError as error:
                raise ValidationFailed(str(error)) from None
        return found

    async def _map(self, schema: Property, value: Any, words: Words, *, validate: bool) -> Any:
        if value is None:
            value = {} if schema.default is None else schema.default
        if not isinstance(value, Mapping):
            if schema.allow_conversion and isinstance(value, str):
                return value
            if schema.allow_conversion and isinstance(value, list):
                return json.dumps(value)
            raise TypeError(f'"{value}" is not a map')
        if isinstance(schema.schema, Mapping):
            return await self._children(schema.schema, value, words, validate=validate)
        if isinstance(schema.schema, Property):
            return await self._children(dict.fromkeys(value, schema.schema), value, words, validate=validate)
        return dict(value)

    async def _list(self, schema: Property, value: Any, words: Words, *, validate: bool) -> Any:
        if value is None:
            value = schema.default or []
        if schema.allow_conversion and isinstance(value, str):
            value = value.split(",") if value else []
        if not isinstance(value, list | tuple):
            raise TypeError(f'"{value!r}" is not a list')
        if not isinstance(schema.schema, Property):
            return list(value)
        by_place = {str(place): item for place, item in enumerate(value)}
        found = await self._children(dict.fromkeys(by_place, schema.schema), by_place, words, validate=validate)
        return list(found.values())

    async def _children(
        self, schema: Mapping[str, Property], given: Mapping[str, Any], words: Words, *, validate: bool
    ) -> Any:
        inner = Properties(schema, given, self.context, words=words)
        if validate:
            await inner.validate()
        return await inner.all()


def _scalar(schema: Property, value: Any) -> Any:
    if schema.type == "string":
        return _string(schema.default or "" if value is None else value)
    if schema.type == "integer":
        value = schema.default or 0 if value is None else value
        try:
            return int(value)
        except ValueError:
            raise TypeError(f"Value '{value}' is not an integer") from None
    if schema.type == "number":
        return values.number(schema.default or 0 if value is None else value)
    if schema.type == "boolean":
        return _boolean(schema.default or False if value is None else value)
    return value


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int):
        return str(value)
    raise ValueError(f"Value must be a string; got {value!r}")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.lower()
        if word not in ("true", "false"):
            raise ValueError(f'"{word}" is not a valid boolean')
        return word == "true"
    raise TypeError(f'"{value}" is not a valid boolean')
