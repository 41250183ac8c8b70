"""One upload in parts: its parts, their list, the end of it, well or not."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mopenstack.gateway.s3 import copies, dates, responses
from mopenstack.gateway.s3.controllers import Handler, check_encoding, need_key
from mopenstack.gateway.s3.controllers.uploads import PAGE, objects_of
from mopenstack.gateway.s3.errors import S3Error, invalid_argument
from mopenstack.gateway.s3.exchange import SEGMENTS, Exchange
from mopenstack.gateway.s3.responses import OBJECT_SYSTEM, S3Answer, S3Response, document
from mopenstack.gateway.s3.signatures import encoded
from mopenstack.gateway.s3.xml import Element, add

PARTS_LISTED_MAX = 1000
_WRONG_RANGE = (
    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based "
    "offsets of the first and last bytes to copy"
)
ETAG_OVERRIDE = "X-Object-Sysmeta-Container-Update-Override-Etag"


async def upload_of(exchange: Exchange) -> tuple[S3Response, bool]:
    """What is kept of the upload that the query names, and whether it is under way; raises NoSuchUpload.

    One that has ended is told by the object that came of it.
    """
    request = exchange.request
    upload = request.params["uploadId"]
    source = exchange.headers.pop("X-Amz-Copy-Source", None)
    try:
        try:
            return await exchange.swift("HEAD", request.bucket + SEGMENTS, f"{request.key}/{upload}"), True
        except S3Error as error:
            if error.code != "NoSuchKey":
                raise
        try:
            found = await exchange.swift("HEAD")
        except S3Error as error:
            if error.code != "NoSuchKey":
                raise
        else:
            if found.system.get("upload-id") == upload:
                return found, False
        raise S3Error("NoSuchUpload", upload_id=upload)
    finally:
        if source is not None:
            exchange.headers["X-Amz-Copy-Source"] = source


# -- a part


async def _put_part(exchange: Exchange) -> S3Answer:
    request, headers = exchange.request, exchange.headers
    need_key(exchange)
    await exchange.bucket()
    if "uploadId" not in request.params:
        raise invalid_argument("ResourceType", "partNumber", "Unexpected query string parameter")
    number = request.range_or_part()
    await upload_of(exchange)
    container, key = request.bucket + SEGMENTS, f"{request.key}/{request.params['uploadId']}/{number}"
    source = await copies.check_source(exchange)
    more: dict[str, str] = {}
    if source is not None:
        text = headers.pop("X-Amz-Copy-Source-Range", None)
        if text is not None:
            _check_range(text, source.size)
            more["Range"] = text
        more |= {f"{OBJECT_SYSTEM}Etag": "", ETAG_OVERRIDE: ""}
    response = await exchange.swift("PUT", container, key, headers=more)
    if source is not None:
        return responses.copied(response, "CopyPartResult")
    return response.as_answer(200)


def _check_range(text: str, size: int) -> None:
    try:
        found = copies.one_range(text, size)
    except S3Error:
        wrong = f"Range specified is not valid for source object of size: {size}"
        raise invalid_argument("x-amz-source-range", text, wrong) from None
    if found is None:
        raise invalid_argument("x-amz-source-range", text, _WRONG_RANGE)


# -- the list


async def parts_of(exchange: Exchange) -> list[dict[str, Any]]:
    """Everything that is kept of the parts of the upload."""
    request = exchange.request
    query = {"format": "json", "delimiter": "/", "marker": "", "limit": PAGE}
    query["prefix"] = f"{request.key}/{request.params['uploadId']}/"
    found: list[dict[str, Any]] = []
    while page := await objects_of(exchange, query):
        found += [entry for entry in page if "name" in entry]
        query["marker"] = page[-1].get("name") or page[-1]["subdir"]
    return found


async def _list(exchange: Exchange) -> S3Answer:
    request = exchange.request
    need_key(exchange)
    await exchange.bucket()
    encoding = request.params.get("encoding-type")
    check_encoding(encoding)
    await upload_of(exchange)
    most = request.number("max-parts", PARTS_LISTED_MAX, PARTS_LISTED_MAX)
    marker = request.number("part-number-marker", 0)
    numbered = sorted(
        ((int(number), entry) for entry in await parts_of(exchange) if (number := _number(entry)).isdigit()),
        key=lambda pair: pair[0],
    )
    found = [(number, entry) for number, entry in numbered if number > marker]
    more, found = len(found) > most, found[:most]
    root = Element("ListPartsResult")
    add(root, "Bucket", request.bucket)
    add(root, "Key", quote(encoded(request.key)) if encoding == "url" else request.key)
    add(root, "UploadId", request.params["uploadId"])
    for name in ("Initiator", "Owner"):
        told = add(root, name)
        add(told, "ID", exchange.owner)
        add(told, "DisplayName", exchange.owner)
    add(root, "StorageClass", "STANDARD")
    add(root, "PartNumberMarker", str(marker))
    add(root, "NextPartNumberMarker", str(found[-1][0] if found else 0))
    add(root, "MaxParts", str(most))
    if encoding is not None:
        add(root, "EncodingType", encoding)
    add(root, "IsTruncated", "true" if more else "false")
    for place, entry in found:
        shown = add(root, "Part")
        add(shown, "PartNumber", str(place))
        add(shown, "LastModified", dates.of_listing(entry["last_modified"]))
        add(shown, "ETag", f'"{entry["hash"]}"')
        add(shown, "Size", str(entry["bytes"]))
    return document(root)


def _number(entry: dict[str, Any]) -> str:
    return str(entry["name"].rpartition("/")[2])


# -- given up


async def _abort(exchange: Exchange) -> S3Answer:
    request = exchange.request
    need_key(exchange)
    await exchange.bucket()
    await upload_of(exchange)
    container = request.bucket + SEGMENTS
    await exchange.swift("DELETE", container, f"{request.key}/{request.params['uploadId']}")
    for entry in await parts_of(exchange):
        await exchange.swift("DELETE", container, entry["name"])
    return S3Answer(204)


PART_RESOURCE = "PART"
PART: dict[str, Handler] = {"PUT": _put_part}
RESOURCE = "UPLOAD"
HANDLERS: dict[str, Handler] = {"GET": _list, "DELETE": _abort}
