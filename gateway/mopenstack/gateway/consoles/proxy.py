"""What answers at the addresses of consoles: the page of noVNC, and the websockets behind it.

    /consoles/novnc/vnc_lite.html, /consoles/novnc/websockify, /consoles/serial/, /consoles/spice/...

Source: nova.console.websocketproxy.NovaProxyRequestHandler and websockify's WebSockifyRequestHandler. As with them, a
client whose token or origin is not let in is told so by the end of its connection, right after the websocket is there.
"""

from __future__ import annotations

import asyncio
import logging
import mimetypes
import platform
import re
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from mopenstack.compute.v2.servers import console_sessions_pb2 as pb
from mopenstack.contract.calls import Core, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import Fault, NotFound
from mopenstack.contract.known import in_slices
from mopenstack.gateway.consoles.rfb import Screen
from mopenstack.gateway.consoles.serial import SerialLine
from mopenstack.gateway.consoles.socket import ALIVE_SECONDS, MESSAGE_BYTES_MAX, SUBPROTOCOL, Gone, Socket
from mopenstack.gateway.consoles.watch import POLL_SECONDS, Watch

log = logging.getLogger(__name__)

SESSIONS_MAX = 64
"""At once, of a process."""
_SERVER = f"WebSockify Python/{platform.python_version()}"
_PACKAGE = "mopenstack.compute.v2"
_SERVICE = f"{_PACKAGE}.ConsoleSessions"
_NOVNC, _SERIAL, _SPICE = "novnc/", "serial/", "spice/"
_SOCKETS = {_NOVNC + "websockify", _SERIAL, _SPICE + "websockify", _SPICE}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'"
)
"""Which pages may show a console is not said: Horizon shows it in a frame."""
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+")
_CLOSE_SECONDS = 2.0
"""How long a client may take to answer the end of its session."""
_DOWNSTREAM = 1011
"""The code that websockify closes with where a guest does not listen."""


class Consoles:
    """Of one process."""

    def __init__(self, core: Core, contract: Contract) -> None:
        self._core, self._contract = core, contract
        self._count = 0

    async def answer(self, request: web.BaseRequest, context: RequestContext, path: str) -> web.StreamResponse:
        """Answer a request below /consoles/; `path` is what follows."""
        service = next((service for service in self._contract.services if service.contract == _PACKAGE), None)
        if service is None:
            return _refusal(404, "There is no compute service, so there are no consoles")
        if path in _SOCKETS and "websocket" in request.headers.get("Upgrade", "").lower():
            await in_slices(self._contract.reading(service))
            return await self._connect(request, context)
        if not path.startswith(_NOVNC):
            # The proxies of serial and, without the pages of spice-html5, SPICE consoles serve websockets alone.
            return _refusal(405, "Method Not Allowed")
        if request.method not in ("GET", "HEAD"):
            return _refusal(501, f"Unsupported method ({request.method!r})")
        return _page(request, path.removeprefix(_NOVNC))

    async def _connect(self, request: web.BaseRequest, context: RequestContext) -> web.StreamResponse:
        if self._count >= SESSIONS_MAX:
            return _refusal(503, "Too many consoles are open")
        socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            heartbeat=ALIVE_SECONDS,
            compress=False,
            max_msg_size=MESSAGE_BYTES_MAX,
            timeout=_CLOSE_SECONDS,
        )
        socket.headers["Server"] = _SERVER
        try:
            await socket.prepare(request)
        except web.HTTPException as refused:
            return _refusal(400, refused.text or refused.reason)
        self._count += 1
        try:
            await self._serve(request, context, socket)
        finally:
            self._count -= 1
        return socket

    async def _serve(self, request: web.BaseRequest, context: RequestContext, socket: web.WebSocketResponse) -> None:
        session = await self._session(request, context)
        if session is None:
            if request.transport is not None:
                request.transport.close()
            return
        client = Socket(socket)
        watch = Watch(self._core, self._contract.by_name[f"{_SERVICE}.ShowConsole"], context, session.server_id)
        if session.console_type.startswith("spice"):
            await client.close(_DOWNSTREAM, "Failed to connect to downstream server")
            return
        try:
            await watch.look()
        except Fault:
            await client.close(_DOWNSTREAM, "Failed to connect to downstream server")
            return
        shown = SerialLine(client, watch) if session.console_type == "serial" else Screen(client, watch)
        seconds = session.seconds_left if session.HasField("seconds_left") else None
        follower = asyncio.create_task(_follow(watch, shown, client))
        try:
            async with asyncio.timeout(seconds):
                await shown.follow()
        except (Gone, TimeoutError) as over:
            log.info("a console of server %s is closed: %s", session.server_id, over or "its token has expired")
        finally:
            follower.cancel()
            with suppress(asyncio.CancelledError):
                await follower
        await client.close()

    async def _session(self, request: web.BaseRequest, context: RequestContext) -> pb.ConsoleSession | None:
        """The console that the client's token is for; None: it is not let in."""
        asked = pb.OpenConsoleRequest(console_token=_token(request)[:255])
        try:
            reply = await self._core.call(self._contract.by_name[f"{_SERVICE}.OpenConsole"], asked, context)
        except Fault as refused:
            log.info("a console was not opened: %s", refused)
            return None
        assert isinstance(reply.result, pb.ConsoleSession)
        why = _foreign(request, reply.result.access_url_base)
        if why:
            log.info("a console was not opened: %s", why)
            return None
        return reply.result


