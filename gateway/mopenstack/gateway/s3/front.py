"""What answers requests of the S3 API: the order of steps of one request.

    recognised -> read (dates, bucket, key, headers, what was signed) -> controller -> requests of Swift's API -> answer

Who signed is asked of the core with the first request of Swift's API, as s3api does: what is wrong with the request
itself is said before.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from aiohttp import web
from multidict import CIMultiDict

from mopenstack.contract.calls import ByteStream, Core, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import Fault
from mopenstack.gateway.bodies import Response, chunks, send, waits
from mopenstack.gateway.dialects.answer import Answer
from mopenstack.gateway.injected import RULES, break_off, break_off_stream, hang_up
from mopenstack.gateway.s3 import checks
from mopenstack.gateway.s3 import request as requests
from mopenstack.gateway.s3.controllers import (
    Handler,
    bucket,
    completion,
    deletion,
    objects,
    parts,
    service,
    small,
    uploads,
)  # fmt: skip
from mopenstack.gateway.s3.errors import S3Error, not_implemented
from mopenstack.gateway.s3.exchange import Exchange, Signer, hash_of
from mopenstack.gateway.s3.guarded import GuardedExchange
from mopenstack.gateway.s3.recognition import is_utf8
from mopenstack.gateway.s3.request import Raw, S3Request
from mopenstack.gateway.s3.responses import XML, S3Answer
from mopenstack.gateway.s3.swift import InnerRequest

log = logging.getLogger(__name__)

PACKAGE = "mopenstack.object_store.v1.SignedRequests"
NOT_SERVED = frozenset(
    {"notification", "policy", "publicAccessBlock", "requestPayment", "torrent", "website", "cors", "restore"}
)
"""Parameters that ask for what s3api does not have."""
_BY_PARAMETER: Mapping[str, tuple[str, Mapping[str, Handler]]] = {
    "acl": ("ACL", small.ACL),
    "delete": (deletion.RESOURCE, deletion.HANDLERS),
    "location": ("LOCATION", small.LOCATION),
    "logging": ("LOGGING_STATUS", small.LOGGING),
    "partNumber": (parts.PART_RESOURCE, parts.PART),
    "uploadId": (parts.RESOURCE, {**parts.HANDLERS, **completion.HANDLERS}),
    "uploads": (uploads.RESOURCE, uploads.HANDLERS),
    "versioning": ("VERSIONING", small.VERSIONING),
    "tagging": ("TAGGING", small.TAGGING),
    "object-lock": ("OBJECT_LOCK", small.OBJECT_LOCK),
}
"""Parameter -> (resource, what answers by verb); the first that a request has says which."""

_EMPTY = frozenset({204, 304})
_TWICE = re.compile(r"(:\d+):\d+(?![^/])")
"""The port in a Host header of boto 2, which tells it twice."""

Outcome = Callable[[Any, RequestContext], Awaitable[Answer | tuple[ByteStream, int]]]
"""Answers a request of Swift's API, refusals too."""


