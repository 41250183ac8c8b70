"""Times in the queries of Nova's lists: changes-since and changes-before (nova/api/validation/parameter_types.py)."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.compute.v2.refusals import ListRefused
from mopenstack.core.engine.times import seconds_of


def moment(key: str, value: str) -> float:
    """A time that a filter names, in seconds since the epoch; raises ListRefused."""
    try:
        return seconds_of(value)
    except ValueError:
        why = f"{value!r} is not a 'date-time'"
        raise ListRefused(f"Invalid input for query parameters {key}. Value: {value}. {why}") from None


def moment_in(given: Mapping[str, str], key: str) -> float | None:
    """The same of a filter that may not be given."""
    return moment(key, given[key]) if key in given else None
