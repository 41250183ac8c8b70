"""The deletion of many objects in one request."""

from __future__ import annotations

import asyncio
import hashlib
import json

from multidict import CIMultiDict

from mopenstack.gateway.s3 import checks, documents
from mopenstack.gateway.s3.checksums import BY_HEADER
from mopenstack.gateway.s3.controllers import Handler, of_bucket
from mopenstack.gateway.s3.controllers.objects import manifest_query
from mopenstack.gateway.s3.errors import S3Error
from mopenstack.gateway.s3.exchange import Exchange
from mopenstack.gateway.s3.responses import S3Answer
from mopenstack.gateway.s3.xml import Element, add, render

RESOURCE = "MULTI_OBJECT_DELETE"
OBJECTS_MAX = 1000
"""max_multi_delete_objects."""
DOCUMENT_BYTES_MAX = 2 * OBJECTS_MAX * 1024


async def _delete(exchange: Exchange) -> S3Answer:
    of_bucket(exchange)
    body = await exchange.xml(DOCUMENT_BYTES_MAX)
    if not body:
        raise S3Error("MissingRequestBodyError")
    headers = exchange.headers
    if "Content-MD5" not in headers and not any(name in headers for name in BY_HEADER):
        text = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
        raise S3Error("InvalidRequest", text)
    checks.md5_of_body(headers, hashlib.md5(body, usedforsecurity=False).digest())
    quiet, named = await asyncio.to_thread(_read, body)
    root = Element("DeleteResult")
    try:
        await exchange.swift("HEAD")
    except S3Error as error:
        if error.code != "AccessDenied":
            raise
        for key, version in named:
            _refused(root, key, error, version)
        return _answer(root)
    for key, version in named:
        refusal = await _delete_one(exchange, key, version)
        if refusal is not None:
            _refused(root, key, refusal)
        elif not quiet:
            add(add(root, "Deleted"), "Key", key)
    return _answer(root)


def _answer(root: Element) -> S3Answer:
    return S3Answer(200, CIMultiDict({"Content-Type": "text/html; charset=UTF-8"}), render(root))


def _refused(root: Element, key: str, error: S3Error, version: str | None = None) -> None:
    shown = add(root, "Error")
    add(shown, "Key", key)
    if version is not None:
        add(shown, "VersionId", version)
    add(shown, "Code", "S3NotImplemented" if error.code == "NotImplemented" else error.code)
    add(shown, "Message", error.text)


def _read(body: bytes) -> tuple[bool, list[tuple[str, str | None]]]:
    """Whether only refusals are told, and the keys with their versions."""
    try:
        root = documents.parse(body, "Delete")
    except documents.Malformed:
        raise S3Error("MalformedXML") from None
    quiet = (documents.text_of(root, "./Quiet") or "").lower() == "true"
    named = []
    for found in root.iterfind("./Object"):
        key = documents.text_of(found, "./Key")
        if not key:
            raise S3Error("UserKeyMustBeSpecified")
        named.append((key, documents.text_of(found, "./VersionId")))
    if len(named) > OBJECTS_MAX:
        raise S3Error("MalformedXML")
    return quiet, named


async def _delete_one(exchange: Exchange, key: str, version: str | None) -> S3Error | None:
    """Delete an object, or a version of it; the refusal. What is not there is deleted already."""
    try:
        query = await manifest_query(exchange, key, version)
        if version is not None:
            query |= {"version-id": version, "symlink": "get"}
        response = await exchange.swift("DELETE", None, key, query=query, headers={"Accept": "application/json"})
        if "multipart-manifest" in query and response.status != 204:
            return _of_report(await response.answer.read())
    except S3Error as error:
        return None if error.code == "NoSuchKey" else error
    return None


def _of_report(body: bytes) -> S3Error | None:
    """The refusal that the report of a manifest's deletion tells."""
    try:
        report = json.loads(body)
        errors = [f"{name}: {status}" for name, status in report["Errors"]]
        if not errors:
            return None
        text = "\n".join([report["Response Status"], *errors])
    except (ValueError, TypeError, KeyError):
        text = "Unexpected swift response"
    found = S3Error("InternalError", text)
    found.code = "SLODeleteError"
    return found


HANDLERS: dict[str, Handler] = {"POST": _delete}
