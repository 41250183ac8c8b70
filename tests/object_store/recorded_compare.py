"""What two answers of Swift have in common, whatever their ids, times and addresses."""

from __future__ import annotations

import json
import re
from typing import Any

_VOLATILE = re.compile(
    r"AUTH_[0-9a-f]{32}|\d{10}\.\d{5}|\d{4}-\d\d-\d\dT[\d:.]+|\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT|http://[^/\"<]*"
    r"|boundary=[0-9a-f]+|--[0-9a-f]{32}|\b[0-9a-f]{64}\b"
)


def plain(text: str) -> str:
    """A text without what is drawn anew each time."""
    return _VOLATILE.sub("~", re.sub(r"http://[^/\"<]*(?:/cloud/[^/]*)?/object-store", "http://h", text))


def parsed(content: bytes) -> Any:
    """A body as JSON, else as text."""
    try:
        return json.loads(content or b"null")
    except ValueError:
        return content.decode("utf-8", "replace")


def lacking_keys(wanted: Any, got: Any) -> list[str]:
    """The keys of an object, or of an object of a list."""
    if isinstance(wanted, list) and isinstance(got, list):
        said = [lacking_keys(wanted[0], one) for one in got] if wanted else []
        return [] if not said or [] in said else said[0]
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [] if wanted.keys() <= got.keys() else [f"keys {sorted(got)}, recorded {sorted(wanted)}"]
    return [] if type(wanted) is type(got) else [f"{got!r}, recorded {wanted!r}"]
