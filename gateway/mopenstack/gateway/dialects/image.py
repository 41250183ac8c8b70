"""Glance's dialect. Sources: glance/common/wsgi.py, glance/api/versions.py, glance/api/v2/."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import Fault, PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects.base import Answer, Context, Dialect

_UNAUTHORIZED = (
    "This server could not verify that you are authorized to access the document you requested. Either you supplied "
    "the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials "
    "required."
)
_VERSIONS = (17, 16, 15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
"""Minor versions of the Images API that Glance 32 lists; the first is the current one."""


class ImageDialect(Dialect):
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir", "sort"})

    def error(self, fault: Fault, context: Context) -> Answer:
        status = self.status(fault)
        if status == 401:
            return self.unauthorized(context)
        return _error(status, self.text(fault))

    def unauthorized(self, context: Context) -> Answer:
        answer = _error(401, _UNAUTHORIZED)
        answer.headers["WWW-Authenticate"] = f'Keystone uri="{context.base.removesuffix(self.api.prefix)}/identity"'
        return answer

    def refused(self, fault: PolicyRefused) -> str:
        return f"You are not authorized to complete {fault.rules[0]} action."

    def no_route(self, context: Context) -> Answer:
        return _error(404, "The resource could not be found.")

    def page_links(self, key: str, page: Page, query: common.Query, context: Context) -> dict[str, Any]:
        relative = Context("", context.path, context.pairs)
        links = {"first": self.url(relative, ""), "schema": f"/v2/schemas/{key}"}
        if page.next_marker:
            links["next"] = self.url(relative, page.next_marker)
        return links

    def document(self, path: str, context: Context) -> Answer | None:
        if path == "/v2" or path.startswith("/v2/"):
            return None
        versions = [
            {
                "id": f"v2.{number}",
                "status": "CURRENT" if number == _VERSIONS[0] else "SUPPORTED",
                "links": [{"rel": "self", "href": f"{context.base}/v2/"}],
            }
            for number in _VERSIONS
        ]
        return Answer.json(200 if path == "/versions" else 300, {"versions": versions})


def _error(status: int, message: str) -> Answer:
    phrase = HTTPStatus(status).phrase
    document = {"message": f"{message}<br /><br />\n\n\n", "code": f"{status} {phrase}", "title": phrase}
    return Answer.json(status, document)
