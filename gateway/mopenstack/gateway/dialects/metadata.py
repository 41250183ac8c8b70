"""The dialect of Nova's metadata API: webob's refusals, as the request's Accept has them.

Source: nova.api.metadata.handler.
"""

from __future__ import annotations

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Fault
from mopenstack.gateway.dialects import webob
from mopenstack.gateway.dialects.base import Answer, Dialect
from mopenstack.gateway.dialects.shapes import TEXT, Schema


class MetadataDialect(Dialect):
    error_type = "text/plain"

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        status = self.status(fault)
        return webob.answer(context.accept, status, fault.text or webob.EXPLANATIONS.get(status, ""))

    def error_schema(self, status: int) -> Schema:
        return TEXT
