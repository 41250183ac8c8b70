"""What the storage does with a request on a container.

Sources: swift.proxy.controllers.container, swift.container.server.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from mopenstack.core.object_store import limits, list_reader, listing, metadata, times
from mopenstack.core.object_store.accounts import usage
from mopenstack.core.object_store.auth import acl
from mopenstack.core.object_store.auth.authorize import authorize
from mopenstack.core.object_store.list_reader import Listed
from mopenstack.core.object_store.requests import HTML, Request, Response, is_s3, page, refusal
from mopenstack.object_store.v1 import containers_pb2, objects_pb2

Container = containers_pb2.Container
RFC_ETAGS = "x-container-rfc-compliant-etags"
SETTINGS = (
    RFC_ETAGS,
    "x-container-read",
    "x-container-write",
    "x-container-sync-to",
    "x-container-sync-key",
    "x-versions-location",
    "x-history-location",
)
SYNC_HOSTS = ("127.0.0.1",)
"""Hosts that containers may be synced to without a realm: allowed_sync_hosts."""
OWNERS = (
    "X-Container-Read",
    "X-Container-Write",
    "X-Container-Sync-Key",
    "X-Container-Sync-To",
    "X-Container-Meta-Temp-Url-Key",
    "X-Container-Meta-Temp-Url-Key-2",
)
"""Headers that the account's owner alone sees (swift_owner_headers)."""


async def find(req: Request) -> Container | None:
    """The container of a request."""
    return await req.call.tx.get(Container, f"{req.account}/{req.container}")


async def container(req: Request) -> Response:
    """Answer a request on a container."""
    if req.reads:
        return await _read(req)
    _clean_lists(req)
    found = await find(req)
    await authorize(req)
    if req.verb == "DELETE":
        return await _delete(req, found)
    _check(req)
    if req.verb == "POST":
        if found is None:
            raise refusal(404)
        if not req.checking:
            await _save(req, found)
        return Response(204)
    return await _put(req, found)


def _clean_lists(req: Request) -> None:
    for name in ("x-container-read", "x-container-write"):
        if name in req.headers:
            try:
                req.headers[name] = acl.clean(name, req.headers[name])
            except ValueError as wrong:
                raise refusal(400, str(wrong)) from None


def _check(req: Request) -> None:
    limits.check_metadata(req, "container")
    limits.check_container_name(req.container)
    if req.headers.get("x-container-sync-to"):
        _check_sync(req.headers["x-container-sync-to"])
    policy = req.headers.get("x-storage-policy")
    if policy and not limits.policy_of(policy):
        text = f"Invalid X-Storage-Policy '{policy}'"
        raise refusal(400, text, content_type=limits.PLAIN)


def _check_sync(value: str) -> None:
    """Where a container may be synced to (swift.common.utils.validate_sync_to)."""
    if value.startswith("//"):
        realm, _, rest = value[2:].partition("/")
        if len([part for part in rest.split("/") if part]) != 3:
            raise refusal(400, f"Invalid X-Container-Sync-To format {value!r}")
        raise refusal(400, f"No realm key for {realm.upper()!r}")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https"):
        text = f'Invalid scheme {parts.scheme!r} in X-Container-Sync-To, must be "//", "http", or "https".'
        raise refusal(400, text)
    if not parts.path or not parts.path.strip("/"):
        raise refusal(400, "Path required in X-Container-Sync-To")
    if parts.query or parts.fragment:
        raise refusal(400, "Params, queries, and fragments not allowed in X-Container-Sync-To")
    if parts.hostname not in SYNC_HOSTS:
        raise refusal(400, f"Invalid host {parts.hostname!r} in X-Container-Sync-To")


async def _read(req: Request) -> Response:
    ask = listing.asked(req)
    form = listing.format_of(req)
    found = await find(req)
    await authorize(req, found.settings.get("x-container-read", "") if found is not None else "")
    if found is None:
        raise refusal(404)
    headers = headers_of(req, found)
    headers["Content-Type"] = f"{form}; charset=utf-8"
    if "format" not in req.query:
        headers["Vary"] = "Accept"
    if req.verb == "HEAD":
        return Response(204, headers)
    listed = Listed(objects_pb2.Object, f"{found.id}/", ask, entry_of)
    return await list_reader.respond(req, listed, found.object_count, form, headers)


