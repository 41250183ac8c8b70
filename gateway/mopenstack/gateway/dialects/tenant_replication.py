"""The dialect of tenant replication: refusals as Django REST framework has them.

Source: rest_framework.exceptions, rest_framework.views.exception_handler.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Fault, InvalidField
from mopenstack.gateway.dialects.base import Answer, Dialect, TooLarge
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import Schema

REQUIRED = "This field is required."
WHOLE = "non_field_errors"


class TenantReplicationDialect(Dialect):
    """400 is an object of fields, each with its texts; other refusals are `{"detail": ...}`."""

    body_expected = True
    reserved = frozenset()

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        status = self.status(fault)
        if status != 400:
            return _detail(status, self.text(fault))
        if isinstance(fault, InvalidField):
            if fault.rule == "json":
                return _detail(400, "JSON parse error")
            return Answer.json(400, _nested([str(one) for one in fault.path] or [WHOLE], self.text(fault)))
        field = str(fault.facts.get("field", "")) or WHOLE
        return Answer.json(400, _nested(field.split("."), self.text(fault)))

    def invalid(self, fault: InvalidField) -> str:
        return REQUIRED if fault.rule == "required" else f"{jsonschema_sentence(fault)}."

    def unauthorized(self, context: RequestContext) -> Answer:
        answer = _detail(401, "Authentication credentials were not provided.")
        answer.headers["WWW-Authenticate"] = self.challenge(context)
        return answer

    def no_route(self, context: RequestContext) -> Answer:
        return _detail(404, "Not found.")

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        answer = _detail(405, f'Method "{context.verb}" not allowed.')
        answer.headers["Allow"] = ", ".join(sorted(allowed))
        return answer

    def too_large(self, fault: TooLarge, context: RequestContext) -> Answer:
        return _detail(413, fault.text)

    def error_schema(self, status: int) -> Schema:
        return {"type": "object"}

    def document(self, path: str, context: RequestContext) -> Answer | None:
        """The root: where the lists are."""
        if path not in ("", "/"):
            return None
        names = ("openstack-migrations", "marketplace-orders", "marketplace-public-offerings")
        return Answer.json(200, {name: f"{context.api_url}/{name}/" for name in names})

    def guarded(self, path: str) -> bool:
        return path.startswith(("/openstack-migrations", "/marketplace-"))


def _nested(path: list[str], text: str) -> dict[str, Any]:
    """`{"mappings": {"subnets": ["..."]}}`: the numbers of items are left out."""
    names = [one for one in path if not one.isdecimal()] or [WHOLE]
    found: Any = [text]
    for name in reversed(names):
        found = {name: found}
    return found  # type: ignore[no-any-return]  # there is one name at least


def _detail(status: int, text: str) -> Answer:
    return Answer.json(status, {"detail": text})
