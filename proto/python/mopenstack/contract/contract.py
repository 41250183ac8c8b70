"""The contract of a choice of services: its APIs, operations and stored messages, read from the compiled descriptors.

Gateway and core both start from a `Contract`; nothing about an operation is written anywhere else.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyMessageType
from mopenstack.contract.known import Known, OnDemand, at_once, in_slices
from mopenstack.contract.operations import Operation, message_class, operation_of
from mopenstack.contract.service import Service, chosen
from mopenstack.contract.sources import Sources
from mopenstack.contract.v1 import annotations_pb2, options_pb2

_SHARED = ("mopenstack.contract.v1", "mopenstack.store.v1")
"""The packages whose messages every API uses."""

_apis: dict[str, annotations_pb2.Api] = {}


def api_of(package: str) -> annotations_pb2.Api | None:
    """The Api of a package that a Contract has read; None where its files declare none."""
    return _apis.get(package)


def message_named(name: str, package: str) -> type[Message]:
    """The class of a message of a package, whose files are read where they are not yet."""
    pool = descriptor_pool.Default()
    try:
        found = pool.FindMessageTypeByName(name)
    except KeyError:
        at_once(None for _ in _modules(package))
        found = pool.FindMessageTypeByName(name)
    return message_class(found)


class Contract:
    """What a choice of services declares.

    Of services that are `known` the files are read when they are needed; of others now.
    """

    def __init__(self, services: Iterable[Service], known: Mapping[str, Known] | None = None) -> None:
        self.services = tuple(services)
        """Each after those that it needs."""
        self.known = known or {}
        self.apis: dict[str, annotations_pb2.Api] = {}
        """Package -> its Api, in the order of the services."""
        self._modules: dict[str, list[Any]] = {}
        self._operations: dict[str, tuple[Operation, ...]] = {}
        self._kinds: OnDemand[type[Message]] = OnDemand(self._place_of_kind, self.read)
        self.by_name: Mapping[str, Operation] = OnDemand(self._place_of_operation, self.read)
        """Full name -> operation."""
        for service in self.services:
            if service.name in self.known:
                for package, serialized in self.known[service.name].serialized_apis():
                    self.apis[package] = annotations_pb2.Api.FromString(serialized)
            else:
                at_once(self.reading(service))
        _apis.update(self.apis)

    def reading(self, service: Service) -> Iterator[None]:
        """Read the files of a service, step by step."""
        if service.name in self._operations:
            return
        modules = []
        for module in _modules(service.contract):
            modules.append(module)
            yield
        if service.name in self._operations:
            return
        for module in modules:
            options = module.DESCRIPTOR.GetOptions()
            if options.HasExtension(options_pb2.api):
                self.apis.setdefault(module.DESCRIPTOR.package, options.Extensions[options_pb2.api])
        self._modules[service.name] = modules
        self._operations[service.name] = tuple(
            operation_of(declared, method, self.apis.get(declared.file.package))
            for module in modules
            for declared in module.DESCRIPTOR.services_by_name.values()
            for method in declared.methods
        )
        by_name: Any = self.by_name
        by_name.there.update((operation.name, operation) for operation in self._operations[service.name])
        self._kinds.there.update(_stored(modules))

    def read(self) -> None:
        """Read the files of every service."""
        at_once(step for service in self.services for step in self.reading(service))

    async def ready(self) -> None:
        """The same, while others are answered."""
        await in_slices(step for service in self.services for step in self.reading(service))

    def operations_of(self, service: Service) -> tuple[Operation, ...]:
        """The operations of one service, in the order of its files."""
        at_once(self.reading(service))
        return self._operations[service.name]

    @property
    def modules(self) -> list[Any]:
        """The generated modules of the services' files, in the order of the services and of the files' paths."""
        self.read()
        return [module for service in self.services for module in self._modules[service.name]]

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation, in the order of the services and of their files."""
        return tuple(operation for service in self.services for operation in self.operations_of(service))

    def streams(self, operation: str) -> str:
        """What of an operation streams: "", "request", "response" or "request response"; raises KeyError."""
        service = self._service_of_name(operation)
        if service is not None and service.name not in self._operations:
            return self.known[service.name].operations[operation]
        return streaming(self.by_name[operation])

    @property
    def names(self) -> Iterator[str]:
        """The full names of all operations, in their order."""
        for service in self.services:
            if service.name in self._operations:
                yield from (operation.name for operation in self._operations[service.name])
            else:
                yield from self.known[service.name].operations

    def service_with(self, operation: str) -> Service | None:
        """The service that declares an operation; None where there is none."""
        service = self._service_of_name(operation)
        if service is None or service.name in self._operations or operation in self.known[service.name].operations:
            return service
        return None

    def _service_of_name(self, operation: str) -> Service | None:
        return next((one for one in self.services if operation.startswith(f"{one.contract}.")), None)

    def _place_of_operation(self, name: str) -> Callable[[], None] | None:
        service = self.service_with(name)
        if service is None or service.name in self._operations:
            return None
        return lambda: at_once(self.reading(service))

    def _place_of_kind(self, kind: str) -> Callable[[], None] | None:
        for service in self.services:
            if service.name not in self._operations and kind in self.known[service.name].kinds:
                return partial(at_once, self.reading(service))
        return None

    @cached_property
    def sources(self) -> Sources:
        """The files of the contract with their comments."""
        packages = (*_SHARED, *(service.contract for service in self.services))
        return Sources(packages, [module.DESCRIPTOR for module in (*_shared(), *self.modules)])

    @cached_property
    def auth_prefix(self) -> str:
        """The path prefix of the API that issues tokens: of the service with `authenticate`; empty without one."""
        packages = {service.contract for service in self.services if service.authenticate}
        return next((api.prefix for package, api in self.apis.items() if package in packages), "")

    def auth_url(self, cloud_url: str) -> str:
        """Where clients of a cloud get tokens: at the cloud, or at another Keystone (`auth_prefix` is its URL then)."""
        return self.auth_prefix if "://" in self.auth_prefix else f"{cloud_url}{self.auth_path}"

    @property
    def auth_path(self) -> str:
        """What follows a cloud's URL in its auth URL: prefix and version, which is that of the package."""
        package = next((service.contract for service in self.services if service.authenticate), "")
        return f"{self.auth_prefix}/{package.rpartition('.')[2]}" if package else ""

    def service_of(self, package: str) -> Service:
        """The service that a package of the contract belongs to."""
        return next(service for service in self.services if service.contract == package)

    @cached_property
    def resources(self) -> Mapping[str, type[Message]]:
        """Kind -> message class of everything the store holds; raises ValueError for a kind of two messages."""
        if self.known:
            self._kinds.there.update(_stored(_shared()))
            return self._kinds
        return _stored([*_shared(), *self.modules])

    def stored_by(self, name: str) -> dict[str, type[Message]]:
        """Kind -> message class of what a service declares to be stored."""
        at_once(self.reading(next(one for one in self.services if one.name == name)))
        return _stored(self._modules[name])


