"""What is in a bucket: lists of version 1 and 2, and of the versions of objects."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mopenstack.gateway.s3 import checks, dates
from mopenstack.gateway.s3.controllers import check_encoding
from mopenstack.gateway.s3.errors import invalid_argument
from mopenstack.gateway.s3.exchange import Exchange
from mopenstack.gateway.s3.request import S3Request
from mopenstack.gateway.s3.responses import DELETE_MARKER, S3Answer, document
from mopenstack.gateway.s3.signatures import encoded
from mopenstack.gateway.s3.xml import Element, add

KEYS_MAX = 1000
"""max_bucket_listing."""
_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_LAST_SECOND = 9_999_999_999


@dataclass(slots=True)
class _Asked:
    """What a list is asked for: `kind` is `1`, `2` or `versions`; `query` is Swift's."""

    kind: str
    query: dict[str, str]
    keys: int
    """As many as the client asks for, which may be more than there are at once."""
    with_owner: bool
    by_url: bool

    def name(self, text: str) -> str:
        return quote(encoded(text)) if self.by_url else text


async def list_objects(exchange: Exchange) -> S3Answer:
    """The list that the query asks for."""
    request = exchange.request
    keys = request.number("max-keys", KEYS_MAX)
    most = min(keys, KEYS_MAX)
    asked = _read(request, keys)
    asked.query |= {"limit": str(most + 1), "format": "json"}
    response = await exchange.swift(query=asked.query)
    found: list[dict[str, Any]] = json.loads(await response.answer.read() or b"[]")
    more = 0 < most < len(found)
    found = found[:most]
    root = _HEADS[asked.kind](request, asked, found, more)
    for entry in found:
        if "subdir" in entry:
            add(add(root, "CommonPrefixes"), "Prefix", asked.name(entry["subdir"]))
        else:
            _object(root, entry, asked, exchange.owner)
    return document(root)


# -- what is asked


def _read(request: S3Request, keys: int) -> _Asked:
    encoding = request.params.get("encoding-type")
    check_encoding(encoding)
    query: dict[str, str] = {}
    for name in ("prefix", "delimiter"):
        value = request.text(name)
        if value is not None:
            query[name] = value
    if "versions" in request.params:
        return _Asked("versions", query | _versions(request), keys, True, encoding == "url")
    text = request.params.get("list-type", "1")
    try:
        version = int(text) if len(text) < 20 else 0
    except ValueError:
        raise invalid_argument("list-type", text, "Argument list-type must be an integer") from None
    if version != 2:
        marker = request.text("marker")
        query |= {"marker": marker} if marker is not None else {}
        return _Asked("1", query, keys, True, encoding == "url")
    start = request.text("start-after")
    query |= {"marker": start} if start is not None else {}
    token = request.params.get("continuation-token")
    if token is not None:
        query["marker"] = _of_token(token)
    owner = request.params.get("fetch-owner", "").lower() in _TRUE
    return _Asked("2", query, keys, owner, encoding == "url")


