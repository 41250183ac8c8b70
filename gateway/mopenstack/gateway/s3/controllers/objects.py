"""Objects: stored, copied, read, deleted."""

from __future__ import annotations

import json

from mopenstack.gateway.s3 import copies, responses
from mopenstack.gateway.s3.controllers import Handler
from mopenstack.gateway.s3.errors import S3Error, invalid_argument, no_such_key, not_implemented
from mopenstack.gateway.s3.exchange import Exchange
from mopenstack.gateway.s3.responses import DELETE_MARKER, S3Answer, S3Response
from mopenstack.gateway.s3.signatures import encoded

RESOURCE = "OBJECT"
KEY_BYTES_MAX = 1024
_OVERRIDDEN = (
    *("content-type", "content-language", "expires", "cache-control"),
    *("content-disposition", "content-encoding"),
)
"""Headers of an answer that the query may say, as `response-...`."""


async def _read(exchange: Exchange) -> S3Response:
    request, headers = exchange.request, exchange.headers
    for name in ("If-Match", "If-None-Match"):
        for value in (part.strip().strip('"') for part in headers.get(name, "").split(",")):
            if value.endswith("-N"):  # the ETag that s3api makes up for a manifest of Swift's
                headers[name] += f", {value[:-2]}"
    version = request.params.get("versionId")
    part = request.range_or_part(check_most=False)
    query = {}
    if version is not None:
        query["version-id"] = version
    if part is not None:
        query["part-number"] = str(part)
    if version not in ("null", None) and not await _has_versions(exchange):
        raise S3Error("NoSuchVersion", key=request.key, version_id=version)
    response = await exchange.swift(query=query)
    if not response.is_manifest and request.range_or_part("1") == 1:
        size = response.headers.get("Content-Length", "0")
        response.status = 206
        response.headers["Content-Range"] = f"bytes 0-{int(size) - 1}/{size}"
    if "x-amz-meta-deleted" in response.headers:
        raise no_such_key(request.key)
    for name in _OVERRIDDEN:
        if f"response-{name}" in request.params:
            response.headers[name] = request.params[f"response-{name}"]
    return response


async def _has_versions(exchange: Exchange) -> bool:
    """Whether the bucket ever kept versions."""
    return "X-Versions-Enabled" in await exchange.bucket()


async def _keeps_versions(exchange: Exchange) -> bool:
    return (await exchange.bucket()).get("X-Versions-Enabled", "").lower() == "true"


async def _get(exchange: Exchange) -> S3Answer:
    return (await _read(exchange)).as_answer()


async def _head(exchange: Exchange) -> S3Answer:
    response = await _read(exchange)
    answer = response.as_answer()
    answer.body, answer.stream = b"", None
    text = exchange.headers.get("Range")
    found = copies.one_range(text, int(answer.headers.get("Content-Length", 0))) if text else None
    if found is not None:
        start, end, length = found
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{length}"
        answer.headers["Content-Length"] = str(end - start)
        answer.status = 206
    return answer


async def _put(exchange: Exchange) -> S3Answer:
    request, headers = exchange.request, exchange.headers
    if len(encoded(request.key)) > KEY_BYTES_MAX:
        raise S3Error("KeyTooLongError")
    if "X-Amz-Copy-Source" in headers and "X-Amz-Copy-Source-Range" in headers:
        raise invalid_argument("x-amz-copy-source-range", headers["X-Amz-Copy-Source-Range"], "Illegal copy header")
    await copies.check_source(exchange)
    headers.setdefault("Content-Type", "binary/octet-stream")
    response = await exchange.swift()
    if "X-Amz-Copy-Source" in headers:
        return responses.copied(response, "CopyObjectResult")
    return response.as_answer(200)


async def _post(exchange: Exchange) -> S3Answer:
    raise not_implemented()


async def _delete(exchange: Exchange) -> S3Answer:
    request = exchange.request
    version = request.params.get("versionId")
    if version not in ("null", None) and not await _has_versions(exchange):
        answer = S3Answer(204)
        answer.headers["x-amz-version-id"] = version or ""
        return answer
    exchange.headers.popall("Content-Type", None)
    try:
        query = await manifest_query(exchange, request.key, version)
        if version is not None:
            query |= {"version-id": version, "symlink": "get"}
        response = await exchange.swift(query=query)
        if "multipart-manifest" in query:
            await response.answer.read()
        if response.swift.get("X-Object-Current-Version-Id") == "null":
            response = await _restored(exchange) or response
    except S3Error as error:
        if error.code != "NoSuchKey":
            raise
        await exchange.bucket()
        return S3Answer(204)
    answer = response.as_answer(204)
    answer.body = b""
    return answer


async def manifest_query(exchange: Exchange, key: str, version: str | None) -> dict[str, str]:
    """What a deletion says of an object that is a manifest: its segments go with it.

    Not where a version of it is kept. (s3api has them deleted all the same, once Swift's expirer comes to it: the
    version is lost then.)
    """
    query = {"symlink": "get"}
    if version is not None:
        query["version-id"] = version
    try:
        response = await exchange.swift("HEAD", None, key, query=query)
    except S3Error as error:
        if error.code != "NoSuchKey":
            raise
        return {}
    if not response.is_manifest or (version is None and await _keeps_versions(exchange)):
        return {}
    return {"multipart-manifest": "delete"} | ({"async": "on"} if response.system.get("etag") else {})


async def _restored(exchange: Exchange) -> S3Response | None:
    """The version before the one that was deleted, made the current one."""
    key = exchange.request.key
    query = {"prefix": key, "versions": "True", "format": "json"}
    listed = await exchange.swift("GET", None, "", query=query)
    for entry in json.loads(await listed.answer.read() or b"[]"):
        if entry["name"] != key or entry["content_type"] == DELETE_MARKER:
            return None
        try:
            response = await exchange.swift("PUT", query={"version-id": entry["version_id"]}, body=b"")
        except S3Error as error:
            if error.code not in ("PreconditionFailed", "NoSuchBucket"):
                raise
            continue
        response.status = 204
        return response
    return None


HANDLERS: dict[str, Handler] = {"GET": _get, "HEAD": _head, "PUT": _put, "POST": _post, "DELETE": _delete}
