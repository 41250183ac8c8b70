"""Lines of text in colours, drawn as pixels: a byte each, the number of its colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

GLYPH_WIDTH, GLYPH_HEIGHT = 8, 13
COLUMNS = 100
WIDTH = COLUMNS * GLYPH_WIDTH
_TAB = 8

BLACK, TEXT, DIM, WHITE, GREEN, AMBER, RED, PANEL, LABEL = range(9)
PALETTE = (
    (0x0D, 0x11, 0x17), (0xD0, 0xD7, 0xDE), (0x8B, 0x94, 0x9E), (0xFF, 0xFF, 0xFF), (0x3F, 0xB9, 0x50),
    (0xE3, 0xB3, 0x41), (0xFF, 0x7B, 0x72), (0x1C, 0x26, 0x33), (0x79, 0xC0, 0xFF),
)  # fmt: skip
"""Red, green and blue of each colour."""


@dataclass(frozen=True, slots=True)
class Span:
    text: str
    ink: int = TEXT


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the picture, cut at its width; a `scale` of 2 draws it twice as high and wide."""

    spans: tuple[Span, ...] = ()
    paper: int = BLACK
    scale: int = 1

    @property
    def height(self) -> int:
        """In pixels."""
        return GLYPH_HEIGHT * self.scale


def line(*spans: Span | str, paper: int = BLACK, scale: int = 1) -> Line:
    return Line(tuple(Span(one) if isinstance(one, str) else one for one in spans), paper, scale)


@lru_cache(maxsize=512)
def pixels(drawn: Line) -> bytes:
    """The pixels of a line, row by row: WIDTH times its height."""
    scale = drawn.scale
    cells: list[Sequence[bytes]] = []
    for span in drawn.spans:
        cells += [_glyph(letter, span.ink, drawn.paper, scale) for letter in span.text]
    del cells[COLUMNS // scale :]
    blank = bytes([drawn.paper]) * WIDTH
    rows = []
    for row in range(GLYPH_HEIGHT):
        found = b"".join(cell[row] for cell in cells)
        rows.append((found + blank[len(found) :]) * scale)
    return b"".join(rows)


@lru_cache(maxsize=2048)
def _glyph(letter: str, ink: int, paper: int, scale: int) -> tuple[bytes, ...]:
    """A glyph's rows; one of a letter that the font does not have is that of a question mark."""
    code = ord(letter)
    start = (code if code < _LETTERS else ord("?")) * GLYPH_HEIGHT
    rows = []
    for octet in _font()[start : start + GLYPH_HEIGHT]:
        bits = (octet >> shift & 1 for shift in range(GLYPH_WIDTH - 1, -1, -1))
        rows.append(bytes(colour for bit in bits for colour in (ink if bit else paper,) * scale))
    return tuple(rows)


_LETTERS = 256


@lru_cache(maxsize=1)
def _font() -> bytes:
    return (files(__package__) / "font" / "8x13.bin").read_bytes()


def wrapped(text: str) -> list[str]:
    """A line of a log as a terminal shows it: in pieces that fit."""
    text = text.expandtabs(_TAB)
    return [text[place : place + COLUMNS] for place in range(0, len(text), COLUMNS)] or [""]
