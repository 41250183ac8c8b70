"""Times that clients write."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_of(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 time, in UTC or with an offset; raises ValueError."""
    when = datetime.fromisoformat(text)
    try:
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).timestamp()
    except OverflowError:  # an offset that leads out of the calendar
        raise ValueError(text) from None
