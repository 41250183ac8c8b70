"""What a gateway says of itself (index, web page, what its answers were like, what it serves), and consoles."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from mopenstack.contract.calls import Core, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.gateway import admin_guard
from mopenstack.gateway.admin_guard import AdminGuard
from mopenstack.gateway.index import index
from mopenstack.gateway.render import Renderer
from mopenstack.gateway.web_page import HTML, file_response

ANSWERS = "/_mopenstack/answers"
"""Where a gateway that checks its answers tells what it has seen."""
OPENAPI = "/_mopenstack/openapi.json"
"""Where it tells what it serves."""
COVERAGE = "/_mopenstack/coverage"
"""Where it tells how much that is of what OpenStack documents."""
_OWN = frozenset({ANSWERS, OPENAPI, COVERAGE})
CONSOLES = "/consoles/"
"""Below which the consoles of a cloud's servers are."""


class OwnPages:
    def __init__(self, core: Core, contract: Contract, renderer: Renderer, guard: AdminGuard) -> None:
        self._core, self._contract, self._renderer, self._guard = core, contract, renderer, guard
        self._consoles: Any = None

    @staticmethod
    def has(path: str) -> bool:
        """Whether a path is one of a gateway's own pages."""
        return path in _OWN or path.startswith(admin_guard.WEB_PAGE)

    async def page(self, request: web.BaseRequest, path: str) -> web.Response:
        """What is at a path that is one."""
        if path == ANSWERS:
            return self._answers()
        if path == OPENAPI:
            return await self._openapi()
        if path == COVERAGE:
            return await self._coverage()
        return await file_response(request, path.removeprefix(admin_guard.WEB_PAGE))

    async def outside(
        self, request: web.BaseRequest, request_id: str, cloud: str, cloud_prefix: str, path: str
    ) -> web.StreamResponse:
        """What belongs to no API: the index at the root, and consoles."""
        if path.startswith(CONSOLES):
            return await self._console(request, request_id, cloud, path)
        if path in ("", "/") and request.method in ("GET", "HEAD"):
            cloud_url = f"{request.scheme}://{request.headers.get('Host') or '127.0.0.1'}{cloud_prefix}"
            # The clouds are the admin API's to tell: a request that may not reach that API sees none.
            context = RequestContext(cloud=cloud, cloud_url=cloud_url, request_id=request_id, path=path)
            if self._guard.refused(request, admin_guard.PREFIX) is None:
                context.remote, context.admin_token = request.remote or "", admin_guard.token(request.headers)
            found = await index(self._core, self._contract, context, request.headers.get("Accept", ""))
            takes_html = "text/html" in request.headers.get("Accept", "")
            if found is not None and takes_html and not self._guard.foreign(request.headers, request.scheme):
                return await file_response(request, HTML)
            if found is not None:
                body, content_type = found
                return web.Response(body=body, content_type=content_type, charset="utf-8")
        return web.json_response({"message": "Not Found"}, status=404)

    async def _console(self, request: web.BaseRequest, request_id: str, cloud: str, path: str) -> web.StreamResponse:
        if self._consoles is None:
            # Imported here: most starts do without it.
            from mopenstack.gateway.consoles.proxy import Consoles

            self._consoles = Consoles(self._core, self._contract)
        context = RequestContext(
            cloud=cloud, request_id=request_id, remote=request.remote or "", verb=request.method, path=path
        )
        answer: web.StreamResponse = await self._consoles.answer(request, context, path.removeprefix(CONSOLES))
        return answer

    def _answers(self) -> web.Response:
        report = self._renderer.report()
        if report is not None:
            return web.json_response(report)
        detail = "Answers are not checked here: start the cloud with `mopenstack up --check-answers`."
        return web.json_response({"title": "Not Found", "status": 404, "detail": detail}, status=404)

    async def _coverage(self) -> web.Response:
        # Imported here: only the web page asks for it.
        await self._contract.ready()
        from mopenstack.gateway.coverage import coverage

        return web.json_response(await asyncio.to_thread(coverage, self._contract))

    async def _openapi(self) -> web.Response:
        # Imported here: it takes a second to make, and most starts do without it.
        await self._contract.ready()
        from mopenstack.gateway.openapi import document

        return web.Response(body=await asyncio.to_thread(document, self._contract), content_type="application/json")