def _of_token(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode()
    except (binascii.Error, ValueError):
        text = "The continuation token provided is incorrect"
        raise invalid_argument("continuation-token", checks.quoted(token), text) from None


def _versions(request: S3Request) -> dict[str, str]:
    query = {"versions": request.text("versions") or ""}
    version, marker = request.text("version-id-marker"), request.text("key-marker")
    if marker is None and version is not None:
        text = "A version-id marker cannot be specified without a key marker."
        raise invalid_argument("version-id-marker", version, text)
    if marker is not None:
        query["marker"] = marker
    if version is not None:
        if version != "null" and not _is_stamp(version):
            raise invalid_argument("version-id-marker", version, "Invalid version id specified")
        query["version_marker"] = version
    return query


def _is_stamp(text: str) -> bool:
    """Whether a version is told as Swift tells it: seconds, perhaps with an offset."""
    seconds, _, offset = text.partition("_")
    try:
        value = float(seconds)
        return 0 <= value <= _LAST_SECOND and (not offset or int(offset, 16) >= 0)
    except ValueError:
        return False


# -- what is told


def _head(root: Element, request: S3Request, asked: _Asked) -> None:
    add(root, "Name", request.bucket)
    add(root, "Prefix", asked.name(request.params.get("prefix", "")))


def _tail(root: Element, request: S3Request, asked: _Asked, more: bool, *, empty_delimiter: bool = False) -> None:
    add(root, "MaxKeys", str(asked.keys))
    delimiter = request.params.get("delimiter")
    if delimiter or (empty_delimiter and delimiter is not None):
        add(root, "Delimiter", asked.name(delimiter))
    if asked.by_url:
        add(root, "EncodingType", "url")
    add(root, "IsTruncated", "true" if more else "false")


def _last(found: list[dict[str, Any]]) -> str:
    return str(found[-1].get("name") or found[-1].get("subdir", ""))


def _of_versions(request: S3Request, asked: _Asked, found: list[dict[str, Any]], more: bool) -> Element:
    root = Element("ListVersionsResult")
    _head(root, request, asked)
    add(root, "KeyMarker", asked.name(request.params.get("key-marker", "")))
    add(root, "VersionIdMarker", request.params.get("version-id-marker"))
    if more:
        add(root, "NextKeyMarker", _last(found))
        add(root, "NextVersionIdMarker", found[-1].get("version_id") or "null")
    _tail(root, request, asked, more, empty_delimiter=True)
    return root


def _of_1(request: S3Request, asked: _Asked, found: list[dict[str, Any]], more: bool) -> Element:
    root = Element("ListBucketResult")
    _head(root, request, asked)
    add(root, "Marker", asked.name(request.params.get("marker", "")))
    if more and "delimiter" in request.params:
        add(root, "NextMarker", asked.name(_last(found)))
    _tail(root, request, asked, more)
    return root


def _of_2(request: S3Request, asked: _Asked, found: list[dict[str, Any]], more: bool) -> Element:
    root = Element("ListBucketResult")
    _head(root, request, asked)
    if more:
        add(root, "NextContinuationToken", base64.b64encode(encoded(_last(found))).decode())
    if "continuation-token" in request.params:
        add(root, "ContinuationToken", request.params["continuation-token"])
    if "start-after" in request.params:
        add(root, "StartAfter", asked.name(request.params["start-after"]))
    add(root, "KeyCount", str(len(found)))
    _tail(root, request, asked, more)
    return root


_HEADS = {"versions": _of_versions, "1": _of_1, "2": _of_2}


def _object(root: Element, entry: Mapping[str, Any], asked: _Asked, owner: str) -> None:
    if asked.kind == "versions":
        marker = entry["content_type"] == DELETE_MARKER
        shown = add(root, "DeleteMarker" if marker else "Version")
        add(shown, "Key", asked.name(entry["name"]))
        add(shown, "VersionId", entry.get("version_id") or "null")
        add(shown, "IsLatest", "true" if entry.get("is_latest", True) else "false")
    else:
        marker = False
        shown = add(root, "Contents")
        add(shown, "Key", asked.name(entry["name"]))
    add(shown, "LastModified", dates.of_listing(entry["last_modified"]))
    if not marker:
        add(shown, "ETag", etag_of(entry))
        add(shown, "Size", str(entry["bytes"]))
    if asked.with_owner:
        told = add(shown, "Owner")
        add(told, "ID", owner)
        add(told, "DisplayName", owner)
    if not marker:
        add(shown, "StorageClass", "STANDARD")


def etag_of(entry: Mapping[str, Any]) -> str:
    """The ETag of an entry of a list: S3's of an upload in parts, else what Swift has."""
    if "s3_etag" in entry:
        return str(entry["s3_etag"])
    if "slo_etag" in entry:
        text = str(entry["slo_etag"]).strip('"')
        return f'"{text}-N"'
    text = str(entry["hash"])
    return text if len(text) > 1 and text[0] == text[-1] == '"' else f'"{text}"'
