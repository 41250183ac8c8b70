"""The core behind grpc.aio: the same interface as the engine in this process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from mopenstack.contract.calls import ByteStream, Reply, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import DOMAIN, Fault, InvalidField, PolicyRefused, RemoteFault, Unavailable, declared
from mopenstack.contract.operations import LATEST, Operation
from mopenstack.contract.refusals import class_name

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
RECONNECT_MS = (100, 1000)
"""How soon a core that was away is looked for again, at first and at most; gRPC's two minutes suit servers far away."""
METADATA_LIMITS = ("grpc.max_metadata_size", "grpc.absolute_max_metadata_size")
"""A refusal travels in the trailers, and may quote what it refuses, which is as long as a body."""
_BROKEN = frozenset({"UNAVAILABLE", "UNKNOWN", "CANCELLED", "INTERNAL"})
"""What a call ends with whose connection breaks: it depends on what was under way."""


class RemoteCore:
    """Calls a core at `address` (host:port or unix:path)."""

    def __init__(self, address: str, contract: Contract) -> None:
        options = [
            *((name, MESSAGE_BYTES_MAX) for name in ("grpc.max_receive_message_length", *METADATA_LIMITS)),
            ("grpc.initial_reconnect_backoff_ms", RECONNECT_MS[0]),
            ("grpc.max_reconnect_backoff_ms", RECONNECT_MS[1]),
        ]
        self._channel = grpc.aio.insecure_channel(address, options=options)
        self._look: Operation = contract.by_name[TOKEN_CHECK]

    async def close(self) -> None:
        await self._channel.close()

    async def call(self, operation: Operation, request: Message, context: RequestContext) -> Reply:
        """Make the RPC; raises the fault that the core raised."""
        pairs = _pairs(context)
        path = f"/{operation.service}/{operation.method}"
        serialize, deserialize = operation.request.SerializeToString, operation.response.FromString
        try:
            if operation.raw_response:
                stream = self._channel.unary_stream(path, serialize, deserialize)(request, metadata=pairs)
                return await _bytes(stream)
            if operation.raw_request:
                upload = self._channel.stream_unary(path, serialize, deserialize)
                call: Any = upload(_messages(operation, request, context), metadata=pairs)
            else:
                call = self._channel.unary_unary(path, serialize, deserialize)(request, metadata=pairs)
            result = await call
            trailing = dict(await call.trailing_metadata() or ())
        except grpc.aio.AioRpcError as error:
            raise fault_of(error) from None
        return Reply(
            result,
            str(trailing.get("x-mopenstack-audience", "")),
            str(trailing.get("x-mopenstack-outcome", "")),
            json.loads(trailing.get("x-mopenstack-fields", "[]")),
        )

    def holds(self, message: Message) -> bool:
        """Never: each reply is decoded anew."""
        return False

    def on_drop(self, listener: Callable[[int], None]) -> None:
        """Nothing is held, so nothing is dropped."""

    async def authenticate(self, context: RequestContext, package: str) -> None:
        """Only look at the token."""
        request: Any = self._look.request
        await self.call(self._look, request(package=package), context)


TOKEN_CHECK = "mopenstack.admin.v1.Gateways.CheckToken"  # noqa: S105  # the name of an RPC


def _pairs(context: RequestContext) -> list[tuple[str, str]]:
    pairs = [
        ("x-auth-token", context.token),
        ("x-mopenstack-cloud", context.cloud),
        ("x-mopenstack-url", context.cloud_url),
        ("x-mopenstack-remote", context.remote),
        ("x-openstack-request-id", context.request_id),
        ("x-content-type", context.content_type),
        ("x-mopenstack-verb", context.verb),
        ("x-mopenstack-path", context.path),
        ("x-mopenstack-project", context.project_id),
    ]
    if context.microversion != LATEST:
        pairs.append(("openstack-api-version", str(context.microversion)))
    return [(key, value) for key, value in pairs if value and value.isascii() and value.isprintable()]


async def _messages(operation: Operation, request: Any, context: RequestContext) -> AsyncIterator[Message]:
    """The request with the first bytes, then bytes alone."""
    first = True
    if context.body is not None:
        async for chunk in context.body:
            if first:
                request.data = chunk
                yield request
                first = False
            else:
                yield operation.request(data=chunk)
    if first:
        yield request


async def _bytes(stream: Any) -> Reply:
    first = await stream.read()
    headers = {key: value for key, value in await stream.initial_metadata() or () if isinstance(value, str)}

    async def chunks() -> AsyncIterator[bytes]:
        message = first
        while message is not grpc.aio.EOF:
            yield message.data
            message = await stream.read()

    shown = json.loads(headers.get("x-mopenstack-headers", "{}"))
    size = int(headers.get("x-mopenstack-size", "-1"))
    content_type = headers.get("x-content-type", "application/octet-stream")
    found = ByteStream(chunks(), size, content_type, shown)
    return Reply(found, outcome=headers.get("x-mopenstack-outcome", ""))


def fault_of(error: grpc.aio.AioRpcError) -> Fault:
    """The fault that the core raised, from what gRPC made of it."""
    trailing = dict(error.trailing_metadata() or ())
    text, code = error.details() or "", error.code().name
    packed = trailing.get("grpc-status-details-bin")
    if not isinstance(packed, bytes):
        if code in _BROKEN:  # gRPC's own: a refusal of the core has details
            return Unavailable(text)
        return RemoteFault(code, "Internal", text, {})
    info = error_details_pb2.ErrorInfo()
    status = status_pb2.Status.FromString(packed)
    text = status.message  # the error's own details may be cut
    status.details[0].Unpack(info)
    facts = dict(info.metadata)
    known = declared(info.domain, info.reason)
    if known is not None:
        fault = known.__new__(known)
        Fault.__init__(fault, text, **facts)
        return fault
    if info.domain == DOMAIN and info.reason == "INVALID_FIELD":
        path, value, rule, bound = json.loads(facts["field"])
        return InvalidField(tuple(path), value, rule, bound, text)
    if info.domain == DOMAIN and info.reason == "POLICY_REFUSED":
        return PolicyRefused(json.loads(facts["rules"]))
    return RemoteFault(code, class_name(info.reason), text, facts)
