"""Many objects in one request: archives unpacked, lists deleted. Source: swift.common.middleware.bulk.

An archive is read in a thread of its own, a file at a time; each is stored in a transaction of its own.
"""

from __future__ import annotations

import asyncio
import tarfile
import tempfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, BinaryIO
from urllib.parse import quote

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store import deletions, reports
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.limits import MAX_FILE_SIZE
from mopenstack.core.object_store.outside import Outside
from mopenstack.core.object_store.requests import Body, Request, Response, refusal, status_line, status_of
from mopenstack.core.store.blobs import CHUNK_BYTES

Next = Callable[[Request], Awaitable[Response]]
FORMATS = {"tar": "", "tar.gz": "gz", "tar.bz2": "bz2"}
CONTAINERS_MAX = 10000
FAILURES_MAX = 1000
PATH_SHOWN = 3 * (256 + 1024 + 2)
_META = "SCHILY.xattr.user."


async def part(req: Request, following: Next) -> Response:
    """Unpack with `extract-archive`, delete with `bulk-delete`."""
    kind = req.query.get("extract-archive")
    if kind is not None and req.verb == "PUT":
        compression = FORMATS.get(kind.lower().strip("."))
        if compression is None:
            raise refusal(400, "Unsupported archive format")
        return Response(200) if req.checking else _extract(req, following, compression)
    if "bulk-delete" in req.query and req.verb in ("POST", "DELETE"):
        return Response(200) if req.checking else _delete(req, following)
    return await following(req)


def _delete(req: Request, following: Next) -> Response:
    async def names(work: Outside) -> list[deletions.Name]:
        if req.headers.get("content-length") is None and req.headers.get("transfer-encoding", "").lower() != "chunked":
            raise refusal(411)
        blob = req.body.blob
        return await deletions.listed(work.read(blob)) if blob is not None else []

    return deletions.respond(req, following, names)


class Unpacked:
    """What came of an archive so far."""

    def __init__(self) -> None:
        self.created = 0
        self.failed: list[tuple[str, str]] = []
        self.containers: set[str] = set()
        self.made = 0

    def fail(self, path: str, status: int) -> None:
        self.failed.append((quote(path[:PATH_SHOWN]), status_line(status)))


def _extract(req: Request, following: Next, compression: str) -> Response:
    form = reports.format_of(req)
    work = Outside(req)

    async def make() -> Response:
        done = Unpacked()
        status, text = status_line(201), ""
        try:
            if not form:
                raise refusal(406)
            if req.headers.get("content-length") is None and not req.headers.get("transfer-encoding"):
                raise refusal(411)
            await _unpack(req, following, work, compression, done)
            if done.failed:
                status = status_line(400)
            elif not done.created:
                status, text = status_line(400), "Invalid Tar File: No Valid Files"
        except Fault as fault:
            status, text = status_line(fault), fault.text if "content_type" in fault.facts else ""
        except (tarfile.TarError, zlib.error, EOFError, OSError) as wrong:
            status, text = status_line(400), f"Invalid Tar File: {wrong}"
        facts: dict[str, Any] = {
            "Response Status": status,
            "Response Body": text,
            "Number Files Created": done.created,
        }
        kind = form or "text/plain"
        body = reports.body(kind, facts, done.failed, "extract")
        return Response(200, {}, body, content_type=kind)

    return Response(200, later=make)


async def _unpack(req: Request, following: Next, work: Outside, compression: str, done: Unpacked) -> None:
    with tempfile.TemporaryFile() as file:
        if req.body.blob is not None:
            async for chunk in work.read(req.body.blob):
                file.write(chunk)
        file.seek(0)
        archive = await asyncio.to_thread(_open, file, compression)
        with archive:
            while len(done.failed) < FAILURES_MAX:
                entry = await asyncio.to_thread(archive.next)
                if entry is None:
                    break
                if entry.isfile():
                    await _store(req, following, work, archive, entry, done)


def _open(file: BinaryIO, compression: str) -> tarfile.TarFile:
    return tarfile.open(fileobj=file, mode=f"r|{compression}")  # type: ignore[call-overload,no-any-return]  # any mode


async def _store(
    req: Request, following: Next, work: Outside, archive: tarfile.TarFile, entry: tarfile.TarInfo, done: Unpacked
) -> None:
    path = entry.name.removeprefix("./").lstrip("/")
    base = "/".join(part for part in (req.container, req.name) if part).rstrip("/")
    path = f"{base}/{path}" if base else path
    if "/" not in path:
        return  # a file beside the containers
    try:
        path.encode()
    except UnicodeEncodeError:
        done.fail(path.encode("utf-8", "surrogateescape").decode("latin-1"), 412)
        return
    if entry.size > MAX_FILE_SIZE:
        done.fail(path, 413)
        return
    container = path.partition("/")[0]
    failure = 0
    if container not in done.containers:
        failure = await work.transact(lambda inner: _container(inner, following, container, done))
        if failure == 401:
            raise refusal(401)
    headers = _headers(req, entry)

    async def put(inner: Request, body: Body) -> int:
        step = inner.inner("PUT", path=f"{req.account}/{path}", headers=headers, body=body)
        step.checking = False
        try:
            return (await following(step)).status
        except Fault as fault:
            return status_of(fault)

    status = await work.put(_bytes(archive, entry), put)
    done.containers.add(container)
    if status < 300:
        done.created += 1
        return
    if failure:
        done.fail(f"/v1/{req.account}/{container}", failure)
    done.fail(path, status)
    if status == 401:
        raise refusal(401)


async def _container(req: Request, following: Next, name: str, done: Unpacked) -> int:
    """Make a container where it is missing; the status of a refusal, else 0."""
    step = req.inner("PUT", path=f"{req.account}/{name}")
    if await containers.find(step) is not None:
        return 0
    try:
        await following(step)
    except Fault as fault:
        return status_of(fault)
    done.made += 1
    if done.made > CONTAINERS_MAX:
        raise refusal(400, f"More than {CONTAINERS_MAX} containers to create from tar.")
    return 0


def _headers(req: Request, entry: tarfile.TarInfo) -> dict[str, str]:
    headers = {"content-length": str(entry.size)}
    for name, value in req.headers.items():
        if name in ("x-delete-at", "x-delete-after") or name.startswith("x-object-meta-"):
            headers[name] = value
    for key, value in entry.pax_headers.items():
        name = key.removeprefix(_META).removeprefix("LIBARCHIVE.xattr.user.")
        if name == key:
            continue
        if name == "mime_type":
            headers["content-type"] = value
        elif name.startswith("meta."):
            headers[f"x-object-meta-{name.removeprefix('meta.')}"] = value
    return headers


async def _bytes(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> AsyncIterator[bytes]:
    file = archive.extractfile(entry)
    assert file is not None
    while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
        yield chunk
