"""Files of a form of a web page, signed by the account's key. Source: swift.common.middleware.formpost.

The form is read from the bytes that came, a file at a time; each is stored in a transaction of its own.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store import addresses
from mopenstack.core.object_store.middleware import multipart, signatures
from mopenstack.core.object_store.outside import Outside
from mopenstack.core.object_store.requests import Body, Request, Response, refusal, status_line

Next = Callable[[Request], Awaitable[Response]]
PLAIN = "text/plain"


async def part(req: Request, following: Next) -> Response:
    """Store the files of a form."""
    if req.verb != "POST":
        return await following(req)
    kind, attributes = multipart.header(req.headers.get("content-type", ""))
    if kind != "multipart/form-data" or "boundary" not in attributes:
        return await following(req)
    if req.checking:
        return Response(204)
    keys = [key for key, _ in await signatures.keys_of(req)] if req.container else []
    form = Form(req, following, keys, attributes["boundary"])
    return Response(201, later=form.answer)


class Form:
    """One form, and what came of it."""

    def __init__(self, req: Request, following: Next, keys: list[str], boundary: str) -> None:
        self._req, self._following, self._keys, self._boundary = req, following, keys, boundary
        self._work = Outside(req)
        self._attributes: dict[str, str] = {}
        self._status, self._message, self._body = 0, "", b""
        self._headers: dict[str, str] = {}

    async def answer(self) -> Response:
        try:
            await self._read()
        except multipart.Malformed:
            raise refusal(400, "FormPost: invalid starting boundary", content_type=PLAIN) from None
        return self._answered()

    async def _read(self) -> None:
        count = 0
        blob = self._req.body.blob
        if blob is None:
            raise multipart.Malformed
        async for one in multipart.parts(self._work.read(blob), self._boundary):
            kind, attributes = multipart.header(one.headers.get("content-disposition", ""))
            if kind == "form-data" and attributes.get("filename"):
                count += 1
                if count > self._number("max_file_count"):
                    self._status, self._message = 400, "max file count exceeded"
                    return
                if not await self._store(one, attributes["filename"]):
                    return
            elif "name" in attributes:
                value = await one.read(multipart.VALUE_BYTES_MAX)
                self._attributes[attributes["name"].lower()] = value.decode("utf-8", "replace").rstrip("\r\n-")
        if not self._status:
            self._status, self._message = 400, "no files to process"

    def _number(self, name: str, text: str = "") -> int:
        value = self._attributes.get(name) or "0"
        try:
            return int(value)
        except ValueError:
            raise _wrong(text or f"{name} not an integer") from None

    async def _store(self, one: multipart.Part, filename: str) -> bool:
        """Store a file; false if that ends the work."""
        if not self._keys:
            raise _unauthorized("invalid signature")
        size_max = self._number("max_file_size")
        headers = self._headers_of(one)
        self._check_signature()
        path = "/".join(part for part in (self._req.container, self._req.name) if part)
        if not self._req.name or path.count("/") < 1:
            path = f"{path}/"
        path = f"{self._req.account}/{path}{filename}"

        async def capped() -> AsyncIterator[bytes]:
            left = size_max
            async for chunk in one.chunks:
                left -= len(chunk)
                if left < 0:
                    raise _wrong("max_file_size exceeded")
                yield chunk

        async def put(req: Request, body: Body) -> Response:
            step = req.inner("PUT", path=path, headers=headers, body=body, trusted=True)
            step.checking = False
            return await self._following(step)

        try:
            response = await self._work.put(capped(), put)
        except Fault as fault:
            if fault.facts.get("form"):
                raise
            self._status, self._body = int(status_line(fault)[:3]), fault.text.encode()
            return False
        self._status = response.status
        return response.is_success

    def _headers_of(self, one: multipart.Part) -> dict[str, str]:
        given = self._attributes
        headers = {"transfer-encoding": "chunked"}
        if "x_delete_at" in given:
            text = "x_delete_at not an integer: Unix timestamp required."
            headers["x-delete-at"] = str(self._number("x_delete_at", text))
        if "x_delete_after" in given:
            text = "x_delete_after not an integer: Number of seconds required."
            headers["x-delete-after"] = str(self._number("x_delete_after", text))
        for name in ("content-type", "content-encoding"):
            value = given.get(name, one.headers.get(name))
            if value is not None:
                headers[name] = value or "application/octet-stream"
        return headers

    def _check_signature(self) -> None:
        given = self._attributes
        if self._number("expires", "expired not an integer") < self._now():
            raise _unauthorized("form expired")
        found = signatures.parsed(given.get("signature", ""))
        if found is None:
            raise _unauthorized("invalid signature")
        digest, signature = found
        numbers = ("max_file_size", "max_file_count", "expires")
        tail = [given.get("redirect") or "", *(given.get(name) or "0" for name in numbers)]
        path = self._req.call.context.path or self._req.path
        for front in ("", addresses.prefix(self._req.call)):
            message = "\n".join([front + path, *tail])
            for key in self._keys:
                made = hmac.new(key.encode(), message.encode(), digest).hexdigest()
                if hmac.compare_digest(made, signature):
                    return
        raise _unauthorized("invalid signature")

    def _now(self) -> float:
        return self._req.call.cloud.clock.time()

    def _answered(self) -> Response:
        redirect = self._attributes.get("redirect")
        line = status_line(self._status)
        if redirect:
            redirect += "&" if "?" in redirect else "?"
            redirect += f"status={self._status}&message={quote(self._message)}"
            page = f'<html><body><p><a href="{redirect}">Click to continue...</a></p></body></html>'
            return Response(303, {"Location": redirect}, page.encode())
        body = line + (f"\r\nFormPost: {self._message.title()}" if self._message else "")
        if self._status >= 400:
            raise refusal(self._status, self._body.decode() if self._body else body, content_type=PLAIN)
        return Response(self._status, {}, body.encode(), content_type=PLAIN)


def _wrong(text: str) -> Fault:
    fault = refusal(400, f"FormPost: {text}", content_type=PLAIN)
    fault.facts["form"] = "yes"
    return fault


def _unauthorized(text: str) -> Fault:
    fault = refusal(401, f"FormPost: {text.title()}")
    fault.facts["form"] = "yes"
    return fault
