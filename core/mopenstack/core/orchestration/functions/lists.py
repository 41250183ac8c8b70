"""Functions that make lists and maps. Source: heat/engine/hot/functions.py, cfn/functions.py."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from mopenstack.core.orchestration.functions.base import Function, Scope, resolve

ITEMS_MAX = 100_000
"""Items of a list that a function makes; Heat knows no limit."""


class MapMerge(Function):
    about = "A function for merging maps."

    def result(self) -> Any:
        args = resolve(self.args)
        if not isinstance(args, list | str):
            raise TypeError(
                f'Incorrect arguments to "{self.name}" should be: '
                f'"{self.name}" : [ {{ "key1": "val1" }}, {{ "key2": "val2" }} ]'
            )
        merged: dict[str, Any] = {}
        for one in args:
            if one is not None and not isinstance(one, Mapping):
                raise TypeError(
                    "Incorrect arguments: Items to merge must be maps. "
                    f"{repr(one)[:200]} is type {type(one)} instead of a dict"
                )
            merged.update(one or {})
        return merged


class MapReplace(Function):
    about = "A function for performing substitutions on maps."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        self._example = (
            f'"{name}" : [ {{ "key1": "val1" }}, {{"keys": {{"key1": "key2"}}, "values": {{"val1": "val2"}}}}]'
        )
        self._wrong = f'Incorrect arguments to "{name}" should be: {self._example}'

    def _map(self, value: Any) -> Mapping[Any, Any]:
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        raise TypeError(
            f'Incorrect arguments: to "{self.name}", arguments must be a list of maps. Example:  {self._example}'
        )

    def result(self) -> Any:
        args = resolve(self.args)
        if not isinstance(args, list) or len(args) != 2:
            raise TypeError(self._wrong)
        source, wanted = map(self._map, args)
        if any(key not in ("keys", "values") for key in wanted):
            raise ValueError(self._wrong)
        keys, values = self._map(wanted.get("keys", {})), self._map(wanted.get("values", {}))
        made: dict[Any, Any] = {}
        for old, value in source.items():
            key = keys.get(old)
            if key is None:
                key = old
            elif key in source and key != old:
                raise ValueError(f"key replacement {key} collides with a key in the input map")
            elif key in made:
                raise ValueError(f"key replacement {key} collides with a key in the output map")
            try:
                made[key] = values.get(value, value)
            except TypeError:
                made[key] = value
        return made


class Repeat(Function):
    about = "A function for iterating over a list of items."
    takes_maps: ClassVar[bool] = False

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        if not isinstance(args, Mapping):
            raise TypeError(f'Arguments to "{name}" must be a map')
        try:
            self._each, self._template = args["for_each"], args["template"]
        except KeyError:
            example = (
                "repeat:\n              template: This is %var%\n"
                "              for_each:\n                %var%: ['a', 'b', 'c']"
            )
            raise KeyError(f'"repeat" syntax should be {example}') from None
        self._nested = True

    def validate(self) -> None:
        super().validate()
        if not isinstance(self._each, Function | Mapping):
            raise TypeError(f'The "for_each" argument to "{self.name}" must contain a map')

    def _check(self, value: Any) -> None:
        kinds, words = (list | Mapping, "lists or maps") if self.takes_maps and self._nested else (list, "lists")
        if not isinstance(value, kinds):
            raise TypeError(f'The values of the "for_each" argument to "{self.name}" must be {words}')

    def result(self) -> Any:
        each = resolve(self._each)
        values: list[Any] = []
        for value in each.values():
            if value is not None:
                self._check(value)
            values.append(value or [])
        lengths = [len(value) for value in each.values() if value is not None]
        if not self._nested and len(set(lengths)) > 1:
            raise ValueError(f"For {self.name}, the length of for_each values should be equal if no nested loop.")
        if self._nested and math.prod(len(value) for value in values) > ITEMS_MAX:
            raise ValueError(f"{self.name} makes more than {ITEMS_MAX} items")
        template, keys = resolve(self._template), list(each)
        combined = itertools.product(*values) if self._nested else zip(*values, strict=False)
        return [self._filled(list(zip(keys, one, strict=True)), template) for one in combined]

    def _filled(self, pairs: list[tuple[str, Any]], template: Any) -> Any:
        if isinstance(template, str):
            for key, value in pairs:
                template = template.replace(key, value)
            return template
        if isinstance(template, list):
            return [self._filled(pairs, one) for one in template]
        if isinstance(template, Mapping):
            return {self._filled(pairs, key): self._filled(pairs, one) for key, one in template.items()}
        return template


class RepeatWithMap(Repeat):
    takes_maps = True
    about = "A function for iterating over a list of items or a dict of keys."


class RepeatWithNestedLoop(RepeatWithMap):
    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        self._nested = args.get("permutations", True)
        if not isinstance(self._nested, bool):
            raise TypeError(f'"permutations" should be boolean type for {name} function.')


class Filter(Function):
    about = "A function for filtering out values from lists."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        if not isinstance(args, list):
            raise TypeError(f'Argument to "{name}" must be a list')
        if len(args) != 2:
            raise ValueError(
                f'"{name}" expected 2 arguments of the form [values, sequence] but got {len(args)} arguments instead'
            )

    def result(self) -> Any:
        sequence = resolve(self.args[1])
        if not sequence:
            return sequence
        if not isinstance(sequence, list):
            raise TypeError(f'"{self.name}" only works with lists')
        values = resolve(self.args[0])
        if not values:
            return sequence
        if not isinstance(values, list):
            raise TypeError(f'"{self.name}" filters a list of values')
        return [item for item in sequence if item not in values]


class ListConcat(Function):
    about = "A function for extending lists."
    unique: ClassVar[bool] = False

    def result(self) -> Any:
        args = resolve(self.args)
        if not isinstance(args, list):
            raise TypeError(
                f'Incorrect arguments to "{self.name}" should be: '
                f'"{self.name}" : [ [ <value 1>, <value 2> ], [ <value 3>, <value 4> ] ]'
            )
        found: list[Any] = []
        for one in args:
            if one is not None and not isinstance(one, list):
                raise TypeError(
                    "Incorrect arguments: Items to concat must be lists. "
                    f"{json.dumps(args)} contains an item that is not a list: {json.dumps(one)}"
                )
            found += one or []
        if not self.unique:
            return found
        unique = {json.dumps(item, sort_keys=True): item for item in reversed(found)}
        return list(reversed(unique.values()))


class ListConcatUnique(ListConcat):
    unique = True
    about = "A function for extending lists with unique items."


class Contains(Function):
    about = "A function for checking whether specific value is in sequence."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        if not args or not isinstance(args, list):
            raise TypeError(f'Incorrect arguments to "{name}" should be: "{name}" : [ "value1", [ "value1", "value2"]]')
        if len(args) != 2:
            raise ValueError(f'Arguments to "{name}" must be of the form: [value1, [value1, value2]]')

    def result(self) -> Any:
        value, sequence = resolve(self.args[0]), resolve(self.args[1])
        if not isinstance(sequence, list | str):
            raise TypeError(f'Second argument to "{self.name}" should be a sequence.')
        return value in sequence


class Select(Function):
    """An item of a list or map; an empty text where there is none."""

    about = "A function for selecting an item from a list or map."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        try:
            self._index, self._items = args
        except ValueError:
            raise ValueError(f'Arguments to "{name}" must be of the form [index, collection]') from None

    def result(self) -> Any:
        index, items = resolve(self._index), resolve(self._items)
        if items == "":
            return ""
        if isinstance(items, str):
            try:
                items = json.loads(items)
            except ValueError as error:
                raise ValueError(f'"{self.name}": {error}') from None
        if isinstance(items, Mapping):
            if not isinstance(index, str):
                raise TypeError(f'Index to "{self.name}" must be a string')
            return items.get(index, "")
        with suppress(ValueError, TypeError):
            index = int(index)
        if isinstance(items, list):
            if not isinstance(index, int):
                raise TypeError(f'Index to "{self.name}" must be an integer')
            try:
                return items[index]
            except IndexError:
                return ""
        if items is None:
            return ""
        raise TypeError(f"Arguments to {self.name} not fully resolved")


class MemberListToMap(Function):
    """`.member.0.Name=key` and `.member.0.Value=value` as a map. Source: heat/api/aws/utils.py."""

    about = "A function to convert lists with enumerated keys and values to mapping."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        try:
            self._key, self._value, self._list = args
        except ValueError:
            correct = (
                "\n            {'Fn::MemberListToMap': ['Name', 'Value',\n"
                "                                     ['.member.0.Name=key',\n"
                "                                      '.member.0.Value=door']]}\n            "
            )
            raise TypeError(f'Wrong Arguments try: "{correct}"') from None
        if not isinstance(self._key, str):
            raise TypeError(f"{name} Key Name must be a string")
        if not isinstance(self._value, str):
            raise TypeError(f"{name} Value Name must be a string")

    def result(self) -> Any:
        members = resolve(self._list)
        if not isinstance(members, list | str | Mapping):
            raise TypeError("Member list must be a list")
        found: dict[str, dict[str, str]] = {}
        for member in members:
            if not isinstance(member, str):
                raise TypeError("Member list items must be strings")
            key, _, value = member.partition("=")
            parts = key.split(".")
            if len(parts) == 4 and parts[1] == "member":
                found.setdefault(parts[2], {})[parts[3]] = value
        pairs = (found[number] for number in sorted(found))
        return {one[self._key]: one[self._value] for one in pairs if self._key in one and self._value in one}
