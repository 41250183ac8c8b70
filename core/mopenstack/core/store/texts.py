"""A field of many objects as one text of lines, in which a filter's words are looked for without the objects.

What is found are lines that may match: an object of every line is still put to the filter's own test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Column(NamedTuple):
    """A field, as it is or in lower case."""

    field: str
    lower: bool

    def value(self, message: Any) -> str:
        """What an object has in it."""
        found: str = getattr(message, self.field)
        return found.lower() if self.lower else found


class Found(Protocol):
    def span(self) -> tuple[int, int]: ...


class Searched(Protocol):
    """A compiled pattern that is searched for in bytes, and in which ^ and $ mean the edges of a line."""

    def search(self, text: bytes, pos: int) -> Found | None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for in a column: lines that hold one of these bytes, or else a pattern.

    A line break at an edge of the bytes is the edge of a line. Where there are both, the pattern holds for lines that
    are not in ASCII, for which the bytes do not say all.
    """

    column: Column
    words: tuple[bytes, ...] = ()
    pattern: Searched | None = None

    def lines(self, text: bytes) -> Iterable[int]:
        """The numbers of the lines that may match, ascending."""
        if self.pattern is not None and not (self.words and text.isascii()):
            return _of_pattern(text, self.pattern)
        if len(self.words) == 1:
            return _of_word(text, self.words[0])
        return sorted({line for word in self.words for line in _of_word(text, word)})


def equal(field: str, values: Iterable[str], *, lower: bool) -> Wanted | None:
    """What finds the objects whose field is one of these; None: nothing does."""
    words = [value.lower() if lower else value for value in values]
    if not words or any("\n" in word for word in words):
        return None
    return Wanted(Column(field, lower), tuple(f"\n{word}\n".encode() for word in words))


def joined(lines: Sequence[str]) -> bytes | None:
    """The text of these lines, a line break around each; None where a line has one in it."""
    text = "\n".join(["", *lines, ""]).encode()
    return text if text.count(b"\n") == len(lines) + 1 else None


def with_line(text: bytes, place: int, line: str) -> bytes | None:
    """The text with a line more before the line of a number; None where it has a line break in it."""
    if "\n" in line:
        return None
    lines = text.split(b"\n")
    lines.insert(place + 1, line.encode())
    return b"\n".join(lines)


def without_line(text: bytes, place: int) -> bytes:
    """The text without the line of a number."""
    lines = text.split(b"\n")
    del lines[place + 1]
    return b"\n".join(lines)


def _of_word(text: bytes, word: bytes) -> Iterator[int]:
    line = counted = 0
    place = text.find(word)
    # The last line break begins no line.
    while 0 <= place < len(text) - 1:
        line += text.count(b"\n", counted + 1, place + 1)
        counted = place
        yield line
        place = text.find(word, text.find(b"\n", place + 1))


def _of_pattern(text: bytes, pattern: Searched) -> Iterator[int]:
    """Every line that a match touches: one that goes over several hides others in them."""
    start, line = 1, 0
    while start < len(text) and (match := pattern.search(text, start)) is not None:
        begin, end = match.span()
        first = line + text.count(b"\n", start, begin)
        line = first + text.count(b"\n", begin, end)
        start = text.find(b"\n", end) + 1
        yield from range(first, line + 1 if start else line)
        if not start:
            return
        line += 1
