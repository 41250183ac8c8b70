"""Neutron's dialect. Sources: neutron/api/api_common.py, neutron/pecan_wsgi/, neutron_lib/api/faults.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import Page
from mopenstack.contract.faults import BadRequest, Fault, InvalidField, PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects.base import MALFORMED, Answer, Context, Dialect

_TYPES: Mapping[str, str] = {
    "BadRequest": "HTTPBadRequest",
    "NotFound": "HTTPNotFound",
    "Forbidden": "HTTPForbidden",
    "Conflict": "HTTPConflict",
    "PolicyRefused": "PolicyNotAuthorized",
    "InvalidField": "HTTPBadRequest",
    "NotServed": "HTTPNotImplemented",
    "OverLimit": "OverQuota",
    "Internal": "HTTPInternalServerError",
}


class NetworkDialect(Dialect):
    body_bytes_max = 16 * 1024 * 1024  # Neutron has no sizelimit filter; bulk creates are long
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir", "page_reverse", "fields"})
    statuses: ClassVar[Mapping[str, int]] = {"RESOURCE_EXHAUSTED": 409}

    def error(self, fault: Fault, context: Context) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        return _error(self.status(fault), _TYPES.get(fault.reason, fault.reason), self.text(fault))

    def refused(self, fault: PolicyRefused) -> str:
        rules = [f"rule:{rule}" for rule in fault.rules]
        if len(rules) == 1:
            return f"{rules[0]} is disallowed by policy"
        text = f"({rules[0]} and {rules[1]})"
        for rule in rules[2:]:
            text = f"({text} and {rule})"
        return f"{text} is disallowed by policy"

    def invalid(self, fault: InvalidField) -> str:
        value, bound = fault.value, fault.bound
        name = next((str(part) for part in reversed(fault.path) if isinstance(part, str)), "")
        if fault.rule == "json":
            return MALFORMED
        if fault.rule == "unknown":
            names = ", ".join(bound)
            return f"Unrecognized attribute(s) '{names}'"
        if fault.rule == "read_only":
            return f"Cannot update read-only attribute {name}"
        if fault.rule == "required":
            if len(fault.path) == 1:
                return f"Unable to find '{name}' in request body"
            return f"Failed to parse request. Required attribute '{name}' not specified"
        reasons = {
            "type": _not_a(value, bound),
            "max_length": f"'{value}' exceeds maximum length of {bound}.",
            "min_length": f"'{value}' is too short - must have at least {bound} character(s).",
            "minimum": f"'{value}' is too small - must be at least '{bound}'.",
            "maximum": f"'{value}' is too large - must be no larger than '{bound}'.",
            "one_of": f"'{value}' is not in {bound}." if isinstance(bound, list) else "",
            "pattern": f"'{value}' is not a valid input.",
            "format": _not_format(value, str(bound)),
        }
        return f"Invalid input for {name}. Reason: {reasons.get(fault.rule, f'{value!r} is not valid')}"

    def no_route(self, context: Context) -> Answer:
        if context.path.startswith("/v2.0"):
            return _error(404, "HTTPNotFound", "The resource could not be found.")
        return Answer.json(404, {"code": 404, "title": "Not Found", "description": None})

    def wrong_verb(self, context: Context, allowed: Iterable[str]) -> Answer:
        return _error(405, "HTTPMethodNotAllowed", MALFORMED)

    def limit(self, value: str, key: str = "limit") -> int:
        if value.lstrip("-").isdigit() and int(value) >= 0:
            return int(value)
        raise BadRequest(
            f"Invalid input for operation: limit must be an integer 0 or greater and not '{value}'."
        )

    def sorting(self, query: common.Query, keys: list[str], directions: list[str]) -> None:
        if len(keys) != len(directions):
            raise BadRequest("The number of sort_keys and sort_dirs must be same")
        for key, direction in zip(keys, directions, strict=True):
            if direction not in ("asc", "desc"):
                raise BadRequest(f"{['asc', 'desc']} are valid values for sort_dirs, but value '{direction}' was provided")
            query.sort.add(key=key, descending=direction == "desc")

    def page_links(self, key: str, page: Page, query: common.Query, context: Context) -> dict[str, Any]:
        if not query.limit or not page.items:
            return {}
        links = []
        if page.next_marker:
            links.append({"rel": "next", "href": self.url(context, page.next_marker)})
        if query.marker or query.page_reverse:
            first = str(page.items[0].id)  # type: ignore[attr-defined]
            links.append({"rel": "previous", "href": self.url(context, first, page_reverse="True")})
        return {f"{key}_links": links} if links else {}

    def document(self, path: str, context: Context) -> Answer | None:
        if path == "":
            links = [{"rel": "self", "href": f"{context.base}/v2.0/"}]
            return Answer.json(200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]})
        if path == "/v2.0":
            names = (("network", "networks"), ("subnet", "subnets"), ("subnetpool", "subnetpools"), ("port", "ports"))
            resources = [
                {
                    "name": name,
                    "collection": collection,
                    "links": [{"rel": "self", "href": f"{context.base}/v2.0/{collection}"}],
                }
                for name, collection in names
            ]
            return Answer.json(200, {"resources": resources})
        return None

    def document_needs_token(self, path: str) -> bool:
        return path != ""


def _error(status: int, type_: str, message: str) -> Answer:
    return Answer.json(status, {"NeutronError": {"type": type_, "message": message, "detail": ""}})


def _not_a(value: Any, wanted: object) -> str:
    names = {
        "string": f"'{value}' is not a valid string.",
        "integer": f"'{value}' is not an integer.",
        "boolean": f"'{value}' cannot be converted to boolean.",
        "array": f"'{value}' is not a list.",
        "object": f"'{value}' is not a dictionary.",
    }
    return names.get(str(wanted), f"'{value}' is not of type {wanted}.")


def _not_format(value: Any, format: str) -> str:
    names = {
        "uuid": f"'{value}' is not a valid UUID.",
        "ip": f"'{value}' is not a valid IP address.",
        "ipv4": f"'{value}' is not a valid IP address.",
        "ipv6": f"'{value}' is not a valid IP address.",
        "cidr": f"'{value}' is not a valid IP subnet.",
        "mac": f"'{value}' is not a valid MAC address.",
    }
    return names.get(format, f"'{value}' is not valid.")
