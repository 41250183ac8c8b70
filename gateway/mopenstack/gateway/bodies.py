"""Bodies of requests as they come, and answers that are streams of bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from mopenstack.contract.calls import ByteStream
from mopenstack.contract.faults import BadRequest
from mopenstack.gateway.dialects.base import TooLarge


async def read(request: web.BaseRequest, limit: int) -> bytes:
    """A whole body; raises TooLarge for one of more bytes than `limit`."""
    if (request.content_length or 0) > limit:
        raise TooLarge
    parts, size = [], 0
    async for chunk in chunks(request):
        size += len(chunk)
        if size > limit:
            raise TooLarge
        parts.append(chunk)
    return b"".join(parts)


async def chunks(request: web.BaseRequest) -> AsyncIterator[bytes]:
    """The body as it comes; a client that waits to be asked for it (`Expect: 100-continue`) is asked now."""
    try:
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # that was no answer yet
        async for chunk in request.content.iter_any():
            yield chunk
    except (HttpProcessingError, RequestPayloadError):
        raise BadRequest("The body is not what its Content-Encoding or Transfer-Encoding says.") from None
    except ConnectionError:
        raise BadRequest("The client hung up.") from None  # for the log: no client is there to be answered


async def send(request: web.BaseRequest, stream: ByteStream, status: int) -> web.StreamResponse:
    """Write a stream as the answer."""
    response = web.StreamResponse(status=status, headers=stream.headers)
    response.content_type = stream.content_type
    if stream.size >= 0:
        response.content_length = stream.size
    await response.prepare(request)
    if request.method != "HEAD":
        async for chunk in stream.chunks:
            await response.write(chunk)
    await response.write_eof()
    return response
