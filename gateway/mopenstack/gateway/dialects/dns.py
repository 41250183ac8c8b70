"""Designate's dialect (API 2.4).

Sources: designate/api/middleware.py, designate/api/versions.py, designate/objects/adapters of Designate 23.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import Fault, InjectedFault, InvalidField, PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.dns.v2.refusals import UnsupportedContentType
from mopenstack.gateway.dialects import webob
from mopenstack.gateway.dialects.base import Answer, Dialect, TooLarge
from mopenstack.gateway.dialects.shapes import OF_WEBOB, TEXT, Schema, array, const, either, shape

LIMIT_MAX = 1000
BODILESS = re.compile(r"/v2/zones/[^/]*/tasks/(?:abandon|xfr|export|transfer_requests)/?")
"""POSTs that may have no body."""
RESOURCES = {
    "zones": "zone", "recordsets": "recordset", "shares": "shared_zone", "transfer_requests": "transfer_request",
    "transfer_accepts": "transfer_accept", "tlds": "tld", "blacklists": "blacklist", "tsigkeys": "tsigkey",
    "pools": "pool", "floatingips": "floatingip", "pool_move": "zone",
}  # fmt: skip
"""Word of a path -> what the adapters call such an object."""
NO_PATH = (
    "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not "
    "found on the server. If you entered the URL manually please check your spelling and try again.</p>\n"
)
NO_METHOD = (
    "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n<h1>Method Not Allowed</h1>\n"
    "<p>The method is not allowed for the requested URL.</p>\n"
)
HTML = "text/html; charset=utf-8"
VERSIONS = (
    ("v2", "SUPPORTED", "2022-06-29T00:00:00Z"),
    ("v2.0", "SUPPORTED", "2022-06-29T00:00:00Z"),
    ("v2.1", "SUPPORTED", "2023-01-25T00:00:00Z"),
    ("v2.2", "SUPPORTED", "2025-08-25T00:00:00Z"),
    ("v2.3", "SUPPORTED", "2026-04-06T00:00:00Z"),
    ("v2.4", "CURRENT", "2026-04-13T00:00:00Z"),
)
_NOT_VALID = "Provided object is not valid. Got a ValueError error with message "


class InvalidLimit(Fault):
    code = "INVALID_ARGUMENT"
    message = f"limit should be an integer between 1 and {LIMIT_MAX}"


class InvalidSortDir(Fault):
    code = "INVALID_ARGUMENT"
    message = "Unknown sort direction, must be 'desc' or 'asc'"


class NoZoneFileWanted(Fault):
    """A zone file asked for by a client that takes no `text/dns`."""

    code = "INVALID_ARGUMENT"


_TYPES: Mapping[int, str] = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    413: "over_quota",
    504: "timeout",
}
"""Status -> what Designate calls a refusal that has it."""


def _type(fault: Fault) -> str:
    if isinstance(fault, InjectedFault):
        return fault.given_reason
    return "forbidden" if isinstance(fault, PolicyRefused) else fault.type or fault.error_reason.lower()


class DnsDialect(Dialect):
    statuses: ClassVar[Mapping[str, int]] = {"UnsupportedContentType": 415, "NoZoneFileWanted": 406}
    healthy = ("OK",)

    # -- refusals

    sentences: ClassVar[Mapping[int, str]] = {500: "", 502: "", 504: ""}
    """Designate says nothing with them (designate.api.middleware.FaultWrapperMiddleware)."""

    def injected(self, fault: InjectedFault, context: RequestContext) -> Answer:
        fault.given_reason = fault.given_reason or _TYPES.get(fault.status, "unknown")
        return super().injected(fault, context)

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        status = self.status(fault)
        if status == 401:
            return self.unauthorized(context)
        if isinstance(fault, TooLarge):
            return self.too_large(fault, context)
        if fault.reason == "NoRoute":
            return self.no_route(context)
        if fault.error_reason == "FORBIDDEN_HEADER":
            return Answer(403, b"", content_type=HTML)
        if isinstance(fault, NoZoneFileWanted):
            return Answer.json(406, {"code": 406, "title": "Not Acceptable", "description": None})
        body: dict[str, Any] = {"code": status}
        if isinstance(fault, InvalidField):
            body |= _of_field(fault, context)
        else:
            body["type"] = _type(fault)
            if fault.text and not isinstance(fault, PolicyRefused):
                body["message"] = fault.text
        return Answer.json(status, {**body, "request_id": context.request_id})

    def refusal_schema(self, status: int) -> Schema:
        entry = {"path": array({}), "message": TEXT, "validator": TEXT, "validator_value": {}}
        errors = shape({"errors": array(shape(entry))})
        usual = shape({"code": const(status), "type": TEXT, "request_id": TEXT}, {"message": TEXT, "errors": errors})
        if status == 406:
            return shape({"code": const(406), "title": TEXT, "description": {"type": "null"}})
        return either(usual, OF_WEBOB) if status == 413 else usual

    def no_route(self, context: RequestContext) -> Answer:
        if not self.guarded(context.path):
            return Answer(404, NO_PATH.encode(), content_type=HTML)
        body = {"code": 404, "type": "not_found", "message": "resource not found", "request_id": context.request_id}
        return Answer.json(404, body)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        headers = {"Allow": ", ".join(sorted(allowed))}
        if not self.guarded(context.path):
            return Answer(405, NO_METHOD.encode(), headers, HTML)
        if context.verb in ("GET", "PATCH", "DELETE", "PUT") and not allowed:
            return self.no_route(context)
        return Answer.json(405, {"code": 405, "type": "method_not_allowed", "request_id": context.request_id}, headers)

    def guarded(self, path: str) -> bool:
        return path in ("/v2", "/admin") or path.startswith(("/v2/", "/admin/"))

    def check_body_type(self, content_type: str) -> None:
        if content_type.partition(";")[0].strip() not in ("", "application/json", "application/json-patch+json"):
            raise UnsupportedContentType(wanted="application/json")

    def admit(self, headers: Mapping[str, str], context: RequestContext) -> None:
        taken = headers.get("Accept") or "*/*"
        if context.verb == "GET" and context.path.endswith("/export") and not webob.acceptable(taken, ("text/dns",)):
            raise NoZoneFileWanted()

    def needs_nothing(self, context: RequestContext) -> bool:
        return BODILESS.fullmatch(context.path) is not None

    # -- lists

    def limit(self, value: str, key: str = "limit") -> int:
        if value.lower() == "max":
            return LIMIT_MAX
        try:
            found = int(value)
        except ValueError:
            raise InvalidLimit() from None
        if found <= 0:
            raise InvalidLimit()
        return found

    def sorting(self, query: common.Query, keys: list[str], directions: list[str]) -> None:
        if any(direction not in ("asc", "desc") for direction in directions):
            raise InvalidSortDir()
        super().sorting(query, keys, directions)
        if directions and not keys:
            query.sort.add(key="created_at", descending=directions[-1] == "desc")

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        links = {"self": _address(context, {})}
        if page.next_marker:
            links["next"] = _address(context, {"marker": page.next_marker})
        return {"links": links}

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        return {"links": shape({"self": TEXT}, {"next": TEXT})}

    # -- version documents

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path not in ("", "/"):
            return None
        if context.verb == "OPTIONS":
            return Answer(200, b"", {"Allow": "GET, OPTIONS, HEAD"}, HTML)
        links = [
            {"href": f"{context.api_url}/v2", "rel": "self"},
            {"href": "https://docs.openstack.org/api-ref/dns", "rel": "help"},
        ]
        versions = [{"id": id, "links": links, "status": status, "updated": when} for id, status, when in VERSIONS]
        return Answer.json(200, {"versions": versions})


def _address(context: RequestContext, more: Mapping[str, str]) -> str:
    """This request's own address, with some parameters changed; what says for whom the call is made is taken out."""
    pairs = {key: value for key, value in context.pairs if key not in ("all_projects", "all_tenants")}
    pairs.update(more)
    return f"{context.api_url}{context.path}" + (f"?{urlencode(pairs)}" if pairs else "")


