"""Versions that the cluster keeps: X-Versions-Enabled.

Source: swift.common.middleware.versioned_writes.object_versioning.

Versions are in a hidden container, below an account name that no user has. An object that is a version carries its
id and has the same bytes, so that reading it costs no more than reading any object.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mopenstack.core.object_store.auth.authorize import authorize
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.containers import version_lists
from mopenstack.core.object_store.containers.hidden import DELETED, Version, hidden_id, version_id, version_name
from mopenstack.core.object_store.limits import PLAIN
from mopenstack.core.object_store.objects import records
from mopenstack.core.object_store.objects.backend import EMPTY_MD5, change_metadata, check_delete_headers
from mopenstack.core.object_store.requests import Request, Response, after_all, is_true, page, refusal
from mopenstack.core.store.transaction import copy_of
from mopenstack.object_store.v1 import containers_pb2, objects_pb2, refusals

Next = Callable[[Request], Awaitable[Response]]
Object = objects_pb2.Object
Container = containers_pb2.Container
ENABLED = "versions-enabled"
_NOT_VERSIONED = "version-aware operations require that the container is versioned"


async def part(req: Request, following: Next) -> Response:
    """Keep versions, and answer what is asked of them."""
    if req.trusted and req.account.endswith("\x01"):
        return await following(req)
    if req.name:
        return await _object(req, following)
    if req.container:
        return await _container(req, following)
    return await following(req)


# -- containers


async def _container(req: Request, following: Next) -> Response:
    if req.verb in ("PUT", "POST") and "x-versions-enabled" in req.headers:
        return await _enable(req, following)
    if req.verb == "DELETE":
        return await _delete_container(req, following)
    if req.verb == "GET" and "versions" in req.query:
        return await version_lists.respond(req, following)
    return await following(req)


async def _enable(req: Request, following: Next) -> Response:
    found = await containers.find(req)
    if found is not None:
        if found.settings.get("x-versions-location") or found.settings.get("x-history-location"):
            raise refusal(
                400,
                "Cannot enable object versioning on a container that is already using the legacy versioned writes "
                "feature.",
            )
        if found.settings.get("x-container-sync-to"):
            text = "Cannot enable object versioning on a container configured as source of container syncing."
            raise refusal(400, text)
    enabled = is_true(req.headers["x-versions-enabled"])
    req.headers[f"x-container-sysmeta-{ENABLED}"] = str(enabled)
    response = await following(req)
    if enabled and response.is_success and not req.checking:
        await _make_hidden(req)
    return response


async def _make_hidden(req: Request) -> None:
    main = await containers.find(req)
    id = hidden_id(req)
    if main is None or await req.call.tx.get(Container, id) is not None:
        return
    hidden = Container(id=id, account=req.account, name=req.container, policy=main.policy, hidden=True)
    req.call.stamp(hidden.created_at)
    req.call.stamp(hidden.updated_at)
    await req.call.tx.put(hidden)


async def _delete_container(req: Request, following: Next) -> Response:
    hidden = await req.call.tx.get(Container, hidden_id(req))
    if hidden is not None and hidden.object_count:
        await authorize(req)
        raise refusal(409, "Delete all versions before deleting container.")
    response = await following(req)
    if hidden is not None and not req.checking:
        await req.call.tx.delete(Container, hidden.id)
    return response


# -- objects


async def _object(req: Request, following: Next) -> Response:
    hidden = await req.call.tx.get(Container, hidden_id(req))
    version = req.query.get("version-id", "")
    if version:
        return await _by_version(req, following, hidden, version)
    if hidden is None:
        return await following(req)
    main = await containers.find(req)
    enabled = main is not None and is_true(main.settings.get(ENABLED))
    if req.reads:
        return _annotated(req, await following(req))
    if req.checking or main is None:
        return await following(req)
    if req.verb == "POST":
        return await _post(req, following, hidden)
    if not enabled:
        return await following(req)
    await authorize(req, main.settings.get("x-container-write", ""))
    return await (_put if req.verb == "PUT" else _delete)(req, following, hidden)


def _annotated(req: Request, response: Response) -> Response:
    found = response.found
    own = found is not None and found.container_id == f"{req.account}/{req.container}"
    version = found.system.get("version-id", "null") if own else "null"
    response.headers["X-Object-Version-Id"] = version
    if version != "null":
        response.headers["Content-Location"] = f"{req.quoted_path}?version-id={version}"
    return response


async def _put(req: Request, following: Next, hidden: Container) -> Response:
    await _keep_current(req, hidden)
    version = await _next_id(req, hidden)
    req.headers["x-object-sysmeta-version-id"] = version
    response = await following(req)
    if response.found is not None and response.is_success:
        kept = copy_of(response.found)
        kept.headers.pop("x-delete-at", None)
        await _keep(req, hidden, kept, version)
        response.headers["X-Object-Version-Id"] = version
    return response


async def _keep_current(req: Request, hidden: Container) -> None:
    """An object of the time before versions becomes one."""
    current = await records.find(req.call, f"{req.account}/{req.container}/{req.name}")
    if current is not None and "version-id" not in current.system:
        await _keep(req, hidden, copy_of(current), version_id(current.created_at))


async def _keep(req: Request, hidden: Container, kept: Object, version: str) -> None:
    kept.name = version_name(req.name, version)
    kept.id, kept.container_id = f"{hidden.id}/{kept.name}", hidden.id
    kept.system.pop("version-id", None)
    await records.put(req.call, kept)


async def _next_id(req: Request, hidden: Container) -> str:
    """The id of a new version: now, but behind the newest one."""
    base = f"{hidden.id}/{req.name}\x01"
    newest = await req.call.tx.between(Object, base, base[:-1] + "\x02", 1)
    now = req.call.time
    if newest:
        now = max(now, float(Version.of(newest[0].name).id) + 0.00001)
    return f"{now:016.5f}"


async def _delete(req: Request, following: Next, hidden: Container) -> Response:
    await _keep_current(req, hidden)
    version = await _next_id(req, hidden)
    marker = Object(content_type=DELETED, etag=EMPTY_MD5)
    req.call.stamp(marker.created_at)
    await _keep(req, hidden, marker, version)
    try:
        response = await following(req)
    except refusals.NotFound:
        return after_all(404, {"X-Object-Version-Id": version})
    response.headers["X-Object-Version-Id"] = version
    return response


async def _post(req: Request, following: Next, hidden: Container) -> Response:
    response = await following(req)
    found = response.found
    version = found.system.get("version-id") if found is not None else None
    if version:
        kept = await req.call.tx.get(Object, f"{hidden.id}/{version_name(req.name, version)}")
        if kept is not None:
            new = copy_of(kept)
            change_metadata(new, req.headers, "")
            new.headers.pop("x-delete-at", None)
            req.call.stamp(new.changed_at)
            await records.put(req.call, new)
    return response


# -- one version


async def _by_version(req: Request, following: Next, hidden: Container | None, version: str) -> Response:
    if req.verb == "POST":
        raise refusal(400, "POST to a specific version is not allowed")
    if hidden is None and version != "null":
        raise refusal(400, _NOT_VERSIONED)
    if version != "null" and not Version.is_id(version):
        raise refusal(400, "Invalid version parameter")
    plain = req.inner(
        headers=req.headers,
        query={key: value for key, value in req.query.items() if key != "version-id"},
        body=req.body,
    )
    plain.trusted = req.trusted
    if version == "null":
        return await _null(req, plain, following)
    assert hidden is not None
    if req.verb == "PUT":
        return await _make_current(req, hidden, version)
    await _may(req)
    if req.verb == "DELETE":
        return await _delete_version(req, hidden, version)
    step = req.inner(headers=req.headers, query=plain.query, trusted=True)
    step.account, step.name = f"{req.account}\x01", version_name(req.name, version)
    response = await following(step)
    if response.found is not None and response.found.content_type == DELETED:
        told = {"X-Object-Version-Id": version}
        text = page(404, "Not Found", "The resource could not be found.").decode()
        raise refusal(404, text, told, DELETED)
    response.headers["X-Object-Version-Id"] = version
    return response


async def _may(req: Request) -> None:
    """Versions are their account's; only to make one the object again needs no more than to write one."""
    main = await containers.find(req)
    lists = main is not None and req.verb == "PUT"
    await authorize(req, main.settings.get("x-container-write", "") if main is not None and lists else "")


