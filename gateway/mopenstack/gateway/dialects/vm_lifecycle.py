"""The dialect of the VM lifecycle API: one shape of refusals, bearer tokens, an audit log, a page of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Fault, InvalidField
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.dialects import vm_lifecycle_page as page
from mopenstack.gateway.dialects.base import UNAUTHORIZED, Answer, Dialect, TooLarge
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import TEXT, Schema, const, shape
from mopenstack.gateway.dialects.vm_lifecycle_audit import AuditLog

_VERSION = re.compile(r"v[0-9]{1,4}")


class VmLifecycleDialect(Dialect):
    """`{"error": {"code": 409, "reason": "INVALID_TRANSITION", "message": ..., "field": ..., "request_id": ...}}`."""

    body_expected = True
    reserved = frozenset()
    notes = True
    statuses: ClassVar[Mapping[str, int]] = {"RESOURCE_EXHAUSTED": 429, "TooLarge": 413, "OUT_OF_RANGE": 400}

    def __init__(self, api: annotations_pb2.Api, auth_prefix: str = "") -> None:
        super().__init__(api, auth_prefix)
        version = os.environ.get("API_VERSION", "")
        other = {f"/api/{version}": ""} if _VERSION.fullmatch(version) else {}
        self.other_places = {"/health": "/health", **other}
        self._audit = AuditLog()

    # -- refusals

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        status = self.status(fault)
        field = str(fault.facts.get("field", ""))
        if isinstance(fault, InvalidField):
            field = ".".join(map(str, fault.path))
            if not field and fault.rule == "unknown":
                field = ",".join(map(str, fault.bound))
        answer = self._answer(status, fault.error_reason, self.text(fault), context, field)
        if "retry_after" in fault.facts:
            answer.headers["Retry-After"] = str(fault.facts["retry_after"])
        return answer

    def invalid(self, fault: InvalidField) -> str:
        if fault.rule == "json":
            return "The body is no JSON."
        if not fault.path:
            return f"The request is not valid: {jsonschema_sentence(fault)}."
        return f"{'.'.join(map(str, fault.path))}: {jsonschema_sentence(fault)}."

    def unauthorized(self, context: RequestContext) -> Answer:
        answer = self._answer(401, "UNAUTHORIZED", UNAUTHORIZED, context)
        answer.headers["WWW-Authenticate"] = self.challenge(context)
        return answer

    def no_route(self, context: RequestContext) -> Answer:
        return self._answer(404, "NOT_FOUND", f"There is no {context.path}.", context)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        text = f"{context.verb} is not allowed for {context.path}."
        answer = self._answer(405, "METHOD_NOT_ALLOWED", text, context)
        answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    def too_large(self, fault: TooLarge, context: RequestContext) -> Answer:
        return self._answer(413, "TOO_LARGE", fault.text, context)

    def error_schema(self, status: int) -> Schema:
        error = {"code": const(status), "reason": TEXT, "message": TEXT, "request_id": TEXT}
        return shape({"error": shape(error, {"field": TEXT})})

    @staticmethod
    def _answer(status: int, reason: str, message: str, context: RequestContext, field: str = "") -> Answer:
        error = {"code": status, "reason": reason, "message": message, "request_id": context.request_id}
        return Answer.json(status, {"error": error | ({"field": field} if field else {})})

    # -- who calls, and what is written down

    def guarded(self, path: str) -> bool:
        return path == "/vms" or path.startswith("/vms/")

    def other_token(self, headers: Mapping[str, str]) -> str:
        """A token of Keystone's as OAuth 2.0 has it (RFC 6750)."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def note(self, context: RequestContext, status: int, body: Any) -> None:
        facts = context.facts
        if facts is not None and facts.operation is not None and facts.operation.service.endswith(".Vms"):
            self._audit.write(facts, context, status, body)

    # -- its own page

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path in ("", "/"):
            places = {name: f"{context.api_url}/{name}" for name in ("vms", "docs", "openapi.json")}
            return Answer.json(200, {"name": "VM lifecycle API", "links": places})
        if path == "/openapi.json":
            return Answer(200, page.document())
        if path == "/docs":
            return Answer(200, page.html(), content_type="text/html; charset=utf-8")
        return None
