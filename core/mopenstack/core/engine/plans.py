"""What is known of an operation before any call, compiled once: its handler, policy, target and declared rules."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome
from mopenstack.contract.descriptors import AnyMessageType
from mopenstack.contract.faults import Fault
from mopenstack.contract.known import OnDemand
from mopenstack.contract.operations import Operation, field_rules, wire_key
from mopenstack.contract.refusals import class_name, refusals
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.associations import Association, association_handler
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collection_steps import collection_handler
from mopenstack.core.engine.collections import EMPTY, Collection
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.parts import Parts, is_parts, parts_handler
from mopenstack.core.engine.policy import Check, check_in
from mopenstack.core.engine.quota_sets import QuotaSetRules, quota_set_handler
from mopenstack.core.engine.servicer import Handler, Later, ResourceServicer, Result, Servicer
from mopenstack.core.engine.validation import validate
from mopenstack.core.store.kinds import stored

UNSET: Any = object()
"""The default of a field that declares none: given is given, whatever the value."""


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """What a caller who gives a field must pass; `parts` are those of the fields of its message, or of its items."""

    field: str
    key: str
    check: Check
    default: Any = UNSET
    parts: tuple[FieldPolicy, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What an operation's option `target` says: who keeps the object that the request names.

    `owners` are by the word of the path that says the kind (`kind_variable`), or one by "", or none at all.
    """

    owners: Mapping[str, ResourceServicer[Any]]
    variable: str = ""
    kind_variable: str = ""
    id: Callable[[Any], Any] = str
    """Takes the id out of a request; of a field of the body, the field of a field."""

    def owner(self, request: Message) -> ResourceServicer[Any] | None:
        """The servicer of the kind that a request is about; None for a word that means no kind."""
        word = getattr(request, self.kind_variable).replace("-", "_") if self.kind_variable else ""
        return self.owners.get(word)


@dataclass(frozen=True, slots=True)
class Plan:
    operation: Operation
    servicer: Servicer
    handler: Handler
    policy: str
    check: Check
    switched: tuple[str, Check] | None
    """(option, the check where it is on)."""
    scopes: frozenset[str]
    target: Target
    body_field: str
    mask_field: str
    field_policies: tuple[FieldPolicy, ...]
    before: bool
    policy_first: bool
    body_last: bool
    """Whether what the request holds is looked at behind target and policy."""
    check_request: Callable[[Call, Any], Awaitable[None]] | None
    """What refuses a request before the target is looked for, once the policy allows it."""
    absent: type[Fault] | None
    """The operation's own refusal of a target that is not there."""
    refuser: Servicer
    """Whose `refusal` says that the policy does not allow it."""

    def validate(self, request: Message, microversion: int) -> None:
        """What the contract says of the request's values; raises InvalidField."""
        validate(request, self.operation.kind_of_write, microversion)


@dataclass(frozen=True, slots=True)
class Declared:
    """What operations name in their options: who keeps a kind, its lifecycle, its sub-collections and associations.

    quota_sets: package -> the rules of its service's quota sets.
    """

    owners: OnDemand[ResourceServicer[Any]]
    lifecycles: Mapping[str, Lifecycle[Any]]
    collections: dict[tuple[str, str], Collection]
    associations: dict[str, Association]
    parts: dict[tuple[str, str], Parts]
    quota_sets: dict[str, QuotaSetRules]


def make_plan(operation: Operation, servicer: Servicer, declared: Declared) -> Plan | None:
    """The plan of an operation; None without a handler: a method, or one that its options describe.

    Raises ValueError for options that do not fit.
    """
    handler = servicer.handler(operation) or _handler(operation, declared) or servicer.generic(operation)
    if handler is None:
        return None
    if operation.options.guard:
        handler = _guarded(operation, handler, declared)
    return _plan(operation, servicer, handler, declared)


def _handler(operation: Operation, declared: Declared) -> Handler | None:
    """The handler of an operation that its options describe; raises ValueError for options that do not fit."""
    options = operation.options
    if options.refuses:
        return _refusing(operation)
    if options.quota_set.step:
        rules = declared.quota_sets.get(operation.package)
        if rules is None:
            raise ValueError(f"{operation.name}: its service gives no QuotaSetRules")
        return quota_set_handler(operation, rules)
    if options.collection.field:
        target = _target(operation, declared.owners)
        owner = target.owners.get("")
        known = owner is not None and (owner.options.kind, options.collection.field) in declared.collections
        if owner is not None and not known and is_parts(operation, owner):
            return parts_handler(operation, owner, declared.parts)
        return collection_handler(operation, target.owners.values(), declared.collections)
    if options.association.kind:
        return association_handler(operation, _target(operation, declared.owners).variable, declared.associations)
    if options.transition:
        return _transition(operation, declared)
    return None


def _refusing(operation: Operation) -> Handler:
    """The handler of what the cloud does not have."""
    refusal = _refusal(operation, operation.options.refuses)
    assert refusal is not None
    named = operation.request.DESCRIPTOR.fields[0].name if "{id}" in refusal.message else ""

    async def refuse(call: Call, request: Any) -> Result:
        raise refusal(id=getattr(request, named)) if named else refusal()

    return refuse


def _transition(operation: Operation, declared: Declared) -> Handler:
    """Check, edit, prepare, record, begin; the answer is empty, the object as it is shown, or what was prepared."""
    keeper, table = _table(operation, operation.options.transition, declared)
    silent = operation.response is common.Empty

    async def begin(call: Call, request: Any) -> Result:
        obj = await call.tx.edit(keeper.message, call.target.id)
        answer = await table.transition(call, obj, operation.options.transition, request)
        if answer is not None:
            return answer
        if silent:
            return EMPTY
        shown: Result = await keeper.view(call, await call.tx.get(keeper.message, stored(obj).id))
        return shown

    return begin


