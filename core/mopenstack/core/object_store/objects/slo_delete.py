"""Deleting a static large object with its segments. Source: swift.common.middleware.slo, handle_multipart_delete."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store.deletions import Name, respond
from mopenstack.core.object_store.objects.slo_manifest import SEGMENTS_MAX
from mopenstack.core.object_store.outside import Outside
from mopenstack.core.object_store.requests import Request, Response, is_true, refusal, status_of
from mopenstack.object_store.v1 import refusals

Next = Callable[[Request], Awaitable[Response]]


async def delete_segments(req: Request, following: Next) -> Response:
    """Delete the segments, those of manifests among them too, and then the manifest."""
    if is_true(req.query.get("async")):
        return await _at_once(req, following)
    req.headers.pop("content-type")
    if req.checking:
        return Response(200)

    async def names(work: Outside) -> list[Name]:
        return await work.transact(lambda inner: _names(inner, following))

    return respond(req, following, names)


async def _names(req: Request, following: Next) -> list[Name]:
    top = {"sub_slo": True, "name": f"/{req.container}/{req.name}", "version": req.query.get("version-id")}
    queue: list[dict[str, Any]] = [top]
    found: list[Name] = []
    while queue:
        if len(queue) > SEGMENTS_MAX * 10:
            raise refusal(400, "Too many buffered slo segments to delete.")
        entry = queue.pop(0)
        if "data" in entry:
            continue
        if not entry.get("sub_slo"):
            error = entry.get("error")
            found.append(Name(entry["name"], entry.get("version"), error))
            continue
        try:
            queue += await _segments(req, following, entry)
        except Fault as fault:
            entry["error"] = (status_of(fault), fault.text)
        entry["sub_slo"] = False
        queue.append(entry)
    return found


async def _segments(req: Request, following: Next, entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of a manifest."""
    query = {"multipart-manifest": "get"}
    if entry.get("version"):
        query["version-id"] = entry["version"]
    inner = req.inner("GET", path=f"{req.account}/{entry['name'].lstrip('/')}", query=query)
    try:
        response = await following(inner)
    except refusals.NotFound:
        raise refusal(404, "SLO manifest not found") from None
    except refusals.Unauthorized:
        raise refusal(401, "401 Unauthorized") from None
    except refusals.Forbidden:
        raise refusal(403, "Unable to load SLO manifest or segment.") from None
    if response.found is None or "slo-etag" not in response.found.system or response.read is None:
        raise refusal(400, "Not an SLO manifest")
    segments: list[dict[str, Any]] = json.loads(b"".join([chunk async for chunk in response.read(0, response.size)]))
    return segments


async def _at_once(req: Request, following: Next) -> Response:
    """`async`: the real service deletes the segments afterwards; here they are gone with the manifest."""
    entry = {"name": f"/{req.container}/{req.name}", "version": req.query.get("version-id")}
    segments = [one for one in await _segments(req, following, entry) if "data" not in one]
    containers = {one["name"].lstrip("/").partition("/")[0] for one in segments}
    if len(containers) > 1:
        listed = ", ".join(f'"{name}"' for name in sorted(containers))
        raise refusal(400, f"All segments must be in one container. Found segments in {listed}")
    if any(one.get("sub_slo") for one in segments):
        raise refusal(400, "No segments may be large objects.")
    for one in segments:
        try:
            await following(req.inner("DELETE", path=f"{req.account}/{one['name'].lstrip('/')}"))
        except refusals.NotFound:
            continue
    plain = req.inner(query={k: v for k, v in req.query.items() if k not in ("multipart-manifest", "async")})
    return await following(plain)
