"""Manila's dialect. Sources: manila/api/openstack/wsgi.py, manila/api/versions.py, manila/api/common.py, "
"manila/policy.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InjectedFault, InvalidField, PolicyRefused
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects.base import (
    MALFORMED,
    NO_RESOURCE,
    Answer,
    BadVersion,
    Dialect,
    NoSuchAction,
    NotAcceptable,
    TooLarge,
    WrongVersion,
)
from mopenstack.gateway.dialects.compute import FAULT_NAMES
from mopenstack.gateway.dialects.sentences import jsonschema_sentence
from mopenstack.gateway.dialects.shapes import OF_WEBOB, TEXT, Schema, const, either, shape

HEADER = "X-OpenStack-Manila-API-Version"
NOTHING = -1
"""A limit of 0, which Manila takes at its word: an empty list."""
MALFORMED_BODY = "Malformed request body"
DENIED = "Access was denied to this resource."
UNPROCESSABLE = "Unable to process the contained instructions"
_NAMES = {status: name for status, name in FAULT_NAMES.items() if status not in (406, 422, 429)}

WORDED = (
    "security_service:", "share_network:", "share:create_snapshot", "share:delete_snapshot", "share:snapshot_update",
    "share:get_all", "share_snapshot:get_all_snapshots", "resource_lock:update", "resource_lock:delete",
)  # fmt: skip
"""The beginnings of the rules whose refusals say what they are; the other controllers' decorator does not."""
UNWORDED = frozenset({"share_network:reset_status"})

ENVELOPES: Mapping[str, tuple[int, str]] = {
    "share": (422, UNPROCESSABLE),
    "snapshot": (422, UNPROCESSABLE),
    "share_network": (422, UNPROCESSABLE),
    "security_service": (422, UNPROCESSABLE),
    "qos_type": (422, "Body does not contain 'qos_type' information."),
    "share_backup": (422, "Body does not contain 'share_backup' information."),
    "share_replica": (422, "Body does not contain 'share_replica' information."),
    "share_group": (400, "'share_group' is missing from the request body."),
    "share_group_snapshot": (400, "'share_group_snapshot' is missing from the request body."),
    "transfer": (400, "'transfer' is missing from the request body."),
    "accept": (400, "'accept' is missing from the request body."),
    "share_network_subnet": (400, "Share Network Subnet is missing from the request body."),
    "share-network-subnet": (400, "Share Network Subnet is missing from the request body."),
}
"""What is said of a body that has not the one key that it must have."""
MANAGED = {
    "/shares/manage": "Share entity not found in request body",
    "/snapshots/manage": "Snapshot entity not found in request body.",
    "/share-servers/manage": "Share Server entity not found in request body",
}
"""The end of a path -> what is said of a body without what is to be managed."""
BY_SCHEMA = ("resource_lock", "ensure_shares", "quota_class_set")
"""The bodies that jsonschema checks."""
SCHEMA_ACTIONS = frozenset({"extend", "os-extend", "revert", "migration_start", "metadata"})
SINGULAR = {
    "snapshots": "share_snapshots", "share_replicas": "share_replica", "share_backups": "share_backup",
    "share_group_snapshots": "share_group_snapshot",
}  # fmt: skip
"""Lists whose links have another name than the list (the view builders' `_collection_links`)."""


