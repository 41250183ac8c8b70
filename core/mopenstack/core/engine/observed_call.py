"""A call over gRPC, as it is told to what observes the calls: a gateway in another process makes such calls too."""

from __future__ import annotations

import time
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message

from mopenstack.contract.calls import Journal, RequestContext
from mopenstack.contract.faults import Fault
from mopenstack.contract.noted import BODY_MAX, CallFacts, Noted
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.clouds import DEFAULT
from mopenstack.core.engine.observer import Observer

OK = "OK"
_FAILURES = frozenset({"UNKNOWN", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNIMPLEMENTED", "DEADLINE_EXCEEDED"})
"""What OpenTelemetry's conventions call a failure of the server."""
_TRACE_KEYS = ("traceparent", "tracestate")


class ObservedCall:
    """One of them, from its beginning; those of the admin API are not told."""

    def __init__(
        self, calls: Observer, operation: Operation, request: Message, context: RequestContext, metadata: Any
    ) -> None:
        self._calls, self._request, self._context = calls, request, context
        self._carrier = {key: value for key, value in metadata or () if key in _TRACE_KEYS} if calls.traces else {}
        self._operation = operation
        self._told = bool(operation.api.type)
        self._started = time.perf_counter()
        if self._told:
            context.facts = CallFacts(operation)

    def refused(self, fault: Fault) -> None:
        """Tell of a call that was refused."""
        self._tell(fault.code, None)

    def answered(self, answer: Message | None) -> None:
        """Tell of a call that was answered; None: with bytes."""
        self._tell(OK, answer)

    def _tell(self, code: str, answer: Message | None) -> None:
        if not self._told:
            return
        context, operation = self._context, self._operation
        seconds = time.perf_counter() - self._started
        self._calls.answered(operation, code, seconds)
        if self._calls.traces is not None:
            told = {
                "rpc.system": "grpc",
                "rpc.service": operation.service,
                "rpc.method": operation.method,
                "rpc.response.status_code": code,
                "mopenstack.cloud": context.cloud or DEFAULT,
                "mopenstack.request_id": context.request_id,
            }
            name = f"{operation.service}/{operation.method}"
            failed = code in _FAILURES
            self._calls.traces.answered(name, self._carrier, time.time() - seconds, seconds, failed, told)
        journal = self._calls.journal(context.cloud)
        if journal is None:
            return
        path = operation.api.prefix + context.path if context.verb else f"/{operation.service}/{operation.method}"
        noted = Noted(
            time.time() - seconds,
            seconds,
            context.request_id,
            context.remote,
            "",
            context.verb,
            path,
            context.cloud_url if context.verb else "",
            context.facts or CallFacts(operation),
            code=code,
        )
        if journal.bodies:
            _add_bodies(noted, self._request, answer, journal)
        journal.add(noted)


def _add_bodies(noted: Noted, request: Message, answer: Message | None, journal: Journal) -> None:
    noted.received = request.ByteSize()
    noted.request = _json(noted, request)
    if answer is not None:
        noted.sent = answer.ByteSize()
        noted.answer = _json(noted, answer)


def _json(noted: Noted, message: Message) -> bytes:
    """The message as JSON with the names of the contract; nothing for one that is too large."""
    if message.ByteSize() > BODY_MAX:
        noted.cut = True
        return b""
    return orjson.dumps(json_format.MessageToDict(message, preserving_proto_field_name=True))
