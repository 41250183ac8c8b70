"""The services that are served, put together from what their modules hold.

Nothing registers itself: a servicer class, a lifecycle, the rules of a sub-collection or an association, an option, a
quota set, a watched package and the subscribers of events are values of a service's modules, found when the service is
loaded.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import NotServed
from mopenstack.contract.operations import LATEST, field_rules
from mopenstack.contract.service import Service
from mopenstack.core.engine.admission import admit
from mopenstack.core.engine.associations import Association
from mopenstack.core.engine.background import Unstarted
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.events import Subscriber, subscriptions
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.listing import IGNORE_CASE
from mopenstack.core.engine.options import Option, Options
from mopenstack.core.engine.parts import Parts
from mopenstack.core.engine.plans import Declared, Plan, make_plans
from mopenstack.core.engine.quota import QuotaSet
from mopenstack.core.engine.quota_sets import QuotaSetRules
from mopenstack.core.engine.servicer import Later, ResourceServicer, Servicer
from mopenstack.core.store.kinds import resource_options, stored
from mopenstack.core.store.transaction import Watched

S = TypeVar("S")


class Registry:
    """Who serves what: servicers, lifecycles, quotas, options, subscribers, and the plan of each operation."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.background: Background = Unstarted()
        self.administration: Any = None
        """The administration of the clouds that the services are served in."""
        self.watched = ""
        self.quotas: dict[str, QuotaSet] = {}
        self._servicers: dict[type[Any], Servicer] = {}
        self._subscribers: dict[tuple[str, str], list[Subscriber]] = {}
        options: list[Option] = [IGNORE_CASE]
        collections: dict[tuple[str, str], Collection] = {}
        quota_sets: dict[str, QuotaSetRules] = {}
        associations: dict[str, Association] = {}
        parts: dict[tuple[str, str], Parts] = {}
        for service in contract.services:
            for value in _values(service):
                if isinstance(value, type):
                    if issubclass(value, Servicer) and "service" in vars(value) and value not in self._servicers:
                        value.quota_service = value.quota_service or service.name
                        self._servicers[value] = value()
                elif isinstance(value, Option):
                    options.append(value)
                elif isinstance(value, Collection):
                    collections[(value.kind, value.field)] = value
                elif isinstance(value, Association):
                    associations[value.kind] = value
                elif isinstance(value, Parts):
                    parts[(value.kind, value.field)] = value
                elif isinstance(value, QuotaSet):
                    self.quotas[value.service] = value
                elif isinstance(value, QuotaSetRules):
                    quota_sets[service.contract] = value
                elif isinstance(value, Watched):
                    self.watched = value
                else:
                    for event in subscriptions(value):
                        subscribers = self._subscribers.setdefault(event, [])
                        if value not in subscribers:
                            subscribers.append(value)
        self.options = Options(options)
        self.owners: dict[str, ResourceServicer[Any]] = {
            servicer.options.kind: servicer
            for servicer in self._servicers.values()
            if isinstance(servicer, ResourceServicer) and servicer.options.kind and not servicer.noun
        }
        self.lifecycles: dict[str, Lifecycle[Any]] = {
            cls.lifecycle.kind: cls.lifecycle for cls in self._servicers if cls.lifecycle is not None
        }
        self._dependents = _dependents(contract)
        self.plans: dict[str, Plan] = make_plans(
            contract,
            self._servicers.values(),
            Declared(self.owners, self.lifecycles, collections, associations, parts, quota_sets),
        )

    @property
    def servicers(self) -> Iterable[Servicer]:
        """The one instance of every servicer class that is served."""
        return self._servicers.values()

    def servicer(self, cls: type[S]) -> S:
        """The one instance of a servicer class; raises KeyError for one that is not served."""
        return cast("S", self._servicers[cls])

    def owner(self, kind: str) -> Any:
        """The servicer that keeps the resources of a kind; None where there is none."""
        return self.owners.get(kind)

    def plan(self, operation: str) -> Plan:
        """The plan of an operation; raises NotServed."""
        try:
            return self.plans[operation]
        except KeyError:
            raise NotServed(f"{operation} is declared and not served.") from None

    async def admit(self, call: Call, request: Message) -> None:
        """Declared rules, target and policy of the call's operation."""
        assert call.operation is not None
        await admit(self.plan(call.operation.name), call, request)

    async def invoke(
        self, call: Call, operation: str, request: Message, caller: Caller | None, microversion: int = LATEST
    ) -> Any:
        """Answer another RPC in the same transaction; the handler's result."""
        plan = self.plan(operation)
        nested = call.nested(plan.operation, call.context.inner(microversion), caller or call.caller)
        await admit(plan, nested, request)
        result = await plan.handler(nested, request)
        if isinstance(result, Later):
            return await result.make()
        return result.result if isinstance(result, Outcome) else result

    async def publish(self, call: Call, event: str, kind: str, *facts: Any) -> None:
        """Tell the subscribers of an event, in the order in which their services were loaded.

        After those of `before_delete`, what is declared as `deleted_with` the object is deleted.
        """
        for subscriber in self._subscribers.get((event, kind), ()):
            await subscriber(call, *facts)
        if event == "before_delete":
            await self._delete_dependents(call, kind, stored(facts[0]).id)

    async def _delete_dependents(self, call: Call, kind: str, id: str) -> None:
        for message, field in self._dependents.get(kind, ()):
            for found in await call.tx.query(message, **{field: id}):
                await self._delete_dependents(call, resource_options(message).kind, stored(found).id)
                await call.tx.delete(message, stored(found).id)


def _dependents(contract: Contract) -> dict[str, list[tuple[type[Message], str]]]:
    """Kind -> (message, field) of what is deleted with an object of that kind; raises ValueError without an index."""
    found: dict[str, list[tuple[type[Message], str]]] = {}
    for message in contract.resources.values():
        for field in message.DESCRIPTOR.fields:
            rules = field_rules(field)
            if rules.deleted_with and not rules.index:
                raise ValueError(f"{message.DESCRIPTOR.full_name}.{field.name} is deleted_with and has no index")
            if rules.deleted_with:
                found.setdefault(rules.deleted_with, []).append((message, field.name))
    return found


def _values(service: Service) -> Iterator[Any]:
    """Every value of the modules of a service's core."""
    if not service.core:
        return
    package = importlib.import_module(service.core)
    yield from _public(vars(package).values())
    for module in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{service.core}."):
        yield from _public(vars(importlib.import_module(module.name)).values())


def _public(values: Iterable[Any]) -> list[Any]:
    """Those that may be declarations: plain values are none."""
    plain = (str, int, float, dict, list, tuple)
    return [value for value in values if type(value) is Watched or not isinstance(value, plain)]
