"""One operation of the contract, and what its annotations say of fields and values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from google.api import annotations_pb2 as http_annotations
from google.api import http_pb2
from google.protobuf import message_factory
from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyField, AnyMessageType, AnyMethod, AnyService
from mopenstack.contract.v1 import annotations_pb2, options_pb2

YEAR_DIGITS = 4
LATEST = 1_000_000
"""Stands for a microversion without an upper end."""

FIELD_MASK = "google.protobuf.FieldMask"
QUERY = "mopenstack.contract.v1.Query"
PAGE_INFO = "mopenstack.contract.v1.PageInfo"
JSON_PATCH = "mopenstack.contract.v1.JsonPatch"

_VERBS = ("get", "put", "post", "delete", "patch")
_DEFAULT_STATUS = {"GET": 200, "HEAD": 200, "PUT": 200, "PATCH": 200, "POST": 201, "DELETE": 204}


def minor(version: str, default: int) -> int:
    """The number after the dot of a microversion: all of one API share the major number.

    A release (2025.2), where an API has no microversions, is a number that grows from release to release.
    """
    if not version:
        return default
    major, _, number = version.partition(".")
    return int(number) if len(major) < YEAR_DIGITS else int(major) * 10 + int(number)


def snake(name: str) -> str:
    """`AddRouterInterface` -> `add_router_interface`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@dataclass(frozen=True, slots=True)
class Route:
    verb: str
    path: str
    since: int = 0
    """First microversion that has the path, where it is not the operation's."""
    until: int = LATEST
    """Last one."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One RPC with all that its annotations say."""

    name: str  # "mopenstack.compute.v2.Servers.GetServer"
    service: str  # "mopenstack.compute.v2.Servers"
    method: str  # "GetServer"
    handler: str  # "get_server"
    api: annotations_pb2.Api
    package: str
    routes: tuple[Route, ...]
    options: annotations_pb2.Operation
    request: type[Message]
    response: type[Message]
    since: int
    until: int
    statuses: tuple[tuple[int, int], ...]  # (first microversion, status), newest first
    anonymous: bool
    action: str
    raw_request: bool
    raw_response: bool
    takes_body: bool
    """Whether it has a use for what an HTTP request carries."""
    kind_of_write: str
    """create, update or other: which access rules of fields hold for the body."""
    outcomes: Mapping[str, annotations_pb2.Outcome]
    """Successes with another status than the usual one, by the name that the handler gives them."""

    @property
    def reads(self) -> bool:
        """Whether it only reads."""
        return all(route.verb in ("GET", "HEAD") for route in self.routes)

    def has(self, microversion: int) -> bool:
        """Whether the operation exists at a microversion."""
        return self.since <= microversion <= self.until

    def status(self, microversion: int) -> int:
        """The HTTP status of success at a microversion."""
        return next(status for since, status in self.statuses if since <= microversion)


def message_class(descriptor: AnyMessageType) -> type[Message]:
    """The generated class of a descriptor, the same one that its module exports."""
    return message_factory.GetMessageClass(descriptor)  # type: ignore[arg-type]  # its stub knows one implementation


def field_rules(descriptor: AnyField) -> annotations_pb2.Field:
    """What the annotation `field` says; an empty message where there is none."""
    return descriptor.GetOptions().Extensions[options_pb2.field]


@cache
def has_places(descriptor: AnyMessageType) -> bool:
    """Whether a field in the tree of a message is in some requests or answers only: then each has its own plan."""
    return _has_places(descriptor, set())


def _has_places(descriptor: AnyMessageType, seen: set[str]) -> bool:
    if descriptor.full_name in seen:
        return False
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        rules = field_rules(field)
        if rules.only_in or rules.not_in or (field.message_type and _has_places(field.message_type, seen)):
            return True
    return False


def in_place(rules: annotations_pb2.Field, message: str, microversion: int) -> bool:
    """Whether a field is in the tree of a request or answer of this name (`only_in`, `not_in`)."""
    if rules.only_in and not any(_is_place(place, message, microversion) for place in rules.only_in):
        return False
    return not any(_is_place(place, message, microversion) for place in rules.not_in)


def _is_place(place: annotations_pb2.Place, message: str, microversion: int) -> bool:
    return message in place.message and exists(place, microversion)


def exists(rules: annotations_pb2.Field | annotations_pb2.Place, microversion: int) -> bool:
    """Whether what says `since` and `until` is there at a microversion."""
    return minor(rules.since, 0) <= microversion <= minor(rules.until, LATEST)


def is_map(descriptor: AnyField) -> bool:
    """Whether a field is a map<>; protobuf has it as a repeated message."""
    return descriptor.message_type is not None and descriptor.message_type.GetOptions().map_entry


def wire_key(descriptor: AnyField) -> str:
    """`key`, else an explicit json_name, else the proto name (json_name's default is camel case)."""
    rules = field_rules(descriptor)
    if rules.key:
        return rules.key
    default = re.sub(r"_([a-zA-Z0-9]?)", lambda m: m.group(1).upper(), descriptor.name)
    return descriptor.name if descriptor.json_name == default else descriptor.json_name


@cache
def enum_words(descriptor: AnyField) -> Mapping[int, str]:
    """Enum number -> wire word, without the unspecified 0."""
    assert descriptor.enum_type is not None, descriptor.full_name
    return {
        value.number: value.GetOptions().Extensions[options_pb2.wire] or value.name.lower()
        for value in descriptor.enum_type.values
        if value.number
    }


def operation_of(service: AnyService, method: AnyMethod, api: annotations_pb2.Api | None) -> Operation:
    """What the annotations of an RPC say; raises ValueError for a package without an Api."""
    options = method.GetOptions().Extensions[options_pb2.operation]
    if api is None:
        raise ValueError(f"{service.file.package}: no file of the package carries the option `api`")
    routes = tuple(_routes(method, {place.path: place for place in options.paths}))
    first = routes[0].verb if routes else "POST"
    statuses = [(0, options.status or _DEFAULT_STATUS[first])]
    statuses += [(minor(change.since, 0), change.status) for change in options.statuses]
    return Operation(
        name=f"{service.full_name}.{method.name}",
        service=service.full_name,
        method=method.name,
        handler=snake(method.name),
        api=api,
        package=service.file.package,
        routes=routes,
        options=options,
        request=message_class(method.input_type),
        response=message_class(method.output_type),
        since=minor(options.since, 0),
        until=minor(options.until, LATEST),
        statuses=tuple(sorted(statuses, reverse=True)),
        anonymous=options.anonymous,
        action=options.action,
        raw_request=options.raw_request,
        raw_response=options.raw_response,
        takes_body=options.raw_request or any(binding.body for binding in _bindings(method)),
        outcomes={outcome.name: outcome for outcome in options.outcomes},
        kind_of_write=next((verb.lower() for verb in ("Create", "Update") if method.name.startswith(verb)), "other"),
    )


def _routes(method: AnyMethod, places: Mapping[str, annotations_pb2.PathSince]) -> Iterator[Route]:
    for binding in _bindings(method):
        for verb in _VERBS:
            path = getattr(binding, verb)
            if path:
                place = places.get(path, annotations_pb2.PathSince())
                yield Route(verb.upper(), path, minor(place.since, 0), minor(place.until, LATEST))
        if binding.custom.path:
            yield Route(binding.custom.kind.upper(), binding.custom.path)


def _bindings(method: AnyMethod) -> tuple[http_pb2.HttpRule, ...]:
    rule = method.GetOptions().Extensions[http_annotations.http]
    return (rule, *rule.additional_bindings)
