"""The core behind grpc.aio: the same interface as the engine in this process."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from mopenstack.contract.calls import ByteStream, Reply, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import (
    DOMAIN,
    Fault,
    InjectedFault,
    InvalidField,
    PolicyRefused,
    RemoteFault,
    Unavailable,
    declared,
)
from mopenstack.contract.operations import LATEST, Operation
from mopenstack.contract.refusals import class_name, refusals

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
RECONNECT_MS = (100, 1000)
"""How soon a core that was away is looked for again, at first and at most; gRPC's two minutes suit servers far away."""
METADATA_LIMITS = ("grpc.max_metadata_size", "grpc.absolute_max_metadata_size")
"""A refusal travels in the trailers, and may quote what it refuses, which is as long as a body."""
_BROKEN = frozenset({"UNAVAILABLE", "UNKNOWN", "CANCELLED", "INTERNAL"})
"""What a call ends with whose connection breaks: it depends on what was under way."""


class RemoteCore:
    """Calls a core at `address`: host:port, unix:path, or `ipv4:host:port,host:port` for cores that share a store.

    Of several each is asked in turn, as long as it answers.
    """

    answers = None
    calls = None

    def __init__(self, address: str, contract: Contract) -> None:
        options: list[tuple[str, int | str]] = [
            *((name, MESSAGE_BYTES_MAX) for name in ("grpc.max_receive_message_length", *METADATA_LIMITS)),
            ("grpc.initial_reconnect_backoff_ms", RECONNECT_MS[0]),
            ("grpc.max_reconnect_backoff_ms", RECONNECT_MS[1]),
        ]
        if "," in address:
            options.append(("grpc.lb_policy_name", "round_robin"))
        self._channel = grpc.aio.insecure_channel(address, options=options)
        self._releases: dict[str, tuple[float, str]] = {}
        """Name of a cloud -> until when its release is taken for known (time.monotonic), and the release."""
        self._release: Operation = contract.by_name[RELEASE_LOOK]
        self._look: Operation = contract.by_name[TOKEN_CHECK]

    async def close(self) -> None:
        await self._channel.close()

    async def call(self, operation: Operation, request: Message, context: RequestContext) -> Reply:
        """Make the RPC; raises the fault that the core raised."""
        pairs = _pairs(context)
        path = f"/{operation.service}/{operation.method}"
        serialize, deserialize = operation.request.SerializeToString, operation.response.FromString
        broken: list[Fault] = []
        try:
            if operation.raw_response and operation.raw_request:
                both = self._channel.stream_stream(path, serialize, deserialize)
                return await _bytes(both(_messages(operation, request, context, broken), metadata=pairs), context)
            if operation.raw_response:
                stream = self._channel.unary_stream(path, serialize, deserialize)(request, metadata=pairs)
                return await _bytes(stream, context)
            if operation.raw_request:
                upload = self._channel.stream_unary(path, serialize, deserialize)
                call: Any = upload(_messages(operation, request, context, broken), metadata=pairs)
            else:
                call = self._channel.unary_unary(path, serialize, deserialize)(request, metadata=pairs)
            result = await call
            trailing = dict(await call.trailing_metadata() or ())
            _note_rules(trailing, context)
        except grpc.aio.AioRpcError as error:
            _note_rules(dict(error.trailing_metadata() or ()), context)
            raise broken[0] if broken else fault_of(error) from None
        except asyncio.CancelledError:  # gRPC's own, where the body breaks off
            if broken:
                raise broken[0] from None
            raise
        return Reply(
            result,
            str(trailing.get("x-mopenstack-audience", "")),
            str(trailing.get("x-mopenstack-outcome", "")),
            json.loads(trailing.get("x-mopenstack-fields", "[]")),
        )

    def release(self, cloud_name: str) -> str | None:
        """As it was asked for RELEASE_SECONDS ago at most."""
        until, found = self._releases.get(cloud_name, (0.0, ""))
        return found if time.monotonic() < until else None

    async def find_release(self, cloud_name: str) -> str:
        """Ask the core."""
        try:
            reply: Any = await self.call(self._release, self._release.request(), RequestContext(cloud=cloud_name))
        except Fault:  # the request itself is answered with it
            return ""
        found: str = reply.result.release
        if len(self._releases) >= RELEASES_MAX:
            self._releases.clear()
        self._releases[cloud_name] = (time.monotonic() + RELEASE_SECONDS, found)
        return found

    def holds(self, message: Message) -> bool:
        """Never: each reply is decoded anew."""
        return False

    def on_drop(self, listener: Callable[[int], None]) -> None:
        """Nothing is held, so nothing is dropped."""

    async def authenticate(self, context: RequestContext, package: str) -> None:
        """Only look at the token."""
        request: Any = self._look.request
        await self.call(self._look, request(package=package), context)

    async def admit(self, operation: Operation, request: Message, context: RequestContext) -> None:
        """Only look at the token, the target and the policy."""
        look: Any = self._look.request
        await self.call(self._look, look(operation=operation.name, request=request.SerializeToString()), context)


