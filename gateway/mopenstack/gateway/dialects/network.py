"""Neutron's dialect. Sources: neutron/api/api_common.py, neutron/pecan_wsgi/, neutron_lib/api/faults.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InjectedFault, InvalidField, PolicyRefused
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import repeated, whole_number
from mopenstack.gateway.dialects import webob
from mopenstack.gateway.dialects.base import MALFORMED, NO_RESOURCE, Answer, Dialect
from mopenstack.gateway.dialects.shapes import TEXT, Schema, shape


class BadLimit(BadRequest):
    message = "Bad limit request: Limit must be an integer 0 or greater and not '{value}'."


_TYPES: Mapping[str, str] = {
    "BadResourceRequest": "BadRequest",
    "BadLimit": "BadRequest",
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


_OF_PECAN = ("text/plain", webob.HTML, webob.JSON)
_ROUTER_ACTIONS = frozenset(
    f"{verb}_{what}"
    for verb in ("add", "remove", "update")
    for what in ("router_interface", "extraroutes", "external_gateways")
)
"""What is checked with the router itself as the body: the refusal names the rules of its attributes too."""


class NetworkDialect(Dialect):
    healthy = ("OK",)
    body_bytes_max = 2 * 1024 * 1024
    """Neutron has no sizelimit filter, and bulk creates are long; one that is longer would keep others waiting."""
    collections_both_ways = True  # neutron.manager.NeutronManager.get_controller_for_resource
    format_suffix = ".json"  # pecan guesses the type from it (guess_content_type_from_ext)
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir", "page_reverse", "fields"})
    statuses: ClassVar[Mapping[str, int]] = {"RESOURCE_EXHAUSTED": 409, "RevisionNumberConstraintFailed": 412}

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        if isinstance(fault, InvalidField):
            return _error(400, *_invalid(fault, context))
        type = _TYPES.get(fault.reason, fault.reason)
        if isinstance(fault, InjectedFault) and not fault.given_reason:
            type = "HTTP" + webob.title(fault.status).replace(" ", "").replace("-", "")
        return _error(self.status(fault), type, self.text(fault))

    sentences: ClassVar[Mapping[int, str]] = {
        500: "Request Failed: internal server error while processing your request."
    }

    def refusal_schema(self, status: int) -> Schema:
        return shape({"NeutronError": shape({"type": TEXT, "message": TEXT, "detail": TEXT})})

    def refused(self, fault: PolicyRefused) -> str:
        rules = [_nested(rule) for rule in fault.rules]
        if fault.rules[0] in _ROUTER_ACTIONS:
            rules += [f"{rules[0]}:{name}" for name in ("ha", "flavor_id", "distributed")]
        if len(rules) == 1:
            return f"{rules[0]} is disallowed by policy"
        text = f"({rules[0]} and {rules[1]})"
        for rule in rules[2:]:
            text = f"({text} and {rule})"
        return f"{text} is disallowed by policy"

    def invalid(self, fault: InvalidField) -> str:
        return _invalid(fault, None)[1]

    def no_route(self, context: RequestContext) -> Answer:
        if context.path.startswith("/v2.0"):
            return _error(404, "HTTPNotFound", NO_RESOURCE)
        # pecan's own: JSON for those that want nothing else more, the rest is webob's.
        if webob.acceptable(context.accept or "*/*", _OF_PECAN)[:1] == (webob.JSON,):
            return Answer.json(404, {"code": 404, "title": "Not Found", "description": None})
        return super().no_route(context)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        return _error(405, "HTTPMethodNotAllowed", MALFORMED)

    def limit(self, value: str, key: str = "limit") -> int:
        if value.isdecimal() or (value.startswith("-") and value.strip("-0") == ""):
            return whole_number(value.removeprefix("-"))
        raise BadLimit(value=value)

    def sorting(self, query: common.Query, keys: list[str], directions: list[str]) -> None:
        if len(keys) != len(directions):
            raise BadRequest("The number of sort_keys and sort_dirs must be same")
        for key, direction in zip(keys, directions, strict=True):
            if direction not in ("asc", "desc"):
                why = f"['{direction}'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'"
                raise BadRequest(why)
            query.sort.add(key=key, descending=direction == "desc")

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        """neutron.api.api_common.get_pagination_links: only a page that is not full is known to be the last one."""
        if not query.limit or any(not hasattr(item, "id") for item in page.items[:1]):
            return {}  # a list of things without an id has no pages
        full = len(page.items) >= query.limit
        ids = [str(item.id) for item in page.items]  # type: ignore[attr-defined]
        links = []
        if full or query.page_reverse:
            links.append({"rel": "next", "href": _page_url(context, ids[-1:], reverse=False)})
        if full or not query.page_reverse:
            links.append({"rel": "previous", "href": _page_url(context, ids[:1], reverse=True)})
        return {f"{key}_links": links}

    def guarded(self, path: str) -> bool:
        return path.startswith("/v2.0")

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path == "":
            if context.verb == "HEAD":
                return Answer(405)
            links = [{"rel": "self", "href": f"{context.api_url}/v2.0/"}]
            return Answer.json(200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]})
        if path == "/v2.0":
            names = (("network", "networks"), ("subnet", "subnets"), ("subnetpool", "subnetpools"), ("port", "ports"))
            resources = [
                {
                    "name": name,
                    "collection": collection,
                    "links": [{"rel": "self", "href": f"{context.api_url}/v2.0/{collection}"}],
                }
                for name, collection in names
            ]
            return Answer.json(200, {"resources": resources})
        return None

    def document_needs_token(self, path: str) -> bool:
        return path != ""


def _nested(rule: str) -> str:
    """A rule as neutron.policy words it: of an attribute with parts, `attribute/part/part`, both are named."""
    attribute, *parts = (f"rule:{name}" for name in rule.split("/"))
    if not parts:
        return attribute
    return f"({attribute} and ({' and '.join(part.replace('rule', attribute, 1) for part in parts)}))"


def _page_url(context: RequestContext, marker: list[str], *, reverse: bool) -> str:
    """The request's own address with another marker and direction."""
    pairs = [(key, value) for key, value in context.pairs if key not in ("marker", "page_reverse")]
    pairs += [("marker", id) for id in marker] + ([("page_reverse", "True")] if reverse else [])
    return f"{context.api_url}{context.path}?{urlencode(pairs)}"


