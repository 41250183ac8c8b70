"""The bytes of several objects as those of one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

Read = Callable[[int, int], AsyncIterator[bytes]]


class SegmentGone(Exception):
    """A segment is not there any more, or is another one: the answer breaks off."""


@dataclass(frozen=True, slots=True)
class Segment:
    """`length` bytes, from `start` on, of what `read` reads; without it they cannot be had any more."""

    length: int
    read: Read | None
    start: int = 0


def joined(segments: Sequence[Segment]) -> Read:
    """(start, end) -> the bytes between them of all segments one behind the other."""

    async def chunks(start: int, end: int) -> AsyncIterator[bytes]:
        place = 0
        for segment in segments:
            first, last = max(start - place, 0), min(end - place, segment.length)
            place += segment.length
            if first >= last:
                continue
            if segment.read is None:
                raise SegmentGone
            async for chunk in segment.read(segment.start + first, segment.start + last):
                yield chunk

    return chunks


def inline(data: bytes) -> Segment:
    """A segment whose bytes are at hand."""

    async def chunks(start: int, end: int) -> AsyncIterator[bytes]:
        yield data[start:end]

    return Segment(len(data), chunks)
