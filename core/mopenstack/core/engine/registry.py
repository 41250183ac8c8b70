"""The services that are served, put together from what their modules hold.

Nothing registers itself: a servicer class, a lifecycle, the rules of a sub-collection or an association, an option, a
quota set, a watched package and the subscribers of events are values of a service's modules, found when the service is
loaded.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import NotServed
from mopenstack.contract.known import Known, OnDemand, at_once, in_slices
from mopenstack.contract.operations import LATEST, Operation
from mopenstack.contract.service import Service
from mopenstack.core.engine.admission import admit
from mopenstack.core.engine.associations import Association
from mopenstack.core.engine.background import Unstarted
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.dependents import Dependents
from mopenstack.core.engine.events import Subscriber, subscriptions
from mopenstack.core.engine.injection import check_between
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.options import Option, Options
from mopenstack.core.engine.outside import Later
from mopenstack.core.engine.parts import Parts
from mopenstack.core.engine.plans import Declared, Plan, make_plan
from mopenstack.core.engine.quota import QuotaSet
from mopenstack.core.engine.quota_sets import QuotaSetRules
from mopenstack.core.engine.releases import OWN_OPTIONS
from mopenstack.core.engine.servicer import ResourceServicer, Servicer
from mopenstack.core.store.kinds import resource_options, stored
from mopenstack.core.store.transaction import Watched

S = TypeVar("S")


class NotLoaded(BaseException):
    """A call needs services that are not loaded: it ends, and is made again when they are.

    Nothing else is answered while a transaction waits, so it is not held for that; no handler is to take it for a
    failure.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        super().__init__(", ".join(service.name for service in services))
        self.services = services


