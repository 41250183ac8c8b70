"""Requests of Swift's API within one of S3's: the same routes, the same RPCs, the same answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from multidict import CIMultiDict

from mopenstack.contract.calls import ByteStream
from mopenstack.gateway.dialects.answer import Answer
from mopenstack.gateway.s3.signatures import encoded

BODY_BYTES_MAX = 16 * 1024 * 1024
"""Of an answer that is read here: a list of a container, the report of a manifest."""


class Content:
    """The body of a request, as a stream."""

    def __init__(self, source: AsyncIterator[bytes] | None) -> None:
        self._source = source

    async def readany(self) -> bytes:
        """The next bytes; empty at the end."""
        if self._source is not None:
            async for piece in self._source:
                if piece:
                    return piece
        return b""


class InnerRequest:
    """A request that no client sent: as much of aiohttp's as the gateway looks at."""

    def __init__(
        self, method: str, headers: CIMultiDict[str], body: AsyncIterator[bytes] | None, path: str, query: str
    ) -> None:
        self.method = method
        self.headers = headers
        self.body_exists = body is not None
        self.content = Content(body)
        self.path = path
        """Percent-encoded, below the API's prefix."""
        self.query = query

    @property
    def content_length(self) -> int | None:
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isdigit() else None


Ask = Callable[[InnerRequest], Awaitable[Answer | tuple[ByteStream, int]]]
"""Answers a request of Swift's API in the name of this request's caller."""


@dataclass(slots=True)
class SwiftAnswer:
    """What Swift answers: `stream` has the bytes that were not read yet."""

    status: int
    headers: CIMultiDict[str]
    stream: ByteStream | None = None
    content: bytes = b""

    async def read(self) -> bytes:
        """The whole body, which is a document and not an object's bytes."""
        if self.stream is not None:
            parts = [piece async for piece in self.stream.chunks]
            self.content, self.stream = b"".join(parts), None
        return self.content


async def ask(
    answer: Ask,
    method: str,
    path: tuple[str, ...],
    query: Mapping[str, str],
    headers: CIMultiDict[str],
    body: AsyncIterator[bytes] | None,
) -> SwiftAnswer:
    """Make a request of Swift's API: `path` is account, container and object, as far as they are given."""
    target = "/v1/" + "/".join(quote(encoded(part)) for part in path)
    asked = "&".join(f"{quote(name)}={quote(encoded(value), safe='')}" for name, value in sorted(query.items()))
    found = await answer(InnerRequest(method, headers, body, target, asked))
    if isinstance(found, Answer):
        told = CIMultiDict(found.headers)
        if found.says_type:
            told.setdefault("Content-Type", found.content_type)
        told["Content-Length"] = str(len(found.body))
        return SwiftAnswer(found.status, told, None, found.body)
    stream, status = found
    told = CIMultiDict(stream.headers)
    told.setdefault("Content-Type", stream.content_type)
    if stream.size >= 0:
        told.setdefault("Content-Length", str(stream.size))
    return SwiftAnswer(status, told, stream)


async def whole(content: bytes) -> AsyncIterator[bytes]:
    """Bytes that are all there, as a stream."""
    if content:
        yield content
