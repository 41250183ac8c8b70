"""Dynamic large objects: all objects whose names begin with a prefix, as one. Source: swift.common.middleware.dlo."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store import conditions, listing
from mopenstack.core.object_store.auth.authorize import authorize
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.limits import LISTING_LIMIT
from mopenstack.core.object_store.objects import records
from mopenstack.core.object_store.objects.segments import Segment, joined
from mopenstack.core.object_store.requests import Request, Response, refusal
from mopenstack.object_store.v1 import objects_pb2, refusals

Next = Callable[[Request], Awaitable[Response]]


async def part(req: Request, following: Next) -> Response:
    """Answer a manifest with its segments."""
    if not req.name:
        return await following(req)
    if req.reads and req.query.get("multipart-manifest") != "get":
        response = await following(req)
        manifest = response.headers.get("X-Object-Manifest") if response.found is not None else None
        return response if manifest is None else await _joined(req, following, response, unquote(manifest))
    if req.verb == "PUT" and req.headers.get("x-object-manifest") is not None:
        _check(req.headers["x-object-manifest"])
    return await following(req)


def _check(value: str) -> None:
    container, slash, prefix = value.partition("/")
    if not slash or not container or not prefix or "?" in value or "&" in value or prefix.startswith("/"):
        raise refusal(400, "X-Object-Manifest must be in the format container/prefix")


async def _joined(req: Request, following: Next, response: Response, manifest: str) -> Response:
    container, _, prefix = manifest.partition("/")
    where = req.inner("GET", path=f"{req.account}/{container}", query={"prefix": prefix})
    found = await containers.find(where)
    await authorize(where, found.settings.get("x-container-read", "") if found is not None else "")
    if found is None:
        raise refusal(404)
    ask = listing.asked(where)
    rows: list[objects_pb2.Object] = []
    while True:
        piece = await _names(where, found.id, ask.prefix or "", rows[-1].name if rows else "")
        rows += piece
        if len(piece) < LISTING_LIMIT:
            break
    segments = [await _segment(req, following, row) for row in rows]
    if segments and segments[0].read is None:
        raise refusal(409)
    tags = hashlib.md5("".join(row.etag for row in rows).encode(), usedforsecurity=False).hexdigest()
    response.headers["Etag"] = f'"{tags}"'
    parsed = conditions.parse(req.headers.get("range"))
    response.ranged = parsed is None or len(parsed) == 1
    response.size = sum(segment.length for segment in segments)
    response.read = joined(segments)
    return response


async def _names(where: Request, container_id: str, prefix: str, marker: str) -> list[objects_pb2.Object]:
    ask = listing.Asked(prefix or None, "", None, marker, "", False, LISTING_LIMIT)
    low, high = listing.bounds(ask)
    base = f"{container_id}/"
    return await where.call.tx.between(objects_pb2.Object, base + low, base + high, LISTING_LIMIT)


async def _segment(req: Request, following: Next, row: objects_pb2.Object) -> Segment:
    if "symlink-target" not in row.system and "slo-etag" not in row.system:
        if records.expired(req.call, row):
            return Segment(row.blob_size, None)
        return Segment(row.blob_size, records.reader(req.call, row))
    try:
        response = await following(req.inner("GET", path=row.id))
    except Fault as fault:
        if isinstance(fault, refusals.Unauthorized | refusals.Forbidden):
            raise
        return Segment(row.blob_size, None)
    return Segment(response.size, response.read)
