"""multipart/form-data, read as it comes. Source: swift.common.utils.iter_multipart_mime_documents, RFC 2046."""

from __future__ import annotations

import email.message
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

VALUE_BYTES_MAX = 4096
HEADER_BYTES_MAX = 65536


class Malformed(Exception):
    """The body does not begin with its boundary, or ends within a part."""


def header(value: str) -> tuple[str, dict[str, str]]:
    """A header's value and its attributes, by their names in lower case."""
    message = email.message.Message()
    message["content-type"] = value
    found = message.get_params(failobj=[("", "")], header="content-type", unquote=True) or [("", "")]
    return found[0][0].lower(), {str(name).lower(): str(text) for name, text in found[1:]}


@dataclass(slots=True)
class Part:
    """One part: its headers by their names in lower case, and its bytes."""

    chunks: AsyncIterator[bytes]
    headers: dict[str, str] = field(default_factory=dict)

    async def read(self, limit: int) -> bytes:
        """At most `limit` bytes of it; the others are passed over."""
        found = b""
        async for chunk in self.chunks:
            if len(found) < limit:
                found += chunk[: limit - len(found)]
        return found


class _Source:
    """The bytes of the body with what was read ahead."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.buffer = b""
        self.ended = False

    async def more(self) -> None:
        try:
            self.buffer += await anext(self._chunks)
        except StopAsyncIteration:
            self.ended = True

    async def line(self) -> bytes:
        while b"\n" not in self.buffer and not self.ended and len(self.buffer) < HEADER_BYTES_MAX:
            await self.more()
        line, newline, rest = self.buffer.partition(b"\n")
        if not newline and len(line) >= HEADER_BYTES_MAX:
            raise Malformed
        self.buffer = rest
        return line + newline


async def parts(chunks: AsyncIterator[bytes], boundary: str) -> AsyncIterator[Part]:
    """The parts, one behind the other; the bytes of one are read before the next."""
    source = _Source(chunks)
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    first = await source.line()
    while first == b"\r\n":
        first = await source.line()
    if first.strip() != mark:
        raise Malformed
    while True:
        headers = await _headers(source)
        part = Part(_until(source, b"\r\n" + mark), headers)
        yield part
        async for _ in part.chunks:  # what was not read
            pass
        if (await source.line()).startswith(b"--") or source.ended:
            return


async def _headers(source: _Source) -> dict[str, str]:
    found: dict[str, str] = {}
    size = 0
    while line := (await source.line()).rstrip(b"\r\n"):
        size += len(line)
        if size > HEADER_BYTES_MAX:
            raise Malformed
        name, _, value = line.decode("utf-8", "surrogateescape").partition(":")
        found[name.strip().lower()] = value.strip()
    return found


async def _until(source: _Source, end: bytes) -> AsyncIterator[bytes]:
    """The bytes up to a mark, which is taken away."""
    while True:
        place = source.buffer.find(end)
        if place >= 0:
            chunk, source.buffer = source.buffer[:place], source.buffer[place + len(end) :]
            if chunk:
                yield chunk
            return
        if source.ended:
            chunk, source.buffer = source.buffer, b""
            if chunk:
                yield chunk
            return
        safe = len(source.buffer) - len(end)
        if safe > 0:
            chunk, source.buffer = source.buffer[:safe], source.buffer[safe:]
            yield chunk
        await source.more()