class SharedFileSystemDialect(Dialect):
    request_id_headers = ("x-compute-request-id", "X-Openstack-Request-Id")
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir", "offset"})
    exact_paths = True
    healthy = ("OK",)
    echoed = "X-OpenStack-Manila-API-Experimental"
    """A header of requests that says `true`, and that their answers have too."""
    statuses: Mapping[str, int] = {"Unprocessable": 422}  # type: ignore[misc]
    wrong_state = 400

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        if isinstance(fault, TooLarge):
            return self.too_large(fault, context)
        if fault.reason == "NoRoute":
            return self.no_route(context)
        if isinstance(fault, NotAcceptable | BadVersion) and context.path.rstrip("/") == "":
            return self._versions(context, 300)  # there, the header is not looked at
        status, text = self.status(fault), self.text(fault)
        if isinstance(fault, InvalidField):
            status, text = self._field(fault, context)
        body: dict[str, Any] = {"code": status, "message": text}
        headers = {}
        if status == 413:
            given = fault.retry_after if isinstance(fault, InjectedFault) else None
            body["retryAfter"] = headers["Retry-After"] = str(given or 0)
        return Answer.json(status, {_NAMES.get(status, "computeFault"): body}, headers)

    def refusal_schema(self, status: int) -> Schema:
        late = {"retryAfter": TEXT} if status == 413 else {}
        usual = shape({_NAMES.get(status, "computeFault"): shape({"code": const(status), "message": TEXT, **late})})
        return either(usual, OF_WEBOB) if status in (404, 413) else usual

    def text(self, fault: Fault) -> str:
        if isinstance(fault, WrongVersion):
            return NO_RESOURCE
        if isinstance(fault, NoSuchAction):
            return f"There is no such action: {fault.facts.get('action')}"
        return super().text(fault)

    def _field(self, fault: InvalidField, context: RequestContext) -> tuple[int, str]:
        """(status, text) of the refusal of a body."""
        operation = context.facts.operation if context.facts is not None else None
        action = operation.action if operation is not None else ""
        if fault.rule == "json":
            return _no_action(fault, context)
        key = str(fault.path[0]) if fault.path else ""
        is_metadata = context.path.endswith("/metadata") and "/share-access-rules/" not in context.path
        in_schema = is_metadata and "/export_locations/" in context.path
        of_share = action in ("reset_status", "reset_task_state") and "/shares/" in context.path
        if not fault.path and fault.value is None:
            return 400, MALFORMED
        if key in BY_SCHEMA or in_schema or (fault.path and (action in SCHEMA_ACTIONS or of_share)):
            return 400, self.invalid(fault)
        if is_metadata and fault.path and fault.value is None and fault.rule != "required":
            return 400, "Metadata property value is blank."
        if is_metadata or action:
            return 400, MALFORMED_BODY
        if len(fault.path) <= 1:
            what = next((text for end, text in MANAGED.items() if context.path.endswith(end)), "")
            if what:
                return 422, what
            envelope = next((one for one in _envelopes(operation) if one in ENVELOPES), "")
            if envelope:
                return ENVELOPES[envelope]
            if any(one in BY_SCHEMA for one in _envelopes(operation)):
                return 400, self.invalid(fault)
        return 400, MALFORMED

    def invalid(self, fault: InvalidField) -> str:
        if fault.rule == "json":
            return MALFORMED_BODY
        sentence = jsonschema_sentence(fault)
        if fault.rule == "required":
            # jsonschema blames the object that lacks the key.
            if len(fault.path) < 2:
                return sentence
            return f"Invalid input for field/attribute {fault.path[-2]}. Value: {fault.value}. {sentence}"
        return super().invalid(fault)

    def refused(self, fault: PolicyRefused) -> str:
        rule = fault.rules[0]
        if rule.startswith(WORDED) and rule not in UNWORDED:
            return f"Policy doesn't allow {rule} to be performed."
        return DENIED

    def target_first(self, fault: Exception, operation: Operation) -> bool:
        """What is said of the keys of a body comes behind the policy; that it is no JSON, before."""
        return isinstance(fault, InvalidField) and fault.rule != "json"

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        return self.no_route(context)

    # -- lists

    def limit(self, value: str, key: str = "limit") -> int:
        try:
            number = int(value)
        except ValueError:
            raise BadRequest(f"{key} param must be an integer") from None
        if number < 0:
            raise BadRequest(f"{key} param must be positive")
        return number if number or key != "limit" else NOTHING

    def sorting(self, query: common.Query, keys: list[str], directions: list[str]) -> None:
        for direction in directions:
            if direction not in ("asc", "desc"):
                key = keys[0] if keys else "created_at"
                raise BadRequest(
                    f"Invalid input received: Wrong sorting data provided: sort key is '{key}' and sort direction is "
                    f"'{direction}'."
                )
        if directions and not keys:
            keys = ["created_at"]
        super().sorting(query, keys, directions)

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        if not page.next_marker or query.limit <= 0:
            return {}
        found = super().page_links(key, page, query, context)
        for link in found[f"{self.links_key(key)}_links"]:  # of a list in detail, those of the brief one
            link["href"] = link["href"].replace("/detail?", "?", 1)
        return found

    def links_key(self, key: str) -> str:
        return SINGULAR.get(key, key)

    # -- versions

    def microversion(self, headers: Mapping[str, str]) -> int:
        asked = headers.get(HEADER)
        if asked is None:
            return self.minimum
        if asked.strip() == "latest":
            raise BadVersion(version=asked)
        return self._parse_version(asked.strip())

    def version_headers(self, microversion: int) -> dict[str, str]:
        return {HEADER: f"2.{microversion}", "Vary": HEADER}

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path.rstrip("/") not in ("", "/v2"):
            return None
        if path == "/v2":
            return Answer(302, b"", {"Location": f"{context.api_url}/v2/"}, "text/plain; charset=utf8")
        return self._versions(context, 300 if path.rstrip("/") == "" else 200)

    def _versions(self, context: RequestContext, status: int) -> Answer:
        version = {
            "id": "v2.0",
            "status": "CURRENT",
            "version": self.api.microversion_max,
            "min_version": self.api.microversion_min,
            "updated": "2015-08-27T11:33:21Z",
            "links": [
                {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"},
                {"rel": "self", "href": f"{context.api_url}/v2/"},
            ],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.share+json;version=1"}],
        }
        answer = Answer.json(status, {"versions": [version]})
        answer.of_version = status == 200
        return answer

    def document_needs_token(self, path: str) -> bool:
        return path.rstrip("/") != ""

    def guarded(self, path: str) -> bool:
        return path == "/v2" or path.startswith("/v2/")


def _no_action(fault: InvalidField, context: RequestContext) -> tuple[int, str]:
    """(status, text) of the refusal of a body that is no JSON, or that names no action."""
    if fault.bound == "one action":
        if isinstance(context.document, str):
            return 404, NO_RESOURCE
        if context.document is None:
            return 400, "There is no such action: None"
    return 400, MALFORMED_BODY


def _envelopes(operation: Operation | None) -> list[str]:
    """The keys of a body that its operation declares."""
    if operation is None:
        return []
    return [field.json_name for field in operation.request.DESCRIPTOR.fields] + [
        field.name for field in operation.request.DESCRIPTOR.fields
    ]