def streaming(operation: Operation) -> str:
    """What of an operation streams: "", "request", "response" or "request response"."""
    parts = (("request", operation.raw_request), ("response", operation.raw_response))
    return " ".join(name for name, raw in parts if raw)


def _stored(modules: Iterable[Any]) -> dict[str, type[Message]]:
    """Kind -> message class of what is stored of the messages of some modules; raises ValueError."""
    found: dict[str, type[Message]] = {}
    for module in modules:
        for descriptor in _messages(module.DESCRIPTOR.message_types_by_name.values()):
            kind = descriptor.GetOptions().Extensions[options_pb2.resource].kind
            if kind:
                if kind in found:
                    raise ValueError(f"two messages are stored as {kind!r}: {descriptor.full_name} and another")
                found[kind] = message_class(descriptor)
    return found


_reading = threading.RLock()


@cache
def _contract(names: frozenset[str] | None) -> Contract:
    return Contract(chosen(names))


def contract(names: Iterable[str] | None = None) -> Contract:
    """The contract of the named services and all that they need; None: of every installed one. Read once.

    One thread reads it, others wait: modules that two threads import at a time may be seen before they are whole.
    """
    with _reading:
        return _contract(None if names is None else frozenset(names))


def _shared() -> list[Any]:
    return [module for package in _SHARED for module in _modules(package)]


def _modules(package: str) -> Iterator[Any]:
    """Every generated module below a package, wherever its portions lie, in the order of their paths.

    A .proto file without its generated module is compiled now (it needs grpcio-tools): so a package can be served
    that was installed as source.
    """
    found: set[str] = set()
    for root in importlib.import_module(package).__path__:
        folder = Path(root)
        for path in sorted(folder.rglob("*_pb2.py")):
            name = f"{package}.{'.'.join(path.relative_to(folder).with_suffix('').parts)}"
            if name not in found:
                found.add(name)
                yield sys.modules.get(name) or importlib.import_module(name)
        for path in sorted(folder.rglob("*.proto")):
            name = f"{package}.{'.'.join(path.relative_to(folder).with_suffix('').parts)}_pb2"
            if name not in found and not path.with_name(f"{path.stem}_pb2.py").exists():
                found.add(name)
                yield _compiled(name)


def _compiled(name: str) -> Any:
    try:
        import grpc_tools.protoc  # noqa: F401  # it finds modules ending in _pb2 by their .proto
    except ImportError:
        raise ImportError(f"{name} is not generated, and grpcio-tools, which compiles it, is not installed") from None
    return importlib.import_module(name)


def _messages(descriptors: Any) -> Iterator[AnyMessageType]:
    for descriptor in descriptors:
        yield descriptor
        yield from _messages(descriptor.nested_types)
