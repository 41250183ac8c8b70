"""A reply of the core as the bytes of an answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import ByteStream, Core, Page, Reply, RequestContext
from mopenstack.contract.faults import Fault, InjectedFault
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.codec.encode import addresses, encoder
from mopenstack.gateway.codec.headers import has_headers, header_fields, header_names
from mopenstack.gateway.codec.kept import Kept
from mopenstack.gateway.codec.values import dumps
from mopenstack.gateway.dialects.base import Answer, Dialect
from mopenstack.gateway.injected import injected
from mopenstack.gateway.surface import Endpoint, Surface

log = logging.getLogger(__name__)


class Renderer:
    def __init__(self, core: Core) -> None:
        self._kept = Kept(core.holds)
        core.on_drop(self._kept.forget)

    def streamed(self, endpoint: Endpoint, context: RequestContext) -> None:
        """An answer of bytes went out; it is not rendered."""

    def refusal(self, surface: Surface, context: RequestContext, fault: Fault) -> Answer:
        """A refusal, as the dialect answers it."""
        if isinstance(fault, InjectedFault):
            return injected(surface.dialect, fault, context)
        return surface.dialect.error(fault, context)

    def compared(self, difference: str) -> None:
        """A kept answer was held against the one that is made now; only where kept answers are checked."""
        if difference:
            log.error("%s", difference)

    def report(self) -> dict[str, Any] | None:
        """What a renderer that checks its answers has seen; None: this one does not."""
        return None

    def answer(
        self,
        endpoint: Endpoint,
        request: Message,
        reply: Reply,
        dialect: Dialect,
        context: RequestContext,
        query: common.Query | None,
    ) -> Answer:
        """Everything but byte streams; the status is that of the operation or of the outcome."""
        result = reply.result
        assert not isinstance(result, ByteStream)
        response = endpoint.operation.response
        status = endpoint.status(context.microversion, reply.outcome)
        headers: dict[str, str] = {}
        if isinstance(result, Page):
            headers = _page_headers(endpoint, result, context)
            body = self._page(endpoint, result, reply.audience, dialect, context, query or common.Query())
        elif type(result) is common.Empty:
            body = b""
        elif type(result) is response:
            plan = encoder(response.DESCRIPTOR, context.microversion, reply.audience, response.DESCRIPTOR.name)
            headers = header_fields(response.DESCRIPTOR, context.microversion, context.api_url, result)
            page = self._remote_page(endpoint, result, dialect, context, query)
            if plan.keys or page:
                document = plan.document(result, context.api_url)
                if dialect.bare_objects and not endpoint.paged:
                    document = _shown(document, dialect, context)
                if reply.fields and endpoint.envelope in document:
                    document[endpoint.envelope] = _pick_each(document[endpoint.envelope], reply.fields)
                body = dumps({**document, **page})
            else:
                body = b"" if plan.bodiless else dumps(plan.document(result, context.api_url))
        else:
            body = self._bare(endpoint, result, reply.audience, dialect, context)
        if endpoint.located:
            location = endpoint.location(reply.outcome)
            if location is not None:
                # A core in another process answers with the whole response message.
                is_whole = type(result) is response and endpoint.envelope_field
                answered = getattr(result, endpoint.envelope_field) if is_whole else result
                headers["Location"] = context.api_url + location(request, answered)
        return Answer(status, body, headers, endpoint.content_type)

    def _bare(
        self, endpoint: Endpoint, result: Message, audience: str, dialect: Dialect, context: RequestContext
    ) -> bytes:
        plan = endpoint.item_plan(context.microversion, audience)
        fields = dialect.fields(context) if context.pairs else None
        if fields:
            rendered = dumps(_pick(plan.document(result, context.api_url), fields))
        else:
            rendered = self._kept.render(result, plan, context.api_url)
        head = endpoint.envelope_head
        return head + rendered + b"}" if head else rendered

    def _page(
        self,
        endpoint: Endpoint,
        page: Page,
        audience: str,
        dialect: Dialect,
        context: RequestContext,
        query: common.Query,
    ) -> bytes:
        plan = endpoint.item_plan(context.microversion, audience)
        base, kept = context.api_url, self._kept
        if query.fields:
            items = [dumps(_pick(plan.document(item, base), list(query.fields))) for item in page.items]
        else:
            items = [kept.render(item, plan, base) for item in page.items]
        response = endpoint.operation.response.DESCRIPTOR
        beside: dict[str, Any] = {**addresses(response, context.microversion, base), **page.extra}
        for name in header_names(response):
            beside.pop(name, None)
        if endpoint.paged:
            beside.update(dialect.page_links(endpoint.envelope, page, query, context))
        tail = b"," + dumps(beside)[1:] if beside else b"}"
        return b'{"%b":[%b]%b' % (endpoint.envelope.encode(), b",".join(items), tail)

    def _remote_page(
        self, endpoint: Endpoint, result: Any, dialect: Dialect, context: RequestContext, query: common.Query | None
    ) -> dict[str, Any]:
        """The links beside a list that came as a whole message."""
        if query is None or not endpoint.paged:
            return {}
        info = result.page
        page = Page(getattr(result, endpoint.envelope_field), info.next_marker, info.previous_marker)
        return dialect.page_links(endpoint.envelope, page, query, context)


def _page_headers(endpoint: Endpoint, page: Page, context: RequestContext) -> dict[str, str]:
    """The headers of a list: fields of the response beside its objects."""
    response = endpoint.operation.response
    if not has_headers(response.DESCRIPTOR):
        return {}
    names = response.DESCRIPTOR.fields_by_name
    beside = response(**{name: value for name, value in page.extra.items() if name in names})
    return header_fields(response.DESCRIPTOR, context.microversion, context.api_url, beside)


def _shown(document: dict[str, Any], dialect: Dialect, context: RequestContext) -> dict[str, Any]:
    """The object that is the whole answer, with the keys alone that are asked for."""
    fields = dialect.fields(context) if context.pairs else None
    return _pick(document, fields) if fields else document


def _pick(document: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key in fields}


def _pick_each(value: Any, fields: Sequence[str]) -> Any:
    """The object of an envelope, or each object of its list, with these keys alone."""
    if isinstance(value, list):
        return [_pick_each(item, fields) for item in value]
    return _pick(value, fields) if isinstance(value, dict) else value
