"""Functions of conditions, `if`, and expressions of YAQL. Source: heat/engine/hot/functions.py, cfn/functions.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from mopenstack.core.orchestration.functions.base import NOTHING, Function, Macro, Scope, resolve

ITERATORS_MAX, MEMORY_MAX = 200, 10_000
"""heat.conf, [yaql] limit_iterators and memory_quota."""


class Equals(Function):
    about = "A function for comparing whether two values are equal."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        if not isinstance(args, list) or len(args) != 2:
            raise ValueError(f'Arguments to "{name}" must be of the form: [value_1, value_2]')

    def result(self) -> Any:
        return bool(resolve(self.args[0]) == resolve(self.args[1]))


class If(Macro):
    about = "A function to return corresponding value based on condition evaluation."
    fewest = 3

    def choose(self, parse: Callable[[Any], Any]) -> Any:
        if not isinstance(self.args, list) or not self.fewest <= len(self.args) <= 3:
            raise ValueError(
                f'Arguments to "{self.name}" must be of the form: [condition_name, value_if_true, value_if_false]'
            )
        condition = self.scope.parse_condition(self.args[0], self.name)
        holds = self.scope.condition(resolve(condition))
        if holds:
            return parse(self.args[1])
        return parse(self.args[2]) if len(self.args) == 3 else NOTHING


class IfNullable(If):
    fewest = 2


class Conditions(Function):
    """What combines conditions."""

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        if not isinstance(args, list):
            raise ValueError(f'Arguments to "{name}" must be a list of conditions')
        if len(args) < 2:
            raise ValueError(f'The minimum number of condition arguments to "{name}" is 2.')

    def _holding(self) -> list[bool]:
        return [self.scope.condition(one) for one in resolve(self.args)]


class And(Conditions):
    about = "A function that acts as an AND operator on conditions."

    def result(self) -> Any:
        return all(self._holding())


class Or(Conditions):
    about = "A function that acts as an OR operator on conditions."

    def result(self) -> Any:
        return any(self._holding())


class Not(Function):
    about = "A function that acts as a NOT operator on a condition."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        self._condition = self._one()

    def _one(self) -> Any:
        if self.args is None:
            raise ValueError(f'Argument to "{self.name}" must be a condition')
        return self.args

    def result(self) -> Any:
        return not self.scope.condition(resolve(self._condition))


class CfnNot(Not):
    def _one(self) -> Any:
        if not isinstance(self.args, list) or len(self.args) != 1:
            raise ValueError(f'Arguments to "{self.name}" must be of the form: [condition]')
        return self.args[0]


class Yaql(Function):
    about = "A function for executing a yaql expression."

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        super().__init__(scope, name, args)
        if not isinstance(args, Mapping):
            raise TypeError(f'Arguments to "{name}" must be a map.')
        if "expression" not in args or set(args) - {"expression", "data"}:
            example = (
                f"{name}:\n              expression: $.data.var1.sum()\n"
                "              data:\n                var1: [3, 2, 1]"
            )
            raise KeyError(f'"{name}" syntax should be {example}')
        self._expression, self._data = args["expression"], args.get("data", {})

    def validate(self) -> None:
        super().validate()
        if not isinstance(self._expression, Function):
            self._parsed(self._expression)

    def _parsed(self, expression: Any) -> Any:
        if not isinstance(expression, str):
            raise TypeError(f'The "expression" argument to {self.name} must contain a string.')
        from yaql.language.exceptions import YaqlException

        try:
            return _language()[0](expression)
        except YaqlException as error:
            raise ValueError(f"Bad expression {error}.") from None

    def result(self) -> Any:
        from yaql.language.exceptions import YaqlException

        statement = self._parsed(resolve(self._expression))
        try:
            return statement.evaluate({"data": resolve(self._data)}, _language()[1].create_child_context())
        except YaqlException as error:
            raise ValueError(str(error)) from None


@cache
def _language() -> tuple[Any, Any]:
    """The parser of expressions, and what they know; loaded when the first one comes."""
    import yaql

    options = {"yaql.limitIterators": ITERATORS_MAX, "yaql.memoryQuota": MEMORY_MAX}
    return yaql.YaqlFactory().create(options), yaql.create_context()
