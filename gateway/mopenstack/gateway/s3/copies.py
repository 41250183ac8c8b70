"""Where a copy comes from, and which part of it.

Source: swift.common.middleware.s3api.s3request.check_copy_source and swift.common.swob.Range.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote

from mopenstack.gateway.s3.errors import S3Error, invalid_argument
from mopenstack.gateway.s3.exchange import Exchange
from mopenstack.gateway.s3.recognition import decoded
from mopenstack.gateway.s3.responses import S3Response
from mopenstack.gateway.s3.signatures import encoded

_CONDITIONS = "x-amz-copy-source-"
_TO_ITSELF = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


async def check_source(exchange: Exchange) -> S3Response | None:
    """The source of a copy, which must be there and hold against the conditions; None where nothing is copied."""
    headers = exchange.headers
    text = headers.get("X-Amz-Copy-Source")
    if text is None:
        return None
    path, _, query = text.partition("?")
    asked = parse_qsl(query, keep_blank_values=True)
    if asked and (len(asked) > 1 or asked[0][0] != "versionId"):
        raise invalid_argument("X-Amz-Copy-Source", text, "Unsupported copy source parameter.")
    bucket, _, key = decoded(path).removeprefix("/").partition("/")
    parameters = {"version-id": asked[0][1]} if asked else {}
    # The conditions of a copy are about its source, and no others are.
    kept = exchange.headers
    exchange.headers = type(kept)(
        (name[len(_CONDITIONS) :], value) for name, value in kept.items() if name.lower().startswith(_CONDITIONS)
    )
    exchange.headers.popall("Range", None)
    try:
        found = await exchange.swift("HEAD", bucket, key, query=parameters)
    finally:
        exchange.headers = kept
    if found.status == 304:
        raise S3Error("PreconditionFailed")
    request = exchange.request
    keeps = headers.get("x-amz-metadata-directive", "COPY") == "COPY"
    if keeps and not parameters and (request.bucket, request.key) == (bucket, key):
        raise S3Error("InvalidRequest", _TO_ITSELF)
    version = f"?versionId={asked[0][1]}" if asked else ""
    headers["X-Amz-Copy-Source"] = quote(encoded(f"/{bucket}/{key}")) + version
    return found


def one_range(text: str, size: int) -> tuple[int, int, int] | None:
    """(start, end, size) of a Range header with one range; None for any other. Raises InvalidRange."""
    found = _RANGE.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= end:
        raise S3Error("InvalidRange")
    return start, end, size
