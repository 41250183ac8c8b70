"""What the storage does with a request on an account. Source: swift.proxy.controllers.account, swift.account.server."""

from __future__ import annotations

from mopenstack.core.object_store import limits, list_reader, listing, metadata, times
from mopenstack.core.object_store.accounts import usage
from mopenstack.core.object_store.auth import acl as access
from mopenstack.core.object_store.auth.authorize import authorize, denied
from mopenstack.core.object_store.containers import deletion
from mopenstack.core.object_store.list_reader import Listed
from mopenstack.core.object_store.requests import Request, Response, page, refusal
from mopenstack.object_store.v1 import accounts_pb2, containers_pb2

Account = accounts_pb2.Account
SETTINGS = ("x-account-access-control",)
"""Of the account's owner."""
KEYS = ("temp-url-key", "temp-url-key-2")
"""Metadata that the owner alone sees."""


async def account(req: Request) -> Response:
    """Answer a request on an account."""
    if req.reads:
        return await _read(req)
    if req.verb == "DELETE":
        return await _delete(req)
    return await _write(req)


async def _read(req: Request) -> Response:
    ask = listing.asked(req)
    form = listing.format_of(req)
    await authorize(req)
    limits.check_account_name(req.account)
    kept = await req.call.tx.get(Account, req.account)
    if kept is not None and kept.deleted:
        raise refusal(410, "", {"X-Account-Status": "Deleted"})
    headers = await usage.headers(req, kept)
    headers |= _times(req, kept)
    if kept is not None:
        headers |= metadata.shown(dict(kept.metadata), "X-Account-Meta-")
        headers["Accept-Ranges"] = "bytes"
        if usage.PROJECT_DOMAIN in kept.settings:
            headers["X-Account-Project-Domain-Id"] = kept.settings[usage.PROJECT_DOMAIN]
        if req.owner and kept.settings.get("x-account-access-control"):
            headers["X-Account-Access-Control"] = kept.settings["x-account-access-control"]
        for name, value in sorted(kept.settings.items()):
            if name == usage.RFC_ETAGS or name.startswith("x-account-quota-"):
                headers[name.title()] = value
    if not req.owner:
        for key in KEYS:
            headers.pop(f"X-Account-Meta-{key.title()}", None)
    headers["Content-Type"] = f"{form}; charset=utf-8"
    if "format" not in req.query:
        headers["Vary"] = "Accept"
    if req.verb == "HEAD":
        return Response(204 if kept is not None else 200, headers)
    listed = Listed(containers_pb2.Container, f"{req.account}/", ask, _entry)
    return await list_reader.respond(req, listed, int(headers["X-Account-Container-Count"]), form, headers)


def _times(req: Request, kept: Account | None) -> dict[str, str]:
    made = kept.created_at if kept is not None else None
    if made is None:
        now = accounts_pb2.Account().created_at
        req.call.stamp(now)
        return {"X-Timestamp": times.normal(now), "X-Put-Timestamp": times.normal(now)}
    return {"X-Timestamp": times.normal(made)}


def _entry(one: containers_pb2.Container) -> listing.Entry | None:
    if one.hidden:
        return None
    return {
        "name": one.name,
        "count": one.object_count,
        "bytes": one.bytes_used + one.version_bytes,
        "last_modified": times.iso(one.updated_at),
        "storage_policy": one.policy,
    }


async def _write(req: Request) -> Response:
    await authorize(req)
    limits.check_metadata(req, "account")
    limits.check_account_name(req.account)
    kept = await req.call.tx.get(Account, req.account)
    if kept is not None and kept.deleted and req.verb == "POST":
        raise refusal(410, "", {"X-Account-Status": "Deleted"})
    if req.checking:
        return Response(204)
    made = kept is None or kept.deleted
    if kept is not None and kept.deleted:
        await req.call.tx.delete(Account, req.account)
    new = Account()
    new.CopyFrom(await usage.ensure(req))
    values = dict(new.metadata)
    metadata.change(req, "account", values)
    new.metadata.clear()
    new.metadata.update(values)
    settings = dict(new.settings)
    if req.owner:
        if access.parse_account(req.headers.get("x-account-access-control", "-")) == {}:
            req.headers["x-account-access-control"] = ""
        metadata.change_settings(req, settings, SETTINGS)
    metadata.change_settings(req, settings, (usage.RFC_ETAGS,))
    _set_quotas(req, settings)
    new.settings.clear()
    new.settings.update(settings)
    req.call.stamp(new.updated_at)
    await req.call.tx.put(new)
    if req.verb == "POST":
        return Response(204)
    if made:
        return Response(201)
    return Response(202, {}, page(202, "Accepted", "The request is accepted for processing."))


def _set_quotas(req: Request, settings: dict[str, str]) -> None:
    """Quotas are set by the layer that knows who may (quotas.py), which hands them on as settings."""
    for header, value in req.headers.under("x-account-sysmeta-quota-").items():
        if value:
            settings[f"x-account-quota-{header}"] = value
        else:
            settings.pop(f"x-account-quota-{header}", None)


async def _delete(req: Request) -> Response:
    await authorize(req)
    if not req.owner:
        raise denied(req)
    if req.query:
        raise refusal(400)
    kept = await usage.find(req)
    if kept is None:
        raise refusal(404)
    if req.checking:
        return Response(204)
    await deletion.empty_account(req.call, req.account)
    gone = Account(id=req.account, deleted=True)
    req.call.stamp(gone.created_at)
    req.call.stamp(gone.updated_at)
    await req.call.tx.put(gone)
    return Response(204, {"X-Account-Status": "Deleted"})
