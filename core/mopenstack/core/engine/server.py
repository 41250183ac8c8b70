"""The same operations over grpc.aio, with the same policy, plus reflection and health.

Metadata of a call: `x-auth-token`, `x-mopenstack-cloud`, `openstack-api-version` (the number after the
dot), `x-mopenstack-url` (how clients of the answer reach the cloud over HTTP). A refusal is a status with an
ErrorInfo whose reason is the fault's name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2_grpc

from mopenstack.contract.calls import ByteStream, Page, RequestContext
from mopenstack.contract.descriptors import AnyMessageType
from mopenstack.contract.faults import Fault, Internal, InvalidField, PolicyRefused
from mopenstack.contract.operations import LATEST, QUERY, Operation, field_rules, in_place, wire_key
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.contract.values import whole_number
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.fields import copy_fields
from mopenstack.core.engine.reflection import Reflection

log = logging.getLogger(__name__)

_LOCAL_PEERS = ("ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:")
MESSAGE_BYTES_MAX = 64 * 1024 * 1024
DETAILS_MAX = 4096
"""Letters of the status line of a refusal; the whole text is in its details."""


def create_server(engine: Engine) -> grpc.aio.Server:
    """A server of all operations; add a port and start it."""
    limits = ("grpc.max_receive_message_length", "grpc.max_metadata_size", "grpc.absolute_max_metadata_size")
    options = [*((name, MESSAGE_BYTES_MAX) for name in limits), ("grpc.so_reuseport", 0)]
    server = grpc.aio.server(options=options)
    by_service: dict[str, dict[str, grpc.RpcMethodHandler[Any, Any]]] = {}
    for operation in engine.registry.contract.operations:
        by_service.setdefault(operation.service, {})[operation.method] = _handler(engine, operation)
    for service, handlers in by_service.items():
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    checks = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    described = Reflection(by_service, engine.registry.contract.sources)
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(described, server)
    return server


def _handler(engine: Engine, operation: Operation) -> grpc.RpcMethodHandler[Any, Any]:
    deserialize = operation.request.FromString
    serialize = operation.response.SerializeToString
    # The contract streams bytes in messages with one `bytes` field: (request, data) in, (data) out.
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
        first = await anext(requests)

        async def chunks() -> AsyncIterator[bytes]:
            yield first.data
            async for request in requests:
                yield request.data

        return await _answer(engine, operation, first, context, chunks())

    return handle


def _download(engine: Engine, operation: Operation) -> Callable[..., AsyncIterator[Message]]:
    async def handle(request: Message, context: Any) -> AsyncIterator[Message]:
        try:
            reply = await engine.call(operation, request, _metadata(context))
        except Fault as fault:
            await _abort(context, fault)
            return
        stream = reply.result
        assert isinstance(stream, ByteStream)
        await context.send_initial_metadata(
            (
                ("x-mopenstack-size", str(stream.size)),
                ("x-content-type", stream.content_type),
                ("x-mopenstack-headers", json.dumps(stream.headers)),
                ("x-mopenstack-outcome", reply.outcome),
            )
        )
        async for chunk in stream.chunks:
            yield operation.response(data=chunk)

    return handle


async def _answer(
    engine: Engine, operation: Operation, request: Message, context: Any, body: AsyncIterator[bytes] | None
) -> Message:
    metadata = _metadata(context)
    metadata.body = body
    try:
        reply = await engine.call(operation, request, metadata)
    except Fault as fault:
        await _abort(context, fault)
        raise
    except Exception:  # the client gets an Internal and the log the reason
        log.exception("%s failed inside", operation.name)
        await _abort(context, Internal())
        raise
    fields = asked_fields(operation, request, reply.result)
    context.set_trailing_metadata(
        (
            ("x-mopenstack-audience", reply.audience),
            ("x-mopenstack-outcome", reply.outcome),
            ("x-mopenstack-fields", json.dumps(list(fields))),
        )
    )
    return whole(operation, reply.result, reply.audience, fields)


def whole(operation: Operation, result: Any, audience: str, fields: Sequence[str] = ()) -> Message:
    """The response message of a handler's result, without what the caller may not see or did not ask for."""
    response = operation.response()
    if isinstance(result, Page):
        field = next(f for f in response.DESCRIPTOR.fields if f.is_repeated and f.message_type is not None)
        assert field.message_type is not None
        hidden = _hidden(field.message_type, audience, operation, fields)
        target = getattr(response, field.name)
        for item in result.items:
            _project(item, target.add(), hidden)
        if "page" in response.DESCRIPTOR.fields_by_name:
            response.page.next_marker = result.next_marker  # type: ignore[attr-defined]
            response.page.previous_marker = result.previous_marker  # type: ignore[attr-defined]
        for key, value in result.extra.items():
            if key in response.DESCRIPTOR.fields_by_name:
                response.MergeFrom(operation.response(**{key: value}))
    elif result.DESCRIPTOR is response.DESCRIPTOR:
        return result  # type: ignore[no-any-return]
    else:
        field = next(f for f in response.DESCRIPTOR.fields if f.message_type is not None)
        assert field.message_type is not None
        _project(result, getattr(response, field.name), _hidden(field.message_type, audience, operation, fields))
    return response


def asked_fields(operation: Operation, request: Message, result: Any) -> Sequence[str]:
    """The keys that a list's query, or the field `fields` of another request, asks for; none: all of them.

    A handler that made the whole response message has looked at them itself.
    """
    if isinstance(result, operation.response):
        return ()
    for field in request.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.full_name == QUERY:
            found: Sequence[str] = getattr(request, field.name).fields
            return found
        if field.name == "fields" and field.is_repeated:
            named: Sequence[str] = getattr(request, field.name)
            return named
    return ()


def _hidden(message: AnyMessageType, audience: str, operation: Operation, fields: Sequence[str]) -> list[str]:
    """The fields of a message that the caller may not see or did not ask for."""
    found = []
    for field in message.fields:
        rules = field_rules(field)
        hidden = (rules.audience and rules.audience != audience) or rules.access == annotations_pb2.ACCESS_INTERNAL
        # Keys that no field declares are in an inline field: which of them are shown is the gateway's to say.
        asked = not fields or rules.inline or not {field.name, wire_key(field), rules.also}.isdisjoint(fields)
        if hidden or not asked or not in_place(rules, operation.response.DESCRIPTOR.name, LATEST):
            found.append(field.name)
    return found


def _project(source: Message, target: Message, hidden: Iterable[str]) -> None:
    if source.DESCRIPTOR is target.DESCRIPTOR:
        target.CopyFrom(source)
    else:
        names = set(source.DESCRIPTOR.fields_by_name) & set(target.DESCRIPTOR.fields_by_name)
        copy_fields(source, target, names)
    target.SetInParent()
    for name in hidden:
        target.ClearField(name)


def _metadata(context: Any) -> RequestContext:
    given = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
    version = given.get("openstack-api-version", "")
    peer = context.peer() or ""
    # A gateway beside the core passes its client on; other callers are taken for who they are.
    trusted = given if peer.startswith(_LOCAL_PEERS) else {}
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
    )


async def _abort(context: Any, fault: Fault) -> None:
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
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(code, fault.text[:DETAILS_MAX])
