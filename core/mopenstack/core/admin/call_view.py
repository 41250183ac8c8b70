"""Calls of a journal as they are shown: as messages, as a HAR file, as curl commands. Secrets are blanked here."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mopenstack.admin.v1 import journal_pb2 as pb
from mopenstack.contract.blanking import (
    BLANK,
    blank_document,
    blank_headers,
    blank_url,
    secrets_of,
    secrets_of_headers,
    spellings,
)
from mopenstack.contract.noted import Noted
from mopenstack.contract.values import to_value
from mopenstack.core.engine.caller import ANONYMOUS, Caller

_TOKEN = "X-Auth-Token"  # noqa: S105  # the name of a header
_OF_THE_CONNECTION = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})
"""Headers that curl writes itself."""


def caller_of(call: Noted) -> Caller:
    """Who called; an anonymous one where that is not known."""
    found: Caller = call.facts.caller or ANONYMOUS
    return found


def request_of(call: Noted) -> Any:
    """The document that was sent, without secrets; None: none was, or it was not kept."""
    return blank_document(orjson.loads(call.request), path=call.url) if call.request else None


def answer_of(call: Noted) -> Any:
    """The document that was answered, without secrets, also of those that the request had."""
    return blank_document(orjson.loads(call.answer), _secrets(call), call.url) if call.answer else None


def _secrets(call: Noted) -> set[str]:
    """Those of the request, which a refusal may quote."""
    sent = secrets_of(orjson.loads(call.request), call.url) if call.request else set()
    return sent | secrets_of_headers(call.request_headers) | spellings(caller_of(call).token)


def shown(number: int, call: Noted, *, whole: bool = False) -> pb.RecordedCall:
    """A call as the API shows it; `whole`: with documents and headers."""
    caller, operation = caller_of(call), call.facts.operation
    view = pb.RecordedCall(
        id=number,
        milliseconds=round(call.seconds * 1000, 3),
        request_id=call.request_id,
        remote=call.remote,
        agent=call.agent,
        project_id=caller.project_id,
        project_name=caller.project_name,
        user_id=caller.user_id,
        user_name=caller.user_name,
        operation=operation.name if operation is not None else "",
        method=call.method,
        path=blank_url(call.url, call.facts.route),
        status=call.status,
        code=call.code,
        fault=call.rule,
        unread_fields=call.unread,
        unknown_fields=call.unknown,
        request_bytes=call.received,
        answer_bytes=call.sent,
        cut=call.cut,
    )
    view.time.FromMicroseconds(round(call.at * 1_000_000))
    if not whole:
        return view
    view.request_headers.update(blank_headers(call.request_headers))
    view.answer_headers.update(blank_headers(call.answer_headers, _secrets(call)))
    if call.request:
        view.request.CopyFrom(to_value(request_of(call)))
    if call.answer:
        view.answer.CopyFrom(to_value(answer_of(call)))
    return view


def line(call: Noted) -> str:
    """A call as one line of text: what an assertion that fails says of it."""
    operation = call.facts.operation
    what = f"{call.method} {blank_url(call.url, call.facts.route)}" if call.method else call.url
    name = f" {operation.method}" if operation is not None else ""
    return f"{_when(call)[11:23]} {what} {call.status or call.code}{name}"


def curl(call: Noted) -> str:
    """A call over HTTP as a command; the token is that of the environment's OS_TOKEN, other secrets are blanked."""
    parts = ["curl", "-i"]
    if call.method == "HEAD":
        parts.append("--head")
    elif call.method != "GET":
        parts += ["-X", call.method]
    words = [shlex.quote(part) for part in parts]
    headers = blank_headers(call.request_headers)
    names = {name.lower() for name in headers}
    if caller_of(call).token and _TOKEN.lower() not in names:
        headers[_TOKEN] = BLANK
    for name, value in headers.items():
        if name.lower() == _TOKEN.lower():
            words.append(f'-H "{_TOKEN}: $OS_TOKEN"')
        elif name.lower() not in _OF_THE_CONNECTION:
            words.append("-H " + shlex.quote(f"{name}: {value}"))
    if call.request:
        if "content-type" not in names:
            words.append("-H 'Content-Type: application/json'")
        words.append("--data-raw " + shlex.quote(json.dumps(request_of(call), ensure_ascii=False)))
    words.append(shlex.quote(call.base + blank_url(call.url, call.facts.route)))
    return " ".join(words)


def har_entry(call: Noted) -> dict[str, Any]:
    """A call over HTTP as an entry of a HAR file.

    Source: HTTP Archive (HAR) format 1.2, http://www.softwareishard.com/blog/har-12-spec/
    """
    url = call.base + blank_url(call.url, call.facts.route)
    milliseconds = round(call.seconds * 1000, 3)
    request: dict[str, Any] = {
        "method": call.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(blank_headers(call.request_headers)),
        "queryString": _pairs(dict(parse_qsl(url.partition("?")[2], keep_blank_values=True))),
        "headersSize": -1,
        "bodySize": call.received,
    }
    if call.request:
        text = orjson.dumps(request_of(call)).decode()
        request["postData"] = {"mimeType": "application/json", "text": text}
    content: dict[str, Any] = {"size": call.sent, "mimeType": _type_of(call)}
    if call.answer:
        content["text"] = orjson.dumps(answer_of(call)).decode()
    return {
        "startedDateTime": _when(call),
        "time": milliseconds,
        "request": request,
        "response": {
            "status": call.status,
            "statusText": HTTPStatus(call.status).phrase if call.status in _STATUSES else "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(blank_headers(call.answer_headers, _secrets(call))),
            "content": content,
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": call.sent,
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }


_STATUSES = frozenset(status.value for status in HTTPStatus)


def _pairs(found: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in found.items()]


def _type_of(call: Noted) -> str:
    given = {name.lower(): value for name, value in call.answer_headers}
    return given.get("content-type", "application/json" if call.answer else "")


def _when(call: Noted) -> str:
    return datetime.fromtimestamp(call.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
