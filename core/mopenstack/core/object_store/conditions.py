"""Conditions and ranges of a GET: what of an object is answered. Source: swift.common.swob."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import replace

from mopenstack.core.object_store import times
from mopenstack.core.object_store.requests import Request, Response, is_s3, refusal

RANGES_MAX = 50
"""More are not answered (swift.common.swob.MAX_RANGES), nor more than so many that overlap or go backwards:"""
OVERLAPS_MAX = 2
BACKWARDS_MAX = 8


def tags(text: str | None) -> set[str]:
    """The entity tags of If-Match and If-None-Match, without their quotes."""
    found = set()
    for part in (text or "").split(","):
        tag = part.strip()
        if tag.startswith("W/"):
            tag = tag[2:]
        if tag:
            found.add(tag.strip('"') if tag != '""' else "")
    return found


def broken(req: Request, etag: str, modified: float | None, *, missing: bool = False) -> int:
    """The status that the conditions of a request lead to: 304, 412, or 0 where all hold."""
    none_match, match = tags(req.headers.get("if-none-match")), tags(req.headers.get("if-match"))
    if missing:
        return 412 if "*" in match else 0
    if etag and none_match and (etag in none_match or "*" in none_match):
        return 304
    if etag and match and etag not in match and "*" not in match:
        return 412
    if modified is None:
        return 0
    since = times.parsed(req.headers.get("if-modified-since", ""))
    if since is not None and modified <= since:
        return 304
    until = times.parsed(req.headers.get("if-unmodified-since", ""))
    return 412 if until is not None and modified > until else 0


def deliver(req: Request, response: Response) -> Response:
    """What a GET or HEAD is answered with, by its conditions and its Range header."""
    if response.read is None or not req.reads:
        return response
    found, size = response.found, response.size
    etag = response.headers.get("Etag", "").strip('"')
    if found is not None and is_s3(req.call):
        etag = found.system.get("s3api-etag") or etag  # what S3 calls an object that was uploaded in parts
    modified = response.headers.get("Last-Modified")
    moment = times.parsed(modified) if modified else (math.ceil(times.seconds(found.created_at)) if found else None)
    status = broken(req, etag, moment) if response.status == 200 else 0
    if status == 304:
        return Response(304, response.headers, content_type=response.content_type)
    if status == 412:
        raise refusal(412, "", response.headers)
    if req.verb == "HEAD":
        return replace(response, stream=_empty())
    wanted = ranges(req.headers.get("range"), size) if response.status == 200 and response.ranged else None
    if wanted == []:
        raise refusal(416, None, {**response.headers, "Content-Range": f"bytes */{size}"})
    if not wanted or not size:
        return replace(response, stream=response.read(0, size))
    if len(wanted) == 1:
        start, end = wanted[0]
        headers = {**response.headers, "Content-Range": f"bytes {start}-{end - 1}/{size}"}
        return replace(response, status=206, headers=headers, stream=response.read(start, end), size=end - start)
    return _several(req, response, wanted)


def ranges(text: str | None, size: int) -> list[tuple[int, int]] | None:
    """The parts [start, end) that a Range header asks for; None: all, []: none that is there."""
    asked = parse(text)
    if asked is None:
        return None
    found: list[tuple[int, int]] = []
    for first, last in asked:
        if first is None:
            assert last is not None
            if last == 0:
                continue
            found.append((max(0, size - last), size))
        elif first < size:
            found.append((first, size if last is None else min(last + 1, size)))
    return [] if _is_too_much(found) else found


def parse(text: str | None) -> list[tuple[int | None, int | None]] | None:
    """(first, last) of each range, as they stand there; None for no header, or one that is not read."""
    compact = (text or "").replace(" ", "").lower()  # swob.Range reads it so
    if not compact.startswith("bytes="):
        return None
    found: list[tuple[int | None, int | None]] = []
    for part in compact[6:].split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if not dash or not (first or last):
            return None
        if (first and not _is_number(first)) or (last and not _is_number(last)):
            return None
        start, end = int(first) if first else None, int(last) if last else None
        if start is not None and end is not None and start > end:
            return None
        found.append((start, end))
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20


def _is_too_much(found: list[tuple[int, int]]) -> bool:
    if len(found) > RANGES_MAX:
        return True
    if len(found) < 2:
        return False
    backwards = sum(found[place][0] < found[place - 1][0] for place in range(1, len(found)))
    ordered = sorted(found)
    overlaps = sum(ordered[place][0] < ordered[place - 1][1] for place in range(1, len(ordered)))
    return backwards > BACKWARDS_MAX or overlaps > OVERLAPS_MAX


def _several(req: Request, response: Response, wanted: list[tuple[int, int]]) -> Response:
    """multipart/byteranges."""
    boundary = req.call.ids.uuid().replace("-", "")
    content_type = response.headers.get("Content-Type", response.content_type)
    heads = [
        f"--{boundary}\r\nContent-Type: {content_type}\r\n"
        f"Content-Range: bytes {start}-{end - 1}/{response.size}\r\n\r\n".encode()
        for start, end in wanted
    ]
    tail = f"--{boundary}--".encode()
    size = len(tail) + sum(len(head) + end - start + 2 for head, (start, end) in zip(heads, wanted, strict=True))

    async def chunks() -> AsyncIterator[bytes]:
        assert response.read is not None
        for head, (start, end) in zip(heads, wanted, strict=True):
            yield head
            async for chunk in response.read(start, end):
                yield chunk
            yield b"\r\n"
        yield tail

    headers = {**response.headers, "Content-Type": f"multipart/byteranges;boundary={boundary}"}
    return Response(206, headers, stream=chunks(), size=size)


async def _empty() -> AsyncIterator[bytes]:
    return
    yield
