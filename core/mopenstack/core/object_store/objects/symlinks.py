"""Links to other objects: dynamic ones, and static ones, which hold their target's ETag.

Source: swift.common.middleware.symlink.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote, unquote

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store import headers as paths
from mopenstack.core.object_store.objects.backend import OCTETS
from mopenstack.core.object_store.requests import Request, Response, is_true, refusal, status_of
from mopenstack.object_store.v1 import refusals

Next = Callable[[Request], Awaitable[Response]]
LOOPS_MAX = 2
PLAIN = "text/plain"
_FORM = "X-Symlink-Target header must be of the form <container name>/<object name>"
_NAMES = ("symlink-target", "symlink-target-account", "symlink-target-etag", "symlink-target-bytes")


async def part(req: Request, following: Next) -> Response:
    """Follow links on the way down to the storage."""
    if not req.name:
        return await following(req)
    if req.reads:
        if req.query.get("symlink") == "get":
            response = await following(req)
            return _shown(response)
        return await _follow(req, following)
    if req.verb == "PUT" and "x-symlink-target" in req.headers:
        return await _put(req, following)
    if req.verb == "POST":
        return await _post(req, following)
    return await following(req)


def _shown(response: Response) -> Response:
    """The link itself, with what it leads to in headers."""
    if response.found is not None:
        for name in _NAMES:
            if name in response.found.system:
                response.headers[f"X-{name.title()}"] = response.found.system[name]
    return response


async def _follow(
    req: Request, following: Next, wanted: str = "", *, soft: bool = True, last: str | None = None
) -> Response:
    """The response of what a request is about, or of what that leads to; `wanted` is the ETag that it must have."""
    loops = 0
    while True:
        response = await _at(req, following, last)
        system: Mapping[str, str] = response.found.system if response.found is not None else {}
        target, etag = system.get("symlink-target"), system.get("symlink-target-etag", "")
        if target and (etag or soft):
            found = etag or response.headers.get("Etag", "").strip('"')
            if wanted and wanted != found:
                text = "X-Symlink-Target-Etag headers do not match"
                raise refusal(409, text, {"Content-Location": last or ""}, PLAIN)
            if loops >= LOOPS_MAX:
                text = f"Too many levels of symbolic links, maximum allowed is {LOOPS_MAX}"
                raise refusal(409, text, content_type=PLAIN)
            if not is_true(system.get("symloop-extend")):
                loops += 1
            account = system.get("symlink-target-account") or quote(req.account.rstrip("\x01"))
            last = f"/v1/{account}/{target}"
            trusted = req.trusted or "allow-hidden" in system
            wanted = etag
            step = req.inner(path=f"{unquote(account)}/{unquote(target)}", headers=req.headers, query=req.query)
            step.trusted = trusted
            req = step
            continue
        etag = response.headers.get("Etag", "").strip('"')
        if etag and wanted and wanted != etag:
            text = f"Object Etag {response.headers['Etag']!r} does not match X-Symlink-Target-Etag header {wanted!r}"
            raise refusal(409, text, {"Content-Location": last or ""}, PLAIN)
        if last is not None:
            response.headers["Content-Location"] = last
        return response


async def _at(req: Request, following: Next, last: str | None) -> Response:
    """The response at one place; a refusal says where it was reached."""
    try:
        return await following(req)
    except Fault as fault:
        if last is not None and isinstance(fault, refusals.NotFound | refusals.Forbidden | refusals.Unauthorized):
            raise refusal(status_of(fault), None, {"Content-Location": last}) from None
        raise


async def _put(req: Request, following: Next) -> Response:
    headers = req.headers
    has_body = req.body.blob is not None and req.body.blob.size
    if has_body or headers.get("content-length", "0") not in ("0", ""):
        raise refusal(400, "Symlink requests require a zero byte body", content_type=PLAIN)
    if unquote(headers["x-symlink-target"]).startswith("/"):
        raise refusal(412, _FORM, content_type=PLAIN)
    container, name = paths.path_of(headers["x-symlink-target"], _FORM)
    account = req.account
    if "x-symlink-target-account" in headers:
        account = paths.account_of(headers["x-symlink-target-account"])
        headers["x-object-sysmeta-symlink-target-account"] = quote(account)
    if (account, container, name) == (req.account, req.container, req.name):
        raise refusal(400, "Symlink cannot target itself", content_type=PLAIN)
    etag = paths.normal_etag(headers.get("x-symlink-target-etag"))
    if any(letter in etag for letter in ';"\\'):
        raise refusal(400, "Bad X-Symlink-Target-Etag format", content_type=PLAIN)
    headers["x-object-sysmeta-symlink-target"] = quote(f"{container}/{name}")
    if etag:
        await _check_target(req, following, f"{account}/{container}/{name}", etag)
    elif not headers.get("content-type"):
        headers["content-type"] = "application/symlink"
    return await following(req)


async def _check_target(req: Request, following: Next, path: str, etag: str) -> None:
    """The target of a static link is there, with that ETag; its size and type are the link's."""
    last = "/v1/" + quote(path)
    try:
        response = await _follow(req.inner("HEAD", path=path), following, etag, soft=False, last=last)
    except refusals.NotFound:
        raise refusal(409, "X-Symlink-Target does not exist", {"Content-Location": last}, PLAIN) from None
    system = response.found.system
    if "slo-etag" in system:
        req.headers["x-object-sysmeta-slo-etag"] = system["slo-etag"]
    size = system.get("slo-size") or str(response.size)
    req.headers["x-object-sysmeta-symlink-target-etag"] = etag
    req.headers["x-object-sysmeta-symlink-target-bytes"] = size
    if not req.headers.get("content-type"):
        req.headers["content-type"] = response.headers.get("Content-Type", OCTETS)


async def _post(req: Request, following: Next) -> Response:
    if "x-symlink-target" in req.headers:
        raise refusal(400, "A PUT request is required to set a symlink target", content_type=PLAIN)
    response = await following(req)
    system: Mapping[str, str] = response.found.system if response.found is not None else {}
    if "symlink-target" not in system:
        return response
    account = system.get("symlink-target-account") or quote(req.account)
    told = {"Location": f"/v1/{account}/{system['symlink-target']}"}
    if "symlink-target-etag" in system:
        told["X-Symlink-Target-Etag"] = system["symlink-target-etag"]
    text = "The requested POST was applied to a symlink. POST directly to the target to apply requested metadata."
    return Response(307, told, text.encode())
