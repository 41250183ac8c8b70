"""One HTTP request, from its bytes to its answer: the visible order of steps.

    request id -> cloud -> API -> route -> microversion -> body to message -> core -> answer

Refusals of any step are rendered by the API's dialect; nothing here knows a rule or holds state.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from google.protobuf.message import Message

from mopenstack.contract.addresses import split_cloud
from mopenstack.contract.calls import ByteStream, Core, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import BadRequest, Fault, Internal, InvalidField
from mopenstack.contract.noted import CallFacts
from mopenstack.contract.operations import LATEST, Operation, minor
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway import admin_guard
from mopenstack.gateway.admin_guard import AdminGuard
from mopenstack.gateway.bodies import chunks, read
from mopenstack.gateway.dialects.base import Answer, NoSuchAction, WrongVersion
from mopenstack.gateway.fronts import Fronts
from mopenstack.gateway.hosts import Hosted, Hosts
from mopenstack.gateway.injected import strike
from mopenstack.gateway.kept_answers import ComparedAnswers, KeptAnswers
from mopenstack.gateway.observed import Observed
from mopenstack.gateway.own_pages import OwnPages
from mopenstack.gateway.places import Places
from mopenstack.gateway.refusals import published
from mopenstack.gateway.render import Renderer
from mopenstack.gateway.request_ids import next_request_id
from mopenstack.gateway.requestlog import RequestLog
from mopenstack.gateway.responses import byte_response, http_response, operation_not_served
from mopenstack.gateway.surface import Endpoint, NotInRelease, Surface, surfaces
from mopenstack.gateway.web_page import is_page

log = logging.getLogger(__name__)

_ABSOLUTE = re.compile(r"^https?://[^/?]*")
"""Scheme and host in front of the path of a request, which proxies are sent."""
_BODYLESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


class App:
    """The request handler of aiohttp's low-level server.

    It serves the APIs of `contract`. `only` makes it the handler of one API's classic port, beside the whole `app` on
    `main_port`. A `renderer` that checks answers (gateway/answers) takes the place of the plain one. With `check_kept`
    no kept answer is given; each is held against the one that is made instead.
    """

    def __init__(
        self,
        core: Core,
        contract: Contract,
        observed: Observed | None = None,
        only: str = "",
        app: App | None = None,
        main_port: int = 0,
        renderer: Renderer | None = None,
        guard: AdminGuard | None = None,
        *,
        check_kept: bool = False,
    ) -> None:
        self._core = core
        self._contract = contract
        self._observed: Observed = app._observed if app else observed or Observed(core, RequestLog())
        self.renderer: Renderer = app.renderer if app else renderer or Renderer(core)
        found = app._surfaces if app else surfaces(contract)
        self._surfaces: list[Surface] = found
        self._places = Places(found)
        self.check_kept: bool = app.check_kept if app else check_kept
        self._kept = (
            ComparedAnswers(core.answers, only, self.renderer.compared)
            if self.check_kept
            else KeptAnswers(core.answers, only)
        )
        self._fronts = Fronts(core, contract, found, self._outcome)
        self._hosts = Hosts(found)
        self._main_port = main_port
        self._guard: AdminGuard = app._guard if app else guard or AdminGuard()
        self._pages = OwnPages(core, contract, self.renderer, self._guard)
        self._only = next((surface for surface in found if surface.api.type == only), None) if only else None

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        started = time.perf_counter()
        request_id = next_request_id()
        context: RequestContext | None = None
        target = request.raw_path if request.raw_path.startswith("/") else _ABSOLUTE.sub("", request.raw_path, count=1)
        raw_path, _, raw_query = target.partition("?")
        cloud, cloud_prefix, path = split_cloud(raw_path)
        if (kept := self._kept.find(request, cloud)) is not None:
            request_id = kept.surface.dialect.request_id(request_id)
            given = kept.response(request, request_id)
            self._observed.answered(request, given, request_id, cloud, started, None, kept.noted)
            return given
        headers = request.headers
        named = headers.get("Host", "")
        surface, api_path = self._surface(path)
        fronted = None if surface and surface.dialect.signed else self._fronts.find(headers, raw_query, self._only)
        if fronted is not None:
            surface, api_path = fronted, path.removeprefix(fronted.api.prefix) if self._only is None else path
            hosted = None
        elif (hosted := self._hosts.find(named, cloud_prefix, path, self._only)) is not None:
            surface, api_path = hosted.surface, hosted.path
        if surface is not None:
            request_id = surface.dialect.request_id(request_id)
        if fronted is None and not _is_host(named):
            response: web.StreamResponse = web.json_response({"message": "The Host header is malformed."}, status=400)
        elif hosted is not None and not hosted.path:
            response = web.Response(status=400, text="Bad domain in host header")
        elif path.startswith(admin_guard.PREFIX) and (refused := self._guard.refused(request, path)) is not None:
            response = refused
        elif surface is None:
            response = await self._pages.outside(request, request_id, cloud, cloud_prefix, path)
        elif path.startswith(admin_guard.PREFIX) and self._pages.has(path):
            response = await self._pages.page(request, path)
        else:
            host = named or "127.0.0.1"
            cloud_url = f"{request.scheme}://{host}{cloud_prefix}"
            api_url = cloud_url + surface.api.prefix if hosted is None else cloud_url
            if self._only is not None:
                # Links stay on the classic port; a catalog names the one port that has everything.
                api_url = cloud_url
                cloud_url = f"{request.scheme}://{host.rpartition(':')[0] or host}:{self._main_port}{cloud_prefix}"
            release = self._core.release(cloud)
            if release is None:
                release = await self._core.find_release(cloud)
            if release:
                surface = surface.of_release(release)
            context = RequestContext(
                cloud=cloud,
                token=headers.get("X-Auth-Token", "") or surface.dialect.other_token(headers),
                cloud_url=cloud_url,
                microversion=0,
                request_id=request_id,
                remote=request.remote or "",
                verb=request.method,
                path=api_path,
                api_url=api_url,
                accept=headers.get("Accept", ""),
                pairs=parse_qsl(raw_query, keep_blank_values=True) if raw_query else (),
                raw_query=raw_query,
                facts=CallFacts(),
            )
            if path.startswith(admin_guard.PREFIX):
                context.admin_token = admin_guard.token(headers)
            else:
                context.keep = fronted is None and hosted is None and self._kept.is_asked_again(request)
            if surface.api.context_headers:
                context.headers = {
                    name.lower(): value
                    for name in surface.api.context_headers
                    if (value := headers.get(name)) is not None
                }
            if fronted is not None:
                response = await self._fronts.answer(request, fronted, context)
            else:
                response = await self._respond(request, surface, context, hosted)
        if surface is not None and surface.dialect.notes and context is not None:
            surface.dialect.note(context, response.status, getattr(response, "body", None))
        if not path.startswith(admin_guard.PREFIX) and (surface is not None or not is_page(response)):
            self._observed.answered(request, response, request_id, cloud, started, context, None)
        return response

    def _surface(self, path: str) -> tuple[Surface | None, str]:
        if self._only is not None:
            return self._only, self._only.trimmed(path)
        surface, rest = self._places.find(path)
        return surface, surface.trimmed(rest) if surface is not None else ""

    async def _respond(
        self, request: web.BaseRequest, surface: Surface, context: RequestContext, hosted: Hosted | None
    ) -> web.StreamResponse:
        outcome, versions = await self._outcome(request, surface, context)
        if context.faults:
            return await strike(request, surface, outcome, versions, context)
        if isinstance(outcome, tuple):
            if hosted is not None:
                hosted.tell(outcome[0].headers)
            return await byte_response(request, surface, *outcome, versions, context.request_id)
        self._kept.compare(request, outcome, versions)
        response = http_response(request, surface, outcome, versions, context.request_id)
        self._kept.keep(request, context, surface, outcome, versions, response)
        return response

    async def _outcome(
        self, request: web.BaseRequest, surface: Surface, context: RequestContext
    ) -> tuple[Answer | tuple[ByteStream, int], Mapping[str, str]]:
        """The answer, refusals too, and the headers that tell the microversion."""
        versions: Mapping[str, str] = {}
        try:
            context.microversion = surface.dialect.microversion(request.headers)
            versions = surface.version_headers(context.microversion, request.headers)
            return await self._dispatch(request, surface, context), versions
        except NotInRelease:
            return surface.dialect.no_route(context), versions
        except Fault as fault:
            return self.renderer.refusal(surface, context, fault), versions
        except Exception:  # the client gets the service's own 500 and the log the reason
            log.exception("%s: %s %s failed inside", context.request_id, context.verb, context.path)
            return self.renderer.refusal(surface, context, Internal()), versions

    async def _dispatch(
        self, request: web.BaseRequest, surface: Surface, context: RequestContext
    ) -> Answer | tuple[ByteStream, int]:
        dialect = surface.dialect
        if not surface.is_ready:
            await surface.ready()
        found = None if dialect.project_required else surface.router.find(dialect.route(context.path))
        if found is None:
            found, context.project_id = surface.find_with_project(context.path)
        verb = request.method
        if found is not None and verb == "HEAD" and "HEAD" not in found[0].leaves:
            verb = "GET"
        if found is None or verb not in found[0].leaves:
            return await self._unserved(surface, context, found[0].leaves if found else ())
        try:
            endpoint, message, query = await self._message(request, surface, found[0].leaves[verb], found[1], context)
            if endpoint.operation.raw_request and (request.body_exists or not endpoint.operation.raw_response):
                context.body = chunks(request)
                context.content_type = request.headers.get("Content-Type", "")
            reply = await self._core.call(endpoint.operation, message, context)
        except Fault as fault:
            await published.load()
            raise self._as_published(surface, found[0].leaves[verb], context, fault) from None
        if isinstance(reply.result, ByteStream):
            self.renderer.streamed(endpoint, context)
            return reply.result, endpoint.status(context.microversion, reply.outcome)
        context.basis = reply.basis
        return dialect.written(self.renderer.answer(endpoint, message, reply, dialect, context, query), context)

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
        if endpoint.alone:
            context.found(endpoint, endpoint.operation, endpoint.path)
        try:
            dialect.admit(request.headers, context)
            if request.body_exists and not endpoint.operation.takes_body:
                dialect.unwanted_body(endpoint.operation)
            if (verb not in _BODYLESS or endpoint.operation.takes_body) and not raw:
                body = await read(request, dialect.body_bytes_max)
                context.unread = body if endpoint.hook is not None else b""
                if endpoint.hook is None and body and dialect.reads_body(context):
                    dialect.check_body_type(request.headers.get("Content-Type", ""))
                    document = context.document = dialect.read_json(body)
                    context.has_document = True
                elif dialect.json_only and not body:
                    document = {}
                if document is None and endpoint.hook is None and dialect.needs_nothing(context):
                    document = {}
            if not endpoint.alone or not endpoint.has(context.microversion):
                endpoint = self._choose(surface, leaves, document, context)
                context.found(endpoint, endpoint.operation, endpoint.path)
                document = _by_its_name(endpoint.operation, document)
            decoder = endpoint.decoder(context.microversion)
            message = decoder.from_path(endpoint.variables, values, request.headers)
            query = None
            if context.pairs:
                _check_query(endpoint.operation, decoder.query_keys, context)
                await published.load()
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
                    await published.load()
                    published.check_body(surface.api.type, endpoint.path, endpoint.operation.action, context)
            elif raw or (verb in _BODYLESS and not endpoint.operation.takes_body):
                pass
            elif (
                endpoint.operation.kind_of_write != "other"
                or decoder.needs_body
                or (dialect.body_expected and endpoint.operation.takes_body)
            ):
                raise InvalidField((), None, "type", "object")
        except (Fault, UnicodeEncodeError) as refused:
            # A bad token outranks a bad body: the services look at the token first.
            target_first = surface.api.body_last or dialect.target_first(refused, endpoint.operation)
            if target_first and not endpoint.operation.anonymous:
                # So do, here, the target and the policy.
                known = endpoint.decoder(context.microversion).from_path(endpoint.variables, values, request.headers)
                await self._core.admit(endpoint.operation, known, context)
            elif not endpoint.operation.anonymous and not endpoint.operation.options.optional_token:
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
            chosen = [endpoint for endpoint in candidates if action in endpoint.actions]
            if not chosen:
                _refuse_action(surface, context, action)
            candidates = [endpoint for endpoint in chosen if endpoint.takes_action(action, context.microversion)]
        for endpoint in candidates:
            if endpoint.has(context.microversion):
                return endpoint
        major = surface.api.microversion_min.partition(".")[0]
        if not major:
            raise NotInRelease
        raise WrongVersion(version=f"{major}.{context.microversion}")

    async def _unserved(self, surface: Surface, context: RequestContext, allowed: Iterable[str]) -> Answer:
        """A version document, 501 for what OpenStack has, 405, or 404, in this order."""
        dialect = surface.dialect
        document = dialect.any_document(context) if context.verb in dialect.document_verbs else None
        needs_token = document is None or dialect.document_needs_token(context.path)
        if needs_token and dialect.guarded(context.path):
            await self._core.authenticate(context, surface.package)
        if document is not None:
            return document
        known = surface.documented.find(surface.without_project(dialect.route(context.path))[0])
        if known is not None and context.verb in known[0].leaves:
            raise operation_not_served(context, known[0].leaves[context.verb][0][1][1])
        verbs = {*allowed, *(known[0].leaves if known is not None else ())}
        return dialect.wrong_verb(context, verbs) if verbs else dialect.no_route(context)


def _by_its_name(operation: Operation, document: Any) -> Any:
    """A body whose action goes by the name that it has now."""
    old = operation.options.old_action.name
    if not old or not isinstance(document, dict) or old not in document:
        return document
    return {operation.action: document[old]}


def _refuse_action(surface: Surface, context: RequestContext, action: str) -> None:
    known = surface.documented.find(surface.without_project(context.path)[0])
    for _, (name, title) in known[0].leaves.get("POST", ()) if known is not None else ():
        if name == action:
            raise operation_not_served(context, title, action)
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
