"""Points in time as the services write them."""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache

from mopenstack.contract.v1 import annotations_pb2


def format_time(seconds: int, nanos: int, style: int) -> str:
    """A Timestamp in one of the contract's formats."""
    day = _second(seconds)
    if style in (annotations_pb2.TIME_FORMAT_SECONDS_Z, annotations_pb2.TIME_FORMAT_UNSPECIFIED):
        return f"{day}Z"
    if style == annotations_pb2.TIME_FORMAT_SECONDS:
        return day
    if style == annotations_pb2.TIME_FORMAT_OFFSET:
        return f"{day}+00:00"
    micros = f"{nanos // 1000:06d}"
    if style == annotations_pb2.TIME_FORMAT_OFFSET_MICROS:
        return f"{day}.{micros}+00:00"
    if style in (annotations_pb2.TIME_FORMAT_MICROS, annotations_pb2.TIME_FORMAT_MICROS_Z):
        return f"{day}.{micros}" + ("Z" if style == annotations_pb2.TIME_FORMAT_MICROS_Z else "")
    if style == annotations_pb2.TIME_FORMAT_HTTP_DATE:
        return formatdate(seconds, usegmt=True)
    if style == annotations_pb2.TIME_FORMAT_SPACE:
        return day.replace("T", " ")
    return f"{day.replace('T', ' ')}.{micros}"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
