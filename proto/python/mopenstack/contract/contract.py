"""The contract of a choice of services: its APIs, operations and stored messages, read from the compiled descriptors.

Gateway and core both start from a `Contract`; nothing about an operation is written anywhere else.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyMessageType
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


class Contract:
    """What a choice of services declares."""

    def __init__(self, services: Iterable[Service]) -> None:
        self.services = tuple(services)
        """Each after those that it needs."""
        self.modules = [module for service in self.services for module in _modules(service.contract)]
        """The generated modules of the services' files, in the order of the services and of the files' paths."""
        self.apis: dict[str, annotations_pb2.Api] = {}
        """Package -> its Api, in the order of the services."""
        for module in self.modules:
            options = module.DESCRIPTOR.GetOptions()
            if options.HasExtension(options_pb2.api):
                self.apis[module.DESCRIPTOR.package] = options.Extensions[options_pb2.api]
        _apis.update(self.apis)
        self.operations: tuple[Operation, ...] = tuple(
            operation_of(service, method, self.apis.get(service.file.package))
            for module in self.modules
            for service in module.DESCRIPTOR.services_by_name.values()
            for method in service.methods
        )
        self.by_name = {operation.name: operation for operation in self.operations}

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

    @property
    def auth_path(self) -> str:
        """What follows a cloud's URL in its auth URL: prefix and version, which is that of the package."""
        package = next((service.contract for service in self.services if service.authenticate), "")
        return f"{self.auth_prefix}/{package.rpartition('.')[2]}" if package else ""

    def service_of(self, package: str) -> Service:
        """The service that a package of the contract belongs to."""
        return next(service for service in self.services if service.contract == package)

    @cached_property
    def resources(self) -> dict[str, type[Message]]:
        """Kind -> message class of everything the store holds."""
        found: dict[str, type[Message]] = {}
        for module in (*_shared(), *self.modules):
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


def _modules(package: str) -> list[Any]:
    """Every generated module below a package, wherever its portions lie, in the order of their paths.

    A .proto file without its generated module is compiled now (it needs grpcio-tools): so a package can be served
    that was installed as source.
    """
    found: dict[str, Any] = {}
    for root in importlib.import_module(package).__path__:
        folder = Path(root)
        for path in sorted(folder.rglob("*_pb2.py")):
            name = f"{package}.{'.'.join(path.relative_to(folder).with_suffix('').parts)}"
            found.setdefault(name, sys.modules.get(name) or importlib.import_module(name))
        for path in sorted(folder.rglob("*.proto")):
            name = f"{package}.{'.'.join(path.relative_to(folder).with_suffix('').parts)}_pb2"
            if name not in found and not path.with_name(f"{path.stem}_pb2.py").exists():
                found[name] = _compiled(name)
    return list(found.values())


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
