"""What a service is: one declaration that names its parts, found by the entry point group `mopenstack.services`.

A part is named by its module and not imported here, so that core and gateway never see each other through it, and so
that a service that was not asked for costs nothing. A distribution outside of this one adds a service by an entry point
of its own: docs/writing-a-service.md.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from mopenstack.contract import kept

GROUP = "mopenstack.services"
USUAL = "default"
"""Among names of services: all those that need not be named."""


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
    face           what serves it at a port of its own, as "module:function": an async context manager of
                   (engine, host, port) that yields the port
    needs          names of the services that it calls, which are loaded with it
    regional       whether each region of a cloud has its own; else all regions have one
    together       those of `needs` whose objects it writes itself: they are never elsewhere where it is served
    always         loaded whatever was asked for
    by_name        loaded only where it is named, or needed
    """

    name: str
    contract: str
    core: str = ""
    dialect: str = "mopenstack.gateway.dialects.base:Dialect"
    hooks: tuple[str, ...] = ()
    seed: str = ""
    operations: str = ""
    authenticate: str = ""
    face: str = ""
    needs: tuple[str, ...] = ()
    regional: bool = True
    together: tuple[str, ...] = ()
    always: bool = False
    by_name: bool = False


@cache
def installed() -> Mapping[str, Service]:
    """Name -> service, of everything that the installed distributions declare."""
    key = kept.key_of(*(_place(path) for path in sys.path))
    found = _read(key)
    if found is None:
        found = _declared()
        _keep(key, found)
    return found


def _declared() -> dict[str, Service]:
    from importlib.metadata import entry_points  # what they declared at an earlier start is kept

    found: dict[str, Service] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        service = entry.load()
        if not isinstance(service, Service) or service.name != entry.name:
            raise TypeError(f"entry point {entry.name!r} of {GROUP} is not the Service of that name: {service!r}")
        found[service.name] = service
        _modules[service.name] = entry.module
    return found


def every() -> tuple[str, ...]:
    """The names of all installed services, those too that are served where they are named alone."""
    return tuple(installed())


_modules: dict[str, str] = {}
"""Service -> the module that declares it."""


def _place(path: str) -> tuple[str, int]:
    """A folder of sys.path, which has another time when a distribution comes, goes or is installed anew."""
    try:
        return path, os.stat(path or os.curdir).st_mtime_ns
    except OSError:
        return path, 0


def _read(key: str) -> dict[str, Service] | None:
    """The services that were found in the same places, if the modules that declare them are the same."""
    data = kept.read(GROUP, key)
    if data is None:
        return None
    document = json.loads(data)
    try:
        if any(kept.row(path, os.stat(path)) != (path, *facts) for path, *facts in document["files"]):
            return None
    except OSError:
        return None
    found: dict[str, Any] = document["services"]
    for facts in found.values():
        facts.update((key, tuple(value)) for key, value in facts.items() if isinstance(value, list))
    return {name: Service(**facts) for name, facts in found.items()}


def _keep(key: str, found: Mapping[str, Service]) -> None:
    files = [getattr(sys.modules.get(module), "__file__", None) for module in _modules.values()]
    if None in files or any(type(service) is not Service for service in found.values()):
        return  # what is no plain declaration in a file
    document = {
        "files": [kept.row(str(file), os.stat(str(file))) for file in files],
        "services": {name: asdict(service) for name, service in found.items()},
    }
    kept.write(GROUP, key, json.dumps(document).encode())


def chosen(names: Iterable[str] | None = None) -> tuple[Service, ...]:
    """The named services with all that they need, each after what it needs; None: those that need not be named.

    The name `default` stands for these. Raises UnknownService.
    """
    known = installed()
    wanted = [name for name, one in known.items() if one.always]
    for name in (USUAL,) if names is None else names:
        wanted += [name for name, one in known.items() if not one.by_name] if name == USUAL else [name]
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


def packages_of(services: Iterable[Service]) -> tuple[str, ...]:
    """The packages that services are made of, and this one, which has what serves them (kept.code_of)."""
    named = (path for one in services for path in (one.contract, one.core, one.dialect, one.seed, one.operations))
    hooks = (path for one in services for path in one.hooks)
    return tuple(sorted({__name__.partition(".")[0], *(path.split(".")[0].split(":")[0] for path in (*named, *hooks))}))


def named(path: str) -> Any:
    """What "module:attribute" names."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)