def _of_field(fault: InvalidField, context: RequestContext) -> dict[str, Any]:
    """Type and message, or list of errors, of a broken field: in the words of the part of Designate that meets it."""
    key = str(fault.path[-1]) if fault.path else ""
    if fault.rule.startswith("schema:"):
        return _errors(list(fault.path), fault.text, fault.rule.removeprefix("schema:"), fault.bound)
    if fault.rule == "json":
        return {"type": "invalid_json", "message": str(fault.bound)}
    if fault.rule == "required":
        return _errors(["records", 0, key], f"'{key}' is a required property", "required", [key])
    if fault.rule == "format" and fault.bound == "uuid" and len(fault.path) == 1:
        return {"type": "invalid_uuid", "message": f"Invalid UUID {key}: {fault.value}"}
    if fault.rule == "type" and not fault.path:
        if fault.value is None:
            return {"type": "empty_request_body", "message": "Request Body is empty"}
        return _no_attribute(fault.value)
    if fault.rule == "unknown":
        if context.path.startswith("/v2/quotas"):
            return {"type": "invalid_object", "message": f"{_NOT_VALID}Field value {fault.bound[0]} is invalid"}
        words = [word for word in context.path.split("/") if word in RESOURCES]
        name = RESOURCES[words[-1]] if words else ""
        message = f"Provided object does not match schema. Keys {fault.bound} are not valid for {name}"
        return {"type": "invalid_object", "message": message}
    if key == "records" and fault.rule == "type":
        message = f"'{fault.value}' is not a valid list of records"
        return _errors(["records"], message, "type", ["list"])
    if fault.rule == "type" and isinstance(fault.value, list | dict) and "object" in str(fault.bound):
        return _no_attribute(fault.value)
    return {"type": "invalid_object", "message": _NOT_VALID + _sentence(fault, key, context)}


def _errors(path: list[Any], message: str, validator: str, value: Any) -> dict[str, Any]:
    entry = {"path": path, "message": message, "validator": validator, "validator_value": value}
    return {"type": "invalid_object", "errors": {"errors": [entry]}}


def _no_attribute(value: Any) -> dict[str, Any]:
    kind = type(value).__name__
    message = (
        f"Provided object is not valid. Got an AttributeError with message '{kind}' object has no attribute 'items'"
    )
    return {"type": "invalid_object", "message": message}


_SENTENCES: Mapping[str, Callable[[InvalidField, str], str]] = {
    "max_length": lambda fault, key: f"Value too long for {key}",
    "minimum": lambda fault, key: f"Value must be >= {fault.bound} for field {key}",
    "maximum": lambda fault, key: f"Value too high for {key}",
    "one_of": lambda fault, key: f"Field value {fault.value} is invalid",
}


def _sentence(fault: InvalidField, key: str, context: RequestContext) -> str:
    if context.path.startswith("/v2/quotas"):
        key = "hard_limit"
    word = _SENTENCES.get(fault.rule)
    if word is not None:
        return word(fault, key)
    if fault.value is None:
        return f"Field `{key}' cannot be None"
    if "integer" in str(fault.bound):
        return f"invalid literal for int() with base 10: '{fault.value}'"
    return f"A string is required in field {key}, not a {type(fault.value).__name__}"