def headers_of(req: Request, found: Container) -> dict[str, str]:
    """What a container says of itself to this caller."""
    headers = {
        "X-Container-Object-Count": str(found.object_count),
        "X-Container-Bytes-Used": str(found.bytes_used + found.version_bytes),
        "X-Timestamp": times.normal(found.created_at),
        "Last-Modified": times.http_date(found.updated_at),
        "Accept-Ranges": "bytes",
        "X-Storage-Policy": found.policy,
    }
    headers |= metadata.shown(dict(found.metadata), "X-Container-Meta-")
    headers |= {name.title(): value for name, value in sorted(found.settings.items()) if name in SETTINGS}
    if "versions-enabled" in found.settings:
        headers["X-Versions-Enabled"] = found.settings["versions-enabled"]
    if is_s3(req.call):
        system = sorted(found.settings.items())
        headers |= {f"X-Container-Sysmeta-{name.title()}": value for name, value in system if name.startswith("s3api-")}
    if not req.owner:
        for name in OWNERS:
            headers.pop(name, None)
    return headers


def entry_of(one: objects_pb2.Object) -> listing.Entry:
    """An object as its container's list has it."""
    system = one.system
    entry: listing.Entry = {
        "bytes": int(system.get("slo-size") or one.blob_size),
        "hash": one.etag,
        "name": one.name,
        "content_type": one.content_type,
        "last_modified": times.iso(one.changed_at if one.HasField("changed_at") else one.created_at),
    }
    if "slo-etag" in system:
        entry["slo_etag"] = f'"{system["slo-etag"]}"'
    if "version-id" in system:
        entry["symlink_path"] = f"/v1/{quote(one.id)}?version-id={system['version-id']}"
        entry["version_symlink"] = True
    elif "symlink-target" in system:
        account = system.get("symlink-target-account") or quote(one.container_id.partition("/")[0])
        entry["symlink_path"] = f"/v1/{account}/{system['symlink-target']}"
        if "symlink-target-etag" in system:
            entry["symlink_etag"] = system["symlink-target-etag"]
            entry["symlink_bytes"] = int(system["symlink-target-bytes"])
    if "s3_etag=" in system.get("container-update-override-etag", ""):
        tag = system["container-update-override-etag"].partition("s3_etag=")[2]
        entry["s3_etag"] = f'"{tag}"'
    return entry


async def _put(req: Request, found: Container | None) -> Response:
    if found is None and "/" in req.container:
        raise refusal(400)
    policy = req.headers.get("x-storage-policy")
    if found is not None and policy and limits.policy_of(policy) != found.policy:
        raise refusal(409, "", {"X-Backend-Storage-Policy-Index": str(limits.POLICIES.index(found.policy))})
    if req.checking:
        return Response(202)
    if found is None:
        await usage.ensure(req)
        made = Container(id=f"{req.account}/{req.container}", account=req.account, name=req.container)
        made.policy = limits.policy_of(policy or "") or limits.POLICIES[0]
        made.hidden = "x-container-hidden" in req.headers
        req.call.stamp(made.created_at)
        await _save(req, made)
        return Response(201)
    await _save(req, found)
    return Response(202, {"Content-Type": HTML}, page(202, "Accepted", "The request is accepted for processing."))


async def _save(req: Request, found: Container) -> None:
    new = Container()
    new.CopyFrom(found)
    values = dict(new.metadata)
    metadata.change(req, "container", values)
    new.metadata.clear()
    new.metadata.update(values)
    settings = dict(new.settings)
    if not req.owner:
        for name in ("x-container-read", "x-container-write", "x-container-sync-to", "x-container-sync-key"):
            req.headers.pop(name)
    metadata.change_settings(req, settings, SETTINGS)
    for name, value in req.headers.under("x-container-sysmeta-").items():
        settings[name] = value
    new.settings.clear()
    new.settings.update(settings)
    req.call.stamp(new.updated_at)
    await req.call.tx.put(new)


async def _delete(req: Request, found: Container | None) -> Response:
    if found is None:
        raise refusal(404)
    if found.object_count:
        raise refusal(409)
    if not req.checking:
        await req.call.tx.delete(Container, found.id)
    return Response(204)
