"""Which of a tool's cases are asked for."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.paths import package_file


class Case(Protocol):
    """What is selected by name and by service."""

    @property
    def name(self) -> str:
        """Unique among the tool's cases."""

    @property
    def service(self) -> str:
        """The service that it is about."""


C = TypeVar("C", bound=Case)


def select(tool: str, cases: Iterable[C], *, service: str | None, patterns: list[str]) -> list[C]:
    """The cases asked for, all without any pattern; a pattern or service that matches nothing is an error.

    A pattern may be `@name`: the lines of data/slices/<tool>-<name>.txt.
    """
    cases = list(cases)
    wanted = {one for pattern in patterns for one in _lines(tool, pattern)}
    exact = {case.name for case in cases}
    loose = wanted - exact
    for pattern in sorted(loose):
        if not any(fnmatchcase(name, pattern) for name in exact):
            raise ConformanceError(f"no test of {tool} matches {pattern!r}")
    chosen = [
        case
        for case in cases
        if (not service or case.service == service)
        and (not wanted or case.name in wanted or any(fnmatchcase(case.name, pattern) for pattern in loose))
    ]
    if not chosen:
        raise ConformanceError(f"no test of {tool} of service {service!r} among those asked for")
    return chosen


def _lines(tool: str, pattern: str) -> list[str]:
    if not pattern.startswith("@"):
        return [pattern]
    path = package_file("data", "slices", f"{tool}-{pattern[1:]}.txt")
    if not path.exists():
        raise ConformanceError(f"{tool} has no slice {pattern}: there is no {path.name}")
    return [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
