"""What is to be known of a service that was loaded, for a start that does not load it (mopenstack.contract.known)."""

from __future__ import annotations

from mopenstack.contract.contract import streaming
from mopenstack.contract.known import Known
from mopenstack.contract.service import Service
from mopenstack.core.engine.dependents import Dependents
from mopenstack.core.engine.events import subscriptions
from mopenstack.core.engine.options import Option
from mopenstack.core.engine.quota import QuotaSet
from mopenstack.core.engine.registry import Registry
from mopenstack.core.engine.servicer import ResourceServicer, Servicer
from mopenstack.core.store.transaction import Watched


def known_of(service: Service, registry: Registry) -> Known:
    """Of a service of a registry that has loaded all."""
    contract, found = registry.contract, Known()
    for package, api in contract.apis.items():
        if package == service.contract:
            found.add_api(package, api.SerializeToString())
    found.operations = {one.name: streaming(one) for one in contract.operations_of(service)}
    found.not_served = [name for name in found.operations if name not in registry.made]
    found.kinds = sorted(contract.stored_by(service.name))
    found.with_others = Dependents(contract).kinds_of(service.name)
    options: dict[str, tuple[str, str, str, list[str]]] = {}
    events: set[str] = set()
    for value in registry.values_of(service):
        if isinstance(value, type):
            if issubclass(value, Servicer) and "service" in vars(value):
                _add_servicer(found, registry.servicer(value))
        elif isinstance(value, Option):
            options[value.name] = (value.name, value.default, value.help, list(value.choices))
        elif isinstance(value, QuotaSet):
            found.quotas.append(value.service)
        elif isinstance(value, Watched):
            found.watched = str(value)
        else:
            events.update(f"{event} {kind}" for event, kind in subscriptions(value))
    found.options, found.events = list(options.values()), sorted(events)
    return found


def _add_servicer(found: Known, servicer: Servicer) -> None:
    if isinstance(servicer, ResourceServicer) and servicer.options.kind and not servicer.noun:
        found.owners.append(servicer.options.kind)
    if servicer.lifecycle is not None:
        found.lifecycles.append(servicer.lifecycle.kind)
    found.recovers |= type(servicer).recover is not Servicer.recover
