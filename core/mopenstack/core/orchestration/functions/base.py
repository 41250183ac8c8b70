"""What a template's snippet is made of: plain values, and functions that give values.

A value that must be asked for (an attribute, a resource's id) is not there when it is first needed: the function raises
Wanted, and the whole is resolved again once the value is known. Source: heat/engine/function.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

from mopenstack.contract.faults import Fault
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.orchestration.v1 import refusals

DEPTH_MAX = 100
"""How deep a snippet may be nested."""


class Wanted(Exception):
    """A value is needed that is not known yet: an attribute of a resource, or its reference id (attribute "")."""

    def __init__(self, resource: str, attribute: str = "", path: tuple[Any, ...] = ()) -> None:
        self.key = (resource, attribute, path)
        super().__init__(resource, attribute)


class Nothing:
    """What an `if` without a value for false gives: the item around it is not there."""


NOTHING = Nothing()


class Scope(Protocol):
    """Where functions find what they name."""

    files: Mapping[str, str]
    mappings: Mapping[str, Any]
    facade: Mapping[str, Any]
    """metadata, deletion_policy and update_policy of the resource whose nested stack it is."""
    zones: list[str]

    def parameter(self, name: str) -> Any:
        """The value of a parameter; raises KeyError."""

    def has_resource(self, name: str) -> bool: ...

    def reference(self, name: str) -> Any:
        """What get_resource gives; raises Wanted."""

    def attribute(self, name: str, attribute: str, path: tuple[Any, ...]) -> Any:
        """The value of an attribute, None while there is none; raises Wanted."""

    def attributes(self, name: str) -> set[str] | None:
        """The names of a resource's attributes; None: it has any."""

    def condition(self, value: Any) -> bool:
        """Whether a condition holds: a name, or the value itself; raises ValueError."""

    def parse_condition(self, snippet: Any, path: str) -> Any:
        """A snippet in which only functions of conditions are known."""


class Function:
    """One use of a function. `args` are parsed."""

    macro: ClassVar[bool] = False
    """Whether it parses its arguments itself."""
    about: ClassVar[str] = ""
    """The first line that Heat tells of it."""

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        self.scope, self.name, self.args = scope, name, args

    def validate(self) -> None:
        """Check the arguments without resolving them."""
        validate(self.args)

    def result(self) -> Any:
        raise NotImplementedError

    def references(self, path: str) -> Iterator[str]:
        """The names of the resources that it depends on; raises InvalidTemplateReference."""
        return references(self.args, f"{path}.{self.name}")


class Macro(Function):
    """A function that decides what of its arguments is parsed."""

    macro = True

    def __init__(self, scope: Scope, name: str, args: Any, parse: Callable[[Any], Any]) -> None:
        super().__init__(scope, name, args)
        self.parsed = self.choose(parse)

    def choose(self, parse: Callable[[Any], Any]) -> Any:
        raise NotImplementedError

    def validate(self) -> None:
        validate(self.parsed)

    def result(self) -> Any:
        return resolve(self.parsed, nullable=True)

    def references(self, path: str) -> Iterator[str]:
        return references(self.parsed, f"{path}.{self.name}")


class Removed(Function):
    """A function that a version of templates has no longer."""

    def validate(self) -> None:
        raise refusals.InvalidTemplateVersion(
            explanation=f"The function {self.name} is not supported in this version of HOT."
        )

    def result(self) -> Any:
        return {self.name: self.args}


class Invalid(Function):
    """A function that may not be used in conditions."""

    def __init__(self, scope: Scope, name: str, args: Any) -> None:
        raise ValueError(f'The function "{name}" is invalid in this context')


Functions = Mapping[str, type[Function]]


def parse(functions: Functions, scope: Scope, snippet: Any, path: str = "", depth: int = 0) -> Any:
    """A snippet with its functions; raises ValidationFailed."""
    if depth > DEPTH_MAX:
        raise ValidationFailed("The template is nested too deeply.", [path])
    if isinstance(snippet, Mapping):
        if len(snippet) == 1:
            ((name, args),) = snippet.items()
            function = functions.get(name) if isinstance(name, str) else None
            if function is not None:
                path = f"{path}.{name}"
                try:
                    if issubclass(function, Macro):
                        return function(scope, name, args, lambda one: parse(functions, scope, one, path, depth + 1))
                    return function(scope, name, parse(functions, scope, args, path, depth + 1))
                except (ValueError, TypeError, KeyError) as error:
                    raise ValidationFailed(str(error), [path]) from None
        return {key: parse(functions, scope, one, f"{path}.{key}", depth + 1) for key, one in snippet.items()}
    if isinstance(snippet, list):
        return [parse(functions, scope, one, f"{path}[{place}]", depth + 1) for place, one in enumerate(snippet)]
    return snippet


def resolve(snippet: Any, *, nullable: bool = False) -> Any:
    """The values of a parsed snippet."""
    if isinstance(snippet, Function):
        result = snippet.result()
        return None if result is NOTHING and not nullable else result
    if isinstance(snippet, Mapping):
        found = ((key, resolve(value, nullable=True)) for key, value in snippet.items())
        return {key: value for key, value in found if value is not NOTHING}
    if isinstance(snippet, list):
        return [value for one in snippet if (value := resolve(one, nullable=True)) is not NOTHING]
    return snippet


def validate(snippet: Any, path: tuple[str, ...] = ()) -> None:
    """Check the functions of a parsed snippet; raises ValidationFailed."""
    if isinstance(snippet, Function):
        try:
            snippet.validate()
        except ValidationFailed as failed:
            raise ValidationFailed(failed.text, [*path, snippet.name]) from None
        except Fault as fault:
            raise ValidationFailed(fault.text, [*path, snippet.name]) from None
        except (ValueError, TypeError, KeyError) as error:
            raise ValidationFailed(str(error), [*path, snippet.name]) from None
    elif isinstance(snippet, Mapping):
        for key, value in snippet.items():
            validate(value, (*path, str(key)))
    elif isinstance(snippet, list):
        parent = path[-1] if path else ""
        for place, value in enumerate(snippet):
            validate(value, (*path[:-1], f"{parent}[{place}]"))


def references(snippet: Any, path: str = "") -> Iterator[str]:
    """The names of the resources that a parsed snippet depends on."""
    if isinstance(snippet, Function):
        yield from snippet.references(path)
    elif isinstance(snippet, Mapping):
        for key, value in snippet.items():
            yield from references(value, f"{path}.{key}")
    elif isinstance(snippet, list):
        for place, value in enumerate(snippet):
            yield from references(value, f"{path}[{place}]")
