"""Nova's dialect. Sources: nova/api/openstack/wsgi.py, common.py and compute/versions.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InjectedFault, InvalidField
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects.base import (
    NO_RESOURCE,
    Answer,
    Dialect,
    NoSuchAction,
    NotAcceptable,
    TooLarge,
    WrongVersion,
)
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import LINKS, OF_WEBOB, TEXT, Schema, const, shape

FAULT_NAMES: Mapping[int, str] = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}

FAULT_TYPE = "application/json; charset=UTF-8"
"""What webob makes of the type of a fault (nova.api.openstack.wsgi.Fault); other answers name no charset."""

BAD_NAME = (
    "An invalid 'name' value was provided. The name must be: printable characters. "
    "Can not start or end with whitespace."
)
BOOLEANS: list[bool | str] = [
    True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes",
    False, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no",
]  # fmt: skip
"""nova.api.validation.parameter_types.boolean"""


class ComputeDialect(Dialect):
    request_id_headers = ("X-Openstack-Request-Id", "x-compute-request-id")
    zero_is_zero = True
    exact_paths = True
    body_types = ("", "text/plain", "application/json", "application/vnd.openstack.compute+json")
    sorts_query = True
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir", "offset"})
    statuses: ClassVar[Mapping[str, int]] = {"RESOURCE_EXHAUSTED": 403, "GoneForGood": 410}

    sentences: ClassVar[Mapping[int, str]] = {
        500: "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log "
        "if possible.\n<class 'oslo_messaging.exceptions.MessagingTimeout'>",
    }

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        if isinstance(fault, TooLarge):
            return self.too_large(fault, context)
        status = self.status(fault)
        # The answer to a version that Nova has not says that version.
        headers = self._named_version(fault.facts["version"]) if isinstance(fault, NotAcceptable) else {}
        said: dict[str, Any] = {"code": status, "message": self.text(fault)}
        if isinstance(fault, InjectedFault) and status in (413, 429) and fault.retry_after is not None:
            said["retryAfter"] = str(fault.retry_after)
        document = {FAULT_NAMES.get(status, "computeFault"): said}
        return replace(Answer.json(status, document, headers), content_type=FAULT_TYPE)

    def refusal_schema(self, status: int) -> Schema:
        if status == 413:
            return OF_WEBOB
        return shape({FAULT_NAMES.get(status, "computeFault"): shape({"code": const(status), "message": TEXT})})

    def text(self, fault: Fault) -> str:
        if isinstance(fault, NoSuchAction):
            return f"There is no such action: {fault.facts['action']}"
        if isinstance(fault, WrongVersion):
            return NO_RESOURCE
        return super().text(fault)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        # Nova maps verbs and paths together: there is no 405.
        return self.no_route(context)

    def invalid(self, fault: InvalidField) -> str:
        if fault.rule == "json":
            return "Malformed request body"
        if fault.path and fault.rule == "required":
            # The object that lacks the key is what is wrong.
            parent = fault.path[-2] if len(fault.path) > 1 else None
            sentence = jsonschema_sentence(fault)
            if parent is None:
                return sentence
            return f"Invalid input for field/attribute {parent}. Value: {fault.value}. {sentence}"
        if fault.path in (("limit",), ("offset",)) or fault.path[:1] == ("query",):
            sentence = jsonschema_sentence(fault)
            return f"Invalid input for query parameters {fault.path[-1]}. Value: {fault.value}. {sentence}"
        if fault.rule == "format" and fault.bound == "name":
            return BAD_NAME
        if fault.rule == "type" and isinstance(fault.value, str):
            # Nova takes booleans and integers as strings too: it is the spelling that is wrong.
            if fault.bound == "boolean":
                fault = InvalidField(fault.path, fault.value, "one_of", BOOLEANS)
            elif fault.bound == "integer":
                fault = InvalidField(fault.path, fault.value, "pattern", "^[0-9]*$")
        return super().invalid(fault)

    def sorting(self, query: common.Query, keys: list[str], directions: list[str]) -> None:
        if any(direction not in ("asc", "desc") for direction in directions):
            raise BadRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'")
        super().sorting(query, keys, directions)

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        found = super().page_links(key, page, query, context)
        # One list of Nova's has the bare name.
        return {"links": next(iter(found.values()))} if found and key == "instanceActions" else found

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        return {"links": LINKS} if key == "instanceActions" else super().page_schema(key)

    def microversion(self, headers: Mapping[str, str]) -> int:
        return self._from_headers(headers, "compute", "X-OpenStack-Nova-API-Version")

    def version_headers(self, microversion: int) -> dict[str, str]:
        return self._named_version(f"2.{microversion}")

    @staticmethod
    def _named_version(version: str) -> dict[str, str]:
        return {
            "OpenStack-API-Version": f"compute {version}",
            "X-OpenStack-Nova-API-Version": version,
            "Vary": "OpenStack-API-Version, X-OpenStack-Nova-API-Version",
        }

    def document(self, path: str, context: RequestContext) -> Answer | None:
        path = path.rstrip("/")
        old, new = self._version("v2.0", context), self._version("v2.1", context)
        if path == "":
            return Answer.json(200, {"versions": [old, new]})
        if path in ("/v2", "/v2.1"):
            found = new if path == "/v2.1" else old
            found["links"].append({"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"})
            found["media-types"] = [_media_type(found["id"])]
            return Answer.json(200, {"version": found}, self.version_headers(self.minimum) if found is new else {})
        first = path.split("/")[1]
        if first not in ("v2", "v2.1"):
            choices = [
                {
                    "id": version["id"],
                    "status": version["status"],
                    "links": [{"rel": "self", "href": f"{context.api_url}/{folder}{path}"}],
                    "media-types": [_media_type(version["id"])],
                }
                for version, folder in ((old, "v2"), (new, "v2.1"))
            ]
            return Answer.json(300, {"choices": choices})
        return None

    def _version(self, id: str, context: RequestContext) -> dict[str, Any]:
        current = id == "v2.1"
        folder = "v2.1" if current else "v2"
        return {
            "id": id,
            "status": "CURRENT" if current else "DEPRECATED",
            "version": self.api.microversion_max if current else "",
            "min_version": self.api.microversion_min if current else "",
            "updated": "2013-07-23T11:33:21Z" if current else "2025-07-04T12:00:00Z",
            "links": [{"rel": "self", "href": f"{context.api_url}/{folder}/"}],
        }


def _media_type(id: str) -> dict[str, str]:
    number = "2.1" if id == "v2.1" else "2"
    return {"base": "application/json", "type": f"application/vnd.openstack.compute+json;version={number}"}
