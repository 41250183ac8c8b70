"""What is known of an operation before any call, compiled once: its handler, policy, target and declared rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.operations import Operation, field_rules, operations, wire_key
from mopenstack.core.engine.policy import Check, check_in
from mopenstack.core.engine.servicer import Handler, ResourceServicer, Servicer
from mopenstack.core.engine.validation import validate

FieldPolicy = tuple[str, str, Check, Any]
"""(field, wire key, check, the field's default)"""


@dataclass(frozen=True, slots=True)
class Plan:
    operation: Operation
    servicer: Servicer
    handler: Handler
    policy: str
    check: Check
    scopes: frozenset[str]
    owner: ResourceServicer[Any] | None
    target_variable: str
    body_field: str
    mask_field: str
    field_policies: tuple[FieldPolicy, ...]
    before: bool

    def validate(self, request: Message, microversion: int) -> None:
        """What the contract says of the request's values; raises InvalidField."""
        validate(request, self.operation.kind_of_write, microversion)


def make_plans(
    servicers: Mapping[type[Servicer], Servicer], owners: Mapping[str, ResourceServicer[Any]]
) -> dict[str, Plan]:
    """Operation name -> plan, of every operation that a servicer answers."""
    return {plan.operation.name: plan for plan in _plans(servicers, owners)}


def _plans(servicers: Mapping[type[Servicer], Servicer], owners: Mapping[str, ResourceServicer[Any]]) -> Iterator[Plan]:
    by_service = {cls.service.full_name: servicer for cls, servicer in servicers.items()}
    for operation in operations():
        servicer = by_service.get(operation.service)
        handler = servicer.handler(operation) if servicer is not None else None
        if servicer is not None and handler is not None:
            yield _plan(operation, servicer, handler, owners)


def _plan(
    operation: Operation, servicer: Servicer, handler: Handler, owners: Mapping[str, ResourceServicer[Any]]
) -> Plan:
    policy = operation.options.policy
    if not policy.name and not operation.anonymous:
        raise ValueError(f"{operation.name} declares no policy")
    owner, variable = _target(operation, owners)
    body, mask = _body_fields(operation)
    return Plan(
        operation=operation,
        servicer=servicer,
        handler=handler,
        policy=policy.name,
        check=check_in(operation.package, policy.check),
        scopes=frozenset(policy.scope),
        owner=owner,
        target_variable=variable,
        body_field=body,
        mask_field=mask,
        field_policies=tuple(_field_policies(operation, body)) if body else (),
        before=type(servicer).before is not Servicer.before,
    )


def _target(
    operation: Operation, owners: Mapping[str, ResourceServicer[Any]]
) -> tuple[ResourceServicer[Any] | None, str]:
    """(who keeps the target, the path variable that names it)."""
    if not operation.options.target:
        return None, ""
    kind, _, variable = operation.options.target.partition(":")
    owner = owners.get(kind)
    if owner is None:
        raise ValueError(f"{operation.name}: nobody serves its target {kind!r}")
    fields = operation.request.DESCRIPTOR.fields
    default = f"{kind}_id" if f"{kind}_id" in operation.request.DESCRIPTOR.fields_by_name else fields[0].name
    return owner, variable or default


def _field_policies(operation: Operation, body: str) -> Iterator[FieldPolicy]:
    descriptor = operation.request.DESCRIPTOR.fields_by_name[body].message_type
    assert descriptor is not None, f"{operation.name}: its body {body!r} is no message"
    empty = getattr(operation.request(), body)
    for field in descriptor.fields:
        rule = field_rules(field)
        if rule.policy:
            # A list without a declared default was chosen by whoever gives it, be it empty.
            absent = None if field.is_repeated else getattr(empty, field.name)
            default = json.loads(rule.default) if rule.default else absent
            yield field.name, wire_key(field), check_in(operation.package, rule.policy), default


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
