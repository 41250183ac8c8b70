"""The contract of the services that `mopenstack up` serves: loaded whole once, and known from then on.

The first start with some services, and the first after a change of code, loads them all and keeps what is to be known
of them (mopenstack.contract.known) for the next one, which loads each when something needs it.
"""

from __future__ import annotations

from functools import cache

from mopenstack.contract import kept
from mopenstack.contract.contract import Contract, contract
from mopenstack.contract.known import dumped, loaded
from mopenstack.contract.service import Service, chosen, named, packages_of
from mopenstack.core.engine.knowledge import known_of
from mopenstack.core.engine.registry import Registry

NAME = "services"


def contract_of(names: tuple[str, ...] | None) -> Contract:
    """The contract of the named services and all that they need; None: of every installed one.

    Raises UnknownService.
    """
    return _contract_of(None if names is None else frozenset(names))


@cache
def _contract_of(names: frozenset[str] | None) -> Contract:
    services = chosen(names)
    data = kept.read(NAME, _key(services))
    if data is not None:
        known = loaded(data)
        if set(known) == {service.name for service in services}:
            return Contract(services, known)
    return contract(names)


def forget() -> None:
    """Look again what is kept."""
    _contract_of.cache_clear()


def keep(registry: Registry) -> None:
    """Keep what is to be known of the services that were loaded whole, for other processes of this user."""
    services = registry.contract.services
    if registry.contract.known:
        return
    known = {}
    for service in services:
        found = known[service.name] = known_of(service, registry)
        dialect = named(service.dialect)
        found.front, found.domain = dialect.front, dialect.domain
    kept.write(NAME, _key(services), dumped(known))


def _key(services: tuple[Service, ...]) -> str:
    return kept.key_of(kept.code_of(packages_of(services)), services)
