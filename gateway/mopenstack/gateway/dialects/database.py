"""Trove's dialect. Sources: trove/common/wsgi.py, base_wsgi.py, auth.py, pagination.py, versions.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import uuid4

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import Fault, InvalidField, PolicyRefused
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects import webob
from mopenstack.gateway.dialects.base import NO_RESOURCE, Answer, Dialect, NoSuchAction, TooLarge
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import LINKS, OF_WEBOB, TEXT, Schema, const, either, shape

NAMES: Mapping[int, str] = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflict",
    413: "overLimit",
    415: "badMediaType",
    422: "unprocessableEntity",
    500: "instanceFault",
    501: "notImplemented",
    503: "serviceUnavailable",
}
"""Status -> the key of a refusal; of others it is webob's name of their class."""
ADMIN = "User does not have admin privileges."
ADMIN_RULE = "admin_context"
BROKEN = "Internal Server Error. Please keep this ID to help us figure out what went wrong: ({id})."
FOREIGN = "User with tenant id {id} cannot access this resource."
MALFORMED = "Malformed request body"


class DatabaseDialect(Dialect):
    statuses: ClassVar[Mapping[str, int]] = {"FAILED_PRECONDITION": 422, "BackupNotComplete": 409}
    wrong_state = 422
    healthy = ("OK",)
    project_required = True
    project_pattern = re.compile(r"[^/]+")
    reserved = frozenset({"limit", "marker"})
    own_unauthorized = shape({"unauthorized": shape({"code": const(401), "message": TEXT})})
    error_type = "application/json"

    # -- refusals

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.reason == "ForeignProject":
            text = FOREIGN.format(id=fault.facts.get("project_id", ""))
            return webob.answer("application/json", 403, webob.EXPLANATIONS[403], text)
        if isinstance(fault, PolicyRefused) and fault.rules[0] == ADMIN_RULE:
            return self._own(401, ADMIN, {"WWW-Authenticate": self.challenge(context)})
        if fault.code == "UNAUTHENTICATED":
            if fault.domain == "mopenstack.database.v1":
                return self._own(401, self.text(fault), {"WWW-Authenticate": self.challenge(context)})
            return self.unauthorized(context)
        if isinstance(fault, TooLarge):
            return self.too_large(fault, context)
        if isinstance(fault, NoSuchAction):
            if "/mgmt/instances/" in context.path:
                return self._own(400, f"Invalid instance action: {fault.facts['action']}")
            return self._broken()
        if isinstance(fault, InvalidField):
            if fault.rule == "json" and not context.has_document:
                return webob.answer("application/json", 400, MALFORMED)
            if lacks_shape(fault):
                return self._broken()
        return self._own(self.status(fault), self.text(fault))

    def _broken(self) -> Answer:
        return self._own(500, BROKEN.format(id=uuid4()))

    @staticmethod
    def _own(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
        return Answer.json(
            status, {NAMES.get(status, "serverError"): {"code": status, "message": text}}, dict(headers or {})
        )

    def refusal_schema(self, status: int) -> Schema:
        usual = shape({NAMES.get(status, "serverError"): shape({"code": const(status), "message": TEXT})})
        return either(usual, OF_WEBOB) if status in (400, 403, 413) else usual

    def invalid(self, fault: InvalidField) -> str:
        """jsonschema's sentence behind the place of the field: `instance['name'] '' should be non-empty`."""
        path = fault.path if fault.rule != "required" else fault.path[:-1]
        place = "".join([str(path[0]), *(f"[{part!r}]" for part in path[1:])]) if path else ""
        if fault.rule == "max_items":
            return f"Validation error: {place} has more than {fault.bound} items"
        return f"Validation error: {place} {jsonschema_sentence(fault)}"

    def no_route(self, context: RequestContext) -> Answer:
        return self._own(404, NO_RESOURCE)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        return self.no_route(context)

    def target_first(self, fault: Exception, operation: Operation) -> bool:
        """Administrators' operations ask who calls before they look at a body's envelope."""
        return isinstance(fault, InvalidField) and lacks_shape(fault) and operation.options.policy.first

    def guarded(self, path: str) -> bool:
        return path == "/v1.0" or path.startswith("/v1.0/")

    # -- lists

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        """The address of the next page is one of https, whatever the request came by."""
        if not page.next_marker:
            return {}
        pairs = dict(context.pairs) | {"marker": page.next_marker}
        url = f"{context.api_url}{context.path}?{urlencode(pairs)}"
        return {"links": [{"rel": "next", "href": f"https://{url.partition('://')[2]}"}]}

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        return {"links": LINKS}

    # -- version documents

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path != "":
            return None
        version = {
            "id": "v1.0",
            "status": "CURRENT",
            "updated": "2012-08-01T00:00:00Z",
            "links": [{"rel": "self", "href": f"{context.api_url}/v1.0/"}],
        }
        return Answer.json(200, {"versions": [version]})


def lacks_shape(fault: InvalidField) -> bool:
    """Whether a body is no object, or lacks the object that it is about: Trove breaks on it."""
    if fault.rule == "json":
        return True
    return (fault.rule == "type" and not fault.path) or (fault.rule == "required" and len(fault.path) <= 1)
