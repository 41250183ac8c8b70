"""What the contract tells the suite: which catalog types are one API, and what clients can leave behind."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from mopenstack.contract.contract import contract
from mopenstack.contract.operations import Operation, wire_key


class Kind(NamedTuple):
    """Resources that a client can create, list and delete."""

    service: str
    """Catalog type."""
    path: str
    """Of the list, from the version on."""
    key: str
    """Under which the answer has the list."""


@cache
def types_of(service: str) -> tuple[str, ...]:
    """The catalog types under which a cloud may list a service: itself, and those of the same API."""
    for api in contract().apis.values():
        types = [entry.type or api.type for entry in api.catalog]
        if service in types:
            return tuple(dict.fromkeys([service, *types]))
    return (service,)


@cache
def kinds() -> tuple[Kind, ...]:
    """Every collection of an API in the catalog with a GET, a POST, and a DELETE of an item, at any microversion."""
    routes = {(one.package, route.verb, _shape(route.path)) for one in _operations() for route in one.routes}
    found: dict[tuple[str, str], Kind] = {}
    for operation in _operations():
        listed = [field for field in operation.response.DESCRIPTOR.fields if field.is_repeated and field.message_type]
        for route in operation.routes:
            made = (operation.package, "POST", route.path) in routes
            deleted = (operation.package, "DELETE", f"{route.path}/{{}}") in routes
            if route.verb == "GET" and "{" not in route.path and listed and made and deleted:
                kind = Kind(operation.api.type, route.path, wire_key(listed[0]))
                found.setdefault((kind.service, kind.key), kind)  # two paths of one list
    return tuple(found.values())


def _operations() -> Iterator[Operation]:
    """What a client of any microversion can do: actions are no collections, what was removed is not served any more."""
    for operation in contract().operations:
        if operation.api.catalog and not operation.action and not operation.options.until:
            yield operation


def _shape(path: str) -> str:
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
