"""One HTTP request, from its bytes to its answer: the visible order of steps.

    request id -> cloud -> API -> route -> microversion -> body to message -> core -> answer

Refusals of any step are rendered by the API's dialect; nothing here knows a rule or holds state.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from google.protobuf.message import Message

from mopenstack.contract.calls import ByteStream, Core, RequestContext, is_loopback
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import BadRequest, Fault, Internal, InvalidField, NotServed
from mopenstack.contract.operations import LATEST, Operation, minor
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway import admin_guard
from mopenstack.gateway.addresses import split_cloud
from mopenstack.gateway.bodies import chunks, read, send
from mopenstack.gateway.dialects.base import Answer, NoSuchAction, WrongVersion
from mopenstack.gateway.documented_operations import documented, not_served
from mopenstack.gateway.index import index
from mopenstack.gateway.refusals import published
from mopenstack.gateway.render import Renderer
from mopenstack.gateway.requestlog import RequestLog
from mopenstack.gateway.surface import Endpoint, Surface, surfaces

log = logging.getLogger(__name__)

ANSWERS = "/_mopenstack/answers"
"""Where a gateway that checks its answers tells what it has seen, to clients of this machine."""
OPENAPI = "/_mopenstack/openapi.json"
"""Where it tells clients of this machine what it serves."""
RETRY_AFTER_SECONDS = "1"
"""What a 503 tells its client to wait."""
_BODYLESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


class App:
    """The request handler of aiohttp's low-level server.

    It serves the APIs of `contract`. `only` makes it the handler of one API's classic port, beside the whole `app` on
    `main_port`. A `renderer` that checks answers (gateway/answers) takes the place of the plain one.
    """

    def __init__(
        self,
        core: Core,
        contract: Contract,
        requests: RequestLog | None = None,
        only: str = "",
        app: App | None = None,
        main_port: int = 0,
        renderer: Renderer | None = None,
    ) -> None:
        self._core = core
        self._contract = contract
        self.requests = requests if requests is not None else RequestLog()
        self.renderer: Renderer = app.renderer if app else renderer or Renderer(core)
        found = app._surfaces if app else surfaces(contract)
        self._surfaces: list[Surface] = found
        self._by_prefix = {surface.api.prefix: surface for surface in found}
        self._main_port = main_port
        self._only = next((surface for surface in found if surface.api.type == only), None) if only else None

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        started = time.perf_counter()
        request_id = _next_request_id()
        raw_path, _, raw_query = request.raw_path.partition("?")
        cloud, cloud_prefix, path = split_cloud(raw_path)
        surface, api_path = self._surface(path)
        if not _is_host(request.headers.get("Host", "")):
            response: web.StreamResponse = web.json_response({"message": "The Host header is malformed."}, status=400)
        elif path.startswith(admin_guard.PREFIX) and (why := admin_guard.refusal(request.headers, request.scheme)):
            response = web.json_response({"title": "Forbidden", "status": 403, "detail": why}, status=403)
        elif surface is None:
            response = await self._outside(request, request_id, cloud, cloud_prefix, path)
        elif path == ANSWERS and is_loopback(request.remote or ""):
            response = self._answers()
        elif path == OPENAPI and is_loopback(request.remote or ""):
            response = await self._openapi()
        else:
            host = request.headers.get("Host") or "127.0.0.1"
            cloud_url = f"{request.scheme}://{host}{cloud_prefix}"
            api_url = cloud_url + surface.api.prefix
            if self._only is not None:
                # Links stay on the classic port; a catalog names the one port that has everything.
                api_url = cloud_url
                cloud_url = f"{request.scheme}://{host.rpartition(':')[0] or host}:{self._main_port}{cloud_prefix}"
            context = RequestContext(
                cloud=cloud,
                token=request.headers.get("X-Auth-Token", ""),
                cloud_url=cloud_url,
                microversion=0,
                request_id=request_id,
                remote=request.remote or "",
                verb=request.method,
                path=api_path,
                api_url=api_url,
                accept=request.headers.get("Accept", ""),
                pairs=parse_qsl(raw_query, keep_blank_values=True) if raw_query else (),
                raw_query=raw_query,
            )
            response = await self._respond(request, surface, context)
        self.requests.add(
            started, request_id, cloud, request.method, raw_path, response.status, time.perf_counter() - started
        )
        return response

    def _surface(self, path: str) -> tuple[Surface | None, str]:
        if self._only is not None:
            return self._only, self._only.trimmed(path)
        prefix, rest = _first_segment(path)
        surface = self._by_prefix.get(prefix)
        return surface, surface.trimmed(rest) if surface is not None else ""

    async def _outside(
        self, request: web.BaseRequest, request_id: str, cloud: str, cloud_prefix: str, path: str
    ) -> web.Response:
        """What belongs to no API: the index at the root, and nothing else."""
        if path in ("", "/") and request.method in ("GET", "HEAD"):
            cloud_url = f"{request.scheme}://{request.headers.get('Host') or '127.0.0.1'}{cloud_prefix}"
            # The clouds are the admin API's to tell: a request that may not reach that API sees none.
            remote = "" if admin_guard.refusal(request.headers, request.scheme) else request.remote or ""
            context = RequestContext(cloud=cloud, cloud_url=cloud_url, request_id=request_id, remote=remote, path=path)
            found = await index(self._core, self._contract, context, request.headers.get("Accept", ""))
            if found is not None:
                body, content_type = found
                return web.Response(body=body, content_type=content_type, charset="utf-8")
        return _not_built(request.method, path) or web.json_response({"message": "Not Found"}, status=404)

    def _answers(self) -> web.Response:
        report = self.renderer.report()
        if report is not None:
            return web.json_response(report)
        detail = "Answers are not checked here: start the cloud with `mopenstack up --check-answers`."
        return web.json_response({"title": "Not Found", "status": 404, "detail": detail}, status=404)

    async def _openapi(self) -> web.Response:
        # Imported here: it takes a second to make, and most starts do without it.
        from mopenstack.gateway.openapi import document

        return web.Response(body=await asyncio.to_thread(document, self._contract), content_type="application/json")

    async def _respond(self, request: web.BaseRequest, surface: Surface, context: RequestContext) -> web.StreamResponse:
        dialect = surface.dialect
        versions: Mapping[str, str] = {}
        try:
            context.microversion = dialect.microversion(request.headers)
            versions = surface.version_headers(context.microversion)
            outcome = await self._dispatch(request, surface, context)
        except Fault as fault:
            outcome = self.renderer.refusal(surface, context, fault)
        except Exception:  # the client gets the service's own 500 and the log the reason
            log.exception("%s: %s %s failed inside", context.request_id, context.verb, context.path)
            outcome = self.renderer.refusal(surface, context, Internal())
        if isinstance(outcome, tuple):
            stream, status = outcome
            stream.headers["X-Openstack-Request-Id"] = context.request_id
            return await send(request, stream, status)
        ids = dict.fromkeys(dialect.request_id_headers, context.request_id)
        headers = {**outcome.headers, **versions, **ids}
        if outcome.says_type:
            headers["Content-Type"] = outcome.content_type
        if outcome.status == 503:
            headers.setdefault("Retry-After", RETRY_AFTER_SECONDS)
        response = web.Response(
            status=outcome.status, body=b"" if request.method == "HEAD" else outcome.body, headers=headers
        )
        if not outcome.says_type:
            response.headers.popall("Content-Type", None)
        return response

    async def _dispatch(
        self, request: web.BaseRequest, surface: Surface, context: RequestContext
    ) -> Answer | tuple[ByteStream, int]:
        dialect = surface.dialect
        found = surface.router.find(context.path)
        if found is None:
            found, context.project_id = surface.find_with_project(context.path)
        verb = request.method
        if found is not None and verb == "HEAD" and "HEAD" not in found[0].leaves:
            verb = "GET"
        if found is None or verb not in found[0].leaves:
            return await self._unserved(surface, context, found[0].leaves if found else ())
        try:
            endpoint, message, query = await self._message(request, surface, found[0].leaves[verb], found[1], context)
            if endpoint.operation.raw_request:
                context.body = chunks(request)
                context.content_type = request.headers.get("Content-Type", "")
            reply = await self._core.call(endpoint.operation, message, context)
        except Fault as fault:
            raise self._as_published(surface, found[0].leaves[verb], context, fault) from None
        if isinstance(reply.result, ByteStream):
            self.renderer.streamed(endpoint)
            return reply.result, endpoint.status(context.microversion, reply.outcome)
        return self.renderer.answer(endpoint, message, reply, dialect, context, query)

    async def _message(
        self,
        request: web.BaseRequest,
        surface: Surface,
        leaves: list[tuple[tuple[str, ...], Endpoint]],
        values: list[str],
        context: RequestContext,
    ) -> tuple[Endpoint, Message, common.Query | None]:
        """The endpoint of a request, its message and a list's query; raises the refusal of what it cannot read."""
        dialect, verb = surface.dialect, request.method
        document = None
        body = b""
        endpoint = leaves[0][1]
        raw = endpoint.operation.raw_request
        try:
            dialect.admit(request.headers, context)
            if request.body_exists and not endpoint.operation.takes_body:
                dialect.unwanted_body(endpoint.operation)
            if verb not in _BODYLESS and not raw:
                body = await read(request, dialect.body_bytes_max)
                context.unread = body if endpoint.hook is not None else b""
                if endpoint.hook is None and body and dialect.reads_body(context):
                    dialect.check_body_type(request.headers.get("Content-Type", ""))
                    document = context.document = dialect.read_json(body)
                    context.has_document = True
                elif dialect.json_only and not body:
                    document = {}
            if not endpoint.alone or not endpoint.has(context.microversion):
                endpoint = self._choose(surface, leaves, document, context)
            decoder = endpoint.decoder(context.microversion)
            message = decoder.from_path(endpoint.variables, values, request.headers)
            query = None
            if context.pairs:
                _check_query(endpoint.operation, decoder.query_keys, context)
                published.check_query(surface.api.type, endpoint.path, context)
            if decoder.query_field:
                query = dialect.query(context.pairs, context.microversion)
                getattr(message, decoder.query_field).CopyFrom(query)
            elif context.pairs:
                decoder.query(message, context.pairs)
            if endpoint.hook is not None:
                endpoint.hook(message, body, request.headers)
            elif document is not None:
                decoder.body(message, document)
                if decoder.ignores(document):
                    published.check_body(surface.api.type, endpoint.path, endpoint.operation.action, context)
            elif verb in _BODYLESS or raw:
                pass
            elif (
                endpoint.operation.kind_of_write != "other"
                or decoder.needs_body
                or (dialect.body_expected and endpoint.operation.takes_body)
            ):
                raise InvalidField((), None, "type", "object")
        except (Fault, UnicodeEncodeError) as refused:
            # A bad token outranks a bad body: the services look at the token first.
            if not endpoint.operation.anonymous:
                await self._core.authenticate(context, endpoint.operation.package)
            raise refused if isinstance(refused, Fault) else BadRequest(str(refused)) from None
        return endpoint, message, query

    def _as_published(
        self, surface: Surface, leaves: list[tuple[tuple[str, ...], Endpoint]], context: RequestContext, fault: Fault
    ) -> Fault:
        """What the service says first of a request that is refused."""
        try:
            if context.unread:
                context.document, context.has_document = surface.dialect.read_json(context.unread), True
            endpoint = self._choose(surface, leaves, context.document, context)
        except Fault:
            return fault
        return published.refusal(surface.api.type, endpoint.path, endpoint.operation.action, context, fault)

    @staticmethod
    def _choose(
        surface: Surface, leaves: list[tuple[tuple[str, ...], Endpoint]], document: object, context: RequestContext
    ) -> Endpoint:
        """The endpoint of a verb and path: by the action's key where there are actions, by microversion."""
        candidates = [endpoint for _, endpoint in leaves]
        if any(endpoint.operation.action for endpoint in candidates):
            if not isinstance(document, dict) or len(document) != 1:
                raise InvalidField((), document, "json", "one action")
            (action,) = document
            chosen = [endpoint for endpoint in candidates if endpoint.operation.action == action]
            if not chosen:
                _refuse_action(surface, context, action)
            candidates = chosen
        for endpoint in candidates:
            if endpoint.has(context.microversion):
                return endpoint
        major = surface.api.microversion_min.partition(".")[0]
        raise WrongVersion(version=f"{major}.{context.microversion}")

    async def _unserved(self, surface: Surface, context: RequestContext, allowed: Iterable[str]) -> Answer:
        """A version document, 501 for what OpenStack has, 405, or 404, in this order."""
        dialect = surface.dialect
        document = dialect.any_document(context) if context.verb in ("GET", "HEAD", "OPTIONS") else None
        needs_token = document is None or dialect.document_needs_token(context.path)
        if needs_token and dialect.guarded(context.path):
            await self._core.authenticate(context, surface.package)
        if document is not None:
            return document
        known = surface.documented.find(surface.without_project(context.path)[0])
        if known is not None and context.verb in known[0].leaves:
            raise _not_served(context, known[0].leaves[context.verb][0][1][1])
        verbs = {*allowed, *(known[0].leaves if known is not None else ())}
        return dialect.wrong_verb(context, verbs) if verbs else dialect.no_route(context)


