"""The contract compiled to routes: one router an API, one leaf a verb and path."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from mopenstack.contract.contract import Contract
from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.operations import PAGE_INFO, Operation, Route, field_rules, wire_key
from mopenstack.contract.service import Service, named
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.codec.encode import Encoder, Location, encoder, location_template
from mopenstack.gateway.codec.requests import RequestDecoder
from mopenstack.gateway.dialects.base import Dialect
from mopenstack.gateway.documented_operations import Documented, documented, path_of
from mopenstack.gateway.hooks import BodyHook
from mopenstack.gateway.router import Node, Router


@dataclass(slots=True, eq=False)
class Endpoint:
    """An operation at one path, with the plans that decode its requests, by microversion."""

    operation: Operation
    path: str
    variables: tuple[str, ...]
    since: int = 0
    """First microversion that has the path, where it is not the operation's."""
    decoders: dict[int, RequestDecoder] = field(default_factory=dict)
    envelope: str = ""  # key and field of the answer's one object or list
    envelope_field: str = ""
    envelope_head: bytes = b""  # `{"network":`, or nothing for an answer that is the bare object
    content_type: str = "application/json"
    hook: BodyHook | None = None
    paged: bool = False
    """Whether the answer is a list that comes in pages, with links to the others."""
    alone: bool = True
    """Whether no other operation shares the verb and path, and the body names no action."""
    located: bool = False
    """Whether a success may have a Location header."""
    _locations: dict[str, Location | None] = field(default_factory=dict)
    _statuses: dict[int, int] = field(default_factory=dict)
    _plans: dict[tuple[int, str], Encoder] = field(default_factory=dict)

    def decoder(self, microversion: int) -> RequestDecoder:
        found = self.decoders.get(microversion)
        if found is None:
            operation = self.operation
            found = RequestDecoder(
                operation.request,
                self.variables,
                microversion,
                operation.kind_of_write,
                operation.options.action,
                {name for route in operation.routes for name in variables_of(route.path)},
            )
            self.decoders[microversion] = found
        return found

    def has(self, microversion: int) -> bool:
        """Whether the operation exists at this path at a microversion."""
        return self.since <= microversion and self.operation.has(microversion)

    def status(self, microversion: int, outcome: str = "") -> int:
        """The HTTP status of a success at a microversion."""
        if outcome:
            return self.operation.outcomes[outcome].status
        found = self._statuses.get(microversion)
        if found is None:
            found = self._statuses[microversion] = self.operation.status(microversion)
        return found

    def location(self, outcome: str) -> Location | None:
        """What makes the Location header's path of a success, out of the request and the result."""
        if outcome not in self._locations:
            options = self.operation.options
            template = self.operation.outcomes[outcome].location if outcome else ""
            template = template or options.location
            self._locations[outcome] = location_template(template) if template else None
        return self._locations[outcome]

    def item_plan(self, microversion: int, audience: str) -> Encoder:
        """The plan of the object, or of each object of the list, inside the answer's envelope."""
        found = self._plans.get((microversion, audience))
        if found is None:
            response = self.operation.response.DESCRIPTOR
            field = response.fields_by_name[self.envelope_field]
            assert field.message_type is not None
            found = encoder(field.message_type, microversion, audience, response.name)
            self._plans[(microversion, audience)] = found
        return found


@dataclass(slots=True, eq=False)
class Surface:
    """One API as it is served: its routes and its dialect."""

    service: Service
    package: str
    api: annotations_pb2.Api
    dialect: Dialect
    router: Router[Endpoint]
    _version_headers: dict[int, dict[str, str]] = field(default_factory=dict)

    @property
    def documented(self) -> Documented:
        """What OpenStack documents of the service, read when it is first asked for."""
        return documented(path_of(self.service))

    def trimmed(self, path: str) -> str:
        """A path without what says nothing: a slash at its end, the format of the answer."""
        if self.dialect.exact_paths:
            return path
        path = path.rstrip("/")
        return path.removesuffix(suffix) if (suffix := self.dialect.format_suffix) else path

    def find_with_project(self, path: str) -> tuple[tuple[Node[Endpoint], list[str]] | None, str]:
        """What the router finds of a path with the optional project, and that project; nothing for other paths."""
        plain, project = self.without_project(path)
        return (self.router.find(plain), project) if project else (None, "")

    def without_project(self, path: str) -> tuple[str, str]:
        """`/v3/<project>/volumes` as (`/v3/volumes`, project); other paths as they are."""
        if self.api.optional_prefix:
            version, slash, rest = path[1:].partition("/")
            project, more, rest = rest.partition("/")
            if slash and more and self.dialect.project_pattern.fullmatch(project):
                return f"/{version}/{rest}", project
        return path, ""

    def version_headers(self, microversion: int) -> Mapping[str, str]:
        """The dialect's, made once for each microversion."""
        found = self._version_headers.get(microversion)
        if found is None:
            found = self._version_headers[microversion] = self.dialect.version_headers(microversion)
        return found


def variables_of(path: str) -> tuple[str, ...]:
    """The fields of the request that a path names."""
    return tuple(part[1:-1].partition("=")[0] for part in path.split("/") if part.startswith("{"))


def surfaces(contract: Contract) -> list[Surface]:
    """Every API of a contract with all of its declared operations."""
    found = {
        package: Surface(contract.service_of(package), package, api, dialect_of(contract, package), Router())
        for package, api in contract.apis.items()
    }
    hooks: dict[str, BodyHook] = {}
    for service in contract.services:
        for module in service.hooks:
            hooks.update(importlib.import_module(module).BODY_HOOKS)
    for operation in contract.operations:
        router = found[operation.package].router
        for route in operation.routes:
            endpoint = _endpoint(operation, route, hooks.get(operation.name))
            leaves = router.add(route.verb, route.path, endpoint)
            for _, sharing in leaves:
                sharing.alone = len(leaves) == 1 and not operation.action
    for surface in found.values():
        if surface.dialect.collections_both_ways:
            surface.router.spell_both_ways()
    return list(found.values())


def dialect_of(contract: Contract, package: str) -> Dialect:
    """A dialect of the API of a package."""
    made: Dialect = named(contract.service_of(package).dialect)(contract.apis[package], contract.auth_prefix)
    return made


def _endpoint(operation: Operation, route: Route, hook: BodyHook | None) -> Endpoint:
    path = route.path
    variables = variables_of(path)
    endpoint = Endpoint(operation, path, variables, route.since, hook=hook)
    endpoint.envelope_field, endpoint.envelope = _envelope(operation)
    endpoint.paged = any(_is_page(field) for field in operation.response.DESCRIPTOR.fields)
    if endpoint.envelope_field:
        answer = operation.response.DESCRIPTOR.fields_by_name[endpoint.envelope_field]
        endpoint.envelope_head = b"" if field_rules(answer).inline else b'{"%b":' % endpoint.envelope.encode()
    endpoint.content_type = operation.options.content_type or endpoint.content_type
    places = (operation.options.location, *(outcome.location for outcome in operation.outcomes.values()))
    endpoint.located = any(places)
    return endpoint


def _is_page(field: AnyField) -> bool:
    return field.message_type is not None and field.message_type.full_name == PAGE_INFO


def _envelope(operation: Operation) -> tuple[str, str]:
    """(proto name, wire key) of the field of the answer that holds the object or the list."""
    for candidate in operation.response.DESCRIPTOR.fields:
        message = candidate.message_type
        if message is None or message.name in ("PageInfo", "HypertextLink") or message.GetOptions().map_entry:
            continue
        return candidate.name, wire_key(candidate)
    return "", ""
