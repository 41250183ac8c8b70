"""Glance's dialect. Sources: glance/common/wsgi.py, glance/api/versions.py, glance/api/v2/images.py, webob.exc."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InvalidField, PolicyRefused
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.codec.json_patch import DRAFT_OPERATIONS, InvalidPatch
from mopenstack.gateway.dialects import webob
from mopenstack.gateway.dialects.base import Answer, Dialect
from mopenstack.gateway.dialects.shapes import TEXT, Schema, const, shape
from mopenstack.gateway.hooks.image import body_json

_UNAUTHORIZED = (
    "This server could not verify that you are authorized to access the document you requested. Either you supplied "
    "the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials "
    "required."
)
_CURRENT = 17
_VERSIONS = (15, 13, 12, 11, 10, 9, 8, _CURRENT, 7, 6, 5, 4, 3, 2, 1, 0)
"""Minor versions of the Images API that Glance 32 lists, in its order (2.14 and 2.16 are those of the cache)."""
_IGNORING_BODIES = frozenset({"ListImages", "ListTasks", "GetTask", "DeleteTask"})
"""What Glance's routes do not refuse a body of (glance/api/v2/router.py, body_reject)."""


class ImageDialect(Dialect):
    body_bytes_max = 128 * 1024
    """Glance's pipeline has no sizelimit; the largest namespace that it ships has 40 kB. Images are streamed."""
    exact_paths = True
    healthy = ("OK",)
    body_expected = True
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir", "sort"})
    mixed_sorting = "Old and new sorting syntax cannot be combined"

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        status = self.status(fault)
        if status == 401:
            return self.unauthorized(context)
        return _error(context, status, self.text(fault))

    def error_schema(self, status: int) -> Schema:
        phrase = webob.title(status)
        return shape({"message": TEXT, "code": const(f"{status} {phrase}"), "title": const(phrase)})

    def unauthorized(self, context: RequestContext) -> Answer:
        answer = _error(context, 401, _UNAUTHORIZED)
        answer.headers["WWW-Authenticate"] = self.challenge(context)
        return answer

    def read_json(self, body: bytes) -> Any:
        return body_json(body)

    def unwanted_body(self, operation: Operation) -> None:
        if operation.method not in _IGNORING_BODIES:
            raise BadRequest("A body is not expected with this request.")

    def invalid(self, fault: InvalidField) -> str:
        if fault.rule == "type" and not fault.path and fault.value is None:
            return "Body expected in request."
        return _patch_sentence(fault) if isinstance(fault, InvalidPatch) else super().invalid(fault)

    def refused(self, fault: PolicyRefused) -> str:
        return f"You are not authorized to complete {fault.rules[0]} action."

    # -- lists

    def limit(self, value: str, key: str = "limit") -> int:
        try:
            found = int(value)
        except ValueError:
            raise BadRequest("limit param must be an integer") from None
        if found < 0:
            raise BadRequest("limit param must be positive")
        return found

    def sorting(self, query: common.Query, keys: list[str], directions: list[str]) -> None:
        for direction in directions:
            if direction.strip() not in ("asc", "desc"):
                raise BadRequest(f"Invalid sort direction: {direction.strip()}")
        if directions and not keys:
            keys = ["created_at"]
        if len(directions) not in (0, 1, len(keys)):
            raise BadRequest("Number of sort dirs does not match the number of sort keys")
        super().sorting(query, [key.strip() for key in keys], [direction.strip() for direction in directions])

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        relative = RequestContext(path=context.path, pairs=context.pairs)
        links = {"first": self.url(relative, "")}
        if page.next_marker:
            links["next"] = self.url(relative, page.next_marker)
        return links

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        return {"first": TEXT, "next": TEXT}

    # -- version documents

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path == "/v2":
            return Answer(302, headers={"Location": f"{context.api_url}/v2/"}, content_type="text/plain; charset=utf8")
        if path.startswith("/v2/"):
            return None
        versions = [
            {
                "id": f"v2.{number}",
                "status": "CURRENT" if number == _CURRENT else "SUPPORTED",
                "links": [{"rel": "self", "href": f"{context.api_url}/v2/"}],
            }
            for number in _VERSIONS
        ]
        return Answer.json(200 if path == "/versions" else 300, {"versions": versions})

    def document_needs_token(self, path: str) -> bool:
        return path == "/v2"


def _patch_sentence(fault: InvalidPatch) -> str:
    """What Glance says of a body that is no JSON patch, or not one that it takes (RequestDeserializer)."""
    value, names = fault.value, '"add", "remove", or "replace"'
    allowed = f"It must be one of the following: {', '.join(DRAFT_OPERATIONS)}."
    sentences = {
        "array": "Request body must be a JSON array of operation objects.",
        "object": "Operations must be JSON objects.",
        "op_missing": f"Unable to find `op` in JSON Schema change. {allowed}",
        "op_unknown": f"Invalid operation: `{value}`. {allowed}",
        "path_missing": "Unable to find 'path' in JSON Schema change",
        "value_missing": f'Operation "{fault.bound}" requires a member named "value".',
        "member_twice": f"Operation objects must contain only one member named {names}.",
        "member_missing": f"Operation objects must contain exactly one member named {names}.",
        "pointer_start": f'Pointer `{value}` does not start with "/".',
        "pointer_adjacent": f'Pointer `{value}` contains adjacent "/".',
        "pointer_end": f'Pointer `{value}` end with "/".',
        "pointer_escape": f'Pointer `{value}` contains "~" not part of a recognized escape sequence.',
    }
    return sentences[fault.rule]


def _error(context: RequestContext, status: int, text: str) -> Answer:
    """webob's layout: explanation, break, detail. A text with a break in it brings its own detail."""
    explanation, _, detail = text.partition(webob.BREAK)
    return webob.answer(context.accept, status, explanation, detail)
