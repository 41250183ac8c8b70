"""Options of a cloud: where operators of real clouds choose, a mock's user chooses too.

A service declares its options as values of its modules; a cloud keeps those that were set, and what was not has its
default. They are set by `mopenstack up --set NAME=VALUE`, `mopenstack cloud create --set`, `mopenstack cloud set` and
the admin API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mopenstack.contract.faults import BadRequest

VALUE_LENGTH_MAX = 1000


class UnknownOption(BadRequest):
    message = "There is no option {name!r}; these are: {known}."


class BadOption(BadRequest):
    message = "{name} cannot be {value!r}: {wanted}."


@dataclass(frozen=True, slots=True)
class Option:
    """`choices` are the values that it can have; without any, `check` says what is wrong with a value ("" if nothing).

    `apply` is called with a Call where the option is set, for what it changes in the state; it may refuse with
    BadOption.
    `help` is a sentence for the command line and the documentation.
    """

    name: str
    default: str
    help: str
    choices: tuple[str, ...] = ()
    check: Callable[[str], str] | None = None
    apply: Callable[[Any, str], Awaitable[None]] | None = None


def switch(name: str, default: bool, help: str) -> Option:
    """An option that is on or off: true or false."""
    return Option(name, str(default).lower(), help, ("true", "false"))


class Options:
    """The options of the services that are served: every `Option` that their modules hold."""

    def __init__(self, options: Iterable[Option], load: Callable[[str], None] = lambda name: None) -> None:
        """`load` brings an option's `check` and `apply`, where it was known without them, by `add`."""
        self._options: dict[str, Option] = {}
        self._load = load
        self.add(options)

    def add(self, options: Iterable[Option]) -> None:
        """Take up options, in place of those of the same names."""
        found = {**self._options, **{option.name: option for option in options}}
        self._options = dict(sorted(found.items()))

    def __iter__(self) -> Iterator[Option]:
        return iter(self._options.values())

    def checked(self, values: Mapping[str, str]) -> dict[str, str]:
        """The same values; raises UnknownOption and BadOption."""
        for name, value in values.items():
            self._load(name)
            option = self._options.get(name)
            if option is None:
                raise UnknownOption(name=name, known=", ".join(self._options))
            if option.choices:
                wrong = "" if value in option.choices else f"it is one of {', '.join(option.choices)}"
            elif len(value) > VALUE_LENGTH_MAX:
                wrong = f"it has at most {VALUE_LENGTH_MAX} characters"
            else:
                wrong = option.check(value) if option.check else ""
            if wrong:
                raise BadOption(name=name, value=value[:100], wanted=wrong)
        return dict(values)

    async def apply(self, call: Any, values: Mapping[str, str]) -> None:
        """Change in the state what these options stand for."""
        for name, value in values.items():
            self._load(name)
            change = self._options[name].apply
            if change is not None:
                await change(call, value)


def parsed(settings: list[str]) -> dict[str, str]:
    """`NAME=VALUE` as the command line has them; raises BadOption for what is not of this form."""
    found = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadOption(name=text, value="", wanted="write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found
