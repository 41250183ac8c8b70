"""A kept answer on the wire: its head was written when it was kept, but for the request's id and the date."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_exceptions import ClientConnectionResetError
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import SERVER_SOFTWARE, HttpVersion11
from multidict import CIMultiDict, CIMultiDictProxy


class Wire:
    """The bytes of an answer of 200 to a client that keeps its connection, in HTTP/1.1."""

    __slots__ = ("_head", "_ids", "body", "headers")

    def __init__(self, headers: CIMultiDictProxy[str], id_headers: Iterable[str], body: bytes) -> None:
        ids = {name.lower() for name in id_headers}
        self.headers, self.body = headers, body
        plain = {"Content-Length": str(len(body)), "Server": SERVER_SOFTWARE}
        told = [(name, value) for name, value in (*headers.items(), *plain.items()) if name.lower() not in ids]
        lines = [f"{name}: {value}".encode().replace(b"%", b"%%") for name, value in told]
        own = [name.encode() + b": %b" for name in headers if name.lower() in ids]
        self._ids = len(own)
        self._head = b"\r\n".join((b"HTTP/1.1 200 OK", *lines, *own, b"Date: %b", b"", b""))

    def bytes(self, request_id: str) -> bytes:
        """The whole answer."""
        return self._head % (*(request_id.encode(),) * self._ids, rfc822_formatted_time().encode()) + self.body


def wire_of(request: web.BaseRequest, response: web.Response, id_headers: Iterable[str]) -> Wire | None:
    """What is written for such requests; None where it has to be looked at how."""
    body, headers = response.body, response.headers
    if request.version != HttpVersion11 or not request.keep_alive or response.keep_alive is False:
        return None
    if not isinstance(body, bytes) or "Content-Type" not in headers:
        return None
    if any("\r" in value or "\n" in value for value in headers.values()):
        return None
    return Wire(CIMultiDictProxy(headers.copy()), id_headers, body)  # aiohttp adds to them when it sends the response


class KeptResponse(web.Response):
    """Is made for each request without the steps by which aiohttp makes a head."""

    _status = 200

    def __init__(self, wire: Wire, request_id: str) -> None:
        self._wire, self._id = wire, request_id

    @property
    def headers(self) -> CIMultiDict[str]:
        return CIMultiDict(self._wire.headers)

    @property  # type: ignore[misc]  # it is never set
    def body(self) -> bytes:
        return self._wire.body

    @property  # type: ignore[misc]  # nor is this
    def content_type(self) -> str:
        return self._wire.headers["Content-Type"].partition(";")[0]

    @property
    def keep_alive(self) -> bool:
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write all of it."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ClientConnectionResetError("Cannot write to closing transport")
        transport.write(self._wire.bytes(self._id))
        await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left."""
