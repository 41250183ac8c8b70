"""OPTIONS, and what browsers of other sites may see.

Source: swift.proxy.controllers.base, cors_validation and OPTIONS.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.requests import Request, Response, refusal

Next = Callable[[Request], Awaitable[Response]]
METHODS: Mapping[str, tuple[str, ...]] = {
    "account": ("HEAD", "GET", "OPTIONS", "PUT", "POST", "DELETE"),
    "container": ("POST", "PUT", "GET", "OPTIONS", "HEAD", "DELETE"),
    "object": ("HEAD", "GET", "PUT", "POST", "OPTIONS", "DELETE"),
}
_SIMPLE = (
    "cache-control",
    "content-language",
    "content-type",
    "expires",
    "last-modified",
    "etag",
    "pragma",
    "x-timestamp",
    "x-trans-id",
    "x-openstack-request-id",
)


async def part(req: Request, following: Next) -> Response:
    """Answer OPTIONS; tell a browser what a page of another site may see of an answer."""
    if req.verb == "OPTIONS":
        return await _options(req)
    origin = req.headers.get("origin")
    if not origin or not req.container:
        return await following(req)
    settings = await _settings(req)
    response = await following(req)
    if not _allows(settings, origin):
        return response
    exposed = list(_SIMPLE)
    exposed += [name.strip() for name in settings.get("access-control-expose-headers", "").split() if name.strip()]
    exposed += [name.lower() for name in response.headers if _is_exposed(name.lower())]
    headers = response.headers
    headers.setdefault("Access-Control-Expose-Headers", ", ".join(sorted(set(exposed))))
    if settings.get("access-control-allow-origin", "").strip() == "*":
        headers["Access-Control-Allow-Origin"] = "*"
    else:
        headers["Access-Control-Allow-Origin"] = origin
    return response


def _is_exposed(name: str) -> bool:
    return name.startswith(("x-container-meta-", "x-object-meta-", "x-account-meta-"))


async def _settings(req: Request) -> Mapping[str, str]:
    found = await containers.find(req)
    return dict(found.metadata) if found is not None else {}


def _allows(settings: Mapping[str, str], origin: str) -> bool:
    allowed = settings.get("access-control-allow-origin", "").split()
    return "*" in allowed or origin in allowed


async def _options(req: Request) -> Response:
    kind = "object" if req.name else "container" if req.container else "account"
    methods = METHODS[kind]
    refused = {"Allow": ", ".join(methods)}
    methods += ("COPY",) if kind == "object" else ()
    headers = {"Allow": ", ".join(methods)}
    origin = req.headers.get("origin")
    wanted = req.headers.get("access-control-request-method")
    if not origin or kind == "account":
        return Response(200, headers)
    settings = await _settings(req)
    if not wanted or not _allows(settings, origin) or wanted not in methods:
        raise refusal(401, None, refused)
    headers["Access-Control-Allow-Methods"] = ", ".join(methods)
    headers["Vary"] = "Origin"
    if settings.get("access-control-allow-origin", "").strip() == "*":
        headers["Access-Control-Allow-Origin"] = "*"
    else:
        headers["Access-Control-Allow-Origin"] = origin
    if settings.get("access-control-max-age"):
        headers["Access-Control-Max-Age"] = settings["access-control-max-age"]
    asked = {name.strip() for name in req.headers.get("access-control-request-headers", "").split(",") if name.strip()}
    if asked:
        headers["Access-Control-Allow-Headers"] = ", ".join(sorted(asked))
        headers["Vary"] += ", Access-Control-Request-Headers"
    return Response(200, headers)
