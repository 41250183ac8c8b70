"""JSON values as trees: every place in one, another value there, and their text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]
"""Where in a JSON value: keys and indexes from the root."""
DEPTH_MAX = 12


def places(value: Any, prefix: Place = ()) -> Iterator[Place]:
    """Every place of a JSON value that is not too deep in it, the root first."""
    yield prefix
    if len(prefix) >= DEPTH_MAX:
        return
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, (*prefix, key))
    elif isinstance(value, list):
        for index, one in enumerate(value[:20]):
            yield from places(one, (*prefix, index))


def at(value: Any, place: Place) -> Any:
    """What is at a place."""
    for key in place:
        value = value[key]
    return value


def put(value: Any, place: Place, what: Any) -> Any:
    """A copy with something else at a place."""
    if not place:
        return what
    changed = _copy(value)
    first, *rest = place
    changed[first] = put(changed[first], tuple(rest), what) if rest else what
    return changed


def dropped(value: Any, place: Place) -> Any:
    """A copy without what is at a place."""
    parent = _copy(at(value, place[:-1]))
    del parent[place[-1]]
    return put(value, place[:-1], parent)


def _copy(value: Any) -> Any:
    return dict(value) if isinstance(value, dict) else list(value)


def parsed(text: str) -> Any:
    """The value of a JSON text; raises ValueError for what is none, or too deep."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None


def text_of(value: Any) -> str:
    """JSON with lone surrogates escaped, as a client may send them, and everything else as it is."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(f"\\u{ord(letter):04x}" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
