"""Barbican's dialect.

Sources: barbican/api/__init__.py (texts of refusals), barbican/api/hooks.py (envelope), barbican/api/controllers,
pecan.core (which of its handlers write JSON), microversion_parse.middleware.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import unquote_plus

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InjectedFault, InvalidField, PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.codec.values import decode_json
from mopenstack.gateway.dialects import key_manager_words as words
from mopenstack.gateway.dialects import microversion_parse, webob
from mopenstack.gateway.dialects.base import MALFORMED, Answer, Dialect, NotAcceptable, TooLarge
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import OF_WEBOB, TEXT, Schema, const, shape

PAGE_DEFAULT, PAGE_MAX, OFFSET_MAX = 10, 100, 2**31 - 1
BODY_BYTES_MAX = 25_000
"""barbican.conf, max_allowed_request_size_in_bytes: of a longer body JSON is read no further."""
_ACCEPTABLE = "The resource could not be generated that was acceptable to your browser\n(content of type {accept}. "
_ISSUES = frozenset(
    {
        "QuotaReached",
        "UpdateTooLarge",
        "NoData",
        "WrongAccept",
        "ContentEncodingMustBeBase64",
        "TransportKeyNotFound",
        "StoreWithoutTransportKey",
    }
)
"""Refusals that the operation's own handler words: "Secret creation issue seen - ...". """
NO_DATA = "No data supplied to process."
_STATUSES = {"PERMISSION_DENIED": 403, "RESOURCE_EXHAUSTED": 413}


class WrongContentType(BadRequest):
    message = "Unexpected content type. Expected content types are: ['application/json']"


class NoSuchHandler(BadRequest):
    """Nothing writes what the client accepts."""

    message = ""


