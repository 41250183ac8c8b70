"""Server-side copies: COPY, and PUT with X-Copy-From. Source: swift.common.middleware.copy.

A whole object is copied without its bytes: both have the same ones. What is made of several (a large object) or is a
part of one is read and written, outside of the transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from mopenstack.core.object_store import conditions, limits
from mopenstack.core.object_store import headers as paths
from mopenstack.core.object_store.outside import Outside
from mopenstack.core.object_store.requests import Body, Headers, Request, Response, is_true, refusal

Next = Callable[[Request], Awaitable[Response]]
_NOT_COPIED = frozenset(
    {
        "x-static-large-object",
        "x-object-manifest",
        "etag",
        "content-type",
        "x-timestamp",
        "last-modified",
        "accept-ranges",
        "content-range",
        "x-manifest-etag",
        "content-location",
        "x-object-version-id",
        "x-parts-count",
    }
)
_SOURCE = "X-Copy-From header must be of the form <container name>/<object name>"
_DESTINATION = "Destination header must be of the form <container name>/<object name>"
_WHOLE = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range")


async def part(req: Request, following: Next) -> Response:
    """Answer copies; hand on everything else."""
    if not req.name:
        return await following(req)
    if req.verb == "COPY":
        return await _copy(req, following)
    if req.verb == "PUT" and req.headers.get("x-copy-from"):
        return await _put(req, following)
    return await following(req)


async def _copy(req: Request, following: Next) -> Response:
    if not req.headers.get("destination"):
        raise refusal(412, "Destination header required")
    account = req.account
    headers = Headers(req.headers.items())
    if "destination-account" in headers:
        account = paths.account_of(headers["destination-account"])
        headers["x-copy-from-account"] = quote(req.account)
        headers.pop("destination-account")
    container, name = paths.path_of(headers["destination"], _DESTINATION)
    headers["x-copy-from"] = quote(f"{req.container}/{req.name}")
    headers["content-length"] = "0"
    headers.pop("destination")
    put = req.inner("PUT", path=f"{account}/{container}/{name}", headers=headers, query=req.query)
    return await _put(put, following)


async def _put(req: Request, following: Next) -> Response:
    if (req.body.blob is not None and req.body.blob.size) or req.headers.get("content-length", "0") not in ("0", ""):
        raise refusal(400, "Copy requests require a zero byte body", content_type=limits.PLAIN)
    account = req.account
    if req.headers.get("x-copy-from-account"):
        account = paths.account_of(req.headers["x-copy-from-account"])
    container, name = paths.path_of(req.headers["x-copy-from"], _SOURCE)
    source = f"{account}/{container}/{name}"
    query = dict(req.query)
    if query.get("multipart-manifest") == "get":
        query["format"] = "raw"
    given = {name: value for name, value in req.headers.items() if name in _WHOLE}
    get = req.inner("GET", path=source, headers=given, query=query)
    response = conditions.deliver(get, await following(get))
    if response.status >= 300:
        return response
    if response.size > limits.MAX_FILE_SIZE:
        raise refusal(413)
    sink = _sink(req, response)
    told = _told(source, response, sink)
    return await _write(req, following, response, sink, told)


def _sink(req: Request, response: Response) -> Request:
    """The PUT of the copy: what the source says of itself, and what the request says instead."""
    found = response.found
    sink = req.inner("PUT", headers={}, query=req.query)
    source = Headers(response.headers.items())
    is_manifest = "x-static-large-object" in source
    if not is_true(req.headers.get("x-fresh-metadata")):
        sink.headers.update({name: value for name, value in source.items() if name not in _NOT_COPIED})
        sink.headers.update(req.headers)
    else:
        kept = {
            name: value for name, value in req.headers.items() if name not in ("x-copy-from", "x-copy-from-account")
        }
        sink.headers.update(kept)
    if sink.query.get("multipart-manifest") == "get":
        sink.query.pop("multipart-manifest")
        if is_manifest:
            sink.query["multipart-manifest"] = "put"
        if "x-object-manifest" in source:
            sink.headers["x-object-manifest"] = source["x-object-manifest"]
    sink.query.pop("version-id", None)
    if found is not None and req.query.get("symlink") == "get":
        for name in ("symlink-target", "symlink-target-account", "symlink-target-etag"):
            if name in found.system:
                sink.headers[f"x-{name}"] = found.system[name]
    for name in ("x-copy-from", "x-copy-from-account", "range", *_WHOLE, "x-object-sysmeta-slo-etag"):
        if name not in ("if-none-match", "if-match") or name not in req.headers:
            sink.headers.pop(name)
    sink.headers.pop("if-match")
    if not req.headers.get("content-type"):
        sink.headers["content-type"] = response.headers.get("Content-Type", "")
    return sink


def _told(source: str, response: Response, sink: Request) -> dict[str, str]:
    """What the answer says of the copy."""
    account, _, path = source.partition("/")
    told = {"X-Copied-From-Account": quote(account), "X-Copied-From": quote(path)}
    if "Last-Modified" in response.headers:
        told["X-Copied-From-Last-Modified"] = response.headers["Last-Modified"]
    if "X-Object-Version-Id" in response.headers:
        told["X-Copied-From-Version-Id"] = response.headers["X-Object-Version-Id"]
    for name, value in sink.headers.items():
        if name.startswith("x-object-meta-") or name == "x-delete-at":
            told[name.title()] = value
    return told


async def _write(req: Request, following: Next, response: Response, sink: Request, told: dict[str, str]) -> Response:
    found = response.found
    is_whole = (
        response.status == 200
        and found is not None
        and "X-Manifest-Etag" not in response.headers
        and not ("X-Object-Manifest" in response.headers and req.query.get("multipart-manifest") != "get")
        and sink.query.get("multipart-manifest") != "put"
    )
    if is_whole:
        sink.source = found
        sink.headers["etag"] = found.etag
        sink.headers["content-length"] = str(found.blob_size)
        answer = await following(sink)
        answer.headers |= told
        return answer
    sink.headers["content-length"] = str(response.size)
    sink.checking = True
    await following(sink)
    if req.checking:
        return Response(201)
    work = Outside(sink)
    stream = response.stream
    assert stream is not None

    async def run(inner: Request, body: Body) -> Response:
        inner.checking, inner.body = False, body
        answer = await following(inner)
        answer.headers |= told
        return answer

    return Response(201, later=lambda: work.put(stream, run))
