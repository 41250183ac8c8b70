"""The list of a container with all versions of its objects: `?versions`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from mopenstack.core.object_store import list_reader, listing
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.containers.hidden import DELETED, Version, hidden_id, version_name
from mopenstack.core.object_store.list_reader import Listed
from mopenstack.core.object_store.outside import Outside
from mopenstack.core.object_store.requests import Request, Response, refusal
from mopenstack.object_store.v1 import objects_pb2

Next = Callable[[Request], Awaitable[Response]]


async def respond(req: Request, following: Next) -> Response:
    """Only as JSON; the names of both lists merged, the newest version of each first."""
    named = req.query.get("format")
    form = listing.FORMATS.get(named.lower(), listing.TEXT) if named else listing.JSON
    if form != listing.JSON or (not named and listing.best(req.headers.get("accept", ""), (form,)) != form):
        raise refusal(406)
    ask = listing.asked(req)
    marker = _marker(req, ask)
    if set(ask.delimiter) & set("0123456789.\x01"):
        raise refusal(400, "invalid delimiter param")
    head = req.inner("HEAD", headers=req.headers)
    response = await following(head)
    found = await containers.find(req)
    assert found is not None
    shown = Listed(objects_pb2.Object, f"{found.id}/", ask, _shown)
    hidden = Listed(objects_pb2.Object, f"{hidden_id(req)}/", replace(ask, marker=marker), containers.entry_of)
    headers = {**response.headers, "Content-Type": "application/json; charset=utf-8"}
    work = Outside(req)

    async def make() -> Response:
        current = await list_reader.entries_outside(work, shown)
        merged = _merged(current, await list_reader.entries_outside(work, hidden))
        merged.sort(key=lambda entry: str(entry.get("name", entry.get("subdir"))), reverse=ask.reverse)
        body = await listing.rendered(merged[: ask.limit], listing.JSON, "container", req.container)
        return Response(200, headers, body)

    return Response(200, headers, later=make)


def _marker(req: Request, ask: listing.Asked) -> str:
    """Where the list of versions goes on."""
    version = req.query.get("version_marker")
    if "marker" not in req.query:
        if version is not None:
            raise refusal(400, "version_marker param requires marker")
        return ""
    if version is None:
        return f"{ask.marker}\x02"
    if version == "null":
        return f"{ask.marker}\x01"
    if not Version.is_id(version):
        raise refusal(400, "invalid version_marker param")
    return version_name(ask.marker, version)


def _shown(one: objects_pb2.Object) -> listing.Entry:
    entry = containers.entry_of(one)
    entry["version_id"] = one.system.get("version-id", "null")
    return entry


def _merged(current: list[listing.Entry], kept: list[listing.Entry]) -> list[listing.Entry]:
    subdirs = {entry["subdir"] for entry in current if "subdir" in entry}
    latest: dict[str, str] = {}
    merged: list[listing.Entry] = []
    for entry in current:
        if "name" in entry:
            latest[entry["name"]] = entry["version_id"]
            if entry["version_id"] == "null":
                merged.append({**entry, "is_latest": True})
    for entry in kept:
        if "subdir" in entry:
            subdirs.add(entry["subdir"].partition("\x01")[0])
            continue
        version = Version.of(entry["name"])
        is_marker = entry["content_type"] == DELETED
        if version.name in latest:
            is_latest = latest[version.name] == version.id
        else:
            is_latest = is_marker
            if is_marker:
                latest[version.name] = version.id
        merged.append({**entry, "name": version.name, "version_id": version.id, "is_latest": is_latest})
    return merged + [{"subdir": name} for name in subdirs]
