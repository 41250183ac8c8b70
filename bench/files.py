"""The peer of large objects: the least that a file server on aiohttp can do for the `swift` command."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import uvloop
from aiohttp import web

CONTAINER_DEPTH = 3
"""Slashes in `/v1/account/container`; paths with more are objects, of which none is there yet."""


def main() -> None:
    source = Path(sys.argv[2])

    async def put(request: web.Request) -> web.Response:
        with tempfile.TemporaryFile() as file:
            async for chunk in request.content.iter_any():
                file.write(chunk)
        return web.Response(status=201)

    async def get(request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(status=404 if request.path.count("/") > CONTAINER_DEPTH else 204)
        return web.json_response({}) if request.path == "/info" else web.FileResponse(source)

    async def make() -> web.Application:
        app = web.Application(client_max_size=1 << 40)
        app.router.add_route("PUT", "/{path:.*}", put)
        app.router.add_route("GET", "/{path:.*}", get)
        app.router.add_route("HEAD", "/{path:.*}", get)
        return app

    uvloop.install()
    web.run_app(make(), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
