"""Addresses with a signature that are good for a while. Source: swift.common.middleware.tempurl."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import quote

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store import addresses
from mopenstack.core.object_store.middleware import signatures
from mopenstack.core.object_store.requests import Request, Response, refusal

Next = Callable[[Request], Awaitable[Response]]
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
_DISALLOWED = ("x-object-manifest", "x-symlink-target")
_KEPT_QUERY = ("temp_url_sig", "temp_url_expires", "temp_url_prefix", "filename", "inline", "temp_url_ip_range")
_FORMS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")


async def part(req: Request, following: Next) -> Response:
    """Let a request pass whose address is signed."""
    signature, expires_text = req.query.get("temp_url_sig"), req.query.get("temp_url_expires")
    if req.verb == "OPTIONS" or (signature is None and expires_text is None):
        return await following(req)
    expires = _moment(req, expires_text or "")
    prefix = req.query.get("temp_url_prefix")
    found = signatures.parsed(signature) if signature else None
    if found is None or not expires or not _is_signable(req, prefix) or not _is_near(req):
        raise _invalid()
    scope = await _scope(req, found, expires, prefix)
    if not scope:
        raise _invalid()
    if not req.reads:
        for name in _DISALLOWED:
            if name in req.headers:
                raise refusal(400, f"The header {name.title()!r} is not allowed in this tempurl")
    for name in ("x-timestamp", "x-open-expired"):
        req.headers.pop(name)
    req.signed = scope
    req.query = {name: value for name, value in req.query.items() if name in _KEPT_QUERY}
    return _cleaned(req, await following(req), expires)


def _invalid() -> Fault:
    return refusal(401, "401 Unauthorized: Temp URL invalid\n")


def _moment(req: Request, text: str) -> int:
    """Seconds since the epoch; 0 for what is no time to come."""
    found = 0
    if text.isdecimal() and len(text) < 16:
        found = int(text)
    else:
        for form in _FORMS:
            try:
                found = int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
            except ValueError:
                continue
            break
    return found if found >= req.call.time else 0


def _is_signable(req: Request, prefix: str | None) -> bool:
    if req.verb not in METHODS or not req.container:
        return False
    if not req.name.strip("/"):
        return req.reads and prefix == "" and not req.name
    return prefix is None or req.name.startswith(prefix)


def _is_near(req: Request) -> bool:
    """Whether the client's address is in the range that the signature names."""
    text = req.query.get("temp_url_ip_range")
    if not text:
        return True
    remote = req.call.context.remote
    try:
        return ipaddress.ip_address(remote) in ipaddress.ip_network(text)
    except ValueError:
        return False


async def _scope(req: Request, found: tuple[str, str], expires: int, prefix: str | None) -> str:
    path = f"/v1/{req.account}/{req.container}/{req.name if prefix is None else prefix}"
    word = "" if prefix is None else "prefix:"
    methods = ("HEAD", "GET", "POST", "PUT") if req.verb == "HEAD" else (req.verb,)
    address = req.query.get("temp_url_ip_range")
    head = f"ip={address}\n" if address else ""
    # Clients sign the path that they see, which begins with the prefix of the API where it has one.
    messages = [
        f"{head}{method}\n{expires}\n{word}{front}{path}"
        for method in methods
        for front in dict.fromkeys(("", addresses.prefix(req.call)))
    ]
    return signatures.scope_of(await signatures.keys_of(req), *found, messages)


def _cleaned(req: Request, response: Response, expires: int) -> Response:
    """Without metadata that are not public, with a name to save it under."""
    headers = response.headers
    for name in list(headers):
        lower = name.lower()
        if lower.startswith("x-object-meta-") and not lower.startswith("x-object-meta-public-"):
            del headers[name]
    if not req.reads or not response.is_success:
        return response
    generated = headers.pop("X-Content-Generator", "") == "staticweb"
    if not req.name and not generated:
        raise _invalid()
    filename, existing = req.query.get("filename"), headers.get("Content-Disposition")
    if generated or "inline" in req.query:
        disposition = _disposition("inline", filename) if filename else "inline"
    elif filename:
        disposition = _disposition("attachment", filename)
    elif existing:
        disposition = existing
    else:
        disposition = _disposition("attachment", req.name.rstrip("/").rpartition("/")[2])
    headers["Content-Disposition"] = disposition.replace("\n", "%0A")
    headers["Expires"] = formatdate(expires, usegmt=True)
    return response


def _disposition(kind: str, filename: str) -> str:
    return f"{kind}; filename=\"{quote(filename, safe=' /')}\"; filename*=UTF-8''{quote(filename)}"
