"""Uploads in parts, as they begin, and the list of those that are under way.

An upload is an object without bytes in the container of the bucket's parts, named `<key>/<id>`; its parts are
`<key>/<id>/<number>` there.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from mopenstack.gateway.s3 import dates
from mopenstack.gateway.s3.controllers import Handler, check_encoding, need_key
from mopenstack.gateway.s3.controllers.objects import KEY_BYTES_MAX
from mopenstack.gateway.s3.errors import S3Error
from mopenstack.gateway.s3.exchange import SEGMENTS, Exchange
from mopenstack.gateway.s3.responses import OBJECT_SYSTEM, S3Answer, document
from mopenstack.gateway.s3.signatures import encoded
from mopenstack.gateway.s3.xml import Element, add

RESOURCE = "UPLOADS"
UPLOADS_MAX = 1000
PAGE = "1000"
"""Objects of the container of the parts that are asked for at once."""
_OF_CONTAINER = ("X-Storage-Policy", "X-Container-Read", "X-Container-Write")
_PART = re.compile(r".*/[0-9]+", re.DOTALL)


async def _begin(exchange: Exchange) -> S3Answer:
    need_key(exchange)
    bucket = await exchange.bucket()
    request, headers = exchange.request, exchange.headers
    if len(encoded(request.key)) > KEY_BYTES_MAX:
        raise S3Error("KeyTooLongError")
    upload = base64.urlsafe_b64encode(str(uuid.uuid4()).encode()).decode()
    content_type = headers.get("Content-Type")
    headers[f"{OBJECT_SYSTEM}Has-Content-Type"] = "yes" if content_type else "no"
    if content_type:
        headers[f"{OBJECT_SYSTEM}Content-Type"] = content_type
    headers["Content-Type"] = "application/directory"
    container = request.bucket + SEGMENTS
    if not await exchange.exists(container):
        await _create_container(exchange, container, bucket)
    request.md5 = ""
    headers.popall("Etag", None)
    await exchange.swift("PUT", container, f"{request.key}/{upload}", body=b"")
    root = Element("InitiateMultipartUploadResult")
    add(root, "Bucket", request.bucket)
    add(root, "Key", request.key)
    add(root, "UploadId", upload)
    return document(root)


async def _create_container(exchange: Exchange, container: str, bucket: Any) -> None:
    """The container of the parts, with the bucket's policy and access lists."""
    kept = {name: bucket[name] for name in _OF_CONTAINER if name in bucket}
    try:
        await exchange.swift("PUT", container, "", headers=kept)
    except S3Error as error:
        if error.code not in ("BucketAlreadyExists", "BucketAlreadyOwnedByYou"):
            raise


# -- the list


async def _list(exchange: Exchange) -> S3Answer:
    request = exchange.request
    if not request.is_bucket:
        raise S3Error("InvalidRequest", "Key is not expected for the GET method ?uploads subresource")
    await exchange.bucket()
    encoding = request.text("encoding-type")
    check_encoding(encoding)
    key, upload = request.text("key-marker") or "", request.text("upload-id-marker") or ""
    prefix, delimiter = request.text("prefix") or "", request.text("delimiter")
    most = request.number("max-uploads", UPLOADS_MAX, UPLOADS_MAX)
    query = {"format": "json", "limit": PAGE, "marker": f"{key}/{upload or '~'}" if key else ""}
    if "prefix" in request.params:
        query["prefix"] = prefix
    uploads, prefixes = await _found(exchange, query, prefix, delimiter, most)
    more = len(uploads) >= most
    uploads = uploads[:most]
    root = Element("ListMultipartUploadsResult")
    add(root, "Bucket", request.bucket)
    add(root, "KeyMarker", key)
    add(root, "UploadIdMarker", upload)
    last = uploads[-1] if len(uploads) > 1 else {"key": "", "id": ""}
    add(root, "NextKeyMarker", last["key"])
    add(root, "NextUploadIdMarker", last["id"])
    if delimiter is not None:
        add(root, "Delimiter", delimiter)
    if "prefix" in request.params:
        add(root, "Prefix", prefix)
    add(root, "MaxUploads", str(most))
    if encoding is not None:
        add(root, "EncodingType", encoding)
    add(root, "IsTruncated", "true" if more else "false")
    for entry in uploads:
        _upload(root, entry, exchange.owner, by_url=encoding == "url")
    for found in prefixes:
        add(add(root, "CommonPrefixes"), "Prefix", found)
    return document(root)


async def _found(
    exchange: Exchange, query: dict[str, str], prefix: str, delimiter: str | None, most: int
) -> tuple[list[dict[str, str]], list[str]]:
    """Uploads with common prefixes, page by page of the container, until there are enough of them."""
    uploads: list[dict[str, str]] = []
    prefixes: list[str] = []
    while len(uploads) < most:
        entries = await objects_of(exchange, query)
        if not entries:
            break
        page = [_of_entry(entry) for entry in entries if not _PART.fullmatch(entry.get("name", ""))]
        if delimiter is not None:
            page, common = _separated(page, prefix, delimiter)
            prefixes += common
        uploads += page
        query["marker"] = entries[-1]["name"]
    return uploads, prefixes


async def objects_of(exchange: Exchange, query: dict[str, str]) -> list[dict[str, Any]]:
    """A page of the list of the bucket's parts; nothing where there is no container of them."""
    try:
        response = await exchange.swift("GET", exchange.request.bucket + SEGMENTS, "", query=query)
    except S3Error as error:
        if error.code != "NoSuchBucket":
            raise
        return []
    found: list[dict[str, Any]] = json.loads(await response.answer.read() or b"[]")
    return found


def _of_entry(entry: dict[str, Any]) -> dict[str, str]:
    key, _, upload = entry["name"].rpartition("/")
    return {"key": key, "id": upload, "last_modified": entry["last_modified"]}


def _separated(
    uploads: Iterable[dict[str, str]], prefix: str, delimiter: str
) -> tuple[list[dict[str, str]], list[str]]:
    """The uploads whose key has no delimiter behind the prefix, and the beginnings of the others."""
    plain, common = [], set()
    for entry in uploads:
        end = entry["key"].find(delimiter, len(prefix))
        if end < 0:
            plain.append(entry)
        else:
            common.add(entry["key"][: end + len(delimiter)])
    return plain, sorted(common)


def _upload(root: Element, entry: dict[str, str], owner: str, *, by_url: bool) -> None:
    shown = add(root, "Upload")
    add(shown, "Key", quote(encoded(entry["key"])) if by_url else entry["key"])
    add(shown, "UploadId", entry["id"])
    for name in ("Initiator", "Owner"):
        told = add(shown, name)
        add(told, "ID", owner)
        add(told, "DisplayName", owner)
    add(shown, "StorageClass", "STANDARD")
    add(shown, "Initiated", dates.of_listing(entry["last_modified"]))


HANDLERS: dict[str, Handler] = {"GET": _list, "POST": _begin}
