"""Swift's dialect: pages of HTML, and sentences. Sources: swift.common.swob, swift.proxy.server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import unquote_to_bytes

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import Fault, InjectedFault
from mopenstack.gateway.dialects.base import MALFORMED, Answer, Dialect
from mopenstack.gateway.dialects.shapes import Schema
from mopenstack.gateway.s3.recognition import is_signed

HTML = "text/html; charset=UTF-8"
_RESELLERS = ("AUTH",)
"""What the names of accounts begin with: reseller_prefixes."""
_LEVELS = 3
"""Segments in front of an object's name: version, account, container."""


class InvalidName(Fault):
    code = "FAILED_PRECONDITION"
    message = "Invalid UTF8 or contains NULL"
    type = "PreconditionFailed"


class ObjectStoreDialect(Dialect):
    exact_paths = True
    error_type = "text/html"
    front = "mopenstack.gateway.s3.front:S3Front"
    request_id_headers = ("X-Trans-Id", "X-Openstack-Request-Id")
    statuses: ClassVar[Mapping[str, int]] = {
        "Conflict": 409,
        "LengthRequired": 411,
        "PreconditionFailed": 412,
        "EntityTooLarge": 413,
        "RangeNotSatisfiable": 416,
        "Unprocessable": 422,
        "InsufficientStorage": 507,
    }

    def fronted(self, headers: Mapping[str, str], raw_query: str) -> bool:
        return is_signed(headers, raw_query)

    domain = ".swift.localhost"

    def below(self, names: Sequence[str]) -> str | None:
        """An account, or a container and its account (swift.common.middleware.domain_remap)."""
        *container, account = names
        if len(container) > 1:
            return ""
        if "_" not in account:
            account = account.replace("-", "_", 1)
        prefix, _, rest = account.partition("_")
        if prefix.upper() not in _RESELLERS:
            return None
        return "/".join(("/v1", f"{prefix.upper()}_{rest}", *container))

    def request_id(self, id: str) -> str:
        """txaae3c7a3e1d74b1faa1a0-006748f3b1: 21 digits, and the time (swift.common.utils.generate_trans_id)."""
        return f"tx{id.replace('-', '')[-21:]}-{int(time.time()):010x}"

    def route(self, path: str) -> str:
        """Version 1.0 is 1, and a quoted slash a slash; one behind an account or a container says nothing."""
        path = path.replace("%2F", "/").replace("%2f", "/")
        path = path.replace("/v1.0/", "/v1/", 1) if path.startswith("/v1.0/") else path
        return path[:-1] if path.endswith("/") and path.count("/") <= _LEVELS + 1 and path[:-1] else path

    def admit(self, headers: Mapping[str, str], context: RequestContext) -> None:
        raw = unquote_to_bytes(context.path)
        try:
            raw.decode()
        except UnicodeDecodeError:
            raise InvalidName(content_type=HTML) from None
        if b"\0" in raw:
            raise InvalidName(content_type=HTML)

    sentences: ClassVar[Mapping[int, str]] = {
        405: "The method is not allowed for this resource.",
        412: "A precondition for this request was not met.",
        501: "The requested method is not implemented by this server.",
        504: "A timeout has occurred speaking to a backend server.",
    }

    def injected(self, fault: InjectedFault, context: RequestContext) -> Answer:
        if fault.status == RATE_LIMITED:  # swift.common.middleware.ratelimit
            return Answer(RATE_LIMITED, (fault.text or "Slow down").encode(), {}, HTML)
        return super().injected(fault, context)

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        status = self.status(fault)
        headers = json.loads(fault.facts.get("headers", "{}"))
        if status == 401:
            realm = headers.pop("Www-Authenticate", "") or f'Swift realm="{_account(context.path)}"'
            headers["WWW-Authenticate"] = f"{realm}, {self.challenge(context)}"
        content_type = str(fault.facts.get("content_type", ""))
        page_type = headers.pop("Content-Type", HTML)  # a part that is not there has the type of its object
        if context.verb == "HEAD":
            headers.setdefault("Content-Length", "0")
        if content_type:
            return Answer(status, self.text(fault).encode(), headers, content_type)
        phrase = _PHRASES.get(status) or HTTPStatus(status).phrase
        return Answer(status, _page(phrase, self.text(fault)), headers, page_type)

    def error_schema(self, status: int) -> Schema:
        return {"type": "string"}

    def guarded(self, path: str) -> bool:
        return False

    def any_document(self, context: RequestContext) -> Answer | None:
        return Answer(200, b"OK", {}, "text/plain") if context.path == "/healthcheck" else None

    def no_route(self, context: RequestContext) -> Answer:
        version, _, rest = context.path.lstrip("/").partition("/")
        if not version or (rest and version == "v1"):
            return Answer(404, _page("Not Found", "The resource could not be found."), {}, HTML)
        if rest:
            return Answer(400, _page("Bad Request", MALFORMED), {}, HTML)
        return Answer(412, b"Bad URL", {}, HTML)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        allowed = {verb for verb in allowed if verb != "COPY"} | ({"HEAD"} if "GET" in allowed else set())
        page = _page("Method Not Allowed", "The method is not allowed for this resource.")
        return Answer(405, page, {"Allow": ", ".join(sorted(allowed))}, HTML)


def _account(path: str) -> str:
    """The account that a path names."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[2] else "unknown"


RATE_LIMITED = 498
_PHRASES: Mapping[int, str] = {
    500: "Internal Error",
    413: "Request Entity Too Large",
    416: "Requested Range Not Satisfiable",
}


def _page(phrase: str, text: str) -> bytes:
    return f"<html><h1>{phrase}</h1><p>{text}</p></html>".encode()
