"""aiohttp's low-level server, with what its defaults do not suit: malformed requests, and how long an end may take."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler, RequestPayloadError

from mopenstack.gateway.app import App

log = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 2.0
"""How long requests under way may take once the process is asked to end; then their connections are closed."""


class _Handler(RequestHandler):
    """One connection."""

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


class _Server(web.Server):
    """Makes the handler of each connection."""

    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


def runner(app: App) -> web.ServerRunner:
    """What serves an app; set it up and add sites to it."""
    return web.ServerRunner(_Server(app, access_log=None), shutdown_timeout=SHUTDOWN_SECONDS)
