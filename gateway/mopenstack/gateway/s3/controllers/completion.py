"""The end of an upload in parts: a manifest of the parts that the client names."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from mopenstack.gateway.s3 import checks, documents
from mopenstack.gateway.s3.controllers import Handler, need_key
from mopenstack.gateway.s3.controllers.parts import ETAG_OVERRIDE, parts_of, upload_of
from mopenstack.gateway.s3.errors import S3Error, not_implemented
from mopenstack.gateway.s3.exchange import SEGMENTS, Exchange
from mopenstack.gateway.s3.responses import OBJECT_SYSTEM, S3Answer, S3Response, document
from mopenstack.gateway.s3.xml import Element, add

DOCUMENT_BYTES_MAX = 2048 * 1024
PART_BYTES_MIN = 5 * 1024 * 1024
"""min_segment_size: of every part but the last."""
_KEPT = frozenset({"content-encoding", "content-language", "content-disposition", "expires", "cache-control"})
_DIGITS = frozenset("0123456789abcdef")


async def complete(exchange: Exchange) -> S3Answer:
    """Make the object; the same request once more has the same answer."""
    request, headers = exchange.request, exchange.headers
    need_key(exchange)
    await exchange.bucket()
    if headers.get("If-None-Match", "*") != "*" or any(
        name in headers for name in ("If-Match", "If-Modified-Since", "If-Unmodified-Since")
    ):
        raise not_implemented("Conditional uploads are not supported.")
    condition = headers.pop("If-None-Match", None)
    begun, _ = await upload_of(exchange)
    body = await exchange.xml(DOCUMENT_BYTES_MAX)
    if not body:
        raise S3Error("InvalidRequest", "You must specify at least one part")
    checks.md5_of_body(headers, hashlib.md5(body, usedforsecurity=False).digest())
    request.md5 = ""
    upload = request.params["uploadId"]
    parts = await asyncio.to_thread(_read, body, upload)
    digest = hashlib.md5(b"".join(bytes.fromhex(etag) for _, etag in parts), usedforsecurity=False)
    etag = f"{digest.hexdigest()}-{len(parts)}"
    made = begun.system.get("etag")
    if made == etag:
        return _answer(exchange, etag)
    if made:
        raise S3Error("NoSuchUpload", upload_id=upload)
    told = _headers(begun, upload, etag)
    if condition is not None:
        told["If-None-Match"] = condition
    await _check_sizes(exchange, parts)
    await _make(exchange, parts, told)
    try:
        await exchange.swift("DELETE", request.bucket + SEGMENTS, f"{request.key}/{upload}")
    except S3Error as error:
        if error.code != "NoSuchKey":
            raise
    return _answer(exchange, etag)


def _read(body: bytes, upload: str) -> list[tuple[int, str]]:
    """Number and ETag of the parts that the client names."""
    try:
        root = documents.parse(body, "CompleteMultipartUpload")
    except documents.Malformed:
        raise S3Error("MalformedXML") from None
    parts: list[tuple[int, str]] = []
    for found in root.iterfind("./Part"):
        number = int(documents.text_of(found, "./PartNumber") or 0)
        if number <= (parts[-1][0] if parts else 0):
            raise S3Error("InvalidPartOrder", upload_id=upload)
        etag = documents.text_of(found, "./ETag")
        if etag and etag != '"' and etag[0] == etag[-1] == '"':
            etag = etag[1:-1]
        if etag is None or len(etag) != 32 or not _DIGITS.issuperset(etag):
            raise S3Error("InvalidPart", upload_id=upload, part_number=number, e_tag=etag)
        parts.append((number, etag))
    return parts


def _headers(begun: S3Response, upload: str, etag: str) -> dict[str, str]:
    """What the object is stored with: what the upload was begun with."""
    told = {
        "Accept": "application/json",
        f"{OBJECT_SYSTEM}Upload-Id": upload,
        f"{OBJECT_SYSTEM}Etag": etag,
        ETAG_OVERRIDE: f"; s3_etag={etag}",
    }
    for name, value in begun.swift.items():
        low = name.lower()
        if low.startswith("x-object-meta-") or low in _KEPT:
            told[name] = value
    given = begun.system.get("has-content-type")
    content_type = begun.system.get("content-type") if given == "yes" else None
    if given is None:
        content_type = begun.headers.get("Content-Type")
    if content_type:
        told["Content-Type"] = content_type
    return told


async def _check_sizes(exchange: Exchange, parts: list[tuple[int, str]]) -> None:
    """Refuse parts that are not there, are others, or are too small."""
    kept = {entry["name"].rpartition("/")[2]: entry for entry in await parts_of(exchange)}
    upload = exchange.request.params["uploadId"]
    for place, (number, etag) in enumerate(parts):
        found = kept.get(str(number))
        if found is None or found["hash"] != etag:
            raise S3Error("InvalidPart", upload_id=upload)
        if place < len(parts) - 1 and found["bytes"] < PART_BYTES_MIN:
            raise S3Error("EntityTooSmall")


async def _make(exchange: Exchange, parts: list[tuple[int, str]], told: dict[str, str]) -> None:
    request = exchange.request
    upload = request.params["uploadId"]
    container = request.bucket + SEGMENTS
    manifest = [{"path": f"/{container}/{request.key}/{upload}/{number}", "etag": etag} for number, etag in parts]
    query = {"multipart-manifest": "put", "heartbeat": "on"}
    headers, exchange.headers = exchange.headers, type(exchange.headers)()
    try:
        response = await exchange.swift("PUT", query=query, headers=told, body=json.dumps(manifest).encode())
        if response.status == 202:
            _check_report(json.loads(await response.answer.read()), upload)
    except S3Error as error:
        if error.code == "InvalidRequest" and (", Etag Mismatch" in error.text or ", 404 Not Found" in error.text):
            raise S3Error("InvalidPart", upload_id=upload) from None
        raise
    finally:
        exchange.headers = headers


def _check_report(report: dict[str, Any], upload: str) -> None:
    """Raise the refusal that the report of a manifest tells."""
    status = report["Response Status"]
    if status.startswith("412"):
        raise S3Error("PreconditionFailed")
    if status.startswith("201"):
        return
    for _, what in report["Errors"]:
        if what in ("Etag Mismatch", "404 Not Found"):
            raise S3Error("InvalidPart", upload_id=upload)
    text = "\n".join(": ".join(pair) for pair in report["Errors"])
    raise S3Error("InvalidRequest", text, status=int(status.partition(" ")[0]))


def _answer(exchange: Exchange, etag: str) -> S3Answer:
    request = exchange.request
    root = Element("CompleteMultipartUploadResult")
    add(root, "Location", request.raw.url + request.raw.path)
    add(root, "Bucket", request.bucket)
    add(root, "Key", request.key)
    add(root, "ETag", f'"{etag}"')
    return document(root)


HANDLERS: dict[str, Handler] = {"POST": complete}
