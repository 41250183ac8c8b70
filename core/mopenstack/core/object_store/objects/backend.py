"""What the storage does with a request on an object. Sources: swift.proxy.controllers.obj, swift.obj.server."""

from __future__ import annotations

import mimetypes

from mopenstack.core.object_store import conditions, limits, times
from mopenstack.core.object_store.auth.authorize import authorize
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.objects import records
from mopenstack.core.object_store.options import OPEN_EXPIRED
from mopenstack.core.object_store.requests import HTML, Headers, Request, Response, is_s3, is_true, page, refusal
from mopenstack.object_store.v1 import containers_pb2, objects_pb2

Object = objects_pb2.Object
KEPT = (
    "content-disposition",
    "content-encoding",
    "content-language",
    "cache-control",
    "expires",
    "x-robots-tag",
    "x-delete-at",
    "x-object-manifest",
)
"""Headers that are kept with an object (allowed_headers of the object server)."""
DELETE_AT_MAX = 9999999999
"""The last moment at which an object may end."""
OCTETS = "application/octet-stream"


async def object_(req: Request) -> Response:
    """Answer a request on an object."""
    container = await containers.find(req)
    acl = "x-container-read" if req.reads else "x-container-write"
    if container is not None and not req.reads:
        req.sync_key = container.settings.get("x-container-sync-key", "")
    await authorize(req, container.settings.get(acl, "") if container is not None else "")
    if req.reads:
        return await _read(req)
    if container is None:
        raise refusal(404)
    if req.verb == "PUT":
        return await _put(req, container)
    if req.verb == "POST":
        return await _post(req)
    return await _delete(req)


async def _read(req: Request) -> Response:
    found = await _find(req)
    if found is None:
        if conditions.broken(req, "", None, missing=True):
            raise refusal(412, "")
        raise refusal(404)
    headers = headers_of(found, within_s3=is_s3(req.call))
    return Response(200, headers, size=found.blob_size, read=records.reader(req.call, found), found=found)


async def _find(req: Request) -> Object | None:
    opened = is_true(req.headers.get("x-open-expired")) and req.call.cloud.enabled(OPEN_EXPIRED)
    path = f"{req.account}/{req.container}/{req.name}"
    return await records.find(req.call, path, opened=opened and req.verb != "DELETE")


def headers_of(found: Object, *, within_s3: bool = False) -> dict[str, str]:
    """What an object says of itself."""
    headers = {
        "Content-Type": found.content_type,
        "Etag": found.etag,
        "Last-Modified": times.http_date(found.changed_at if found.HasField("changed_at") else found.created_at),
        "X-Timestamp": times.normal(found.changed_at if found.HasField("changed_at") else found.created_at),
        "Accept-Ranges": "bytes",
    }
    headers |= {f"X-Object-Meta-{name.title()}": value for name, value in sorted(found.metadata.items())}
    headers |= {name.title(): value for name, value in sorted(found.headers.items())}
    if within_s3:
        system = sorted(found.system.items())
        headers |= {f"X-Object-Sysmeta-{name.title()}": value for name, value in system if name.startswith("s3api-")}
    return headers


async def _put(req: Request, container: containers_pb2.Container) -> Response:
    headers = req.headers
    none_match = conditions.tags(headers.get("if-none-match"))
    if none_match and "*" not in none_match:
        raise refusal(400, "If-None-Match only supports *", content_type=limits.PLAIN)
    _guess_type(req)
    _check_creation(req)
    delete_at = check_delete_headers(req)
    path = f"{container.id}/{req.name}"
    old = await records.find(req.call, path)
    if none_match and old is not None:
        raise refusal(412)
    wanted = conditions.tags(headers.get("if-match"))
    if wanted and (old is None or (old.etag not in wanted and "*" not in wanted)):
        raise refusal(412)
    if req.checking:
        return Response(201)
    new = Object(id=path, container_id=container.id, name=req.name)
    req.call.stamp(new.created_at)
    _fill_bytes(req, new)
    given = headers.get("etag", "").strip('"').lower()
    if given and given != new.etag:
        raise refusal(422, None, {"Last-Modified": times.http_date(new.created_at)})
    new.content_type = headers["content-type"]
    new.metadata.update(headers.under("x-object-meta-"))
    new.headers.update({name: headers[name] for name in KEPT if headers.get(name)})
    if delete_at:
        new.headers["x-delete-at"] = delete_at
    new.system.update(headers.under("x-object-sysmeta-"))
    await records.put(req.call, new)
    told = {"Etag": new.etag, "Last-Modified": times.http_date(new.created_at)}
    return Response(201, told, found=new)


def _fill_bytes(req: Request, new: Object) -> None:
    """The bytes that came with the request, or those of the object that it copies."""
    if req.source is not None:
        new.blob, new.blob_size, new.etag = req.source.blob, req.source.blob_size, req.source.etag
        return
    blob = req.body.blob
    if blob is None or not blob.size:
        new.etag = EMPTY_MD5
        return
    req.body.kept = True
    new.blob, new.blob_size, new.etag = blob.key, blob.size, blob.md5


EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def _guess_type(req: Request) -> None:
    """By the name, where the request says none, or asks for it."""
    detect = is_true(req.headers.get("x-detect-content-type"))
    if detect or not req.headers.get("content-type"):
        guessed, _ = mimetypes.guess_type(req.name)
        req.headers["content-type"] = guessed or OCTETS
        req.headers.pop("x-detect-content-type")


def _check_creation(req: Request) -> None:
    """check_object_creation."""
    headers = req.headers
    length = headers.get("content-length")
    chunked = headers.get("transfer-encoding")
    if req.source is None and (not req.trusted or is_s3(req.call)):
        if length is not None and not length.strip().isdecimal():
            raise refusal(400, f"Invalid Content-Length header value: {length}", content_type=limits.PLAIN)
        if chunked is not None and chunked.lower() != "chunked":
            raise refusal(501, "Unsupported Transfer-Coding header value specified in Transfer-Encoding header")
        if length is not None and int(length) > limits.MAX_FILE_SIZE and not chunked:
            raise refusal(413, "Your request is too large.", content_type=limits.PLAIN)
        if length is None and not chunked and req.call.context.verb:
            raise refusal(411, "Missing Content-Length header.", content_type=limits.PLAIN)
    blob = req.body.blob
    if not req.checking and blob is not None and blob.size > limits.MAX_FILE_SIZE:
        raise refusal(413, "Your request is too large.", content_type=limits.PLAIN)
    limits.check_object_name(req.name)
    limits.check_metadata(req, "object")


def check_delete_headers(req: Request) -> str:
    """X-Delete-At as it is kept, from it or from X-Delete-After; refuses what is no moment to come."""
    after, at = req.headers.get("x-delete-after"), req.headers.get("x-delete-at")
    now = req.call.time
    if after is not None:
        if not _is_integer(after):
            raise refusal(400, "Non-integer X-Delete-After", content_type=limits.PLAIN)
        at = f"{min(int(now + _number(after)), DELETE_AT_MAX):010d}"
        if int(at) <= now:
            raise refusal(400, "X-Delete-After in past", content_type=limits.PLAIN)
        req.headers["x-delete-at"] = at
        return at
    if not at:
        return ""
    if not _is_integer(at):
        raise refusal(400, "Non-integer X-Delete-At", content_type=limits.PLAIN)
    if _number(at) <= now and not is_true(req.headers.get("x-backend-replication")):
        raise refusal(400, "X-Delete-At in past", content_type=limits.PLAIN)
    return f"{min(_number(at), DELETE_AT_MAX):010d}"


def _is_integer(text: str) -> bool:
    digits = text.strip().removeprefix("-").removeprefix("+")
    return digits.isascii() and digits.isdecimal()


def _number(text: str) -> int:
    """Of any length: what is past the last moment that Swift knows is past it."""
    text = text.strip()
    return int(text) if len(text) < 20 else (-1 if text.startswith("-") else 10) * DELETE_AT_MAX


async def _post(req: Request) -> Response:
    limits.check_metadata(req, "object")
    delete_at = check_delete_headers(req)
    found = await _find(req)
    if found is None:
        raise refusal(404)
    status = 202
    answer = Response(status, {"Content-Type": HTML}, page(202, "Accepted", "The request is accepted for processing."))
    if req.checking:
        return answer
    new = Object()
    new.CopyFrom(found)
    change_metadata(new, req.headers, delete_at)
    req.call.stamp(new.changed_at)
    await records.put(req.call, new)
    answer.found = new
    return answer


def change_metadata(new: Object, headers: Headers, delete_at: str) -> None:
    """What a POST leaves: the metadata that it gives, and no other."""
    new.metadata.clear()
    new.metadata.update(headers.under("x-object-meta-"))
    for name in KEPT:
        new.headers.pop(name, None)
        if headers.get(name):
            new.headers[name] = headers[name]
    if delete_at:
        new.headers["x-delete-at"] = delete_at
    if headers.get("content-type"):
        new.content_type = headers["content-type"]


async def _delete(req: Request) -> Response:
    wanted = req.headers.get("x-if-delete-at")
    if wanted is not None and not _is_integer(wanted):
        raise refusal(400, "Bad X-If-Delete-At header value", content_type=limits.PLAIN)
    found = await _find(req)
    if wanted is not None:
        found = await req.call.tx.get(Object, f"{req.account}/{req.container}/{req.name}")
        kept = found.headers.get("x-delete-at", "") if found is not None else ""
        if found is not None and kept != f"{_number(wanted):010d}":
            raise refusal(412, "X-If-Delete-At and X-Delete-At do not match", content_type=limits.PLAIN)
    if found is None:
        raise refusal(404)
    await records.remove(req.call, found)
    return Response(204)