def _not_served(context: RequestContext, title: str, action: str = "") -> NotServed:
    """The refusal that names what OpenStack documents and mopenstack does not serve."""
    what = f"{context.verb} {context.path}" + (f" {action}" if action else "")
    return NotServed(f"mopenstack does not serve this operation yet: {title} ({what}).")


def _not_built(verb: str, path: str) -> web.Response | None:
    """The 501 of a service that OpenStack documents and mopenstack does not have; None for other paths."""
    prefix, rest = _first_segment(path)
    file = not_served().get(prefix)
    if file is None:
        return None
    found = documented(file).find(rest)
    leaves = found[0].leaves.get(verb) if found is not None else None
    what = f"this operation: {leaves[0][1][1]}" if leaves else f"the service {file.stem}"
    return web.json_response({"message": f"mopenstack does not serve {what} ({verb} {path})."}, status=501)


def _first_segment(path: str) -> tuple[str, str]:
    end = path.find("/", 1)
    return (path, "") if end < 0 else (path[:end], path[end:])


def _refuse_action(surface: Surface, context: RequestContext, action: str) -> None:
    known = surface.documented.find(surface.without_project(context.path)[0])
    for _, (name, title) in known[0].leaves.get("POST", ()) if known is not None else ():
        if name == action:
            raise _not_served(context, title, action)
    raise NoSuchAction(action=action)


def _check_query(operation: Operation, keys: Collection[str], context: RequestContext) -> None:
    """Refuse unknown query parameters from the microversion on that does."""
    options = operation.options
    if not options.strict_query or context.microversion < minor(options.strict_query, LATEST):
        return
    unknown = {key for key, _ in context.pairs}.difference(keys, options.query)
    if unknown:
        raise InvalidField((), dict(context.pairs), "unknown", sorted(unknown))


@lru_cache(maxsize=256)
def _is_host(host: str) -> bool:
    """Whether a Host header is one; clients send the same one again and again."""
    try:
        urlsplit(f"//{host}").port  # noqa: B018  # it is parsed when it is asked for
    except ValueError:
        return False
    return True


def _request_ids() -> Iterator[str]:
    """Unique, and of a UUID's form: the process's own random beginning and a number. They are no secret."""
    text = os.urandom(10).hex()
    beginning = f"req-{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-"
    return (f"{beginning}{number:012x}" for number in itertools.count(1))


_next_request_id = _request_ids().__next__
