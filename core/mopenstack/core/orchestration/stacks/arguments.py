"""Arguments of requests, with Heat's words for wrong ones. Source: heat/common/param_utils.py."""

from __future__ import annotations

import re
from typing import Any

from mopenstack.orchestration.v1.refusals import AttributeError as NoAttribute
from mopenstack.orchestration.v1.refusals import BadRequest

TAG_MAX = 80
_INT = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)


def boolean(name: str, value: Any) -> bool:
    """Raises BadRequest for what is neither true nor false."""
    word = str(value).lower()
    if word not in ("true", "false"):
        raise BadRequest(message=f'Unrecognized value "{value}" for "{name}", acceptable values are: true, false.')
    return word == "true"


def integer(name: str, value: Any) -> int | None:
    """An integer that is not negative; raises BadRequest."""
    if value is None:
        return None
    if not isinstance(value, int | str) or not (isinstance(value, int) or (_INT.fullmatch(value) and len(value) < 19)):
        raise BadRequest(message=f"Only integer is acceptable by '{name}'.")
    number = int(value)
    if number < 0:
        raise BadRequest(message=f"Value '{value}' is invalid for '{name}' which only accepts non-negative integer.")
    return number


def tags(value: Any) -> list[str]:
    """Words with commas between them; raises BadRequest."""
    if not isinstance(value, str):
        raise NoAttribute()
    found = value.split(",")
    for tag in found:
        if len(tag) > TAG_MAX:
            raise BadRequest(message=f'Invalid tag, "{tag}" is longer than {TAG_MAX} characters')
    return found
