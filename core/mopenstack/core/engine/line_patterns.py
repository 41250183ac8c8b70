"""A pattern of a caller as what is looked for in the lines of a text: finds each line that the pattern is found in.

It may find more: each line is put to the pattern itself. What has no special letters is looked for as bytes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from mopenstack.core.engine.caller_patterns import BadPattern, caller_pattern
from mopenstack.core.store.texts import Column, Wanted

_PLAIN = re.compile(r"[^\\.^$*+?()\[\]{}|]|\\[^A-Za-z0-9]")
_WHOLE = re.compile(rf"(?P<begin>\^?)(?P<word>(?:{_PLAIN.pattern})*)(?P<end>\$?)", re.DOTALL)
_SAME_IN_LINES = re.compile(r"(?:[^\\(\[]|\\[dDwWsSbB]|\\[^A-Za-z0-9]|\((?!\?)|\(\?:|\[(?!:))*", re.DOTALL)
"""Patterns that mean in a line of a text what they mean in the line alone; a letter behind a backslash may not, nor may
flags."""


def lines_matching(field: str, pattern: str, *, ignore_case: bool) -> Wanted | None:
    """What finds the objects in whose field a pattern may be found; None: it cannot be looked for in lines.

    `field` is searched as it is, or in lower case for a word whose case is ignored.
    """
    if "\n" in pattern or not _SAME_IN_LINES.fullmatch(pattern):
        return None
    try:
        compiled: Any = caller_pattern(f"(?m){pattern}", ignore_case=ignore_case)
    except BadPattern:
        return None
    by_line = Wanted(Column(field, lower=False), pattern=compiled)
    whole = _WHOLE.fullmatch(pattern)
    if whole is None or not whole["word"] or not pattern.isascii():
        return by_line
    word = re.sub(r"\\(.)", r"\1", whole["word"])
    line = f"{whole['begin'] and chr(10)}{word.lower() if ignore_case else word}{whole['end'] and chr(10)}"
    column = Column(field, lower=ignore_case)
    # Beyond ASCII there are letters that RE2 takes for ASCII's: the long s, the sign of Kelvin.
    return replace(by_line, column=column, words=(line.encode(),), pattern=by_line.pattern if ignore_case else None)
