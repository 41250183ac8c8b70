"""What fault rules make of an answer: its words, the header that names the rule, and connections that break off."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from mopenstack.contract.calls import ByteStream, RequestContext
from mopenstack.contract.faults import InjectedFault
from mopenstack.gateway.dialects.answer import Answer
from mopenstack.gateway.dialects.base import Dialect
from mopenstack.gateway.responses import byte_response, http_response
from mopenstack.gateway.surface import Surface

RULES = "X-Mopenstack-Fault"
"""The header with the ids of the rules that acted on a call."""
_PROXY_TITLES: Mapping[int, str] = {
    400: "Bad request",
    408: "Request Time-out",
    413: "Payload Too Large",
    504: "Gateway Time-out",
}
_PROXY_TEXTS: Mapping[int, str] = {
    400: "Your browser sent an invalid request.",
    401: "You need a valid user and password to access this content.",
    403: "Request forbidden by administrative rules.",
    404: "The resource could not be found.",
    408: "Your browser didn't send a complete request in time.",
    413: "The request entity exceeds the maximum allowed.",
    429: "You have sent too many requests in a given amount of time.",
    500: "An internal server error occurred.",
    501: ".The server does not support the functionality required to fulfill the request.",
    502: "The server returned an invalid or incomplete response.",
    503: "No server is available to handle this request.",
    504: "The server didn't respond in time.",
}


def injected(dialect: Dialect, fault: InjectedFault, context: RequestContext) -> Answer:
    """The answer of a call that a rule fails."""
    context.drops = fault.drops
    answer = _of_proxy(fault) if fault.proxy else dialect.injected(fault, context)
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


def _of_proxy(fault: InjectedFault) -> Answer:
    """HAProxy's own page.

    Source: haproxy, src/http.c, http_err_msgs.
    """
    title = _PROXY_TITLES.get(fault.status) or HTTPStatus(fault.status).phrase
    text = fault.text or _PROXY_TEXTS.get(fault.status, title)
    page = f"<html><body><h1>{fault.status} {title}</h1>\n{text}\n</body></html>\n"
    return Answer(fault.status, page.encode(), {"Cache-Control": "no-cache"}, "text/html")


async def strike(
    request: web.BaseRequest,
    surface: Surface,
    outcome: Answer | tuple[ByteStream, int],
    versions: Mapping[str, str],
    context: RequestContext,
) -> web.StreamResponse:
    """Answer a call that rules acted on, as far as they let it be answered."""
    named = {RULES: context.faults}
    if isinstance(outcome, tuple):
        stream, status = outcome
        if not context.truncates:
            return await byte_response(request, surface, stream, status, {**versions, **named}, context.request_id)
        stream.headers.update(named)
        return await break_off_stream(request, status, stream)
    if context.drops:
        return hang_up(request)
    response = http_response(request, surface, outcome, {**versions, **named}, context.request_id)
    if not context.truncates:
        return response
    return await break_off(request, response.status, response.headers, outcome.body, len(outcome.body))


async def break_off_stream(request: web.BaseRequest, status: int, stream: ByteStream) -> web.StreamResponse:
    """The same for bytes that come in parts: half of the first one is written."""
    begun = await anext(stream.chunks, b"")
    return await break_off(request, status, stream.headers, begun, max(stream.size, len(begun)))


async def break_off(
    request: web.BaseRequest, status: int, headers: Mapping[str, str], body: bytes, length: int
) -> web.StreamResponse:
    """Write the headers and half of what is there of the body, and close the connection."""
    if len(body) < 2 or request.method == "HEAD":
        return hang_up(request)  # what has no middle is not given at all
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = length
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    _close(request)
    return response


def hang_up(request: web.BaseRequest) -> web.Response:
    """No answer: the connection is closed."""
    _close(request)
    return web.Response(status=502)


def _close(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()
