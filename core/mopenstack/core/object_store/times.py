"""The forms in which Swift writes moments. Source: swift.common.utils.timestamp."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime

from google.protobuf.timestamp_pb2 import Timestamp


def seconds(stamp: Timestamp) -> float:
    """Since the epoch, in steps of ten microseconds, as Swift keeps them."""
    return stamp.seconds + stamp.nanos // 10_000 / 100_000


def normal(stamp: Timestamp) -> str:
    """1795852005.63394."""
    return f"{seconds(stamp):016.5f}"


def http_date(stamp: Timestamp) -> str:
    """Sat, 28 Nov 2026 07:46:48 GMT, the next full second."""
    return formatdate(math.ceil(seconds(stamp)), usegmt=True)


def iso(stamp: Timestamp) -> str:
    """2026-11-28T07:46:48.186950, as lists have it."""
    return f"{datetime.fromtimestamp(stamp.seconds, UTC).isoformat()[:19]}.{stamp.nanos // 10_000:05d}0"


def parsed(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date; None for what is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def iso_seconds(stamp: Timestamp) -> str:
    """2026-11-28T07:46:49.000000, the next full second, as manifests have it."""
    return datetime.fromtimestamp(math.ceil(seconds(stamp)), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
