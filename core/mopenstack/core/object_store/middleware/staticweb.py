"""Containers as web sites: index pages, lists, error pages. Source: swift.common.middleware.staticweb."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store import addresses, conditions, limits, listing
from mopenstack.core.object_store.auth.authorize import authorize
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.list_reader import Listed, entries
from mopenstack.core.object_store.middleware import web_lists
from mopenstack.core.object_store.requests import Request, Response, is_true, page, refusal, status_of
from mopenstack.object_store.v1 import containers_pb2, objects_pb2

Next = Callable[[Request], Awaitable[Response]]
ERROR_PAGE_BYTES_MAX = 1024 * 1024
DIRECTORY = "application/directory"


async def part(req: Request, following: Next) -> Response:
    """Answer a GET of nobody, or of who asks for it, as a web server would."""
    asked = is_true(req.headers.get("x-web-mode"))
    if not req.reads or not req.container or (req.who.confirmed and not req.signed and not asked):
        return await following(req)
    found = await containers.find(req)
    site = Site(req, following, found)
    return await (site.object_() if req.name else site.container(asked=asked))


class Site:
    """One request on a container with its web settings."""

    def __init__(self, req: Request, following: Next, found: containers_pb2.Container | None) -> None:
        self._req, self._following, self._found = req, following, found
        metadata: Mapping[str, str] = found.metadata if found is not None else {}
        self._index = metadata.get("web-index", "").strip()
        self._error = metadata.get("web-error", "").strip()
        self._listings = metadata.get("web-listings", "").strip()
        self._label = metadata.get("web-listings-label", "").strip()
        self._css = metadata.get("web-listings-css", "").strip()
        self._type = metadata.get("web-directory-type", "").strip() or DIRECTORY
        self._slashed = req.call.context.path.endswith("/")

    async def container(self, *, asked: bool) -> Response:
        req = self._req
        try:
            await authorize(req, self._found.settings.get("x-container-read", "") if self._found is not None else "")
        except Fault as fault:
            raise await self._with_page(fault) from None
        if not self._listings and not self._index:
            if asked:
                raise refusal(404)
            return await self._following(req)
        if not self._slashed:
            return self._redirect()
        if not self._index:
            return await self._list("")
        response = await self._try(self._index)
        return await self._list("") if response is None else response

    async def object_(self) -> Response:
        req = self._req
        try:
            response = await self._following(req)
            is_directory = response.headers.get("Content-Type", "").partition(";")[0] == self._type
            if response.status >= 400 or not (is_directory and response.size <= 1):
                return response
        except Fault as fault:
            if status_of(fault) != 404:
                raise
            if not self._listings and not self._index:
                raise
        else:
            if not self._listings and not self._index:
                return response
        if self._index:
            name = req.name if req.name.endswith("/") else f"{req.name}/"
            found = await self._try(name + self._index)
            if found is not None:
                return found if req.name.endswith("/") else self._redirect()
        if req.name.endswith("/"):
            return await self._list(req.name)
        if not await self._has_below(f"{req.name}/"):
            raise await self._with_page(refusal(404))
        return self._redirect()

    async def _try(self, name: str) -> Response | None:
        """An object of the site; None if it is not there."""
        req = self._req
        step = req.inner(path=f"{req.account}/{req.container}/{name}", headers=req.headers, query=req.query)
        try:
            return await self._following(step)
        except Fault as fault:
            if status_of(fault) == 404:
                return None
            raise await self._with_page(fault) from None

    async def _has_below(self, prefix: str) -> bool:
        assert self._found is not None
        base = f"{self._found.id}/"
        ask = listing.Asked(prefix, "/", None, "", "", False, 1)
        return bool(await entries(self._req.call, Listed(objects_pb2.Object, base, ask, containers.entry_of)))

    async def _with_page(self, fault: Fault) -> Fault:
        """The refusal with the page that the site has for it."""
        status = status_of(fault)
        if not self._error:
            return fault
        req = self._req
        step = req.inner("GET", path=f"{req.account}/{req.container}/{status}{self._error}")
        try:
            response = conditions.deliver(step, await self._following(step))
        except Fault:
            return fault
        if not response.is_success or response.size > ERROR_PAGE_BYTES_MAX or response.stream is None:
            return fault
        text = b"".join([chunk async for chunk in response.stream]).decode("utf-8", "replace")
        kept = {name: value for name, value in response.headers.items() if name not in ("Content-Type",)}
        return refusal(status, text, kept, response.headers.get("Content-Type", response.content_type))

    def _redirect(self) -> Response:
        location = f"{addresses.base(self._req.call)}{self._req.quoted_path}/"
        body = page(301, "Moved Permanently", "The resource has moved permanently.")
        return Response(301, {"Location": location}, body)

    async def _list(self, prefix: str) -> Response:
        """The names below a prefix, as a page."""
        req = self._req
        label = f"{req.path}/" if not req.name else req.path
        if self._label:
            label = f"{self._label}/{prefix}"
        if not is_true(self._listings):
            raise await self._with_page(refusal(404, web_lists.disabled(label, self._css_path(prefix), self._index)))
        where = req.inner("GET", path=f"{req.account}/{req.container}")
        try:
            await self._following(where)
        except Fault as fault:
            raise await self._with_page(fault) from None
        assert self._found is not None
        ask = listing.Asked(prefix or "", "/", None, "", "", False, limits.LISTING_LIMIT)
        found = await entries(req.call, Listed(objects_pb2.Object, f"{self._found.id}/", ask, containers.entry_of))
        if prefix and not found:
            raise await self._with_page(refusal(404))
        query, parent = self._signature_query(prefix)
        body = web_lists.page(label, prefix, found, self._css_path(prefix), query, has_parent=parent)
        headers = {"Content-Type": "text/html; charset=UTF-8", "X-Content-Generator": "staticweb"}
        if not req.signed:
            del headers["X-Content-Generator"]
        return Response(200, headers, body.encode())

    def _signature_query(self, prefix: str) -> tuple[str, bool]:
        """(what the links of a signed page go on with, whether there is one to the level above)."""
        query = self._req.query
        if not self._req.signed:
            return "", bool(prefix)
        signed = query.get("temp_url_prefix")
        if signed is None:
            return "", bool(prefix)
        parts = [
            f"temp_url_prefix={quote(signed)}",
            f"temp_url_expires={quote(query['temp_url_expires'])}",
            f"temp_url_sig={query['temp_url_sig']}",
        ]
        if query.get("temp_url_ip_range"):
            parts.append(f"temp_url_ip_range={quote(query['temp_url_ip_range'])}")
        if "inline" in query:
            parts.append("inline")
        return "?" + "&amp;".join(parts), len(prefix) > len(signed)

    def _css_path(self, prefix: str) -> str:
        if not self._css:
            return ""
        if self._css.startswith(("/", "http://", "https://")):
            return quote(self._css, ":/")
        return "../" * prefix.count("/") + quote(self._css)