RELEASE_LOOK = "mopenstack.admin.v1.Gateways.GetRelease"
RELEASE_SECONDS = 1.0
RELEASES_MAX = 1000
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
        ("x-mopenstack-within", context.within),
        ("authorization", f"Bearer {context.admin_token}" if context.admin_token else ""),
        *context.headers.items(),
    ]
    if context.body is not None:
        pairs.append(("x-mopenstack-body", "ends"))
    if context.microversion != LATEST:
        pairs.append(("openstack-api-version", str(context.microversion)))
    return [(key, value) for key, value in pairs if value and value.isascii() and value.isprintable()]


async def _messages(
    operation: Operation, request: Any, context: RequestContext, broken: list[Fault]
) -> AsyncIterator[Message]:
    """The request with the first bytes, bytes alone, and none at the end; why they break off goes into `broken`."""
    first = True
    try:
        async for chunk in context.body or _nothing():
            if first:
                request.data = chunk
                yield request
                first = False
            else:
                yield operation.request(data=chunk)
    except Fault as fault:
        broken.append(fault)
        raise
    yield request if first else operation.request()


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


def _note_rules(metadata: Mapping[Any, Any], context: RequestContext) -> None:
    """Which fault rules acted on a call."""
    context.faults = str(metadata.get("x-mopenstack-fault", ""))
    context.truncates = "x-mopenstack-truncates" in metadata


def _texts(metadata: Any) -> dict[str, str]:
    return {key: value for key, value in metadata or () if isinstance(value, str)}


async def _bytes(stream: Any, context: RequestContext) -> Reply:
    first = await stream.read()
    headers = _texts(await stream.initial_metadata())
    if "x-mopenstack-size" not in headers:  # the end has overtaken them: they came with it, too
        headers = _texts(await stream.trailing_metadata())
    _note_rules(headers, context)

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


def _declared(domain: str, reason: str) -> type[Fault] | None:
    """The class of a declared refusal; the refusals of a package are loaded with the first one."""
    known = declared(domain, reason)
    if known is None and domain != DOMAIN:
        with suppress(KeyError, ImportError):  # a package that this process does not have
            refusals(domain)
        known = declared(domain, reason)
    return known


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
    known = _declared(info.domain, info.reason)
    if known is not None:
        fault = known.__new__(known)
        Fault.__init__(fault, text, **facts)
        return fault
    if info.domain == DOMAIN and info.reason == "INVALID_FIELD":
        path, value, rule, bound = json.loads(facts["field"])
        return InvalidField(tuple(path), value, rule, bound, text)
    if info.domain == DOMAIN and info.reason == "INJECTED_FAULT":
        return InjectedFault.of_facts(text, facts)
    if info.domain == DOMAIN and info.reason == "POLICY_REFUSED":
        return PolicyRefused(json.loads(facts["rules"]))
    return RemoteFault(code, class_name(info.reason), text, facts)
