"""Regular expressions of values: a dollar sign means the end, never the place before a last line feed.

OpenStack's own patterns end in `$`, and refusals quote them so; Python's `$` would let `CUSTOM_A` with a line feed
pass, and such a name is later no path, no header and no line of a log.
"""

from __future__ import annotations

import re
from functools import cache

_STEP = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$|[^\\\[$]+", re.DOTALL)


@cache
def exact(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """The compiled pattern, whose `$` outside of character classes is the very end."""
    text = _STEP.sub(lambda step: r"\Z" if step[0] == "$" else step[0], pattern)
    return re.compile(text, flags)
