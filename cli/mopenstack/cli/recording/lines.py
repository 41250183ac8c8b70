"""An exchange that passed, as a line of a recording."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mopenstack.cli.recording.exchanges import Line
from mopenstack.cli.recording.places import Places

JSON_BYTES_MAX = 256 * 1024
"""The lists of a longer answer are shortened."""
ITEMS_LEFT = 3

_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{64}|\d+", re.IGNORECASE)
_UNSAID = {
    "accept-encoding", "accept", "connection", "content-length", "content-type", "host", "user-agent", "keep-alive",
    "openstack-api-version", "x-openstack-nova-api-version", "date", "server", "vary", "cache-control", "via",
    "transfer-encoding", "content-encoding", "strict-transport-security", "x-openstack-request-id",
    "x-compute-request-id", "x-trans-id", "x-timestamp", "x-forwarded-for", "x-forwarded-proto", "forwarded",
    "content-language", "expect", "x-cache", "x-frame-options", "x-content-type-options", "x-xss-protection",
    "referrer-policy", "content-security-policy", "expires", "pragma", "age", "traceparent", "tracestate",
}  # fmt: skip
"""Headers that say nothing of the API, and those that have a place of their own in a line."""
_USUAL_ACCEPT = "application/json"
_CONTENTS = "object-store"


def line_of(
    places: Places,
    service: str,
    verb: str,
    path: str,
    role: str,
    request: tuple[Mapping[str, str], int, Any],
    answer: tuple[int, Mapping[str, str], Any],
) -> Line:
    """The line; its secrets are blanked where it is written.

    `request` is headers, length and document, `answer` status, headers and document.
    """
    asked, sent_size, sent = request
    status, told, document = answer
    if service == _CONTENTS and path.partition("?")[0].count("/") >= 4:
        sent = {"__bytes__": sent_size} if sent_size else None  # what users keep is theirs
        if document is not None and status < 300:
            document = {"__bytes__": int(told.get("Content-Length") or 0)}
    line: Line = {"op": f"{verb} {template(path)}", "service": service, "as": role, "path": places.named(path)}
    if version := _microversion(asked):
        line["microversion"] = version
    headers = _headers(places, asked)
    if (accept := _header(asked, "Accept") or "*/*") != _USUAL_ACCEPT:
        headers["Accept"] = accept
    if headers:
        line["request_headers"] = headers
    if sent_size:
        line["request"] = _named(places, sent)
    line["status"] = status
    headers = _headers(places, told)
    if version := _header(told, "OpenStack-API-Version"):
        headers["OpenStack-API-Version"] = version
    if headers:
        line["response_headers"] = headers
    line["response"], cut = shortened(_named(places, document))
    if cut:
        line["cut"] = cut
    return line


def template(path: str) -> str:
    """A path with `{id}` for what names an object, as far as it can be seen."""
    return "/".join("{id}" if _ID.fullmatch(part) else part for part in path.partition("?")[0].split("/"))


def shortened(document: Any) -> tuple[Any, dict[str, int]]:
    """A document that is too long with its long lists cut, and their lengths by their places."""
    if len(json.dumps(document)) <= JSON_BYTES_MAX or not isinstance(document, dict):
        return document, {}
    cut: dict[str, int] = {}

    def short(value: Any, where: str) -> Any:
        if isinstance(value, dict):
            return {key: short(inner, f"{where}.{key}" if where else key) for key, inner in value.items()}
        if isinstance(value, list) and len(value) > ITEMS_LEFT:
            cut[where] = len(value)
            return value[:ITEMS_LEFT]
        return value

    return short(document, ""), cut


def _named(places: Places, document: Any) -> Any:
    return None if document is None else json.loads(places.named(json.dumps(document, ensure_ascii=False)))


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


def _microversion(headers: Mapping[str, str]) -> str:
    if asked := _header(headers, "OpenStack-API-Version"):
        return asked
    nova = _header(headers, "X-OpenStack-Nova-API-Version")
    return f"nova-header {nova}" if nova else ""


def _headers(places: Places, headers: Mapping[str, str]) -> dict[str, str]:
    found = {name: places.named(value) for name, value in headers.items() if name.lower() not in _UNSAID}
    kind = _header(headers, "Content-Type")
    if kind and not kind.startswith("application/json"):
        found["Content-Type"] = kind
    return found
