"""A reverse proxy in front of a real cloud: clients stay with it, and every exchange is written down."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from mopenstack.cli.recording.exchanges import Line, document_of
from mopenstack.cli.recording.lines import line_of
from mopenstack.cli.recording.places import Place, Places
from mopenstack.cli.recording.tokens import Tokens

RECORDED_MAX = 1024**2
"""Most bytes of a body that are written down; of longer ones the length."""
REWRITTEN_MAX = 64 * 1024**2
"""Most bytes of a JSON answer that are held, so that its addresses can be changed; longer ones pass as they are."""
CHUNK = 64 * 1024
ANSWER_SECONDS_MAX = 600
HEADER_BYTES_MAX = 64 * 1024

_OF_THE_CONNECTION = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "host", "content-length", "accept-encoding", "expect", "content-encoding",
}  # fmt: skip


@dataclass(slots=True)
class Taken:
    """A body that passes: its length, and its beginning for the record."""

    size: int = 0
    head: bytearray = field(default_factory=bytearray)

    def take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if len(self.head) <= RECORDED_MAX:
            self.head += chunk[: RECORDED_MAX + 1 - len(self.head)]

    def document(self, content_type: str) -> Any:
        """As a line holds it."""
        if self.size > RECORDED_MAX:
            return {"__bytes__": self.size}
        return document_of(bytes(self.head), content_type)


class Proxy:
    """Answers for every service of a cloud; `record` is given each exchange."""

    def __init__(self, places: Places, client: aiohttp.ClientSession, record: Callable[[Line], None]) -> None:
        self._places, self._client, self._record = places, client, record
        self._tokens = Tokens()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Pass a request on, and its answer back."""
        found = self._places.find(request.raw_path)
        if found is None:
            return _refusal(404, "No service of the cloud is known by this path; its catalog names them.")
        place, path = found
        began, sent = time.monotonic(), Taken()
        await self._look_at_token(request.headers.get("X-Auth-Token", ""))
        try:
            async with self._client.request(
                request.method,
                URL(place.base + self._places.outward(path), encoded=True),
                headers=self._outward_headers(request),
                data=await self._body(request, sent),
                allow_redirects=False,
            ) as upstream:
                answer, taken = await self._pass_back(request, place, upstream)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _refusal(502, f"The cloud did not answer at {place.base}: {error or type(error).__name__}")
        if taken is None:
            return answer
        told = self._line(request, place, path, sent, answer.status, upstream.headers, taken)
        self._record({**told, "ms": round((time.monotonic() - began) * 1000, 1)})
        return answer

    # -- what is sent

    def _outward_headers(self, request: web.BaseRequest) -> CIMultiDict[str]:
        sent = CIMultiDict(
            (name, self._places.outward(value))
            for name, value in request.headers.items()
            if name.lower() not in _OF_THE_CONNECTION
        )
        sent["Accept-Encoding"] = "identity"
        if request.content_length is not None and not request.content_type.endswith("json"):
            sent["Content-Length"] = str(request.content_length)
        return sent

    async def _body(self, request: web.BaseRequest, sent: Taken) -> Any:
        """The body to send: JSON with the cloud's addresses, anything else as it comes."""
        if not request.can_read_body:
            return None
        held = b""
        if request.content_type.endswith("json"):
            held = await _at_most(request.content, REWRITTEN_MAX)
            if request.content.at_eof():
                held = _changed(held, self._places.outward)
                sent.take(held)
                return held
        return _passing(held, request.content, sent)

    async def _look_at_token(self, token: str) -> None:
        """Ask Keystone whose a token is that was issued before the recording began."""
        if not token or self._tokens.knows(token):
            return
        identity = self._places.identity
        headers = {"X-Auth-Token": token, "X-Subject-Token": token, "Accept": "application/json"}
        try:
            async with self._client.get(f"{identity.base}/v3/auth/tokens", headers=headers) as answer:
                body = await answer.json(content_type=None) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            body = None
        self._tokens.learn(token, body)
        self._places.learn_catalog(body)

    # -- what comes back

    async def _pass_back(
        self, request: web.BaseRequest, place: Place, upstream: aiohttp.ClientResponse
    ) -> tuple[web.StreamResponse, Taken | None]:
        """The answer, sent; without a record of it where the client went away."""
        taken = Taken()
        answer = web.StreamResponse(status=upstream.status, reason=upstream.reason)
        held = b""
        is_json = upstream.content_type.endswith("json") and request.method != "HEAD"
        if is_json:
            held = await _at_most(upstream.content, REWRITTEN_MAX)
            taken.take(held)
            if place.service == "identity":
                self._learn(request, upstream, held)
        for name, value in upstream.headers.items():
            if name.lower() not in _OF_THE_CONNECTION:
                answer.headers.add(name, self._places.inward(value))
        length = upstream.headers.get("Content-Length")
        whole = is_json and upstream.content.at_eof()
        if whole:
            held = _changed(held, self._places.inward)
            answer.content_length = len(held)
        elif length is not None and "Content-Encoding" not in upstream.headers:
            answer.content_length = int(length)
        try:
            await answer.prepare(request)
            if held:
                await answer.write(held)
            async for chunk in upstream.content.iter_chunked(CHUNK):
                taken.take(chunk)
                await answer.write(chunk)
            await answer.write_eof()
        except (ConnectionError, OSError):
            return answer, None
        return answer, taken

    def _learn(self, request: web.BaseRequest, upstream: aiohttp.ClientResponse, content: bytes) -> None:
        """Tokens and catalog of an answer of Keystone."""
        try:
            body = json.loads(content)
        except ValueError:
            return
        self._places.learn_catalog(body)
        token = upstream.headers.get("X-Subject-Token") or request.headers.get("X-Subject-Token", "")
        if token and upstream.status < 300:
            self._tokens.learn(token, body)

    def _line(
        self,
        request: web.BaseRequest,
        place: Place,
        path: str,
        sent: Taken,
        status: int,
        headers: Mapping[str, str],
        taken: Taken,
    ) -> Line:
        return line_of(
            self._places,
            place.service,
            request.method,
            path,
            self._tokens.role(request.headers.get("X-Auth-Token", "")),
            (request.headers, sent.size, sent.document(request.headers.get("Content-Type", "")) if sent.size else None),
            (status, headers, taken.document(headers.get("Content-Type", ""))),
        )


