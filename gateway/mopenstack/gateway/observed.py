"""What a gateway tells of each request that it answered: a line of the log, a count, an entry of a journal."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace

import orjson
from aiohttp import web

from mopenstack.contract.blanking import blank_url
from mopenstack.contract.calls import Core, RequestContext, Traces
from mopenstack.contract.noted import BODY_MAX, CallFacts, Noted
from mopenstack.gateway.answers.sent import unread
from mopenstack.gateway.codec.values import dumps
from mopenstack.gateway.requestlog import RequestLog

_NOTHING = CallFacts()
_REDIRECT = 300
_SERVER_ERROR = 500
_TRACE_HEADERS = ("traceparent", "tracestate")


class Observed:
    """Of one process; the App of a port of its own shares that of the whole."""

    def __init__(self, core: Core, requests: RequestLog, traces: Traces | None = None) -> None:
        self._calls = core.calls
        self._requests = requests
        self._traces = traces

    def answered(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        request_id: str,
        cloud: str,
        started: float,
        context: RequestContext | None,
        kept: Noted | None,
    ) -> None:
        """Tell of a request; `started` is of time.perf_counter, `kept` what is known of one whose answer was kept."""
        seconds = time.perf_counter() - started
        facts = kept.facts if kept is not None else (context and context.facts) or _NOTHING
        if self._requests.writes:
            self._requests.add(request, request_id, cloud, response.status, seconds, facts)
        if self._traces is not None:
            _trace(self._traces, request, response.status, request_id, cloud, seconds, facts)
        calls = self._calls
        if calls is None:
            return
        status = response.status
        calls.answered(facts.operation, str(status), seconds)
        journal = calls.journal(cloud)
        if journal is None:
            return
        at = time.time() - seconds
        if kept is not None and not journal.bodies:
            journal.again(at, seconds, request_id, kept)
            return
        noted = replace(kept) if kept is not None else first_noted(request, facts, status)
        noted.at, noted.seconds, noted.request_id = at, seconds, request_id
        body = response.body if isinstance(response, web.Response) else None
        noted.sent = len(body) if isinstance(body, bytes) else response.body_length
        if context is not None:
            noted.rule = context.faults
            if context.document is not None and facts.endpoint is not None:
                noted.unread = tuple(sorted(unread(facts.endpoint, context.document, context.microversion)))
        if journal.bodies:
            _add_bodies(noted, request, response, context)
        journal.add(noted)


def _trace(
    traces: Traces,
    request: web.BaseRequest,
    status: int,
    request_id: str,
    cloud: str,
    seconds: float,
    facts: CallFacts,
) -> None:
    """A span by OpenTelemetry's conventions for HTTP servers; its name has no ids in it."""
    route = facts.operation.api.prefix + facts.route if facts.operation is not None else ""
    told = {
        "http.request.method": request.method,
        "url.path": blank_url(request.raw_path.partition("?")[0], facts.route),
        "url.scheme": request.scheme,
        "http.response.status_code": status,
        "client.address": request.remote or "",
        "user_agent.original": request.headers.get("User-Agent", ""),
        "mopenstack.cloud": cloud or "default",
        "mopenstack.request_id": request_id,
    }
    if facts.operation is not None:
        told |= {"http.route": route, "mopenstack.operation": facts.operation.name}
    if facts.caller is not None:
        told |= {"mopenstack.project_id": facts.caller.project_id, "mopenstack.user_id": facts.caller.user_id}
    carrier = {name: value for name in _TRACE_HEADERS if (value := request.headers.get(name)) is not None}
    name = f"{request.method} {route}" if route else request.method
    traces.answered(name, carrier, time.time() - seconds, seconds, status >= _SERVER_ERROR, told)


def first_noted(request: web.BaseRequest, facts: CallFacts, status: int, sent: int = 0) -> Noted:
    """What is known of a request beside its time and what is in it."""
    headers = request.headers
    return Noted(
        0.0,
        0.0,
        "",
        request.remote or "",
        headers.get("User-Agent", ""),
        request.method,
        request.raw_path,
        f"{request.scheme}://{headers.get('Host', '')}",
        facts,
        status,
        received=request.content_length or 0,
        sent=sent,
    )


def _add_bodies(
    noted: Noted, request: web.BaseRequest, response: web.StreamResponse, context: RequestContext | None
) -> None:
    """JSON documents that are not too large, and the headers."""
    from mopenstack.gateway.answers.unknown import unknown

    noted.request_headers = tuple(request.headers.items())
    noted.answer_headers = tuple(response.headers.items())
    if context is not None:
        noted.cut = noted.received > BODY_MAX or len(context.unread) > BODY_MAX
        noted.request = b"" if noted.cut else _document(context)
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes) or not body or "json" not in response.content_type:
        return
    if len(body) > BODY_MAX:
        noted.cut = True
        return
    noted.answer = body
    if noted.facts.endpoint is not None and response.status < _REDIRECT:
        noted.unknown = unknown(noted.facts.endpoint, orjson.loads(body), noted.facts.microversion)


def _document(context: RequestContext) -> bytes:
    """The JSON document of a request; empty where it is something else."""
    if context.has_document:
        return dumps(context.document)
    with contextlib.suppress(ValueError):
        orjson.loads(context.unread)
        return context.unread
    return b""
