"""The operations of the contract, read once from the compiled descriptors.

Gateway and core both start from this list; nothing about an operation is written anywhere else.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.api import annotations_pb2 as http_annotations
from google.protobuf import message_factory
from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyField, AnyMessageType, AnyMethod, AnyService
from mopenstack.contract.v1 import annotations_pb2, options_pb2

LATEST = 1_000_000
"""Stands for a microversion without an upper end."""

FIELD_MASK = "google.protobuf.FieldMask"
QUERY = "mopenstack.contract.v1.Query"
PAGE_INFO = "mopenstack.contract.v1.PageInfo"

_VERBS = ("get", "put", "post", "delete", "patch")
_DEFAULT_STATUS = {"GET": 200, "HEAD": 200, "PUT": 200, "PATCH": 200, "POST": 201, "DELETE": 204}


def minor(version: str, default: int) -> int:
    """The number after the dot of a microversion: all of one API share the major number."""
    return int(version.partition(".")[2]) if version else default


def snake(name: str) -> str:
    """`AddRouterInterface` -> `add_router_interface`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@dataclass(frozen=True, slots=True)
class Route:
    verb: str
    path: str


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
    kind_of_write: str
    """create, update or other: which access rules of fields hold for the body."""

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


def wire_key(descriptor: AnyField) -> str:
    """`key`, else an explicit json_name, else the proto name (json_name's default is camel case)."""
    rules = field_rules(descriptor)
    if rules.key:
        return rules.key
    default = re.sub(r"_([a-zA-Z0-9]?)", lambda m: m.group(1).upper(), descriptor.name)
    return descriptor.name if descriptor.json_name == default else descriptor.json_name


def enum_words(descriptor: AnyField) -> dict[int, str]:
    """Enum number -> wire word, without the unspecified 0."""
    assert descriptor.enum_type is not None, descriptor.full_name
    return {
        value.number: value.GetOptions().Extensions[options_pb2.wire] or value.name.lower()
        for value in descriptor.enum_type.values
        if value.number
    }


def load_modules() -> list[Any]:
    """Import every generated module of the contract, wherever the namespace `mopenstack` lies."""
    import mopenstack  # a namespace package: it has no __init__

    found: dict[str, Any] = {}
    for root in list(mopenstack.__path__):
        for path in sorted(Path(root).glob("*/v*/**/*_pb2.py")):
            name = "mopenstack." + ".".join(path.relative_to(root).with_suffix("").parts)
            if name not in found:
                found[name] = sys.modules.get(name) or importlib.import_module(name)
    return list(found.values())


@cache
def apis() -> dict[str, annotations_pb2.Api]:
    """Package -> its Api, sorted by package."""
    found = {}
    for module in load_modules():
        options = module.DESCRIPTOR.GetOptions()
        if options.HasExtension(options_pb2.api):
            found[module.DESCRIPTOR.package] = options.Extensions[options_pb2.api]
    return dict(sorted(found.items()))


@cache
def operations() -> tuple[Operation, ...]:
    """Every declared operation, in the order of the files."""
    apis()
    return tuple(
        _operation(service, method)
        for module in load_modules()
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    )


@cache
def resources() -> dict[str, type[Message]]:
    """Kind -> message class of everything the store holds."""
    found: dict[str, type[Message]] = {}
    for module in load_modules():
        for descriptor in _messages(module.DESCRIPTOR.message_types_by_name.values()):
            kind = descriptor.GetOptions().Extensions[options_pb2.resource].kind
            if kind:
                if kind in found:
                    raise ValueError(f"two messages are stored as {kind!r}: {descriptor.full_name} and another")
                found[kind] = message_class(descriptor)
    return found


def _messages(descriptors: Any) -> Iterator[AnyMessageType]:
    for descriptor in descriptors:
        yield descriptor
        yield from _messages(descriptor.nested_types)


def _operation(service: AnyService, method: AnyMethod) -> Operation:
    options = method.GetOptions().Extensions[options_pb2.operation]
    api = apis().get(service.file.package)
    if api is None:
        raise ValueError(f"{service.file.package}: no file of the package carries the option `api`")
    routes = tuple(_routes(method))
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
        kind_of_write=next((verb.lower() for verb in ("Create", "Update") if method.name.startswith(verb)), "other"),
    )


def _routes(method: AnyMethod) -> Iterator[Route]:
    rule = method.GetOptions().Extensions[http_annotations.http]
    for binding in (rule, *rule.additional_bindings):
        for verb in _VERBS:
            path = getattr(binding, verb)
            if path:
                yield Route(verb.upper(), path)
        if binding.custom.path:
            yield Route(binding.custom.kind.upper(), binding.custom.path)