def _error(status: int, type_: str, message: str) -> Answer:
    return Answer.json(status, {"NeutronError": {"type": type_, "message": message, "detail": ""}})


def _invalid(fault: InvalidField, context: RequestContext | None) -> tuple[str, str]:
    """Type and message for a field that breaks its declaration (neutron.api.v2.base, neutron_lib.api.attributes)."""
    value, bound, path = fault.value, fault.bound, fault.path
    name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    plain = {
        "json": "Body contains invalid data",
        "unknown": _unknown(fault, context),
        "read_only": f"Cannot update read-only attribute {name}",
        "twice": f"'{bound[0]}' and '{bound[-1]}' do not match" if fault.rule == "twice" else "",
        "required": f"Failed to parse request. Required attribute '{name}' not specified",
    }
    if len(path) < 2 and fault.rule in ("required", "type"):
        return "HTTPBadRequest", _envelope(fault, name, context)
    if fault.rule in plain:
        return "HTTPBadRequest", plain[fault.rule]
    wanted = bound[0] if isinstance(bound, list) and bound and fault.rule == "type" else bound
    if fault.rule == "type" and wanted in ("boolean", "integer"):
        return "InvalidInput", f"Invalid input for operation: {_not_a(value, wanted)}"
    # Neutron validates attributes: what is wrong inside of one is said of the whole.
    attribute = path[1] if len(path) > 1 and isinstance(path[1], str) else path[0]
    return "HTTPBadRequest", f"Invalid input for {attribute}. Reason: {_reason(fault, wanted)}"


def _reason(fault: InvalidField, wanted: object) -> str:
    """What is wrong with an attribute; only this sentence is made, for a value may be as long as a body."""
    value, bound = fault.value, fault.bound
    match fault.rule:
        case "type":
            return _not_a(value, wanted)
        case "max_length":
            return f"'{value}' exceeds maximum length of {bound}."
        case "min_length":
            return f"'{value}' Blank strings are not permitted."
        case "minimum":
            return f"'{value}' is too small - must be at least '{bound}'."
        case "maximum":
            return f"'{value}' is too large - must be no larger than '{bound}'."
        case "one_of":
            return f"{value} is not in valid_values."
        case "pattern":
            return f"'{value}' is not a valid input."
        case "format":
            return _FORMATS.get(str(bound), "'{value}' is not valid.").format(value=value)
        case "unique_items":
            return f"Duplicate items in the list: '{', '.join(repeated(map(str, value)))}'."
    return f"{value!r} is not valid"


def _envelope(fault: InvalidField, name: str, context: RequestContext | None) -> str:
    """A body without the object that it should hold, or with something else in its place."""
    if fault.rule == "type" and fault.value is not None:
        return f"Object '{name}' contains invalid data" if name else "Body contains invalid data"
    return f"Unable to find '{name or _resource(context)}' in request body"


def _resource(context: RequestContext | None) -> str:
    """The resource that a collection's path is about: `/v2.0/address-scopes` -> `address_scope`."""
    collection = context.path.rstrip("/").rpartition("/")[2].replace("-", "_") if context is not None else ""
    return collection[:-3] + "y" if collection.endswith("ies") else collection.removesuffix("s")


def _unknown(fault: InvalidField, context: RequestContext | None) -> str:
    names = [name for name in fault.bound or () if name not in fault.known] if fault.rule == "unknown" else []
    if names or not fault.known:
        return f"Unrecognized attribute(s) '{', '.join(names)}'"
    if context is not None and context.verb == "POST":
        return f"Attribute '{fault.known[0]}' not allowed in POST"
    if fault.known[0] in ("project_id", "tenant_id"):
        return (
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request "
            "is not allowed for current user."
        )
    return f"Cannot update read-only attribute {fault.known[0]}"


_TYPES_WANTED: Mapping[str, str] = {
    "string": "'{value}' is not a valid string.",
    "integer": "'{value}' is not an integer.",
    "boolean": "'{value}' cannot be converted to boolean.",
    "array": "'{value}' is not a list.",
    "object": "'{value}' is not a dictionary.",
}
_FORMATS: Mapping[str, str] = {
    "uuid": "'{value}' is not a valid UUID.",
    "ip": "'{value}' is not a valid IP address.",
    "ipv4": "'{value}' is not a valid IP address.",
    "ipv6": "'{value}' is not a valid IP address.",
    "cidr": "'{value}' is not a valid IP subnet.",
    "mac": "'{value}' is not a valid MAC address.",
}


def _not_a(value: Any, wanted: object) -> str:
    return _TYPES_WANTED.get(str(wanted), "'{value}' is not of type {wanted}.").format(value=value, wanted=wanted)
