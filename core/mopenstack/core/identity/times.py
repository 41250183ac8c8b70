"""Times as Keystone reads them (keystone.common.utils, oslo_utils.timeutils)."""

from __future__ import annotations

from datetime import UTC, datetime

from mopenstack.core.engine.call import Call
from mopenstack.core.identity import errors


def parse_time(text: str) -> float:
    """Seconds since the epoch of a time in UTC or with an offset; raises ValueError."""
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def parse_expiry(call: Call, text: str) -> float:
    """A time to come (parse_expiration_date)."""
    try:
        stamp = parse_time(text)
    except ValueError:
        raise errors.TimestampNotExpected from None
    if stamp < call.time:
        raise errors.ExpirationInPast
    return stamp
