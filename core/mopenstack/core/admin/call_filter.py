"""Which calls of a journal a request is about."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.noted import Noted
from mopenstack.core.admin.call_view import caller_of, request_of

Test = Callable[[Noted], bool]

_AGO = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_CLASS = re.compile(r"([1-5])xx", re.ASCII | re.IGNORECASE)
_RANGE = re.compile(r"([0-9]{3})(?:-([0-9]{3}))?", re.ASCII)
_CODE = re.compile(r"[A-Z_]{2,32}", re.ASCII)
_ITEM = re.compile(r"(.*)\[([0-9]{1,4})\]", re.ASCII)
_NO_VALUE = object()


class NoBodies(BadRequest):
    message = "Fields of requests are known only if the journal keeps bodies: set its mode to `bodies`."


class CallFilter:
    """The filters of a request of the Journal; raises BadRequest for one that makes no sense.

    `operations` are the names that an operation can be called by; `bodies` says whether fields can be looked at.
    """

    def __init__(self, request: Any, operations: Iterable[str], bodies: bool) -> None:
        self._tests: list[Test] = []
        if request.operation:
            self._tests.append(_operation(request.operation, frozenset(operations)))
        if request.status:
            self._tests.append(_status(request.status))
        if request.method:
            method = request.method.upper()
            self._tests.append(lambda call: call.method == method)
        if request.path:
            self._tests.append(lambda call: request.path in call.url)
        for word in ("project", "user"):
            if asked := getattr(request, word):
                self._tests.append(_caller(word, asked))
        if request.since:
            earliest = _moment(request.since)
            self._tests.append(lambda call: call.at >= earliest)
        if request.where and not bodies:
            raise NoBodies
        self._fields = [_field(one) for one in request.where]

    def __call__(self, call: Noted) -> bool:
        """Whether a call has all that was asked for."""
        if not all(test(call) for test in self._tests):
            return False
        if not self._fields:
            return True
        document = request_of(call)
        return all(_found(document, path) == value for path, value in self._fields)


def _operation(asked: str, known: frozenset[str]) -> Test:
    if asked not in known:
        raise BadRequest(f"{asked!r} is no operation that is served.")

    def test(call: Noted) -> bool:
        operation = call.facts.operation
        return operation is not None and asked in (operation.name, operation.method, operation.service)

    return test


def _status(asked: str) -> Test:
    if found := _CLASS.fullmatch(asked):
        hundred = int(found[1])
        return lambda call: call.status // 100 == hundred
    if found := _RANGE.fullmatch(asked):
        low, high = int(found[1]), int(found[2] or found[1])
        return lambda call: low <= call.status <= high
    if _CODE.fullmatch(asked):
        return lambda call: call.code == asked
    raise BadRequest(f"{asked!r} is no status: it is 404, 4xx, 400-499 or the name of a gRPC status.")


def _caller(word: str, asked: str) -> Test:
    def test(call: Noted) -> bool:
        caller = caller_of(call)
        return asked in (getattr(caller, f"{word}_id"), getattr(caller, f"{word}_name"))

    return test


def _moment(asked: str) -> float:
    """A time in seconds since the epoch."""
    if ago := _AGO.fullmatch(asked):
        return time.time() - int(ago[1]) * _SECONDS[ago[2]]
    try:
        moment = datetime.fromisoformat(asked)
    except ValueError:
        raise BadRequest(f"{asked!r} is no time: it is one of RFC 3339, or 30s, 5m, 2h.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _field(condition: str) -> tuple[list[str], Any]:
    """`server.name=web` as the path and the value."""
    path, equals, text = condition.partition("=")
    if not equals or not path:
        raise BadRequest(f"{condition!r} is no condition: it is PATH=VALUE, as in server.name=web.")
    try:
        return path.split("."), json.loads(text)
    except (ValueError, RecursionError):
        return path.split("."), text


def _found(document: Any, path: list[str]) -> Any:
    """The value at a path; `networks[0]` is an item of a list."""
    for part in path:
        indexes: list[int] = []
        while (item := _ITEM.fullmatch(part)) and not (isinstance(document, dict) and part in document):
            part, index = item[1], int(item[2])
            indexes.insert(0, index)
        if part or not indexes:
            document = document.get(part, _NO_VALUE) if isinstance(document, dict) else _NO_VALUE
        for index in indexes:
            document = document[index] if isinstance(document, list) and index < len(document) else _NO_VALUE
    return document
