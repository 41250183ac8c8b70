"""Dates as S3's clients write and read them.

Source: swift.common.middleware.s3api.utils (mktime, S3Timestamp).
"""

from __future__ import annotations

import calendar
import email.utils
import math
import time
from datetime import UTC, datetime

V2 = "%Y-%m-%dT%H:%M:%S"
V4 = "%Y%m%dT%H%M%SZ"
LAST = 9999999999
"""The last second that Swift's timestamps can tell."""


def parse(text: str, form: str = V2) -> int:
    """Seconds since the epoch of a date of RFC 2822, or of another form; raises ValueError."""
    found = email.utils.parsedate_tz(text)
    if found is None:
        return calendar.timegm(time.strptime(text, form))
    return calendar.timegm(found[:9]) - (found[9] or 0)


def stamp(seconds: int) -> str:
    """`20260102T030405Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime(V4)


def shown(seconds: float) -> str:
    """A time in a document: whole seconds, rounded up."""
    return datetime.fromtimestamp(math.ceil(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def of_listing(text: str) -> str:
    """The `last_modified` of Swift's listings as a time in a document."""
    return shown(datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC).timestamp())


def of_header(text: str) -> str:
    """A Last-Modified header as a time in a document."""
    return shown(parse(text))
