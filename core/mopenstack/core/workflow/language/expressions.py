"""Expressions in texts: YAQL between `<%` and `%>`, Jinja2 between braces.

Both are left to their libraries, with limits; what they may ask beside the data is in functions.py.

Source: mistral/expressions.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from mopenstack.core.workflow.language.errors import EvaluationFailed, InvalidDefinition, Needed

JINJA_EXPRESSION = re.compile(r"({{(.*?)}})")
JINJA_BLOCK = re.compile(r"({%(.*?)%})")
YAQL_EXPRESSION = re.compile(r"<%.*?%>")
LENGTH_MAX = 65_536
FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""What expressions may call, by name: functions.py has them."""
ITERATIONS_MAX = 100_000
MEMORY_MAX = 64 * 1024 * 1024


class Context(dict[str, Any]):
    """Several dictionaries seen as one: the first that has a key counts (mistral.workflow.data_flow.ContextView)."""

    def __init__(self, *layers: Mapping[str, Any] | None) -> None:
        self.layers = [one for one in layers if one is not None]
        super().__init__()
        for layer in reversed(self.layers):
            self.update(layer)

    @property
    def data(self) -> Any:
        """What an expression begins with."""
        return self

    def __repr__(self) -> str:
        return "{" + ", ".join(str(dict(one))[1:-1] for one in self.layers) + "}"


class Bare(Context):
    """A value that may be no dictionary, as what an expression begins with."""

    def __init__(self, value: Any) -> None:
        super().__init__(value if isinstance(value, dict) else {})
        self._value = value

    @property
    def data(self) -> Any:
        return self._value


def is_jinja(text: str) -> bool:
    return bool(JINJA_EXPRESSION.search(text) or JINJA_BLOCK.search(text))


def is_yaql(text: str) -> bool:
    return bool(YAQL_EXPRESSION.search(text))


def validate(text: Any) -> None:
    """Raises InvalidDefinition for a text whose expressions cannot be read."""
    if not isinstance(text, str):
        return
    found = None
    for name, is_one, check in (("jinja", is_jinja, _check_jinja), ("yaql", is_yaql, _check_yaql)):
        if is_one(text):
            if found is not None:
                raise InvalidDefinition(
                    f"The line already contains an expression of type '{found}'. Mixing expression types in a "
                    "single line is not allowed."
                )
            check(text)
            found = name


def evaluate(value: Any, context: Context) -> Any:
    """The value of a text with expressions; anything else is its own value. Raises EvaluationFailed."""
    if isinstance(value, str):
        if is_jinja(value):
            return _jinja(value, context)
        if is_yaql(value):
            return _yaql(value, context)
    return value


def evaluate_all(data: Any, context: Context) -> Any:
    """The same of every text in a value."""
    if isinstance(data, dict):
        return {key: evaluate_all(one, context) for key, one in data.items()}
    if isinstance(data, list):
        return [evaluate_all(one, context) for one in data]
    return evaluate(data, context) if isinstance(data, str) else copy.deepcopy(data)


# -- YAQL


@cache
def _engine() -> Any:
    from yaql.language import factory

    options = {
        "yaql.limitIterators": ITERATIONS_MAX,
        "yaql.memoryQuota": MEMORY_MAX,
        "yaql.convertTuplesToLists": True,
        "yaql.convertSetsToLists": False,
        "yaql.iterableDicts": False,
        "yaql.convertOutputData": True,
    }
    return factory.YaqlFactory(keyword_operator="=>", allow_delegates=False).create(options=options)


@cache
def _root() -> Any:
    import yaql

    root = yaql.create_context()
    for name, function in FUNCTIONS.items():
        root.register_function(function, name=name)
    return root


def _check_yaql(text: str) -> None:
    from yaql.language import exceptions

    for one in YAQL_EXPRESSION.findall(text):
        try:
            _engine()(one.strip("<%>"))
        except (exceptions.YaqlException, KeyError, ValueError, TypeError) as wrong:
            raise InvalidDefinition(str(getattr(wrong, "message", wrong))) from None
        except RecursionError:
            raise InvalidDefinition("Parse error: the expression is nested too deep") from None


def _yaql(text: str, context: Context) -> Any:
    result: Any = text
    for one in YAQL_EXPRESSION.findall(text):
        value = _yaql_value(one.strip("<%>"), context)
        result = value if len(text) == len(one) else result.replace(one, str(value))
    return result


def _yaql_value(expression: str, context: Context) -> Any:
    from yaql.language import utils

    expression = expression.strip()
    try:
        scope = _root().create_child_context()
        scope["$"] = utils.convert_input_data(context.data)
        for name in ("__env", "__execution", "__task_execution"):
            scope[name] = context.get(name)
        value = _engine()(expression).evaluate(context=scope)
        if isinstance(value, utils.FrozenDict):
            value = dict(value)
        elif inspect.isgenerator(value) or isinstance(value, Iterator):
            value = list(value)
    except Needed:
        raise
    except Exception as wrong:
        raise EvaluationFailed(
            f"Can not evaluate YAQL expression [expression={expression}, error={wrong}, data={_cut(context)}]"
        ) from None
    return value


# -- Jinja2


@cache
def _environment() -> Any:
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(FUNCTIONS)
    return made


def _check_jinja(text: str) -> None:
    import jinja2

    try:
        _environment().parse(text)
    except jinja2.TemplateError as wrong:
        raise InvalidDefinition(f"Syntax error '{wrong}'.") from None
    except RecursionError:
        raise InvalidDefinition("Syntax error 'the expression is nested too deep'.") from None


def _jinja(text: str, context: Context) -> Any:
    values: dict[str, Any] = {"_": context.data}
    values |= {name: partial(function, context) for name, function in FUNCTIONS.items()}
    values |= {name: context.get(name) for name in ("__env", "__execution", "__task_execution")}
    try:
        found = JINJA_EXPRESSION.findall(text)
        if found and found[0][0] == text:
            value = _environment().compile_expression(found[0][1], undefined_to_none=False)(**values)
            str(value)  # fails for what is not defined
            return value
        return _environment().from_string(text).render(**values)
    except Needed:
        raise
    except Exception as wrong:
        raise EvaluationFailed(
            f"Can not evaluate Jinja expression [expression={text}, error={wrong}, data={_cut(context)}]"
        ) from None


def _cut(context: Context) -> str:
    text = str(context)
    return text if len(text) <= LENGTH_MAX else text[:LENGTH_MAX] + "..."
