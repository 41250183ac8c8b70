"""Quotas of accounts and containers. Sources: swift.common.middleware.account_quotas, container_quotas."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from mopenstack.core.object_store import limits
from mopenstack.core.object_store.accounts import usage
from mopenstack.core.object_store.auth.authorize import RESELLER, authorize
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.requests import Request, Response, refusal

Next = Callable[[Request], Awaitable[Response]]
KINDS = ("quota-bytes", "quota-count")


async def account_part(req: Request, following: Next) -> Response:
    """Quotas of an account, and of each of its storage policies: set by resellers, held against each PUT."""
    if not req.container:
        if req.verb in ("PUT", "POST"):
            _translate(req)
        return await following(req)
    if req.verb == "PUT" and req.name and not _is_reseller(req):
        await _check_account(req)
    return await following(req)


def _is_reseller(req: Request) -> bool:
    return req.trusted or RESELLER in req.who.caller.roles or ".reseller_admin" in req.who.groups


def _translate(req: Request) -> None:
    """The quotas that a request sets, as settings of the account; 403 for who is no reseller."""
    new: dict[str, str] = {}
    for kind in KINDS:
        legacy = req.headers.get(f"x-account-meta-{kind}")
        if legacy is not None and kind == "quota-bytes":
            new[kind] = legacy  # and it stays what it is: metadata
        if req.headers.get(f"x-remove-account-meta-{kind}") and kind == "quota-bytes":
            new[kind] = ""
        for name in (kind, *(f"{kind}-policy-{policy.lower()}" for policy in limits.POLICIES)):
            value = req.headers.get(f"x-account-{name}")
            if value is not None:
                new[name] = value
            if req.headers.get(f"x-remove-account-{name}"):
                new[name] = ""
    if not new:
        return
    if not _is_reseller(req):
        raise refusal(403)
    if any(value and not value.isdecimal() for value in new.values()):
        raise refusal(400)
    for name, value in new.items():
        req.headers[f"x-account-sysmeta-{name}"] = value


async def _check_account(req: Request) -> None:
    account = await usage.find(req)
    if account is None:
        return
    settings = account.settings
    container = await containers.find(req)
    size = size_of(req)
    total, policy = "Upload exceeds quota.", "Upload exceeds policy quota."
    asked = [("", total)] + ([(f"-policy-{container.policy.lower()}", policy)] if container is not None else [])
    for suffix, text in asked:
        of = container.policy if suffix and container is not None else ""
        limit = _limit(settings, f"x-account-quota-bytes{suffix}")
        if limit is not None and await usage.bytes_used(req, of) + size > limit:
            await _refuse(req, text)
        limit = _limit(settings, f"x-account-quota-count{suffix}")
        if limit is not None:
            found = await usage.containers(req)
            if sum(one.object_count for one in found if not of or one.policy == of) + 1 > limit:
                await _refuse(req, text)


def _limit(settings: Mapping[str, str], name: str) -> int | None:
    value = settings.get(name, "")
    return int(value) if value.isdecimal() else None


def size_of(req: Request) -> int:
    """What a PUT brings: as its header says, or as came."""
    if req.source is not None:
        return int(req.source.blob_size)
    if req.body.blob is not None:
        return req.body.blob.size
    length = req.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _refuse(req: Request, text: str) -> None:
    """413, for who may write there at all."""
    container = await containers.find(req)
    await authorize(req, container.settings.get("x-container-write", "") if container is not None else "")
    raise refusal(413, text)


async def container_part(req: Request, following: Next) -> Response:
    """Quotas of a container: metadata, which its owner sets."""
    if req.container and not req.name and req.verb in ("PUT", "POST"):
        for kind, word in (("bytes", "bytes"), ("count", "count")):
            value = req.headers.get(f"x-container-meta-quota-{kind}")
            if value and not value.isdecimal():
                raise refusal(400, f"Invalid {word} quota.")
    elif req.name and req.verb == "PUT":
        container = await containers.find(req)
        if container is not None:
            limit = _limit(container.metadata, "quota-bytes")
            if limit is not None and container.bytes_used + container.version_bytes + size_of(req) > limit:
                await _refuse(req, "Upload exceeds quota.")
            limit = _limit(container.metadata, "quota-count")
            if limit is not None and container.object_count + 1 > limit:
                await _refuse(req, "Upload exceeds quota.")
    return await following(req)