def _changed(content: bytes, change: Callable[[str], str]) -> bytes:
    """A body with other addresses, whatever its bytes are."""
    return change(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


async def _passing(held: bytes, content: aiohttp.StreamReader, sent: Taken) -> AsyncIterator[bytes]:
    if held:
        sent.take(held)
        yield held
    async for chunk in content.iter_chunked(CHUNK):
        sent.take(chunk)
        yield chunk


async def _at_most(content: aiohttp.StreamReader, size: int) -> bytes:
    held = bytearray()
    while len(held) <= size and not content.at_eof():
        held += await content.read(CHUNK)
    return bytes(held)


def _refusal(status: int, text: str) -> web.Response:
    return web.json_response({"error": {"code": status, "title": "mopenstack record", "message": text}}, status=status)


@asynccontextmanager
async def proxying(
    auth_url: str, verify: ssl.SSLContext | bool, port: int, record: Callable[[Line], None]
) -> AsyncIterator[str]:
    """Proxy a cloud at a port of the loopback interface; yields the auth URL that clients use."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=ANSWER_SECONDS_MAX)
    connector = aiohttp.TCPConnector(ssl=verify)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, auto_decompress=True, skip_auto_headers=("User-Agent", "Content-Type")
    ) as client:
        places = Places("")
        runner = web.ServerRunner(
            web.Server(
                Proxy(places, client, record).answer,
                max_line_size=HEADER_BYTES_MAX,
                max_field_size=HEADER_BYTES_MAX,
            )
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            places.local = f"http://127.0.0.1:{runner.addresses[0][1]}"
            places.learn("identity", auth_url)
            yield places.inward(auth_url)
        finally:
            await runner.cleanup()
