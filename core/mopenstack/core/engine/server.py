"""The same operations over grpc.aio, with the same policy, plus reflection and health.

Metadata of a call: `x-auth-token`, `x-mopenstack-cloud`, `openstack-api-version` (the number after the
dot), `x-mopenstack-url` (how clients of the answer reach the cloud over HTTP). A refusal is a status with an
ErrorInfo whose reason is the fault's name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2_grpc

from mopenstack.contract.admin_access import bearer, is_loopback
from mopenstack.contract.calls import ByteStream, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InjectedFault, Internal, InvalidField, PolicyRefused
from mopenstack.contract.operations import LATEST, Operation
from mopenstack.contract.values import whole_number
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.observed_call import ObservedCall
from mopenstack.core.engine.reflection import Reflection
from mopenstack.core.engine.whole_answers import asked_fields, whole

log = logging.getLogger(__name__)

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
BODY_ENDS = ("x-mopenstack-body", "ends")
"""Of the metadata of a call whose bytes end with an empty message."""
DETAILS_MAX = 4096
"""Letters of the status line of a refusal; the whole text is in its details."""


def create_server(engine: Engine, *, shares_port: bool = False) -> grpc.aio.Server:
    """A server of all operations; add a port, which another socket may have open, and start it."""
    limits = ("grpc.max_receive_message_length", "grpc.max_metadata_size", "grpc.absolute_max_metadata_size")
    options = [*((name, MESSAGE_BYTES_MAX) for name in limits), ("grpc.so_reuseport", int(shares_port))]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers((_Operations(engine),))
    checks = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    described = Reflection(engine.registry.contract)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(described, server)
    return server


class _Operations(grpc.GenericRpcHandler):
    """The handlers of all operations, each made when it is first called."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def service(self, handler_call_details: Any) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The handler of a method by its path; None for one that no service declares."""
        path = handler_call_details.method
        found = self._made.get(path)
        if found is None:
            operation = self._engine.registry.contract.by_name.get(path.removeprefix("/").replace("/", "."))
            if operation is not None and path == f"/{operation.service}/{operation.method}":
                found = self._made[path] = _handler(self._engine, operation)
        return found


def _handler(engine: Engine, operation: Operation) -> grpc.RpcMethodHandler[Any, Any]:
    deserialize = operation.request.FromString
    serialize = operation.response.SerializeToString
    # The contract streams bytes in messages with one `bytes` field: (request, data) in, (data) out.
    if operation.raw_request and operation.raw_response:
        return grpc.stream_stream_rpc_method_handler(_exchange(engine, operation), deserialize, serialize)
    if operation.raw_request:
        return grpc.stream_unary_rpc_method_handler(_upload(engine, operation), deserialize, serialize)
    if operation.raw_response:
        return grpc.unary_stream_rpc_method_handler(_download(engine, operation), deserialize, serialize)
    return grpc.unary_unary_rpc_method_handler(_unary(engine, operation), deserialize, serialize)


def _unary(engine: Engine, operation: Operation) -> Callable[..., Awaitable[Message]]:
    async def handle(request: Message, context: Any) -> Message:
        return await _answer(engine, operation, request, context, None)

    return handle


def _upload(engine: Engine, operation: Operation) -> Callable[..., Awaitable[Message]]:
    async def handle(requests: AsyncIterator[Any], context: Any) -> Message:
        first = await anext(requests, None) or operation.request()
        return await _answer(engine, operation, first, context, _data(first, requests, context))

    return handle


