"""The contract's descriptors compiled to routes: one router an API, one leaf a verb and path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mopenstack.contract.operations import Operation, apis, field_rules, operations, wire_key
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.codec.encode import Encoder, encoder
from mopenstack.gateway.codec.requests import RequestDecoder
from mopenstack.gateway.dialects import dialect_of
from mopenstack.gateway.dialects.base import Dialect
from mopenstack.gateway.hooks import BodyHook, body_hooks
from mopenstack.gateway.router import Router


@dataclass(slots=True, eq=False)
class Endpoint:
    """An operation at one path, with the plans that decode its requests, by microversion."""

    operation: Operation
    path: str
    variables: tuple[str, ...]
    decoders: dict[int, RequestDecoder] = field(default_factory=dict)
    envelope: str = ""  # key and field of the answer's one object or list
    envelope_field: str = ""
    envelope_head: bytes = b""  # `{"network":`, or nothing for an answer that is the bare object
    content_type: str = "application/json"
    hook: BodyHook | None = None
    alone: bool = True
    """Whether no other operation shares the verb and path, and the body names no action."""
    _statuses: dict[int, int] = field(default_factory=dict)
    _plans: dict[tuple[int, str], Encoder] = field(default_factory=dict)

    def decoder(self, microversion: int) -> RequestDecoder:
        found = self.decoders.get(microversion)
        if found is None:
            operation = self.operation
            found = RequestDecoder(
                operation.request, self.variables, microversion, operation.kind_of_write, operation.options.action
            )
            self.decoders[microversion] = found
        return found

    def status(self, microversion: int) -> int:
        """The HTTP status of success at a microversion."""
        found = self._statuses.get(microversion)
        if found is None:
            found = self._statuses[microversion] = self.operation.status(microversion)
        return found

    def item_plan(self, microversion: int, audience: str) -> Encoder:
        """The plan of the object, or of each object of the list, inside the answer's envelope."""
        found = self._plans.get((microversion, audience))
        if found is None:
            field = self.operation.response.DESCRIPTOR.fields_by_name[self.envelope_field]
            assert field.message_type is not None
            found = self._plans[(microversion, audience)] = encoder(field.message_type, microversion, audience)
        return found


@dataclass(slots=True, eq=False)
class Surface:
    """One API as it is served: its routes and its dialect."""

    package: str
    api: annotations_pb2.Api
    dialect: Dialect
    router: Router[Endpoint]

    compute_request_id: bool
    """Nova and Cinder answer with the older name of the request id's header as well."""
    _version_headers: dict[int, dict[str, str]] = field(default_factory=dict)

    def version_headers(self, microversion: int) -> Mapping[str, str]:
        """The dialect's, made once for each microversion."""
        found = self._version_headers.get(microversion)
        if found is None:
            found = self._version_headers[microversion] = self.dialect.version_headers(microversion)
        return found


def surfaces() -> list[Surface]:
    """Every API of the contract with all of its declared operations."""
    found = {
        package: Surface(package, api, dialect_of(api), Router(), api.type in ("compute", "volumev3"))
        for package, api in apis().items()
    }
    hooks = body_hooks()
    for operation in operations():
        surface = found[operation.package]
        for route in operation.routes:
            variables = tuple(part[1:-1] for part in route.path.split("/") if part.startswith("{"))
            endpoint = Endpoint(operation, route.path, variables)
            endpoint.envelope_field, endpoint.envelope = _envelope(operation)
            if endpoint.envelope_field:
                answer = operation.response.DESCRIPTOR.fields_by_name[endpoint.envelope_field]
                endpoint.envelope_head = b"" if field_rules(answer).inline else b'{"%b":' % endpoint.envelope.encode()
            endpoint.content_type = operation.options.content_type or endpoint.content_type
            endpoint.hook = hooks.get(operation.name)
            leaves = surface.router.add(route.verb, route.path, endpoint)
            for _, sharing in leaves:
                sharing.alone = len(leaves) == 1 and not operation.action
    return list(found.values())


def _envelope(operation: Operation) -> tuple[str, str]:
    """(proto name, wire key) of the field of the answer that holds the object or the list."""
    for candidate in operation.response.DESCRIPTOR.fields:
        message = candidate.message_type
        if message is None or message.name in ("PageInfo", "HypertextLink") or message.GetOptions().map_entry:
            continue
        return candidate.name, wire_key(candidate)
    return "", ""
