"""Static large objects: a manifest that lists segments, answered as one object. Source: swift.common.middleware.slo."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store import headers, reports, times
from mopenstack.core.object_store.objects import segments as parts
from mopenstack.core.object_store.objects import slo_manifest as manifests
from mopenstack.core.object_store.objects.slo_delete import delete_segments
from mopenstack.core.object_store.requests import Body, Request, Response, is_true, refusal, status_line
from mopenstack.object_store.v1 import refusals

Next = Callable[[Request], Awaitable[Response]]
DEPTH_MAX = 10


async def part(req: Request, following: Next) -> Response:
    """Make, answer and delete manifests."""
    if not req.name:
        return await following(req)
    manifest = req.query.get("multipart-manifest")
    if req.verb == "PUT" and manifest == "put":
        return await _put(req, following)
    if req.verb == "DELETE" and manifest == "delete":
        return await delete_segments(req, following)
    if req.reads:
        return await _read(req, following)
    return await following(req)


# -- GET


async def _read(req: Request, following: Next, depth: int = 0) -> Response:
    response = await following(req)
    if response.found is None or "slo-etag" not in response.found.system or _is_link(response):
        return response
    response.headers["X-Static-Large-Object"] = "True"
    if req.query.get("multipart-manifest") == "get":
        return await _manifest(req, response)
    return await _whole(req, following, response, depth)


def _is_link(response: Response) -> bool:
    return "symlink-target" in response.found.system


async def _entries(response: Response) -> list[manifests.Entry]:
    assert response.read is not None
    found: list[manifests.Entry] = json.loads(b"".join([chunk async for chunk in response.read(0, response.size)]))
    return found


async def _manifest(req: Request, response: Response) -> Response:
    """The manifest itself, as it is kept, or as a client would write it."""
    if req.query.get("format") != "raw":
        response.headers["Content-Type"] = "application/json; charset=utf-8"
        return response
    data = json.dumps(manifests.as_written(await _entries(response)), sort_keys=True).encode()
    segment = parts.inline(data)
    response.read, response.size = segment.read, len(data)
    response.headers["Etag"] = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return response


async def _whole(req: Request, following: Next, response: Response, depth: int) -> Response:
    system = response.found.system
    size = int(system["slo-size"])
    manifest_etag = response.headers["Etag"]
    entries = await _entries(response) if req.verb == "GET" or "part-number" in req.query else []
    response.headers |= {"Etag": f'"{system["slo-etag"]}"', "X-Manifest-Etag": manifest_etag}
    response.size = size
    number = _part_number(req)
    if req.verb == "GET":
        found = [await _segment(req, following, entry, depth) for entry in entries]
        if found and any(segment.read is None for segment in found[:1]):
            raise refusal(409)
        response.read = parts.joined(found)
    return response if number is None else _numbered(req, response, entries, number)


def _part_number(req: Request) -> int | None:
    text = req.query.get("part-number")
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1 or len(text) > 9:
        raise refusal(400, "Part number must be an integer greater than 0")
    return int(text)


def _numbered(req: Request, response: Response, entries: Sequence[manifests.Entry], number: int) -> Response:
    """One segment, by its number, as a range of the whole."""
    response.headers["X-Parts-Count"] = str(len(entries))
    if number > len(entries):
        text = "" if req.verb == "HEAD" else "The requested part number is not satisfiable"
        told = {**response.headers, "Content-Range": f"bytes */{response.size}"}
        raise refusal(416, text, told, response.headers["Content-Type"])
    lengths = [manifests.length_of(entry) for entry in entries]
    start = sum(lengths[: number - 1])
    end = start + lengths[number - 1]
    response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{response.size}"
    response.status, read = 206, response.read

    def shifted(first: int, last: int) -> AsyncIterator[bytes]:
        assert read is not None
        return read(start + first, start + last)

    response.read, response.size = shifted, end - start
    return response


async def _segment(req: Request, following: Next, entry: manifests.Entry, depth: int) -> parts.Segment:
    length = manifests.length_of(entry)
    if "data" in entry:
        return parts.inline(base64.b64decode(entry["data"]))
    inner = req.inner("GET", path=f"{req.account}/{entry['name'].lstrip('/')}")
    try:
        if is_true(str(entry.get("sub_slo", ""))):
            if depth + 1 >= DEPTH_MAX:
                return parts.Segment(length, None)
            response = await _read(inner, following, depth + 1)
        else:
            response = await following(inner)
    except Fault as fault:
        if isinstance(fault, refusals.Unauthorized | refusals.Forbidden) and depth == 0:
            raise refusal(409) from None
        return parts.Segment(length, None)
    is_same = response.headers.get("Etag", "").strip('"') == entry["hash"] and response.size == entry["bytes"]
    start = int(entry["range"].split("-")[0]) if entry.get("range") else 0
    return parts.Segment(length, response.read if is_same else None, start)


# -- PUT


async def _put(req: Request, following: Next) -> Response:
    if req.headers.get("x-copy-from"):
        raise refusal(405, "Multipart Manifest PUTs cannot be COPY requests")
    length = req.headers.get("content-length")
    if length is None and req.headers.get("transfer-encoding", "").lower() != "chunked" and req.call.context.verb:
        raise refusal(411)
    body = req.body.blob
    if (length or "").isdecimal() and int(length) > manifests.MANIFEST_BYTES_MAX:
        raise refusal(413, f"Manifest File > {manifests.MANIFEST_BYTES_MAX} bytes")
    if req.checking:
        return await following(req)
    if body is not None and body.size > manifests.MANIFEST_BYTES_MAX:
        raise refusal(413, f"Manifest File > {manifests.MANIFEST_BYTES_MAX} bytes")
    text = b"".join([chunk async for chunk in req.call.blobs.read(body.key)]) if body is not None else b""
    entries = manifests.parse(text, req)
    form = reports.format_of(req, ("text/plain", "application/json", "application/xml", "text/xml")) or "text/plain"
    heartbeat = is_true(req.query.get("heartbeat"))
    try:
        kept, size = await _checked(req, following, entries, form)
        response = await _store(req, following, kept, size)
    except Fault as fault:
        if not heartbeat:
            raise
        return _beaten(form, {"Response Status": status_line(fault), "Response Body": _explained(fault)}, fault)
    if not heartbeat or not response.is_success:
        return response
    facts = {
        "Response Status": status_line(response.status),
        "Etag": f'"{response.headers["Etag"]}"'
        if not response.headers["Etag"].startswith('"')
        else response.headers["Etag"],
        "Last Modified": response.headers["Last-Modified"],
        "Response Body": "",
    }
    return _beat(form, reports.body(form, facts, [], "upload"))


def _explained(fault: Fault) -> str:
    phrase = status_line(fault).partition(" ")[2]
    return fault.text if "content_type" in fault.facts else f"{phrase}\n{fault.text}"


def _beaten(form: str, facts: dict[str, Any], fault: Fault) -> Response:
    problems = json.loads(fault.facts.get("problems", "[]"))
    if problems:
        facts["Response Body"] = (
            "Bad Request\nThe server could not comply with the request since it is either malformed or otherwise incorrect."  # noqa: E501
        )
    return _beat(form, reports.body(form, facts, problems, "upload"))


def _beat(form: str, body: bytes) -> Response:
    """An answer of a heartbeat: blanks, as long as the work takes, and then what came of it."""
    return Response(202, stream=_once(b" \r\n\r\n" + body), content_type=form)


async def _checked(
    req: Request, following: Next, entries: list[manifests.Entry], form: str
) -> tuple[list[manifests.Entry], int]:
    """The entries as they are kept, and the size of the whole; refuses those that are not what they say."""
    kept, size, problems = [], 0, []
    heads: dict[str, manifests.Entry | int] = {}
    for index, entry in enumerate(entries):
        if "data" in entry:
            kept.append(entry)
            size += manifests.length_of(entry)
            continue
        path = entry["path"]
        if path not in heads:
            heads[path] = await _head(req, following, path)
        found = heads[path]
        if isinstance(found, int):
            problems.append([headers.quoted(path), status_line(found)])
            continue
        length, one, wrong = manifests.settle(entry, found, may_be_empty=index == len(entries) - 1)
        size += length
        kept.append(one)
        problems += wrong
    if problems:
        fault = refusal(400, reports.body(form, {}, problems, "upload").decode(), content_type=form)
        fault.facts["problems"] = json.dumps(problems)
        raise fault
    return kept, size


async def _head(req: Request, following: Next, path: str) -> manifests.Entry | int:
    """What an object is as a segment; the status of what cannot be had."""
    try:
        response = await _read(req.inner("HEAD", path=f"{req.account}/{path.lstrip('/')}"), following)
    except Fault as fault:
        return int(status_line(fault).split(" ")[0])
    found = response.found
    entry: manifests.Entry = {
        "bytes": response.size,
        "hash": response.headers["Etag"].strip('"'),
        "content_type": response.headers["Content-Type"],
        "last_modified": times.iso_seconds(found.changed_at if found.HasField("changed_at") else found.created_at),
    }
    if "X-Static-Large-Object" in response.headers:
        entry["sub_slo"] = True
    return entry


async def _store(req: Request, following: Next, kept: list[manifests.Entry], size: int) -> Response:
    etag = manifests.etag_of(kept)
    given = headers.normal_etag(req.headers.get("etag"))
    if given and given != etag:
        raise refusal(422)
    data = json.dumps(kept).encode()
    inner = req.inner(headers=req.headers, query={k: v for k, v in req.query.items() if k != "multipart-manifest"})
    inner.body = Body(await req.call.write_bytes(_once(data)))
    inner.headers |= {"x-object-sysmeta-slo-etag": etag, "x-object-sysmeta-slo-size": str(size)}
    inner.headers["content-length"] = str(len(data))
    inner.headers.pop("etag")
    response = await following(inner)
    if response.is_success:
        response.headers["Etag"] = f'"{etag}"'
    return response


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