async def _data(first: Any, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[bytes]:
    """The bytes that come with a stream of requests.

    A gateway says that it ends them with an empty message: without it they broke off, which the stream itself looks
    no different for.
    """
    last = first
    yield first.data
    async for request in requests:
        last = request
        yield request.data
    if last.data and BODY_ENDS in tuple(context.invocation_metadata() or ()):
        raise BadRequest("The body broke off.")


def _download(engine: Engine, operation: Operation) -> Callable[..., AsyncIterator[Message]]:
    async def handle(request: Message, context: Any) -> AsyncIterator[Message]:
        async for message in _stream(engine, operation, request, context, None):
            yield message

    return handle


def _exchange(engine: Engine, operation: Operation) -> Callable[..., AsyncIterator[Message]]:
    """Bytes in, and bytes out."""

    async def handle(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Message]:
        first = await anext(requests, None) or operation.request()
        async for message in _stream(engine, operation, first, context, _data(first, requests, context)):
            yield message

    return handle


async def _stream(
    engine: Engine, operation: Operation, request: Message, context: Any, body: AsyncIterator[bytes] | None
) -> AsyncIterator[Message]:
    """The answer's bytes, a message a chunk; what is said of them goes ahead as metadata, and comes at the end again.

    The end of a short answer may overtake what goes ahead in clients of gRPC's asyncio, which then never see that.
    """
    metadata = _metadata(context, operation)
    metadata.body = body
    observed = ObservedCall(engine.calls, operation, request, metadata, context.invocation_metadata())
    try:
        reply = await engine.call(operation, request, metadata)
    except Fault as fault:
        observed.refused(fault)
        await _abort(context, fault, metadata)
        return
    if metadata.truncates and not metadata.verb:
        observed.refused(broken_off(metadata))
        await _abort(context, broken_off(metadata), metadata)
    observed.answered(None)
    stream = reply.result
    assert isinstance(stream, ByteStream)
    told = (
        ("x-mopenstack-size", str(stream.size)),
        ("x-content-type", stream.content_type),
        ("x-mopenstack-headers", json.dumps(stream.headers)),
        ("x-mopenstack-outcome", reply.outcome),
        *_of_rules(metadata),
    )
    context.set_trailing_metadata(told)
    await context.send_initial_metadata(told)
    async for chunk in stream.chunks:
        yield operation.response(data=chunk)


async def _answer(
    engine: Engine, operation: Operation, request: Message, context: Any, body: AsyncIterator[bytes] | None
) -> Message:
    metadata = _metadata(context, operation)
    metadata.body = body
    observed = ObservedCall(engine.calls, operation, request, metadata, context.invocation_metadata())
    try:
        reply = await engine.call(operation, request, metadata)
    except Fault as fault:
        observed.refused(fault)
        await _abort(context, fault, metadata)
        raise
    except Exception:  # the client gets an Internal and the log the reason
        log.exception("%s failed inside", operation.name)
        observed.refused(Internal())
        await _abort(context, Internal(), metadata)
        raise
    if metadata.truncates and not metadata.verb:
        observed.refused(broken_off(metadata))
        await _abort(context, broken_off(metadata), metadata)
    fields = asked_fields(operation, request, reply.result)
    context.set_trailing_metadata(
        (
            ("x-mopenstack-audience", reply.audience),
            ("x-mopenstack-outcome", reply.outcome),
            ("x-mopenstack-fields", json.dumps(list(fields))),
            *_of_rules(metadata),
        )
    )
    answer = whole(operation, reply.result, reply.audience, fields)
    observed.answered(answer)
    return answer


def _metadata(context: Any, operation: Operation) -> RequestContext:
    given = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    version = given.get("openstack-api-version", "")
    peer = context.peer() or ""
    # A gateway beside the core passes its client on; other callers are taken for who they are.
    trusted = given if is_loopback(peer) else {}
    return RequestContext(
        cloud=given.get("x-mopenstack-cloud", ""),
        token=given.get("x-auth-token", ""),
        cloud_url=given.get("x-mopenstack-url", RequestContext().cloud_url),
        microversion=whole_number(version) if version.isdecimal() else LATEST,
        request_id=given.get("x-openstack-request-id", ""),
        remote=trusted.get("x-mopenstack-remote", peer),
        content_type=given.get("x-content-type", ""),
        verb=trusted.get("x-mopenstack-verb", ""),
        path=trusted.get("x-mopenstack-path", ""),
        project_id=trusted.get("x-mopenstack-project", ""),
        within=trusted.get("x-mopenstack-within", ""),
        headers={name: given[name] for name in map(str.lower, operation.api.context_headers) if name in given},
        admin_token=bearer(given.get("authorization", "")),
    )


def _of_rules(metadata: RequestContext) -> list[tuple[str, str]]:
    """The metadata that tell which fault rules acted on a call."""
    pairs = (("x-mopenstack-fault", metadata.faults), ("x-mopenstack-truncates", "yes" if metadata.truncates else ""))
    return [(key, value) for key, value in pairs if value]


def broken_off(metadata: RequestContext) -> InjectedFault:
    """What ends a call that was done as if its answer were lost on the way; gateways break theirs off themselves."""
    return InjectedFault(502, "The connection broke off.", rule=metadata.faults)


async def _abort(context: Any, fault: Fault, metadata: RequestContext) -> None:
    facts = {key: str(value) for key, value in fault.facts.items()}
    if isinstance(fault, InvalidField):
        facts["field"] = json.dumps([fault.path, fault.value, fault.rule, fault.bound], default=str)
    if isinstance(fault, PolicyRefused):
        facts["rules"] = json.dumps(fault.rules)
    info = error_details_pb2.ErrorInfo(reason=fault.error_reason, domain=fault.domain, metadata=facts)
    packed = any_pb2.Any()
    packed.Pack(info)
    code = getattr(grpc.StatusCode, fault.code)
    status = status_pb2.Status(code=code_pb2.Code.Value(fault.code), message=fault.text, details=[packed])
    if isinstance(fault, InjectedFault) and fault.retry_after is not None:
        later = error_details_pb2.RetryInfo()
        later.retry_delay.seconds = fault.retry_after
        status.details.add().Pack(later)
    details = ("grpc-status-details-bin", status.SerializeToString())
    context.set_trailing_metadata((details, *_of_rules(metadata)))
    await context.abort(code, fault.text[:DETAILS_MAX] or "This failure was asked for.")
