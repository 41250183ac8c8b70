"""Times as Keystone reads them (keystone.common.utils, oslo_utils.timeutils)."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.times import seconds_of
from mopenstack.identity.v3 import refusals


def parse_expiry(call: Call, text: str) -> float:
    """A time to come (parse_expiration_date)."""
    try:
        stamp = seconds_of(text)
    except ValueError:
        raise refusals.TimestampNotExpected from None
    if stamp < call.time:
        raise refusals.ExpirationInPast
    return stamp
