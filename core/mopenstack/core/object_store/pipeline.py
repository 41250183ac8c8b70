"""The parts that a request goes through, in the order of Swift's own pipeline, down to the storage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from mopenstack.core.object_store import conditions
from mopenstack.core.object_store.accounts.backend import account
from mopenstack.core.object_store.containers import versions, versions_location
from mopenstack.core.object_store.containers.backend import container
from mopenstack.core.object_store.middleware import (
    bulk,
    container_sync,
    cors,
    etag_quoter,
    formpost,
    quotas,
    staticweb,
    tempurl,
)
from mopenstack.core.object_store.objects import copies, dlo, slo, symlinks
from mopenstack.core.object_store.objects.backend import object_
from mopenstack.core.object_store.requests import Request, Response

Next = Callable[[Request], Awaitable[Response]]
Part = Callable[[Request, Next], Awaitable[Response]]

PARTS: Sequence[Part] = (
    etag_quoter.part,
    cors.part,
    bulk.part,
    tempurl.part,
    container_sync.part,
    formpost.part,
    staticweb.part,
    copies.part,
    quotas.container_part,
    quotas.account_part,
    slo.part,
    dlo.part,
    versions_location.part,
    versions.part,
    symlinks.part,
)


async def answer(req: Request) -> Response:
    """The response to a request of a client."""
    return conditions.deliver(req, await run(req))


async def run(req: Request, place: int = 0) -> Response:
    """The response of the parts from a place on."""
    if place == len(PARTS):
        return await storage(req)
    return await PARTS[place](req, lambda inner: run(inner, place + 1))


async def storage(req: Request) -> Response:
    """The storage's own response."""
    if req.name:
        return await object_(req)
    return await container(req) if req.container else await account(req)
