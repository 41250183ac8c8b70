"""Requests in the words of another API that a service takes at any path: S3's, which carry a signature of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiohttp import web

from mopenstack.contract.calls import ByteStream, Core, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.service import named
from mopenstack.gateway.dialects.base import Answer
from mopenstack.gateway.surface import Surface

Front = Callable[[web.BaseRequest, RequestContext], Awaitable[web.StreamResponse]]
Outcome = Callable[[Any, Surface, RequestContext], Awaitable[tuple[Answer | tuple[ByteStream, int], Mapping[str, str]]]]
"""Answers a request of the service's own API."""


class Fronts:
    """What answers such requests: the dialect of a surface names it."""

    def __init__(self, core: Core, contract: Contract, surfaces: Iterable[Surface], outcome: Outcome) -> None:
        self._core = core
        self._contract = contract
        self._outcome = outcome
        self._fronted = [surface for surface in surfaces if surface.front]
        self._made: dict[str, Front] = {}

    def find(self, headers: Mapping[str, str], raw_query: str, only: Surface | None) -> Surface | None:
        """The surface that takes a request for another API's words; of a port of one API, that one alone."""
        for surface in self._fronted:
            if only in (None, surface) and surface.dialect.fronted(headers, raw_query):
                return surface
        return None

    async def answer(self, request: web.BaseRequest, surface: Surface, context: RequestContext) -> web.StreamResponse:
        """Answer a request of a surface that `find` found; what answers it is made when the first of them comes."""
        name = surface.front
        if name not in self._made:

            async def outcome(asked: Any, inner: RequestContext) -> Answer | tuple[ByteStream, int]:
                return (await self._outcome(asked, surface, inner))[0]

            self._made[name] = named(name)(self._core, self._contract, outcome)
        return await self._made[name](request, context)
