"""What a service is: one declaration that names its parts, found by the entry point group `mopenstack.services`.

A part is named by its module and not imported here, so that core and gateway never see each other through it, and so
that a service that was not asked for costs nothing. A distribution outside of this one adds a service by an entry point
of its own: docs/writing-a-service.md.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any

GROUP = "mopenstack.services"


class UnknownService(Exception):
    """A service that no installed distribution declares."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no service {name!r}; these are installed: {', '.join(sorted(known))}.")


@dataclass(frozen=True, slots=True)
class Service:
    """One OpenStack service.

    name           its word at every layer and for `mopenstack up --services`: "network"
    contract       package of its .proto files: "mopenstack.network.v2"
    core           module, or package of modules, with its servicers, lifecycles, options, quotas, event subscriptions
    dialect        its class, as "module:Class"; the default has errors as the API SIG's guideline says
    hooks          modules with BODY_HOOKS, for bodies that no annotation describes
    seed           YAML file, or folder of them, in a package, as "package:path"; applied after those of `needs`
    operations     what OpenStack documents of it (TSV), as "package:path": what is not served is named by a 501
    authenticate   the coroutine that tells who a token's caller is, as "module:function"; one service has it
    needs          names of the services that it calls, which are loaded with it
    always         loaded whatever was asked for
    """

    name: str
    contract: str
    core: str = ""
    dialect: str = "mopenstack.gateway.dialects.base:Dialect"
    hooks: tuple[str, ...] = ()
    seed: str = ""
    operations: str = ""
    authenticate: str = ""
    needs: tuple[str, ...] = ()
    always: bool = False


@cache
def installed() -> Mapping[str, Service]:
    """Name -> service, of everything that the installed distributions declare."""
    found: dict[str, Service] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        service = entry.load()
        if not isinstance(service, Service) or service.name != entry.name:
            raise TypeError(f"entry point {entry.name!r} of {GROUP} is not the Service of that name: {service!r}")
        found[service.name] = service
    return found


def chosen(names: Iterable[str] | None = None) -> tuple[Service, ...]:
    """The named services with all that they need, each after what it needs; None: every installed one.

    Raises UnknownService.
    """
    known = installed()
    wanted = list(known) if names is None else [*names, *(name for name, one in known.items() if one.always)]
    ordered: dict[str, Service] = {}

    def add(name: str) -> None:
        if name in ordered:
            return
        if name not in known:
            raise UnknownService(name, known)
        for needed in known[name].needs:
            add(needed)
        ordered[name] = known[name]

    for name in sorted(wanted, key=lambda name: (not getattr(known.get(name), "always", False), name)):
        add(name)
    return tuple(ordered.values())


def named(path: str) -> Any:
    """What "module:attribute" names."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)