class S3Front:
    def __init__(self, core: Core, contract: Contract, outcome: Outcome) -> None:
        self._core = core
        self._outcome = outcome
        self._check = contract.by_name[f"{PACKAGE}.CheckSignature"]
        self._settings = contract.by_name[f"{PACKAGE}.ShowSettings"]

    async def __call__(self, request: web.BaseRequest, context: RequestContext) -> web.StreamResponse:
        """Answer a request whose `context.path` is below the endpoint."""
        answer = await self._answer(request, context)
        for name in ("x-amz-id-2", "x-amz-request-id", "X-Trans-Id", "X-Openstack-Request-Id"):
            answer.headers[name] = context.request_id
        if context.faults:
            answer.headers[RULES] = context.faults
        if context.drops:
            return hang_up(request)
        if answer.stream is not None and request.method != "HEAD" and answer.status not in _EMPTY:
            stream = answer.stream
            answer.headers.popall("Content-Length", None)
            stream.content_type = answer.headers.pop("Content-Type", "") or stream.content_type
            stream.headers = dict(answer.headers)
            if context.truncates:
                return await break_off_stream(request, answer.status, stream)
            return await send(request, stream, answer.status)
        if request.method != "HEAD":
            answer.headers["Content-Length"] = str(len(answer.body))
        answer.headers.setdefault("Content-Length", "0")
        answer.headers.setdefault("Content-Type", "text/html; charset=UTF-8")
        if answer.status in _EMPTY:
            answer.headers["Content-Length"] = "0"
        if context.truncates:
            return await break_off(request, answer.status, answer.headers, answer.body, len(answer.body))
        response = Response(status=answer.status, headers=answer.headers)
        if waits(request):
            response.force_close()
        await response.prepare(request)
        if request.method != "HEAD" and answer.body:
            await response.write(answer.body)
        await response.write_eof()
        return response

    async def _answer(self, request: web.BaseRequest, context: RequestContext) -> S3Answer:
        try:
            exchange = await self._exchange(request, context)
            resource, handlers = controller_of(exchange)
            exchange.resource = resource
            handler = handlers.get(request.method)
            if handler is None:
                raise S3Error("MethodNotAllowed", method=request.method, resource_type=resource)
            return await handler(exchange)
        except S3Error as error:
            return _refused(error, context)
        except Fault as fault:
            if fault.code == "NOT_FOUND":  # there is no such cloud
                return _refused(S3Error("InvalidURI", fault.text, status=404), context)
            code = "ServiceUnavailable" if fault.code == "UNAVAILABLE" else "InternalError"
            return _refused(S3Error(code, fault.text), context)
        except Exception:  # the client gets S3's own 500 and the log the reason
            log.exception("%s: %s %s failed inside", context.request_id, context.verb, context.path)
            return _refused(S3Error("InternalError"), context)

    async def _exchange(self, request: web.BaseRequest, context: RequestContext) -> Exchange:
        inner = context.inner()
        settings: Any = (await self._core.call(self._settings, self._settings.request(), inner)).result
        headers = [
            (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
            for name, value in request.raw_headers
        ]
        path = context.path or "/"
        signed_path = request.raw_path.partition("?")[0]
        if not signed_path.startswith("/"):
            signed_path = "/" + signed_path.partition("://")[2].partition("/")[2]
        url = _TWICE.sub(r"\1", context.api_url, count=1)
        raw = Raw(request.method, path, signed_path, context.raw_query, headers, url)
        try:
            read = requests.read(raw, settings.time)
        except checks.MustBeHashed:
            told = request.headers.get("x-amz-content-sha256", "")
            raise S3Error(
                "XAmzContentSHA256Mismatch",
                client_computed_content_s_h_a256=told,
                s3_computed_content_s_h_a256=await hash_of(chunks(request)),
            ) from None

        async def sign_in(signed: S3Request) -> Signer | None:
            return await self._sign_in(signed, context)

        async def answer(asked: InnerRequest, token: str, itself: bool) -> Answer | tuple[ByteStream, int]:
            inner = _context(context, asked, token)
            inner.within = "s3 itself" if itself else "s3"
            found = await self._outcome(asked, inner)
            if inner.faults:
                context.faults, context.drops, context.truncates = inner.faults, inner.drops, inner.truncates
            return found

        if not settings.s3_acl:
            return Exchange(read, answer, sign_in, chunks(request))
        exchange = GuardedExchange(read, answer, sign_in, chunks(request))
        exchange.owns = await self._owns(await exchange.signer(), context)
        return exchange

    async def _owns(self, signer: Signer, context: RequestContext) -> bool:
        """Whether the signer may look at the account as a whole: s3api's swift_owner."""
        asked = InnerRequest("HEAD", CIMultiDict(), None, f"/v1/{quote(signer.account)}", "")
        found = await self._outcome(asked, _context(context, asked, signer.token))
        return (found.status if isinstance(found, Answer) else found[1]) < 300

    async def _sign_in(self, signed: S3Request, context: RequestContext) -> Signer | None:
        authorization = signed.authorization
        if not is_utf8(authorization.access + authorization.signature):
            return None
        for text in (authorization.text, *authorization.others):
            asked: Any = self._check.request(access=authorization.access, text=text, signature=authorization.signature)
            try:
                found: Any = (await self._core.call(self._check, asked, context.inner())).result
            except Fault as fault:
                if fault.code != "UNAUTHENTICATED":
                    raise
                continue
            return Signer(found.token, found.account, found.owner, found.signing_key)
        return None


def controller_of(exchange: Exchange) -> tuple[str, Mapping[str, Handler]]:
    """(resource, what answers by verb) of a request."""
    request = exchange.request
    if exchange.guarded and "acl" in request.params and not request.is_service:
        return "S3_ACL", small.S3_ACL
    if NOT_SERVED & request.params.keys():
        raise not_implemented("The requested resource is not implemented")
    if request.is_service:
        return service.RESOURCE, service.HANDLERS
    for name, found in _BY_PARAMETER.items():
        if name in request.params:
            if name == "partNumber" and request.verb != "PUT":
                return objects.RESOURCE, objects.HANDLERS
            return found
    if request.is_object:
        return objects.RESOURCE, objects.HANDLERS
    return bucket.RESOURCE, bucket.HANDLERS


def _context(context: RequestContext, asked: InnerRequest, token: str) -> RequestContext:
    """The context of a request of Swift's API within this one."""
    inner = context.inner(0)
    inner.token, inner.verb, inner.path = token, asked.method, asked.path
    inner.raw_query = asked.query
    inner.pairs = parse_qsl(asked.query, keep_blank_values=True) if asked.query else ()
    inner.accept = asked.headers.get("Accept", "")
    inner.content_type = asked.headers.get("Content-Type", "")
    return inner


def _refused(error: S3Error, context: RequestContext) -> S3Answer:
    answer = S3Answer(error.status, body=error.body(context.request_id))
    answer.headers["Content-Type"] = XML
    if error.code == "RequestTimeout":
        answer.headers["Connection"] = "close"
    return answer
