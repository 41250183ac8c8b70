"""The dialect of Heat's CloudFormation API: XML, or JSON where the parameter ContentType asks for it.

Sources: heat/api/aws/exception.py, heat/common/serializers.py, heat/common/wsgi.py (Resource).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar
from xml.etree.ElementTree import Element, SubElement, tostring

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import BadRequest, Fault
from mopenstack.gateway.dialects.base import MALFORMED, Answer, Dialect
from mopenstack.gateway.dialects.orchestration import version_document
from mopenstack.gateway.dialects.shapes import Schema

XML = "application/xml"
_JSON_ONLY = frozenset({"TemplateBody", "Metadata"})
"""Elements whose value is JSON within the XML."""
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""


class CloudFormationDialect(Dialect):
    signed = True
    error_type = XML
    body_bytes_max = 1_048_576
    statuses: ClassVar[Mapping[str, int]] = {"MalformedQueryString": 404}

    def written(self, answer: Answer, context: RequestContext) -> Answer:
        if _as_json(context):
            answer.content_type = "application/json"
            answer.body = answer.body or b"null"
        elif answer.body:
            answer.body = to_xml(json.loads(answer.body))
        return answer

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        status = self.status(fault)
        code, message = fault.reason, fault.text
        if isinstance(fault, BadRequest) and not fault.domain.startswith("mopenstack.cloudformation"):
            code, message = "HTTPBadRequest", MALFORMED
        kind = "Server" if status >= 500 else "Sender"
        document = {"ErrorResponse": {"Error": {"Type": kind, "Code": code, "Message": message}}}
        if _as_json(context):
            return Answer.json(status, document)
        return Answer(status, to_xml(document), content_type=XML)

    def error_schema(self, status: int) -> Schema:
        return {"type": "string"}

    def guarded(self, path: str) -> bool:
        return False

    def document(self, path: str, context: RequestContext) -> Answer | None:
        return version_document(path, context)


def _as_json(context: RequestContext) -> bool:
    return ("ContentType", "JSON") in context.pairs


def to_xml(document: Mapping[str, Any]) -> bytes:
    """The first key of a document is the root element. Source: heat/common/serializers.py (XMLResponseSerializer)."""
    name, value = next(iter(document.items()))
    root = Element(name)
    _fill(root, value)
    return tostring(root)


def _fill(element: Element, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _fill(SubElement(element, "member"), item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            inner = SubElement(element, key)
            if key not in _JSON_ONLY:
                _fill(inner, item)
            elif item:
                inner.text = _NOT_XML.sub("", json.dumps(item))
    else:
        element.text = _NOT_XML.sub("", str(value))
