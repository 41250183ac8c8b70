"""The peer: the least that an aiohttp application can do, with a body of the given size."""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web


def main() -> None:
    body = b"x" * int(sys.argv[2])

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async def make() -> web.Application:
        app = web.Application()
        app.router.add_get("/servers/{id}", answer)
        return app

    uvloop.install()
    web.run_app(make(), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)


if __name__ == "__main__":
    main()