class KeyManagerDialect(Dialect):
    own_unauthorized = OF_WEBOB
    reserved = frozenset()
    healthy = ("OK",)
    body_bytes_max = 1024 * 1024
    body_expected = True
    statuses: ClassVar[Mapping[str, int]] = {
        **_STATUSES,
        "WrongContentType": 415,
        "UnsupportedContentType": 415,
        "NoSuchHandler": 406,
        "NotAcceptable": 406,
        "WrongAccept": 406,
    }

    # -- refusals

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.reason == "NoProject":
            return webob.answer(context.accept, 401, fault.text)
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        if isinstance(fault, NotAcceptable) or fault.text.startswith("Invalid microversion:"):
            return _of_middleware(self.status(fault), fault.text, context)
        if isinstance(fault, TooLarge):
            return self.too_large(fault, context)
        return _envelope(self.status(fault), self._said(fault, context))

    def injected(self, fault: InjectedFault, context: RequestContext) -> Answer:
        if fault.text and fault.status != 401:
            return _envelope(fault.status, fault.text)
        return super().injected(fault, context)

    def _said(self, fault: Fault, context: RequestContext) -> str | None:
        label, schema = words.of(context.verb, context.path)
        if isinstance(fault, InvalidField):
            if schema == "Project Quota" and _is_without_body(fault, context):
                return f"{label} issue seen - {NO_DATA}."
            return _invalid(fault, schema, context)
        if isinstance(fault, PolicyRefused):
            return f"{label} attempt not allowed - please review your user/project privileges"
        if fault.code in ("INTERNAL", "UNKNOWN") or isinstance(fault, InjectedFault):
            return f"{label} failure seen - please contact site administrator."
        if isinstance(fault, NoSuchHandler):
            return None
        return f"{label} issue seen - {fault.text}." if fault.reason in _ISSUES else fault.text

    def refusal_schema(self, status: int) -> Schema:
        return shape({"code": const(status), "title": TEXT, "description": {"type": ["string", "null"]}})

    def no_route(self, context: RequestContext) -> Answer:
        return _envelope(404, "")

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        """Most handlers of pecan write HTML, so that a client who takes JSON alone gets 406 from them."""
        text = words.NO_UPDATE if (context.verb, context.path.rstrip("/")) == ("PUT", "/v1/orders") else ""
        writes = text or words.WRITE_JSON.fullmatch(context.path)
        if not writes and "text/html" not in webob.acceptable(context.accept or "*/*", ("text/html",)):
            return _envelope(406, None)
        answer = _envelope(405, text)
        answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    def too_large(self, fault: TooLarge, context: RequestContext) -> Answer:
        """What is too long is cut, and is no JSON then; a payload is refused for its length."""
        if words.PAYLOAD.fullmatch(context.path) and context.verb == "PUT":
            return _envelope(413, "Secret update issue seen - Provided information too large to process.")
        return _envelope(400, "Malformed JSON")

    def guarded(self, path: str) -> bool:
        return path == "/v1" or path.startswith("/v1/")

    def admit(self, headers: Mapping[str, str], context: RequestContext) -> None:
        if context.verb == "HEAD":
            raise NoSuchHandler()
        if not words.takes_json(context.verb, context.path):
            return
        if headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
            raise WrongContentType()

    def read_json(self, body: bytes) -> Any:
        """All texts without the spaces around them (barbican.api.load_body)."""
        return _stripped(decode_json(body[:BODY_BYTES_MAX]))

    # -- lists

    def query(self, pairs: Iterable[tuple[str, str]], microversion: int) -> common.Query:
        """Pages are cleaned and never refused; what filters mean is the core's to say."""
        query = common.Query(limit=PAGE_DEFAULT)
        for key, value in pairs:
            if key == "limit":
                query.limit = min(max(_number(value, PAGE_DEFAULT), 1), PAGE_MAX)
            elif key == "offset":
                offset = _number(value, 0)
                query.offset = min(offset, OFFSET_MAX) if 0 <= offset <= sys.maxsize else 0
            else:
                query.filters.add(key=key, values=[unquote_plus(value) if key == "name" else value])
        return query

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        limit, found = query.limit or PAGE_DEFAULT, {}
        base = f"{context.api_url}/v1/{words.pages(context.path)}?limit={limit}&offset="
        if page.previous_marker:
            found["previous"] = f"{base}{max(0, query.offset - limit)}"
        if page.next_marker:
            found["next"] = f"{base}{query.offset + limit}"
        return found

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        return {"previous": TEXT, "next": TEXT}

    # -- microversions

    def microversion(self, headers: Mapping[str, str]) -> int:
        return self._from_headers(headers, "key-manager", "")

    def _parse_version(self, text: str) -> int:
        return microversion_parse.parse(text, "1", self.minimum, self.maximum)

    def version_headers(self, microversion: int) -> dict[str, str]:
        return {"OpenStack-API-Version": f"key-manager 1.{microversion}", "Vary": "openstack-api-version"}

    # -- version documents

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if context.verb != "GET":
            return None
        if path in ("", "/"):
            version = self._version(context)
            versions: Any = [version] if context.microversion else {"values": [version]}
            return Answer.json(300, {"versions": versions})
        return Answer.json(200, {"version": self._version(context)}) if path in ("/v1", "/v1/") else None

    def document_needs_token(self, path: str) -> bool:
        return path in ("/v1", "/v1/")

    def _version(self, context: RequestContext) -> dict[str, Any]:
        links = [
            {"rel": "self", "href": f"{context.api_url}/v1/"},
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
        ]
        if context.microversion:
            limits = {"min_version": self.api.microversion_min, "max_version": self.api.microversion_max}
            return {"id": "v1", "status": "CURRENT", **limits, "links": links}
        media = {"base": "application/json", "type": "application/vnd.openstack.key-manager-v1+json"}
        return {"id": "v1", "status": "stable", "links": links, "media-types": [media]}


def _envelope(status: int, description: str | None) -> Answer:
    return Answer.json(status, {"code": status, "title": webob.title(status), "description": description})


def _of_middleware(status: int, detail: str, context: RequestContext) -> Answer:
    """What stands before Barbican itself leaves its refusals to webob."""
    accept = context.accept if context.accept not in ("", "*/*") else "application/json"
    explanation = MALFORMED if status == 400 else _ACCEPTABLE.replace("{accept}", accept)
    return webob.answer(accept, status, explanation, detail)


def _invalid(fault: InvalidField, schema: str, context: RequestContext) -> str:
    """jsonschema's sentence, and the property as Barbican finds it in the path of the schema."""
    if fault.rule in ("json", "depth") or _is_without_body(fault, context):
        return "Malformed JSON"
    path = fault.path
    if schema == "Order" and len(path) > 1:
        schema, path = words.IN_ORDER, path[1:]
    place: str | int | None = path[0] if path else None
    if fault.rule == "required" and len(path) == 1 and schema not in words.DRAFT_3:
        place = None
    return (
        f"Provided object does not match schema '{schema}': {jsonschema_sentence(fault)}. Invalid property: '{place}'"
    )


def _is_without_body(fault: InvalidField, context: RequestContext) -> bool:
    return fault.rule == "type" and not fault.path and fault.value is None and not context.has_document


def _stripped(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    return {key: _stripped(item) for key, item in value.items()} if isinstance(value, dict) else value


def _number(text: str, default: int) -> int:
    """barbican.model.repositories.clean_paging_values: what is no number is as good as none."""
    return int(text) if re.fullmatch(r"\s*[+-]?\d{1,300}\s*", text) else default