async def _follow(watch: Watch, shown: SerialLine | Screen, client: Socket) -> None:
    """Look at the server again and again, and show what has changed, until it is gone."""
    try:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await watch.look()
            except NotFound:
                await client.close()
                return
            except Fault:  # one that was asked for: the next look may do better
                continue
            await shown.refresh()
    except Gone:
        return


def _token(request: web.BaseRequest) -> str:
    """By the query, or by the cookie that noVNC set up to 1.0."""
    token = parse_qs(urlsplit(request.raw_path).query).get("token", [""]).pop()
    if not token:
        for part in request.headers.get("Cookie", "").split(";"):
            with suppress(CookieError):
                found = SimpleCookie(part.strip()).get("token")
                token = found.value if found is not None else token
    return token


def _foreign(request: web.BaseRequest, access_url_base: str) -> str:
    """Why a page may not connect here; empty for one that may, and for clients that are no browsers."""
    origin = request.headers.get("Origin")
    if origin is None:
        return ""
    try:
        page, own = urlsplit(origin), urlsplit(f"//{request.headers.get('Host', '')}").hostname
    except ValueError:
        return "Origin header not valid."
    scheme = request.headers.get("X-Forwarded-Proto") or page.scheme
    if not page.hostname or not scheme:
        return "Origin header not valid."
    if page.hostname != own:
        return "Origin header does not match this host."
    expected = urlsplit(access_url_base).scheme
    if scheme not in (expected, {"ws": "http", "wss": "https"}.get(expected)):
        return "Origin header protocol does not match this host."
    return ""


def _page(request: web.BaseRequest, name: str) -> web.Response:
    """A file of the page: our own, or one of noVNC's."""
    found = None
    parts = name.split("/")
    if all(part and not part.startswith(".") and "\\" not in part and "\0" not in part for part in parts):
        for folder in ("page", "novnc"):
            place = files(__package__).joinpath(folder, *parts)
            if place.is_file():
                found = place
                break
    if found is None:
        return _refusal(404, "File not found")
    host = found_host.group() if (found_host := _HOST.fullmatch(request.headers.get("Host", ""))) else ""
    answer = web.Response(
        body=found.read_bytes(),
        content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        charset="utf-8" if name.endswith((".html", ".js", ".css", ".txt")) else None,
    )
    answer.headers["Content-Security-Policy"] = _POLICY.format(sockets=f"ws://{host} wss://{host}" if host else "")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"  # the token is in the address
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _refusal(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=f"{status} {why}\n", headers={"Server": _SERVER})
