"""The contract compiled to routes: one router an API, one leaf a verb and path."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mopenstack.contract.contract import Contract
from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.faults import NotFound
from mopenstack.contract.known import in_slices
from mopenstack.contract.operations import LATEST, PAGE_INFO, Operation, Route, field_rules, minor, wire_key
from mopenstack.contract.releases import ceiling
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
    until: int = LATEST
    """Last one."""
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

    @property
    def actions(self) -> tuple[str, ...]:
        """The keys in bodies that mean the operation, whatever the microversion."""
        return tuple(filter(None, (self.operation.action, self.operation.options.old_action.name)))

    def takes_action(self, action: str, microversion: int) -> bool:
        """Whether an action's key means the operation at a microversion."""
        old = self.operation.options.old_action
        return not old.name or (action == old.name) == (microversion <= minor(old.until, LATEST))

    def has(self, microversion: int) -> bool:
        """Whether the operation exists at this path at a microversion."""
        return self.since <= microversion <= self.until and self.operation.has(microversion)

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


class Surface:
    """One API as it is served: its routes and its dialect, each made when it is first asked for."""

    def __init__(self, contract: Contract, service: Service, package: str) -> None:
        self.service = service
        self.package = package
        self.api: annotations_pb2.Api = contract.apis[package]
        self._contract = contract
        self._router: Router[Endpoint] | None = None
        self._version_headers: dict[int, dict[str, str]] = {}
        self._released: dict[str, Surface] = {}

    @cached_property
    def dialect(self) -> Dialect:
        return dialect_of(self._contract, self.package)

    @property
    def front(self) -> str:
        """The dialect's."""
        known = self._contract.known.get(self.service.name)
        return self.dialect.front if known is None else known.front

    @property
    def domain(self) -> str:
        """The dialect's."""
        known = self._contract.known.get(self.service.name)
        return self.dialect.domain if known is None else known.domain

    @property
    def router(self) -> Router[Endpoint]:
        """Every declared operation, by path."""
        if self._router is None:
            self._router = self._routes()
        return self._router

    @property
    def is_ready(self) -> bool:
        """Whether the routes are made."""
        return self._router is not None

    async def ready(self) -> None:
        """Make the routes, while others are answered."""
        await in_slices(self._contract.reading(self.service))
        self._router = self._router or self._routes()

    def _routes(self) -> Router[Endpoint]:
        router: Router[Endpoint] = Router()
        hooks: dict[str, BodyHook] = {}
        for module in self.service.hooks:
            hooks.update(importlib.import_module(module).BODY_HOOKS)
        for operation in self._contract.operations_of(self.service):
            if operation.package != self.package:
                continue
            for route in operation.routes:
                endpoint = _endpoint(operation, route, hooks.get(operation.name))
                leaves = router.add(route.verb, route.path, endpoint)
                for _, sharing in leaves:
                    sharing.alone = len(leaves) == 1 and not operation.action
        if self.dialect.collections_both_ways:
            router.spell_both_ways()
        return router

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

    def of_release(self, release: str) -> Surface:
        """The API as a cloud of a release has it."""
        found = self._released.get(release)
        if found is None:
            found = self._released[release] = ReleasedSurface(self, release)
        return found

    @cached_property
    def _echoed(self) -> str:
        return getattr(self.dialect, "echoed", "")

    def version_headers(self, microversion: int, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The dialect's, made once for each microversion; and the header of the request that answers repeat."""
        found = self._version_headers.get(microversion)
        if found is None:
            found = self._version_headers[microversion] = self.dialect.version_headers(microversion)
        if self._echoed and headers.get(self._echoed, "").lower() == "true":
            return {**found, self._echoed: "True"}
        return found


class NotInRelease(NotFound):
    """An operation of an API without microversions that is not in the release of the cloud yet."""


class ReleasedSurface(Surface):
    """The same routes in a cloud of an older release: its dialect knows no higher microversion than that has."""

    def __init__(self, whole: Surface, release: str) -> None:
        super().__init__(whole._contract, whole.service, whole.package)
        self._whole, self._release = whole, release
        self.api = annotations_pb2.Api()
        self.api.CopyFrom(whole.api)
        self.api.microversion_max = ceiling(release, whole.api.type)

    @cached_property
    def dialect(self) -> Dialect:
        made: Dialect = named(self.service.dialect)(self.api, self._contract.auth_prefix)
        made.release = self._release
        return made

    @property
    def router(self) -> Router[Endpoint]:
        return self._whole.router

    @property
    def is_ready(self) -> bool:
        return self._whole.is_ready

    async def ready(self) -> None:
        await self._whole.ready()


def variables_of(path: str) -> tuple[str, ...]:
    """The fields of the request that a path names."""
    return tuple(part[1:-1].partition("=")[0] for part in path.split("/") if part.startswith("{"))


def surfaces(contract: Contract) -> list[Surface]:
    """Every API of a contract with all of its declared operations; of services that are not known, made now."""
    found = [Surface(contract, contract.service_of(package), package) for package in contract.apis]
    for surface in found:
        if surface.service.name not in contract.known:
            _ = surface.router
    return found


def dialect_of(contract: Contract, package: str) -> Dialect:
    """A dialect of the API of a package."""
    made: Dialect = named(contract.service_of(package).dialect)(contract.apis[package], contract.auth_prefix)
    return made


def _endpoint(operation: Operation, route: Route, hook: BodyHook | None) -> Endpoint:
    path = route.path
    variables = variables_of(path)
    endpoint = Endpoint(operation, path, variables, route.since, route.until, hook=hook)
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
