"""aiohttp's low-level server, with what its defaults do not suit: malformed requests, and how long an end may take."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web
from aiohttp.http_parser import HttpRequestParserPy
from aiohttp.web_protocol import RequestHandler, RequestPayloadError

from mopenstack.gateway.app import App
from mopenstack.gateway.http_heads import END, HeadParser

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 2.0
"""How long requests under way may take once the process is asked to end; then their connections are closed."""


class _Handler(RequestHandler):
    """One connection."""

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._parser: Any = HeadParser(self._parser, self._lenient)

    def _lenient(self) -> HttpRequestParserPy:
        """aiohttp's other parser, with the limits of the first."""
        return HttpRequestParserPy(
            self,
            self._loop,
            self._read_bufsize,
            max_line_size=self.max_line_size,
            max_field_size=self.max_field_size,
            max_headers=self.max_headers,
            payload_exception=RequestPayloadError,
            auto_decompress=False,
        )

    def data_received(self, data: bytes) -> None:
        """Headers are read before what comes with them: what follows a request and is none leaves the request alone."""
        end = data.find(END) + len(END)
        if len(END) <= end < len(data):
            super().data_received(data[:end])
            data = data[end:]
        super().data_received(data)

    def handle_error(
        self, request: Any, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """A request that is no HTTP: one line in the log, without what it held.

        The answer has no body: it may be one to a HEAD, which cannot be told any more.
        """
        log.info("%s sent a request that is no HTTP: %s", request.remote, type(exc).__name__)
        answer = web.Response(status=status, headers={"Connection": "close"})
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """What no step of the app handles; of a body that is not read and cannot be, one line."""
        if isinstance(kw.get("exc_info"), RequestPayloadError):
            log.info("the rest of a body is not what its Content-Encoding or Transfer-Encoding says")
        else:
            super().log_exception(*args, **kw)


class _BehindProxy(web.BaseRequest):
    """A request that came by a proxy, which says how its own client came: by HTTPS where this process speaks HTTP.

    Source: oslo.middleware's http_proxy_to_wsgi, which reads the same header where enable_proxy_headers_parsing is on.
    """

    @property
    def scheme(self) -> str:
        """`http` or `https`, of the addresses that the client is told."""
        told = self.headers.get("X-Forwarded-Proto", "").strip().lower()
        return told if told in ("http", "https") else str(super().scheme)


class _Server(web.Server):
    """Makes the handler of each connection."""

    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class _ProxiedServer(_Server):
    """One whose requests come by a proxy."""

    def _make_request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return _BehindProxy(message, payload, protocol, writer, task, self._loop)


def runner(app: App, behind_proxy: bool = False) -> web.ServerRunner:
    """What serves an app; set it up and add sites to it. `behind_proxy`: a proxy's word for the scheme is believed."""
    made = _ProxiedServer if behind_proxy else _Server
    return web.ServerRunner(made(app, access_log=None, auto_decompress=False), shutdown_timeout=SHUTDOWN_SECONDS)
