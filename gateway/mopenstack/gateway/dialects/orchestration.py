"""Heat's dialect.

Sources: heat/api/middleware/fault.py (envelope), heat/common/wsgi.py, heat/api/openstack/v1/views/views_common.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InjectedFault, InvalidField, PolicyRefused
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects import webob
from mopenstack.gateway.dialects.base import MALFORMED, Answer, Dialect, NoSuchAction
from mopenstack.gateway.dialects.shapes import LINKS, OF_WEBOB, TEXT, Schema, const, either, shape

BODY_BYTES_MAX = 1_048_576
"""heat.conf, max_json_body_size."""
_SILENT = frozenset({"ValueError", "AttributeError", "KeyError", "RemoteError"})
"""Errors of Python's and of the message queue: their text is not told."""


class NotJson(BadRequest):
    """The body is no JSON, or none that Heat can use."""

    message = MALFORMED


class BodyTooLong(BadRequest):
    message = "JSON body size ({length} bytes) exceeds maximum allowed size ({limit} bytes)."


class OrchestrationDialect(Dialect):
    body_bytes_max = 16 * BODY_BYTES_MAX
    healthy = ()
    body_expected = True
    reserved = frozenset()
    project_pattern: ClassVar[re.Pattern[str]] = re.compile(r"[^/]+")
    statuses: ClassVar[Mapping[str, int]] = {"ForeignProject": 403, "BodyTooLong": 400}

    # -- refusals

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        if fault.reason == "NoRoute":
            return self.no_route(context)
        status = self.status(fault)
        kind, message = self._said(fault, status, context)
        error: dict[str, Any] = {"type": kind, "traceback": None}
        if kind not in _SILENT:
            error["message"] = message
        return Answer.json(status, _envelope(status) | {"error": error})

    def _said(self, fault: Fault, status: int, context: RequestContext) -> tuple[str, str]:
        if fault.domain.startswith("mopenstack.orchestration"):
            return fault.reason, fault.text
        if isinstance(fault, PolicyRefused):
            return "Forbidden", f"You are not authorized to use {fault.rules[0]}."
        if isinstance(fault, InjectedFault):
            return f"HTTP{webob.title(status).replace(' ', '')}", fault.text
        if isinstance(fault, NotJson):
            return "HTTPBadRequest", fault.text
        if isinstance(fault, NoSuchAction):
            return "HTTPBadRequest", f"Invalid action {fault.facts['action']} specified"
        if isinstance(fault, BodyTooLong):
            return "RequestLimitExceeded", f"Request limit exceeded: {fault.text}"
        if isinstance(fault, InvalidField):
            return "HTTPBadRequest", _no_action(fault, context) or MALFORMED
        if status == 403:
            return "HTTPForbidden", webob.EXPLANATIONS[403]
        if status >= 500:
            return "RemoteError", ""
        return f"HTTP{webob.title(status).replace(' ', '')}", fault.text or webob.EXPLANATIONS[status]

    def refusal_schema(self, status: int) -> Schema:
        error = shape({"type": TEXT, "traceback": {"type": ["string", "null"]}}, {"message": TEXT})
        usual = shape({"code": const(status), "title": TEXT, "explanation": TEXT, "error": error})
        return either(usual, OF_WEBOB) if status == 404 else usual

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        error = {"type": "HTTPMethodNotAllowed", "traceback": None, "message": webob.EXPLANATIONS[405]}
        answer = Answer.json(405, _envelope(405) | {"error": error})
        answer.headers["Allow"] = ",".join(sorted(allowed))
        return answer

    def guarded(self, path: str) -> bool:
        return path == "/v1" or path.startswith("/v1/")

    # -- bodies

    def read_json(self, body: bytes) -> Any:
        if len(body) > BODY_BYTES_MAX:
            raise BodyTooLong(length=len(body), limit=BODY_BYTES_MAX)
        try:
            found = json.loads(body)
        except RecursionError:
            raise NotJson from None
        except ValueError as error:
            raise NotJson(str(error)) from None
        return super().read_json(body) if isinstance(found, dict | list) else found

    def needs_nothing(self, context: RequestContext) -> bool:
        return context.path.endswith("/signal")

    def target_first(self, fault: Exception, operation: Operation) -> bool:
        return isinstance(fault, InvalidField) and fault.rule != "json"

    # -- lists

    def query(self, pairs: Iterable[tuple[str, str]], microversion: int) -> common.Query:
        """What filters mean is the core's to say."""
        found: dict[str, list[str]] = {}
        for key, value in pairs:
            found.setdefault(key, []).append(value)
        query = common.Query()
        for key, values in found.items():
            query.filters.add(key=key, values=values)
        return query

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        if not page.next_marker:
            return {}
        kept = [(name, value) for name, value in context.pairs if name != "marker"]
        address = f"{context.api_url}{context.path}?{urlencode([*kept, ('marker', page.next_marker)])}"
        return {"links": [{"rel": "next", "href": address}]}

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        return {"links": LINKS}

    # -- version documents

    def document(self, path: str, context: RequestContext) -> Answer | None:
        return version_document(path, context)


def version_document(path: str, context: RequestContext) -> Answer | None:
    """The versions, at the root and at those that there are not; None elsewhere."""
    if path == "/v1" or path.startswith("/v1/"):
        return None
    if path in ("", "/") or re.fullmatch(r"/v\d[^/]*/?", path):
        links = [{"rel": "self", "href": f"{context.api_url}/v1/"}]
        return Answer.json(300, {"versions": [{"id": "v1.0", "status": "CURRENT", "links": links}]})
    return None


def _no_action(fault: InvalidField, context: RequestContext) -> str:
    """What is wrong with a body that names no action, or several; "" for all else."""
    if not context.path.endswith("/actions") or fault.rule not in ("json", "type"):
        return ""
    if not fault.value:
        return "No action specified"
    return "Multiple actions specified" if isinstance(fault.value, dict) else ""


def _envelope(status: int) -> dict[str, Any]:
    return {"code": status, "title": webob.title(status), "explanation": webob.EXPLANATIONS.get(status, "")}
