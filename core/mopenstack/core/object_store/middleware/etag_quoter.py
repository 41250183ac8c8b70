"""Tags in quotes, where an account or a container says so. Source: swift.common.middleware.etag_quoter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mopenstack.core.object_store.accounts import usage
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.requests import Request, Response, is_s3, is_true

Next = Callable[[Request], Awaitable[Response]]


async def part(req: Request, following: Next) -> Response:
    """Quote the tag of an object; of accounts and containers, read what they are told to."""
    if not req.name:
        header = f"x-{'container' if req.container else 'account'}-rfc-compliant-etags"
        if req.headers.get(header):
            req.headers[header] = str(is_true(req.headers[header]))
        return await following(req)
    response = await following(req)
    etag = response.headers.get("Etag")
    if etag is None or (etag.startswith(('"', 'W/"')) and etag.endswith('"')) or is_s3(req.call):
        return response
    if await _is_quoted(req):
        response.headers["Etag"] = f'"{etag}"'
    return response


async def _is_quoted(req: Request) -> bool:
    container = await containers.find(req)
    if container is None:
        return False
    if containers.RFC_ETAGS in container.settings:
        return is_true(container.settings[containers.RFC_ETAGS])
    account = await usage.find(req)
    return account is not None and is_true(account.settings.get(usage.RFC_ETAGS))
