"""How Heat says that a template is wrong: with the place in it.

Source: heat/common/exception.py (HeatExceptionWithPath).
"""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.orchestration.v1 import refusals


class ValidationFailed(Exception):
    """StackValidationFailed: `path` is the place, `error` what kind of error it is."""

    def __init__(self, message: str = "", path: Iterable[object] = (), error: str = "") -> None:
        self.message, self.path, self.error = message, [str(part) for part in path], error
        super().__init__(self.text)

    @property
    def text(self) -> str:
        return "".join(f"{part}: " for part in (self.error, place(self.path)) if part) + self.message

    def refusal(self) -> refusals.StackValidationFailed:
        """As the API tells it: the parts have come through a message queue, which puts a colon more between them."""
        parts = [f"{part}: : " for part in (self.error, place(self.path)) if part]
        return refusals.StackValidationFailed(message="".join(parts) + self.message)

    def within(self, *path: object) -> ValidationFailed:
        """The same, deeper in the template."""
        return ValidationFailed(self.message, [*map(str, path), *self.path], self.error)


def place(path: Iterable[str]) -> str:
    """`resources.a.properties[0]`"""
    found = ""
    for part in path:
        if part.isdigit():
            found += f"[{part}]"
        else:
            found += f".{part}" if found else part
    return found
