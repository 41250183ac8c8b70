"""Patterns that callers give, and ambiguous ones of the services, in time that is linear in the text.

No pattern of one caller stops the others.

RE2 knows neither look-around nor references to groups; such a pattern, and one whose program is too large, is refused
as one that is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

import re2

PATTERN_MAX = 512
"""Letters of a pattern: a name of 255 letters, each escaped."""
PROGRAM_MAX = 1000
"""Instructions of a compiled pattern. A search takes so many steps a letter at most."""


class Pattern(Protocol):
    """A compiled pattern; what is found is only looked at for truth."""

    def search(self, text: str) -> object: ...

    def fullmatch(self, text: str) -> object: ...


class BadPattern(ValueError):
    """The text is no pattern, or one that cannot be searched for in linear time."""


@lru_cache(maxsize=256)
def caller_pattern(text: str, *, ignore_case: bool = False) -> Pattern:
    """The compiled pattern; raises BadPattern.

    Python must take it too, since the services let Python's `re` judge what is a pattern.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not ignore_case
    try:
        if len(text) > PATTERN_MAX:
            raise BadPattern(text)
        re.compile(text)
        compiled = re2.compile(text, options)
    except (re.error, re2.error, OverflowError, RecursionError) as error:
        raise BadPattern(text) from error
    if compiled.programsize > PROGRAM_MAX:
        raise BadPattern(text)
    pattern: Pattern = compiled
    return pattern
