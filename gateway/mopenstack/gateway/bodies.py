"""Bodies of requests as they come, and answers that are streams of bytes."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from mopenstack.contract.calls import ByteStream
from mopenstack.contract.faults import BadRequest
from mopenstack.contract.octets import as_bytes
from mopenstack.gateway.dialects.base import TooLarge

_ASKED_FOR = web.RequestKey("asked_for", bool)
_COMPRESSIONS = ("gzip", "deflate")
_WRONG_ENCODING = "The body is not what its Content-Encoding or Transfer-Encoding says."
_HUNG_UP = "The client hung up."
"""For the log: no client is there to be answered."""


async def read(request: web.BaseRequest, limit: int) -> bytes:
    """A whole body, decompressed; raises TooLarge for one of more bytes than `limit`."""
    if (request.content_length or 0) > limit:
        raise TooLarge
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    plain = _Decompression(encoding, limit) if encoding in _COMPRESSIONS else None
    if waits(request):
        await _ask(request)
    parts, size = [], 0
    while chunk := await _next(request):
        if plain is not None:
            chunk = plain.of(chunk)
        size += len(chunk)
        if size > limit:
            raise TooLarge
        parts.append(chunk)
    if plain is not None:
        plain.end()
    return b"".join(parts)


class _Decompression:
    """The bytes of a body as its Content-Encoding says; hardly more than `limit` at once. Raises BadRequest."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding, self._limit = encoding, limit
        self._plain: Any = None

    def of(self, chunk: bytes) -> bytes:
        """What the next bytes are."""
        if self._plain is None:
            bits = 16 + zlib.MAX_WBITS if self._encoding == "gzip" else zlib.MAX_WBITS
            wrapped = self._encoding == "gzip" or chunk[0] & 0x0F == 8
            self._plain = zlib.decompressobj(bits if wrapped else -zlib.MAX_WBITS)
        try:
            found: bytes = self._plain.decompress(chunk, self._limit + 1)
        except zlib.error:
            raise BadRequest(_WRONG_ENCODING) from None
        return found

    def end(self) -> None:
        """There are no more."""
        if self._plain is not None and not self._plain.eof:
            raise BadRequest(_WRONG_ENCODING)


async def chunks(request: web.BaseRequest) -> AsyncIterator[bytes]:
    """The body as it comes; a client that waits to be asked for it (`Expect: 100-continue`) is asked now."""
    if waits(request):
        await _ask(request)
    while chunk := await _next(request):
        yield chunk


async def _ask(request: web.BaseRequest) -> None:
    request[_ASKED_FOR] = True
    try:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    except ConnectionError:
        raise BadRequest(_HUNG_UP) from None
    request.writer.output_size = 0  # that was no answer yet


async def _next(request: web.BaseRequest) -> bytes:
    """What has come of the body since; empty at its end."""
    try:
        return await request.content.readany()
    except (HttpProcessingError, RequestPayloadError):
        raise BadRequest(_WRONG_ENCODING) from None
    except ConnectionError:
        raise BadRequest(_HUNG_UP) from None


def waits(request: web.BaseRequest) -> bool:
    """Whether the client waits to be asked for the body, and was not asked yet."""
    return request.headers.get("Expect", "").lower() == "100-continue" and _ASKED_FOR not in request


class Response(web.StreamResponse):
    """An answer as eventlet gives it.

    It says a length where its headers have one, also those without content, which Swift says is 0; that the connection
    stays, to who asks for that; and headers that are no UTF-8 as they came.
    """

    async def _prepare_headers(self) -> None:
        length = self.headers.get("Content-Length")
        await super()._prepare_headers()
        if length is not None and self.status in (204, 304):
            self.headers["Content-Length"] = length
        asked = self._req is not None and self._req.headers.get("Connection", "").lower() == "keep-alive"
        if asked and self.keep_alive:
            self.headers["Connection"] = "keep-alive"

    async def _write_headers(self) -> None:
        self._send_headers_immediately = all(map(str.isascii, self.headers.values()))
        await super()._write_headers()
        if not self._send_headers_immediately:
            writer: Any = self._payload_writer
            writer._headers_buf = as_bytes(writer._headers_buf)
            writer.send_headers()


async def send(request: web.BaseRequest, stream: ByteStream, status: int) -> web.StreamResponse:
    """Write a stream as the answer."""
    response = Response(status=status, headers=stream.headers)
    response.content_type = stream.content_type
    if stream.size >= 0:
        response.content_length = stream.size
    if waits(request):
        response.force_close()  # whether the body comes after all cannot be told
    await response.prepare(request)
    if request.method != "HEAD":
        async for chunk in stream.chunks:
            await response.write(chunk)
    await response.write_eof()
    return response
