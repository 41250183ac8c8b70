"""Cinder's dialect. Sources: cinder/api/openstack/wsgi.py, cinder/api/versions.py, cinder/api/common.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InjectedFault, InvalidField, PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects.base import NO_RESOURCE, Answer, Dialect, NotAcceptable, TooLarge, WrongVersion
from mopenstack.gateway.dialects.compute import FAULT_NAMES
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import OF_WEBOB, TEXT, Schema, const, either, shape

NOTHING = -1
"""A limit of 0, which cinder takes at its word: an empty list."""

# What cinder's schemas (cinder/api/validation/parameter_types.py) say of these, for their refusals.
BOOLEANS = [
    True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", "y", "t",
    False, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no", "n", "f",
]  # fmt: skip
SINGULAR = {
    "volume_types": "volume_type", "groups": "group", "group_snapshots": "group_snapshot", "group_types": "group_type",
    "consistencygroups": "consistencygroup",
}  # fmt: skip
"""Lists whose links are called after one of their objects (the view builders' `..._links`)."""
SIZES = (("size",), ("new_size",))
UUID_OR_NULL = frozenset(
    {"snapshot_id", "source_volid", "consistencygroup_id", "backup_id", "volume_id", "attachment_id"}
)


_NAMES = {status: name for status, name in FAULT_NAMES.items() if status != 429}
RATE_LIMIT = "OverLimitFault"
"""The reason of a rule that stands for Cinder's own rate limits."""


class VolumeDialect(Dialect):
    request_id_headers = ("X-Openstack-Request-Id", "x-compute-request-id")
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir", "sort", "offset"})
    exact_paths = True
    body_types = ("", "application/json", "application/vnd.openstack.volume+json")
    healthy = ("OK",)
    mixed_sorting = (
        "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter."
    )
    wrong_state = 400  # cinder.exception.InvalidVolume and its like

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        if isinstance(fault, TooLarge):
            return self.too_large(fault, context)
        if fault.reason == "NoRoute":
            return self.no_route(context)
        status = self.status(fault)
        body: dict[str, Any] = {"code": status, "message": self.text(fault)}
        headers = {}
        if isinstance(fault, NotAcceptable):  # the answer to a version that Cinder has not says that version
            headers["OpenStack-API-Version"] = f"volume {fault.facts['version']}"
        if status == 413:
            given = fault.retry_after if isinstance(fault, InjectedFault) else None
            body["retryAfter"] = headers["Retry-After"] = str(given or 0)
        return Answer.json(status, {_NAMES.get(status, "computeFault"): body}, headers)

    def injected(self, fault: InjectedFault, context: RequestContext) -> Answer:
        if fault.status == 413 and fault.reason == RATE_LIMIT:
            return self._rate_limited(fault, context)
        return super().injected(fault, context)

    @staticmethod
    def _rate_limited(fault: InjectedFault, context: RequestContext) -> Answer:
        """Cinder's own refusal of a client that asks too often.

        Source: cinder/api/middleware/rate_limit.py; cinder/api/openstack/wsgi.py, OverLimitFault.
        """
        details = fault.text or f"Only 1 {context.verb} request(s) can be made to {context.path} every minute."
        body = {"code": 413, "message": "This request was rate-limited.", "details": details}
        return Answer.json(413, {RATE_LIMIT[0].lower() + RATE_LIMIT[1:]: body}, {"Retry-After": "0"})

    def refusal_schema(self, status: int) -> Schema:
        late = {"retryAfter": TEXT} if status == 413 else {}
        usual = shape({_NAMES.get(status, "computeFault"): shape({"code": const(status), "message": TEXT, **late})})
        return either(usual, OF_WEBOB) if status in (404, 413) else usual

    def text(self, fault: Fault) -> str:
        if isinstance(fault, WrongVersion):
            return NO_RESOURCE
        return super().text(fault)

    def invalid(self, fault: InvalidField) -> str:
        if fault.rule == "required":
            # jsonschema blames the object that lacks the key.
            sentence = jsonschema_sentence(fault)
            if len(fault.path) < 2:
                return sentence
            return f"Invalid input for field/attribute {fault.path[-2]}. Value: {fault.value}. {sentence}"
        rule, bound = fault.rule, fault.bound
        if rule == "type" and bound == "boolean":
            rule, bound = "one_of", BOOLEANS
        elif rule == "type" and isinstance(bound, list | str) and fault.path[-1:] in SIZES:
            types = [bound] if isinstance(bound, str) else bound
            bound = [types[0], "string", *types[1:]]
        elif rule == "format" and bound == "uuid" and fault.path[-1] in UUID_OR_NULL:
            rule = "one_of_schemas"
        return super().invalid(InvalidField(fault.path, fault.value, rule, bound))

    def limit(self, value: str, key: str = "limit") -> int:
        what = "limit param" if key == "limit" else key
        try:
            number = int(value)
        except ValueError:
            raise BadRequest(f"{what} must be an integer") from None
        if number < 0:
            raise BadRequest("limit param must be positive" if key == "limit" else f"{key} must be >= 0")
        return number if number or key != "limit" else NOTHING

    def sorting(self, query: common.Query, keys: list[str], directions: list[str]) -> None:
        if any(direction not in ("asc", "desc") for direction in directions):
            raise BadRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.")
        super().sorting(query, keys, directions)

    def refused(self, fault: PolicyRefused) -> str:
        # The default types' controller words its refusals itself.
        if fault.rules[0].startswith("volume_extension:default_"):
            return "You are not authorized to perform this operation."
        return super().refused(fault)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        return self.no_route(context)

    def links_key(self, key: str) -> str:
        return SINGULAR.get(key, key)

    def microversion(self, headers: Mapping[str, str]) -> int:
        return self._from_headers(headers, "volume", "X-OpenStack-Volume-API-Version")

    def version_headers(self, microversion: int) -> dict[str, str]:
        return {"OpenStack-API-Version": f"volume 3.{microversion}", "Vary": "OpenStack-API-Version"}

    def document(self, path: str, context: RequestContext) -> Answer | None:
        path = path.rstrip("/")
        if path not in ("", "/v3"):
            return None
        version = {
            "id": "v3.0",
            "status": "CURRENT",
            "version": self.api.microversion_max,
            "min_version": self.api.microversion_min,
            "updated": "2023-08-31T00:00:00Z",
            "links": [
                {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
                {"rel": "self", "href": f"{context.api_url}/v3/"},
            ],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}],
        }
        return Answer.json(300 if path == "" else 200, {"versions": [version]}, self.version_headers(self.minimum))

    def document_needs_token(self, path: str) -> bool:
        return path != ""

    def guarded(self, path: str) -> bool:
        return path == "/v3" or path.startswith("/v3/")
