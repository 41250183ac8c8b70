"""Keystone's dialect. Sources: keystone/exception.py, keystone/server/flask/, keystone/version.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InvalidField, PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects.base import UNAUTHORIZED, Answer, Dialect, TooLarge
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import OF_WEBOB, TEXT, Schema, const, either, shape

ASSUMED = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. "
    "The client is assumed to be in error."
)
_NOT_FOUND = (
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not "
    "found on the server. If you entered the URL manually please check your spelling and try again.</p>\n"
)
_NOT_ALLOWED = (
    "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n<h1>Method Not Allowed</h1>\n"
    "<p>The method is not allowed for the requested URL.</p>\n"
)

METHODS = ["external", "password", "token", "oauth1", "mapped", "application_credential"]
"""What Keystone says that it supports (keystone.conf.auth.methods)."""

_TELLING = frozenset({"AuthMethodNotSupported", "ApplicationCredentialAuthError"})
# keystone.api.validation.parameter_types.boolean: what users, projects and domains take for one.
_LENIENT = frozenset({"user", "project", "domain"})
_LENIENT_KEYS = frozenset({"enabled", "is_domain"})
_NULLABLE = frozenset({"password", "description", "default_project_id", "parent_id"})
_BOOLEANS = [
    True, "True", "TRUE", "true", False, "False", "FALSE", "false", "", "1", "0", "y", "Y", "n", "N",
    "on", "ON", "off", "OFF", "yes", "no",
]  # fmt: skip


class IdentityDialect(Dialect):
    json_only = True
    healthy = ()
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir"})

    def check_body_type(self, content_type: str) -> None:
        """keystone.server.flask.request_processing.json_body."""
        if content_type.partition(";")[0].strip() not in ("", "application/json"):
            raise BadRequest(f"Expecting to find application/json in Content-Type header. {ASSUMED}")

    def read_json(self, body: bytes) -> Any:
        """keystone.server.flask.request_processing.json_body: what is no object is no JSON."""
        document = super().read_json(body)
        if not isinstance(document, dict):
            raise InvalidField((), document, "json", "no object")
        return document

    sentences: ClassVar[Mapping[int, str]] = {
        500: "An unexpected error prevented the server from fulfilling your request."
    }

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        status = self.status(fault)
        if isinstance(fault, TooLarge):
            return self.too_large(fault, context)
        if fault.reason.startswith("OAuth2"):
            return self._oauth2(fault, status, context)
        if status == 401:
            return self._unauthenticated(fault, context)
        document = {"code": status, "message": self.text(fault), "title": HTTPStatus(status).phrase}
        return Answer.json(status, {"error": document})

    def error_schema(self, status: int) -> Schema:
        phrase = HTTPStatus(status).phrase
        error = {"code": const(status), "message": TEXT, "title": const(phrase)}
        usual = shape({"error": shape(error, {"identity": {"type": "object"}})})
        if status == 413:
            return either(usual, OF_WEBOB)
        # OAuth 2.0 has a form of its own, and so has a login that lacks a factor.
        oauth2 = shape({"error": TEXT, "error_description": TEXT})
        receipt = shape({"receipt": {"type": "object"}, "required_auth_methods": {"type": "array"}})
        return either(usual, oauth2, receipt) if status == 401 else either(usual, oauth2)

    def unauthorized(self, context: RequestContext) -> Answer:
        document = {"error": {"code": 401, "message": UNAUTHORIZED, "title": "Unauthorized"}}
        return Answer.json(401, document, {"WWW-Authenticate": self.challenge(context)})

    def challenge(self, context: RequestContext) -> str:
        return f'Keystone uri="{context.api_url}/v3"'

    def _oauth2(self, fault: Fault, status: int, context: RequestContext) -> Answer:
        """RFC 6749's refusals (keystone.oauth2.handlers)."""
        title = "invalid_client" if status == 401 else str(fault.facts.get("title", "other_error"))
        headers = {"WWW-Authenticate": self.challenge(context)} if status == 401 else {}
        return Answer.json(status, {"error": title, "error_description": fault.text}, headers)

    def _unauthenticated(self, fault: Fault, context: RequestContext) -> Answer:
        """Why a login failed is a secret, but for what is wrong with the methods themselves."""
        if fault.reason == "AuthReceipt":
            headers = {"Openstack-Auth-Receipt": str(fault.facts["receipt"])}
            return Answer(401, str(fault.facts["document"]).encode(), headers)
        answer = self.unauthorized(context)
        if fault.reason in _TELLING:
            identity = {"methods": METHODS} if fault.reason == "AuthMethodNotSupported" else {}
            document = {"code": 401, "identity": identity, "message": fault.text, "title": "Unauthorized"}
            return Answer.json(401, {"error": document}, answer.headers)
        return answer

    def invalid(self, fault: InvalidField) -> str:
        if fault.rule == "json":
            return f"Expecting to find valid JSON in request body. {ASSUMED}"
        if fault.rule == "type" and not fault.path:
            return f"Expecting to find valid JSON in request body. {ASSUMED}"
        sentence = jsonschema_sentence(fault)
        path = fault.path
        if fault.rule == "required":
            # jsonschema blames the object that lacks the key.
            path = path[:-1]
        elif fault.rule == "type" and fault.bound == "boolean" and path[0] in _LENIENT and path[-1] in _LENIENT_KEYS:
            sentence = f"{fault.value!r} is not one of {_BOOLEANS!r}"
        elif fault.rule == "type" and fault.bound == "string" and path[-1] in _NULLABLE and path[0] in _LENIENT:
            sentence += ", 'null'"
        if not path:
            return sentence
        return f"Invalid input for field/attribute {path[-1]}. Value: {fault.value}. {sentence}"

    def refused(self, fault: PolicyRefused) -> str:
        return f"You are not authorized to perform the requested action: {fault.rules[0]}."

    def guarded(self, path: str) -> bool:
        return False

    def no_route(self, context: RequestContext) -> Answer:
        if not context.path:  # the list of versions takes no other verb
            allow = {"Allow": "HEAD, GET, OPTIONS"}
            return Answer(405, _NOT_ALLOWED.encode(), allow, content_type="text/html; charset=utf-8")
        return Answer(404, _NOT_FOUND.encode(), content_type="text/html; charset=utf-8")

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        document = {"message": "The method is not allowed for the requested URL."}
        verbs = {*allowed, "OPTIONS"}  # as Flask's rules have them
        if "GET" in verbs:
            verbs.add("HEAD")
        return Answer.json(405, document, {"Allow": ", ".join(sorted(verbs))})

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        own = f"{context.api_url}{context.path}" + (f"?{context.raw_query}" if context.raw_query else "")
        next_ = self.url(context, page.next_marker) if page.next_marker and query.limit else None
        links = {"links": {"next": next_, "self": own, "previous": None}}
        return {**links, "truncated": True} if next_ else links

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        address = {"type": ["string", "null"]}
        return {"links": shape({"next": address, "self": TEXT, "previous": address})}

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path not in ("", "/v3"):
            return None
        version = {
            "id": "v3.14",
            "status": "stable",
            "updated": "2020-04-07T00:00:00Z",
            "links": [{"rel": "self", "href": f"{context.api_url}/v3/"}],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
        }
        if path == "":
            return Answer.json(300, {"versions": {"values": [version]}}, {"Location": f"{context.api_url}/v3/"})
        return Answer.json(200, {"version": version})