async def _null(req: Request, plain: Request, following: Next) -> Response:
    if req.verb == "PUT":
        raise refusal(400, "Invalid version parameter")
    if req.verb == "DELETE":
        return await following(plain)
    response = await following(plain)
    if response.found is not None and "version-id" in response.found.system:
        raise refusal(404)
    response.headers["X-Object-Version-Id"] = "null"
    return response


async def _make_current(req: Request, hidden: Container, version: str) -> Response:
    """A version becomes the object."""
    if (req.body.blob is not None and req.body.blob.size) or req.headers.get("content-length", "0") not in ("0", ""):
        raise refusal(400, "PUT version-id requests require a zero byte body", content_type=PLAIN)
    if req.headers.get("content-length") is None and req.headers.get("transfer-encoding", "").lower() != "chunked":
        raise refusal(411)
    await _may(req)
    kept = await req.call.tx.get(Object, f"{hidden.id}/{version_name(req.name, version)}")
    if kept is None:
        raise refusal(404, "The specified version does not exist", content_type=PLAIN)
    if req.checking:
        return Response(201)
    new = copy_of(kept)
    new.id = f"{req.account}/{req.container}/{req.name}"
    new.container_id, new.name = f"{req.account}/{req.container}", req.name
    new.system["version-id"] = version
    delete_at = check_delete_headers(req)
    if delete_at:
        new.headers["x-delete-at"] = delete_at
    req.call.stamp(new.created_at)
    await records.put(req.call, new)
    told = {"Etag": new.system.get("slo-etag") or new.etag, "X-Object-Version-Id": version}
    return Response(201, told, found=new)


async def _delete_version(req: Request, hidden: Container, version: str) -> Response:
    kept = await req.call.tx.get(Object, f"{hidden.id}/{version_name(req.name, version)}")
    if kept is None:
        raise refusal(404)
    current = await records.find(req.call, f"{req.account}/{req.container}/{req.name}")
    current_id = current.system.get("version-id", "null") if current is not None else "null"
    await records.remove(req.call, kept)
    if current is not None and current_id == version:
        await records.remove(req.call, current)
        current_id = "null"
    return Response(204, {"X-Object-Version-Id": version, "X-Object-Current-Version-Id": current_id})
