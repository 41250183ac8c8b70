"""Buckets: made, looked at, deleted. What is in them is told by `listing`."""

from __future__ import annotations

import json

from mopenstack.gateway.s3 import documents
from mopenstack.gateway.s3.controllers import Handler, listing
from mopenstack.gateway.s3.controllers.uploads import PAGE
from mopenstack.gateway.s3.errors import S3Error, not_implemented
from mopenstack.gateway.s3.exchange import SEGMENTS, Exchange
from mopenstack.gateway.s3.request import REGION
from mopenstack.gateway.s3.responses import S3Answer

RESOURCE = "BUCKET"
DOCUMENT_BYTES_MAX = 10_240


async def _show(exchange: Exchange) -> S3Answer:
    return (await exchange.swift()).as_answer(200)


async def _create(exchange: Exchange) -> S3Answer:
    body = await exchange.xml(DOCUMENT_BYTES_MAX)
    if body:
        try:
            root = documents.parse(body, "CreateBucketConfiguration")
        except documents.Malformed:
            raise S3Error("MalformedXML") from None
        if documents.text_of(root, "./LocationConstraint") not in (REGION, REGION.lower()):
            raise S3Error("InvalidLocationConstraint")
    answer = (await exchange.swift()).as_answer(200)
    answer.headers["Location"] = f"/{exchange.request.bucket}"
    return answer


async def _delete(exchange: Exchange) -> S3Answer:
    await _delete_segments(exchange)
    return (await exchange.swift()).as_answer()


async def _delete_segments(exchange: Exchange) -> None:
    """Delete the container of the bucket's parts, with what uploads left there; the bucket itself must be empty."""
    try:
        response = await exchange.swift("HEAD")
    except S3Error as error:
        if error.code != "NoSuchBucket":
            raise
    else:
        if int(response.swift.get("X-Container-Object-Count") or 0) > 0:
            versioned = bool(response.swift.get("X-Versions-Enabled"))
            more = ". You must delete all versions in the bucket." if versioned else ""
            raise S3Error("BucketNotEmpty", f"The bucket you tried to delete is not empty{more}")
    container = exchange.request.bucket + SEGMENTS
    try:
        marker = ""
        while found := await _segments(exchange, container, marker):
            for segment in found:
                await _delete_segment(exchange, container, segment["name"])
            marker = found[-1]["name"]
        await exchange.swift("DELETE", container, "")
    except S3Error as error:
        if error.code == "NoSuchBucket":
            return
        raise S3Error("ServiceUnavailable") if error.code in ("BucketNotEmpty", "InternalError") else error from None


async def _segments(exchange: Exchange, container: str, marker: str) -> list[dict[str, str]]:
    response = await exchange.swift("GET", container, "", query={"format": "json", "limit": PAGE, "marker": marker})
    found: list[dict[str, str]] = json.loads(await response.answer.read() or b"[]")
    return found


async def _delete_segment(exchange: Exchange, container: str, name: str) -> None:
    try:
        await exchange.swift("DELETE", container, name)
    except S3Error as error:
        if error.code == "InternalError":
            raise S3Error("ServiceUnavailable") from None
        if error.code != "NoSuchKey":
            raise


async def _post(exchange: Exchange) -> S3Answer:
    raise not_implemented()


HANDLERS: dict[str, Handler] = {
    "HEAD": _show,
    "GET": listing.list_objects,
    "PUT": _create,
    "DELETE": _delete,
    "POST": _post,
}
