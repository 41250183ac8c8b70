"""The dialect of mopenstack's own admin API: problem documents after RFC 9457."""

from __future__ import annotations

from http import HTTPStatus

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Fault, InvalidField
from mopenstack.gateway.dialects.base import Answer, Dialect
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import TEXT, Schema, const, shape


class AdminDialect(Dialect):
    def error(self, fault: Fault, context: RequestContext) -> Answer:
        status = self.status(fault)
        return Answer.json(
            status,
            {"title": HTTPStatus(status).phrase, "status": status, "detail": self.text(fault), "type": fault.reason},
        )

    def error_schema(self, status: int) -> Schema:
        return shape({"title": TEXT, "status": const(status), "detail": TEXT}, {"type": TEXT})

    def invalid(self, fault: InvalidField) -> str:
        place = ".".join(str(part) for part in fault.path)
        return f"{place}: {jsonschema_sentence(fault)}" if place else jsonschema_sentence(fault)

    def no_route(self, context: RequestContext) -> Answer:
        return Answer.json(404, {"title": "Not Found", "status": 404, "detail": f"There is no {context.path} here."})
