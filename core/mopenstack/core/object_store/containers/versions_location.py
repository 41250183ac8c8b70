"""Versions in a container of the user's choice: X-Versions-Location (a stack) and X-History-Location.

A version shares the bytes of the object that it was. Source: swift.common.middleware.versioned_writes.legacy.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from mopenstack.core.object_store import limits, times
from mopenstack.core.object_store.auth.authorize import authorize
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.objects import records
from mopenstack.core.object_store.objects.backend import EMPTY_MD5
from mopenstack.core.object_store.requests import Request, Response, after_all, refusal
from mopenstack.core.store.transaction import copy_of
from mopenstack.object_store.v1 import containers_pb2, objects_pb2, refusals

Next = Callable[[Request], Awaitable[Response]]
Object = objects_pb2.Object
DELETED = "application/x-deleted;swift_versions_deleted=1"
STACK, HISTORY = "x-versions-location", "x-history-location"
_NEWEST_FIRST = 1000


async def part(req: Request, following: Next) -> Response:
    """Set where versions go, and keep them."""
    if req.container and not req.name:
        if req.verb in ("PUT", "POST"):
            _settings(req)
        return await following(req)
    if req.name and req.verb in ("PUT", "DELETE") and not req.checking:
        container = await containers.find(req)
        if container is not None:
            location = container.settings.get(STACK) or container.settings.get(HISTORY)
            if location:
                return await _versioned(req, following, container, unquote(location).partition("/")[0])
    return await following(req)


def _settings(req: Request) -> None:
    headers = req.headers
    if headers.get(STACK) and headers.get(HISTORY):
        text = f"Only one of {STACK} or {HISTORY} may be specified"
        raise refusal(400, text, content_type=limits.PLAIN)
    given = headers.get(STACK) or headers.get(HISTORY)
    if given:
        name = unquote(given)
        if "/" in name.strip("/") or not name.strip("/"):
            raise refusal(412, "Container name cannot contain slashes")
        other = HISTORY if headers.get(STACK) else STACK
        headers[other] = ""
    elif STACK in headers or HISTORY in headers or _removes(req):
        headers[STACK] = headers[HISTORY] = ""


def _removes(req: Request) -> bool:
    return any(req.headers.get(f"x-remove-{name[2:]}") for name in (STACK, HISTORY))


async def _versioned(req: Request, following: Next, container: containers_pb2.Container, location: str) -> Response:
    await authorize(req, container.settings.get("x-container-write", ""))
    where = f"{req.account}/{location}"
    if req.verb == "PUT":
        await _keep_current(req, where)
        return await following(req)
    if container.settings.get(HISTORY):
        await _keep_current(req, where)
        marker = Object(id=f"{where}/{_prefix(req.name)}{_moment(req)}", content_type=DELETED, etag=EMPTY_MD5)
        await _put(req, marker, where)
        try:
            return await following(req)
        except refusals.NotFound:  # the marker stays
            return after_all(404)
    return await _pop(req, following, where)


def _prefix(name: str) -> str:
    return f"{len(name.encode()):03x}{name}/"


def _moment(req: Request) -> str:
    return f"{req.call.time:016.5f}"


async def _keep_current(req: Request, where: str) -> None:
    """Keep the object that is there as a version."""
    current = await records.find(req.call, f"{req.account}/{req.container}/{req.name}")
    if current is None:
        return
    version = copy_of(current)
    version.id = f"{where}/{_prefix(req.name)}{times.normal(current.created_at)}"
    await _put(req, version, where)


async def _put(req: Request, version: Object, where: str) -> None:
    if await req.call.tx.get(containers_pb2.Container, where) is None:
        raise refusal(412)
    version.container_id, version.name = where, version.id[len(where) + 1 :]
    if not version.HasField("created_at"):
        req.call.stamp(version.created_at)
    await records.put(req.call, version)


async def _pop(req: Request, following: Next, where: str) -> Response:
    """The version before takes the place of what is deleted."""
    base = f"{where}/{_prefix(req.name)}"
    found = await req.call.tx.between(Object, base, base[:-1] + "0", _NEWEST_FIRST, descending=True)
    path = f"{req.account}/{req.container}/{req.name}"
    rows = [row for row in found if not records.expired(req.call, row)]
    for place, row in enumerate(rows):
        if row.content_type != DELETED:
            await _restore(req, row, path)
            return Response(204)
        if await records.find(req.call, path) is not None:
            break
        # The marker is what is there: what was before it comes back, and the marker goes.
        if place + 1 < len(rows) and rows[place + 1].content_type != DELETED:
            await _restore(req, rows[place + 1], path)
        await records.remove(req.call, row)
        return Response(204)
    return await following(req)


async def _restore(req: Request, version: Object, path: str) -> None:
    new = copy_of(version)
    new.id, new.container_id, new.name = path, f"{req.account}/{req.container}", req.name
    req.call.stamp(new.created_at)
    await records.put(req.call, new)
    await records.remove(req.call, version)
