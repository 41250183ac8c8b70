"""The filters changes-since and changes-before of Nova's lists (nova/api/validation/parameter_types.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mopenstack.compute.v2.refusals import ChangesInWrongOrder, ListRefused
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.times import seconds_of

CHANGES_BEFORE_SINCE = 66
"""From this microversion lists know changes-before."""


def parse_time(key: str, value: str) -> float:
    """The value of a filter in seconds since the epoch; raises ListRefused."""
    try:
        return seconds_of(value)
    except ValueError:
        why = f"{value!r} is not a 'date-time'"
        raise ListRefused(f"Invalid input for query parameters {key}. Value: {value}. {why}") from None


def change_filter(call: Call, given: Mapping[str, str]) -> Callable[[float], bool]:
    """The test of a time of change, in seconds since the epoch; raises ListRefused, ChangesInWrongOrder."""
    since = parse_time("changes-since", given["changes-since"]) if "changes-since" in given else None
    before = None
    if "changes-before" in given and call.at_least(CHANGES_BEFORE_SINCE):
        before = parse_time("changes-before", given["changes-before"])
    if since is not None and before is not None and before < since:
        raise ChangesInWrongOrder()

    def fits(changed: float) -> bool:
        return (since is None or changed >= since) and (before is None or changed <= before)

    return fits