def _guarded(operation: Operation, handler: Handler, declared: Declared) -> Handler:
    """The handler, behind the row of the target's table that `guard` names."""
    _, table = _table(operation, operation.options.guard, declared)

    async def guarded(call: Call, request: Any) -> Result | Outcome | Later:
        table.check(call, call.target, operation.options.guard)
        return await handler(call, request)

    return guarded


def _table(operation: Operation, row: str, declared: Declared) -> tuple[ResourceServicer[Any], Lifecycle[Any]]:
    """The servicer of the operation's target and the table with a row; raises ValueError where there is none."""
    owner = _target(operation, declared.owners).owners.get("")
    lifecycle = declared.lifecycles.get(owner.options.kind) if owner is not None else None
    if owner is None or lifecycle is None or row not in lifecycle.actions:
        raise ValueError(f"{operation.name}: the lifecycle of its target has no row {row!r}")
    return owner, lifecycle


def _plan(operation: Operation, servicer: Servicer, handler: Handler, declared: Declared) -> Plan:
    policy = operation.options.policy
    if not policy.name and not operation.anonymous:
        raise ValueError(f"{operation.name} declares no policy")
    body, mask = _body_fields(operation)
    target = _target(operation, declared.owners)
    owner = target.owners.get("")
    return Plan(
        operation=operation,
        servicer=servicer,
        handler=handler,
        policy=policy.name,
        check=check_in(operation.package, policy.check, strict=policy.strict),
        switched=_switched(operation),
        scopes=frozenset(policy.scope),
        target=target,
        body_field=body,
        mask_field=mask,
        field_policies=tuple(_field_policies(operation, _message_of(operation, body))) if body else (),
        before=type(servicer).before is not Servicer.before,
        policy_first=(policy.first or operation.api.policy_first) and not operation.anonymous,
        body_last=operation.api.body_last,
        check_request=_check_request(operation, servicer, declared),
        absent=_refusal(operation, operation.options.absent),
        refuser=owner if owner is not None and type(servicer).refusal is Servicer.refusal else servicer,
    )


def _switched(operation: Operation) -> tuple[str, Check] | None:
    policy = operation.options.policy
    if not policy.switched.option:
        return None
    return policy.switched.option, check_in(operation.package, policy.switched.check, strict=policy.strict)


def _check_request(
    operation: Operation, servicer: Servicer, declared: Declared
) -> Callable[[Call, Any], Awaitable[None]] | None:
    """What checks a request before the target is looked for: the servicer, or the sub-collection's rules."""
    if type(servicer).check_request is not Servicer.check_request:
        return servicer.check_request
    kind = operation.options.target.partition(":")[0]
    rules = declared.collections.get(("*" if kind.startswith("{") else kind, operation.options.collection.field))
    return rules.check if rules is not None else None


def _refusal(operation: Operation, name: str) -> type[Fault] | None:
    """The class of a refusal of the operation's package by its name in the contract; raises ValueError."""
    if not name:
        return None
    found: type[Fault] | None = getattr(refusals(operation.package), class_name(name), None)
    if found is None:
        raise ValueError(f"{operation.name}: its package declares no refusal {name}")
    return found


def _target(operation: Operation, owners: OnDemand[ResourceServicer[Any]]) -> Target:
    kind, _, variable = operation.options.target.partition(":")
    if not kind:
        return Target({})
    if kind.startswith("{"):
        # The operation's own service is loaded; the others need not be.
        kept = [one for one in owners.there.values() if one.message.DESCRIPTOR.file.package == operation.package]
        named = {one.options.resource_type: one for one in kept if one.options.resource_type}
        return Target(named, variable, kind[1:-1], attrgetter(variable))
    owner = owners.get(kind)
    if owner is None:
        raise ValueError(f"{operation.name}: its target {kind!r} is not served")
    fields = operation.request.DESCRIPTOR.fields
    default = f"{kind}_id" if f"{kind}_id" in operation.request.DESCRIPTOR.fields_by_name else fields[0].name
    variable = variable or default
    return Target({"": owner}, variable, id=attrgetter(variable))


def _message_of(operation: Operation, body: str) -> AnyMessageType:
    descriptor = operation.request.DESCRIPTOR.fields_by_name[body].message_type
    assert descriptor is not None, f"{operation.name}: its body {body!r} is no message"
    return descriptor


def _field_policies(operation: Operation, descriptor: AnyMessageType) -> Iterator[FieldPolicy]:
    for field in descriptor.fields:
        rules = field_rules(field)
        policy = (operation.kind_of_write == "update" and rules.update_policy) or rules.policy
        if policy:
            default = json.loads(rules.default) if rules.default else UNSET
            parts = tuple(_field_policies(operation, field.message_type)) if field.message_type else ()
            yield FieldPolicy(field.name, wire_key(field), check_in(operation.package, policy), default, parts)


def _body_fields(operation: Operation) -> tuple[str, str]:
    """(envelope field, mask field) of a request; empty where there is none."""
    body = mask = ""
    for field in operation.request.DESCRIPTOR.fields:
        message = field.message_type
        if message is None or field.is_repeated:
            continue
        if message.full_name == "google.protobuf.FieldMask":
            mask = field.name
        elif not (body or message.full_name.startswith("google.protobuf.") or message.full_name.endswith(".Query")):
            body = field.name
    return body, mask