class Registry:
    """Who serves what: servicers, lifecycles, quotas, options, subscribers, and the plan of each operation.

    The modules of services that the contract knows beforehand are imported when something needs them; those of others
    now. While a coroutine (`planned`, `lifecycle`, `ready`) imports them, others are answered; a call in its
    transaction ends with NotLoaded, and is made again.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.background: Background = Unstarted()
        self.administration: Any = None
        """The administration of the clouds that the services are served in."""
        self.on_load: Callable[[], None] = lambda: None
        """What is told when a service was loaded."""
        known = contract.known
        self.watched = next((one.watched for one in known.values() if one.watched), "")
        self.quotas: OnDemand[QuotaSet] = self._on_demand(lambda one: one.quotas)
        self.owners: OnDemand[ResourceServicer[Any]] = self._on_demand(lambda one: one.owners)
        self.lifecycles: OnDemand[Lifecycle[Any]] = self._on_demand(lambda one: one.lifecycles)
        self._loaded: set[str] = set()
        self.is_whole = False
        """Whether every service is loaded."""
        self._servicers: dict[type[Any], Servicer] = {}
        self._by_service: dict[str, Servicer] = {}
        self._subscribers: dict[tuple[str, str], dict[str, list[Subscriber]]] = {}
        self._told: dict[tuple[str, str], list[Subscriber]] = {}
        """(event, kind) -> who is told of it; empty again when a service is loaded."""
        self._dependents = Dependents(contract)
        self._followed: set[str] = set()
        """Kinds of which everything that is deleted with them is loaded."""
        self.made: dict[str, Plan] = {}
        """The plans that were asked for, by operation."""
        self._declared = Declared(self.owners, self.lifecycles, {}, {}, {}, {})
        options: list[Option] = [Option(*facts[:3], tuple(facts[3])) for one in known.values() for facts in one.options]
        self.options = Options([*OWN_OPTIONS, *options], self._load_option)
        at_once(step for one in contract.services if one.name not in known for step in self._loading(one))
        if not known:  # what does not fit is told now
            self._dependents.check()
            _ = self.plans

    # -- loading

    def _on_demand(self, names: Callable[[Known], Iterable[str]]) -> OnDemand[Any]:
        def place(name: str) -> Callable[[], None] | None:
            service = self._first_unloaded(lambda one: name in names(one))
            return None if service is None else lambda: at_once(self._loading(service))

        return OnDemand(place, self.load)

    def _first_unloaded(self, fits: Callable[[Known], bool]) -> Service | None:
        known = self.contract.known
        for service in self.contract.services:
            if service.name not in self._loaded and service.name in known and fits(known[service.name]):
                return service
        return None

    def _loading(self, service: Service) -> Iterator[None]:
        """Read the contract of a service and import its core, step by step."""
        if service.name in self._loaded:
            return
        yield from self.contract.reading(service)
        values: list[Any] = []
        for module in _modules(service):
            values += _public(vars(module).values())
            yield
        if service.name not in self._loaded:
            self._take(service, self._own(service, values))

    def values_of(self, service: Service) -> list[Any]:
        """What the modules of a service hold that is its own."""
        return self._own(service, _values(service))

    def _own(self, service: Service, values: Iterable[Any]) -> list[Any]:
        """The values without classes and functions that were imported from another service's core, which has them."""
        others = tuple(f"{one.core}." for one in self.contract.services if one.name != service.name and one.core)
        inside = f"{service.core}."
        found = []
        for value in values:
            module = f"{getattr(value, '__module__', '')}."
            if module.startswith(inside) or not module.startswith(others):
                found.append(value)
        return found

    def _take(self, service: Service, values: Iterable[Any]) -> None:
        """Take up what the modules of a service hold."""
        options, declared = [], self._declared
        collections, associations, parts = {}, {}, {}
        for value in values:
            if isinstance(value, type):
                if issubclass(value, Servicer) and "service" in vars(value) and value not in self._servicers:
                    self._take_servicer(service, value)
            elif isinstance(value, Option):
                options.append(value)
            elif isinstance(value, Collection):
                collections[(value.kind, value.field)] = value
            elif isinstance(value, Association):
                associations[value.kind] = value
            elif isinstance(value, Parts):
                parts[(value.kind, value.field)] = value
            elif isinstance(value, QuotaSet):
                self.quotas.there[value.service] = value
            elif isinstance(value, QuotaSetRules):
                declared.quota_sets[service.contract] = value
            elif isinstance(value, Watched):
                self.watched = value
            else:
                for event in subscriptions(value):
                    subscribers = self._subscribers.setdefault(event, {}).setdefault(service.name, [])
                    if value not in subscribers:
                        subscribers.append(value)
        declared.collections.update(collections)
        declared.associations.update(associations)
        declared.parts.update(parts)
        self.options.add(options)
        self._loaded.add(service.name)
        self.is_whole = len(self._loaded) == len(self.contract.services)
        self._told.clear()
        self.on_load()

    def _take_servicer(self, service: Service, cls: type[Servicer]) -> None:
        cls.quota_service = cls.quota_service or service.name
        servicer = self._servicers[cls] = cls()
        self._by_service[servicer.service.full_name] = servicer
        if isinstance(servicer, ResourceServicer) and servicer.options.kind and not servicer.noun:
            self.owners.there[servicer.options.kind] = servicer
        if cls.lifecycle is not None:
            self.lifecycles.there[cls.lifecycle.kind] = cls.lifecycle

    def _load_option(self, name: str) -> None:
        service = self._first_unloaded(lambda one: any(facts[0] == name for facts in one.options))
        if service is not None:
            at_once(self._loading(service))

    def load(self) -> None:
        """Load every service."""
        at_once(step for service in self.contract.services for step in self._loading(service))

    async def ready(self, fits: Callable[[Known], bool] = lambda one: True) -> None:
        """Load every service, or those that fit, while others are answered."""
        while (service := self._first_unloaded(fits)) is not None:
            await in_slices(self._loading(service))

    def _need(self, fits: Callable[[Known], bool]) -> None:
        """Raise NotLoaded where services that fit are not loaded, for a call in its transaction."""
        known = self.contract.known
        self._need_service(lambda one: one.name in known and fits(known[one.name]))

    def _need_service(self, fits: Callable[[Service], bool]) -> None:
        left = (one for one in self.contract.services if one.name not in self._loaded)
        if missing := [one for one in left if fits(one)]:
            raise NotLoaded(missing)

    async def load_missing(self, missing: NotLoaded) -> None:
        """Load what a call needs, while others are answered."""
        for service in missing.services:
            await in_slices(self._loading(service))

    # -- what is served

    @property
    def servicers(self) -> Iterable[Servicer]:
        """The one instance of every servicer class that is loaded."""
        return self._servicers.values()

    def servicer(self, cls: type[S]) -> S:
        """The one instance of a servicer class; raises NotLoaded, and KeyError for one that is not served."""
        if cls not in self._servicers:
            self._need_service(lambda one: bool(one.core) and f"{cls.__module__}.".startswith(f"{one.core}."))
        found: Any = self._servicers[cls]
        return found  # type: ignore[no-any-return]  # a cast is a call, on the way of every request

    def owner(self, kind: str) -> Any:
        """The servicer that keeps the resources of a kind; None where there is none."""
        return self.owners.get(kind)

    def owner_loaded(self, kind: str) -> Any:
        """The same in a transaction; raises NotLoaded."""
        if kind not in self.owners.there:
            self._need(lambda one: kind in one.owners)
        return self.owners.there.get(kind)

    async def lifecycle(self, kind: str) -> Lifecycle[Any] | None:
        """The table of a kind; None where there is none."""
        if kind not in self.lifecycles.there:
            await self.ready(lambda one: kind in one.lifecycles)
        return self.lifecycles.there.get(kind)

    def lifecycle_loaded(self, kind: str) -> Lifecycle[Any] | None:
        """The same in a transaction; raises NotLoaded."""
        if kind not in self.lifecycles.there:
            self._need(lambda one: kind in one.lifecycles)
        return self.lifecycles.there.get(kind)

    @property
    def plans(self) -> Mapping[str, Plan]:
        """The plan of every operation that is served, by name."""
        self.load()
        found = ((operation.name, self._plan_of(operation)) for operation in self.contract.operations)
        return {name: plan for name, plan in found if plan is not None}

    async def every_plan(self) -> Mapping[str, Plan]:
        """The same, made while others are answered."""
        await self.ready()
        await in_slices(None for operation in self.contract.operations if self._plan_of(operation))
        return self.plans

    def _plan_of(self, operation: Operation) -> Plan | None:
        plan = self.made.get(operation.name)
        if plan is None:
            servicer = self._by_service.get(operation.service) or Servicer()
            plan = make_plan(operation, servicer, self._declared)
            if plan is not None:
                self.made[operation.name] = plan
        return plan

    def plan(self, operation: str) -> Plan:
        """The plan of an operation; raises NotServed."""
        plan = self.made.get(operation)
        if plan is None:
            service = self.contract.service_with(operation)
            if service is not None:
                at_once(self._loading(service))
            declared = self.contract.by_name.get(operation)
            plan = None if declared is None else self._plan_of(declared)
            if plan is None:
                raise NotServed(f"{operation} is declared and not served.")
        return plan

    async def planned(self, operation: str) -> Plan:
        """The same; its service is loaded while others are answered."""
        plan = self.made.get(operation)
        if plan is None:
            service = self.contract.service_with(operation)
            if service is not None:
                await in_slices(self._loading(service))
            plan = self.plan(operation)
        return plan

    async def admit(self, call: Call, request: Message) -> None:
        """Declared rules, target and policy of the call's operation."""
        assert call.operation is not None
        await admit(self.plan(call.operation.name), call, request)

    def serves(self, operation: str) -> bool:
        """Whether an RPC is served."""
        service = self.contract.service_with(operation)
        if service is None:
            return False
        if service.name not in self._loaded:
            return operation not in self.contract.known[service.name].not_served
        declared = self.contract.by_name.get(operation)
        return declared is not None and self._plan_of(declared) is not None

    def request_of(self, operation: str) -> type[Message]:
        """The request message of an RPC, whose files are read for it; raises NotServed for one that is not served."""
        if not self.serves(operation):
            raise NotServed(f"{operation} is declared and not served.")
        return self.contract.by_name[operation].request

    async def invoke(
        self, call: Call, operation: str, request: Message, caller: Caller | None, microversion: int = LATEST
    ) -> Any:
        """Answer another RPC in the same transaction; the handler's result."""
        plan = self.made.get(operation)
        if plan is None:
            self._need(lambda one: operation in one.operations)
            plan = self.plan(operation)
        if call.between:
            check_between(call, plan.operation)
        nested = call.nested(plan.operation, call.context.inner(microversion), caller or call.caller)
        if call.cloud.region and plan.operation.package in call.tx.store.shared:
            nested = nested.of_region("")
        await admit(plan, nested, request)
        result = await plan.handler(nested, request)
        if isinstance(result, Later):
            result = await (result.within or result.make)()
        return result.result if isinstance(result, Outcome) else result

    async def publish(self, call: Call, event: str, kind: str, *facts: Any) -> None:
        """Tell the subscribers of an event, in the order in which their services were loaded.

        After those of `before_delete`, what is declared as `deleted_with` the object is deleted.
        """
        told = self._told.get((event, kind))
        if told is None:
            self._need(lambda one: f"{event} {kind}" in one.events)
            by_service = self._subscribers.get((event, kind), {})
            told = [one for service in self.contract.services for one in by_service.get(service.name, ())]
            self._told[(event, kind)] = told
        for subscriber in told:
            await subscriber(call, *facts)
        if event == "before_delete":
            await self._delete_dependents(call, kind, stored(facts[0]).id)

    async def _delete_dependents(self, call: Call, kind: str, id: str) -> None:
        if kind not in self._followed:
            self._need(lambda one: kind in one.with_others)
            self._followed.add(kind)
        for message, field in self._dependents.of(kind):
            for found in await call.tx.query(message, **{field: id}):
                await self._delete_dependents(call, resource_options(message).kind, stored(found).id)
                await call.tx.delete(message, stored(found).id)


def _values(service: Service) -> Iterator[Any]:
    """Every value of the modules of a service's core."""
    for module in _modules(service):
        yield from _public(vars(module).values())


def _modules(service: Service) -> Iterator[ModuleType]:
    """The modules of a service's core."""
    if not service.core:
        return
    package = importlib.import_module(service.core)
    yield package
    face = service.face.partition(":")[0].rpartition(".")[0]  # loaded where it is asked for
    for name in _module_names(service.core, getattr(package, "__path__", ())):
        if not face or not name.startswith(face):
            yield importlib.import_module(name)


def _module_names(package: str, roots: Iterable[str]) -> Iterator[str]:
    """Every module below a package, in the order of their names; pkgutil.walk_packages takes ten times as long."""
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if name.isidentifier())
            inside = [package, *Path(folder).relative_to(root).parts]
            for file in sorted(files):
                stem, _, suffix = file.partition(".")
                if suffix == "py":
                    yield ".".join(inside if stem == "__init__" else [*inside, stem])


def _public(values: Iterable[Any]) -> list[Any]:
    """Those that may be declarations: plain values are none."""
    plain = (str, int, float, dict, list, tuple)
    return [value for value in values if type(value) is Watched or not isinstance(value, plain)]
