"""Serves Skyline as its web server does: the console's files, its API, and each service below a path of this origin.

    OS_CONFIG_DIR=FOLDER python skyline_server.py FD    a socket that listens already

What is forwarded where is what Skyline's own generator of nginx's configuration says; it is a process for one test run.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from skyline_apiserver.cmd.generate_nginx import get_proxy_endpoints, static_path
from skyline_apiserver.config import CONF, configure
from skyline_apiserver.main import app as api
from skyline_apiserver.types import constants
from starlette.requests import Request
from starlette.responses import FileResponse, StreamingResponse

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host", "content-length"}
SECONDS = 120


class Front:
    """An application of ASGI, in nginx's place."""

    def __init__(self) -> None:
        configure("skyline")
        self._api = f"{CONF.openstack.nginx_prefix}/skyline"
        self._services = {one.location: one.url for one in get_proxy_endpoints().values()}
        self._files = Path(static_path).resolve()
        self._client = httpx.AsyncClient(timeout=SECONDS, trust_env=False)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request; Skyline's API gets the start and the end of the process too."""
        path = scope.get("path", "")
        if scope["type"] == "lifespan" or path.startswith(f"{constants.API_PREFIX}/"):
            await api(scope, receive, send)
        elif path.startswith(f"{self._api}/"):
            inner = path.removeprefix(self._api)
            await api({**scope, "path": inner, "raw_path": inner.encode()}, receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            location = next((one for one in self._services if path.startswith(one)), None)
            answer = self._file(path) if location is None else await self._forwarded(request, location)
            await answer(scope, receive, send)

    def _file(self, path: str) -> FileResponse:
        """A file of the console; other paths are the console's own, which its page shows."""
        found = (self._files / path.lstrip("/")).resolve()
        if not found.is_file() or not found.is_relative_to(self._files):
            found = self._files / "index.html"
        return FileResponse(found)

    async def _forwarded(self, request: Request, location: str) -> StreamingResponse:
        base = self._services[location]
        raw: bytes = request.scope["raw_path"]
        url = base + raw.decode().removeprefix(location)
        if request.url.query:
            url = f"{url}?{request.url.query}"
        headers = [(key, value) for key, value in request.headers.items() if key not in HOP_BY_HOP]
        asked = self._client.build_request(request.method, url, headers=headers, content=await request.body())
        said = await self._client.send(asked, stream=True)
        answer = StreamingResponse(said.aiter_raw(), said.status_code)
        for key, value in said.headers.multi_items():
            if key not in HOP_BY_HOP:
                if key == "location" and value.startswith(base):
                    value = location + value.removeprefix(base)
                answer.headers.append(key, value)
        return answer


async def serve(listening: socket.socket) -> None:
    """Until a signal comes."""
    await uvicorn.Server(uvicorn.Config(Front(), lifespan="on", log_level="info")).serve([listening])


if __name__ == "__main__":
    asyncio.run(serve(socket.socket(fileno=int(sys.argv[1]))))
