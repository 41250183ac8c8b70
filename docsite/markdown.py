"""Texts of the contract as Markdown."""

from __future__ import annotations

import re

_CODE = re.compile(r"(`+[^`]+`+)")


def cell(text: str, paragraphs: bool = False) -> str:
    """A text that is no Markdown but for its `code`: in one line, as a table wants it, or with its paragraphs."""
    parts = _CODE.split(text)
    plain = [part if place % 2 else re.sub(r"([\\*_\[\]<])", r"\\\1", part) for place, part in enumerate(parts)]
    found = "".join(plain).replace("\\<", "&lt;")
    if paragraphs:
        return re.sub(r"^([#+>-])", r"\\\1", found, flags=re.MULTILINE)
    return " ".join(found.split()).replace("|", "\\|")


def row(*cells: object) -> str:
    """A row of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def first_sentence(text: str) -> str:
    """The first sentence of a comment, for a cell."""
    plain = " ".join(text.split("\n\n", 1)[0].split())
    found = re.match(r".+?[.](?= [A-Z]|\Z)", plain)
    return cell(found.group() if found else plain)
