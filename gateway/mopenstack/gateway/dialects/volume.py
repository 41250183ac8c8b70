"""Cinder's dialect. Sources: cinder/api/openstack/wsgi.py, cinder/api/versions.py, cinder/api/common.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from mopenstack.contract.faults import Fault, InvalidField, PolicyRefused
from mopenstack.gateway.dialects.base import MALFORMED, Answer, Context, Dialect
from mopenstack.gateway.dialects.compute import FAULT_NAMES


class VolumeDialect(Dialect):
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir", "sort", "offset"})
    statuses: ClassVar[Mapping[str, int]] = {}

    def error(self, fault: Fault, context: Context) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        if fault.reason == "NoRoute":
            return self.no_route(context)
        status = self.status(fault)
        body: dict[str, Any] = {"code": status, "message": self.text(fault)}
        headers = {}
        if status == 413:
            body["retryAfter"] = "0"
            headers["Retry-After"] = "0"
        return Answer.json(status, {FAULT_NAMES.get(status, "computeFault"): body}, headers)

    def invalid(self, fault: InvalidField) -> str:
        if fault.rule == "required" and len(fault.path) <= 1:
            return MALFORMED
        return super().invalid(fault)

    def refused(self, fault: PolicyRefused) -> str:
        # The default types' controller words its refusals itself.
        if fault.rules[0].startswith("volume_extension:default_"):
            return "You are not authorized to perform this operation."
        return super().refused(fault)

    def wrong_verb(self, context: Context, allowed: Iterable[str]) -> Answer:
        return self.no_route(context)

    def links_key(self, key: str) -> str:
        return "volume_type" if key == "volume_types" else key

    def microversion(self, headers: Mapping[str, str]) -> int:
        return self._from_headers(headers, "volume", "X-OpenStack-Volume-API-Version")

    def version_headers(self, microversion: int) -> dict[str, str]:
        return {"OpenStack-API-Version": f"volume 3.{microversion}", "Vary": "OpenStack-API-Version"}

    def document(self, path: str, context: Context) -> Answer | None:
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
                {"rel": "self", "href": f"{context.base}/v3/"},
            ],
            "media-types": [{"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"}],
        }
        return Answer.json(300 if path == "" else 200, {"versions": [version]}, self.version_headers(self.minimum))

    def document_needs_token(self, path: str) -> bool:
        return path != ""
