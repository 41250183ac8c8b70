"""Fault rules as messages say them, and which of them are refused."""

from __future__ import annotations

import secrets
from http import HTTPStatus

from mopenstack.admin.v1 import faults_pb2 as pb
from mopenstack.contract.faults import BadRequest, NotFound, OverLimit
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.fault_rules import (
    ASYNC,
    DELAY,
    ERROR,
    FALSE_NEGATIVE,
    RATE_LIMITED,
    RULES_MAX,
    FaultRule,
    names_of_service,
)
from mopenstack.core.engine.regions import home_of, region_of

SEED_BITS = 31
_OWN = ("id", "methods", "until", "scenario", "matched", "hits", "ended")
"""What is not taken from a request as it is."""


class FaultNotFound(NotFound):
    message = "There is no fault {id} in the cloud {cloud}."


class TooManyFaults(OverLimit):
    message = "A cloud has at most {limit} faults: remove some."


def rule_of(asked: pb.Fault) -> FaultRule:
    """The rule that a message describes."""
    given = {field.name: getattr(asked, field.name) for field, _ in asked.ListFields() if field.name not in _OWN}
    rule = FaultRule(**given)
    rule.methods = list(asked.methods)
    rule.until = asked.until.seconds + asked.until.nanos / 1e9 if asked.HasField("until") else 0.0
    rule.effect = asked.effect or (DELAY if asked.delay or asked.jitter else ERROR)
    if not asked.HasField("seed"):
        rule.seed = secrets.randbits(SEED_BITS)
    return rule


def shown(rule: FaultRule, cloud: Cloud) -> pb.Fault:
    """The message that describes a rule of a cloud."""
    plain = (
        "id",
        "operation",
        "service",
        "methods",
        "path",
        "project",
        "user",
        "resource",
        "from_service",
        "region",
        "nth",
    )
    counted = ("after", "times", "probability", "seed", "effect", "delay", "jitter", "scenario", "matched", "hits")
    fault = pb.Fault(**{name: getattr(rule, name) for name in (*plain, *counted)})
    if rule.effect in ANSWERING:
        for name in ("status", "reason", "retry_after", "proxy"):
            if getattr(rule, name) is not None:
                setattr(fault, name, getattr(rule, name))
    fault.message = rule.message
    if rule.until:
        fault.until.FromMicroseconds(round(rule.until * 1_000_000))
    fault.ended = rule.has_ended(cloud.clock.time())
    return fault


def region_in(cloud: Cloud, named: str) -> str:
    """The region of a rule that is added to a cloud, or to a region of it; empty: all. Raises BadRequest."""
    region = named or cloud.region
    if region and region_of(home_of(cloud), region) is None:
        raise BadRequest(f"The cloud {cloud.name} has no region {region!r}.")
    return region


def found(cloud: Cloud, id: str) -> FaultRule:
    """A rule of a cloud; raises FaultNotFound."""
    rule = cloud.faults.find(id)
    if rule is None:
        raise FaultNotFound(id=id, cloud=cloud.name)
    return rule


def add(cloud: Cloud, rules: list[FaultRule]) -> None:
    """Add rules to a cloud; raises TooManyFaults."""
    if len(cloud.faults.rules) + len(rules) > RULES_MAX:
        raise TooManyFaults(limit=RULES_MAX)
    for rule in rules:
        cloud.faults.add(rule)


# -- what is refused

ANSWERING = (ERROR, FALSE_NEGATIVE)
"""The effects that an error is answered with."""


async def served(call: Call) -> list[Operation]:
    """The operations that faults may strike: those of clouds, not the admin service's."""
    plans = (await call.administration.engine.registry.every_plan()).values()
    return [plan.operation for plan in plans if plan.servicer.transactional and plan.operation.routes]


def names_something(rule: FaultRule, operations: list[Operation]) -> bool:
    """Whether there is an operation that a rule is about."""
    return any(rule.is_about_operation(operation) for operation in operations)


def check(rule: FaultRule, operations: list[Operation]) -> None:
    """Raise BadRequest for a rule that cannot act, or whose parts do not go together."""
    services = {name for operation in operations for name in names_of_service(operation)}
    for name in filter(None, (rule.service, rule.from_service)):
        if name not in services:
            raise BadRequest(f"{name!r} is no service that is served.")
    if not names_something(rule, operations):
        of = f" of {rule.service}" if rule.service else ""
        raise BadRequest(f"{rule.operation!r} is no operation{of} that is served.")
    if rule.effect in ANSWERING and not is_failure(rule.status, rule, operations):
        raise BadRequest(f"{rule.status} is no status of an error: use one of HTTP's between 400 and 511.")
    if rule.jitter > rule.delay:
        raise BadRequest("The jitter is more than the delay.")
    if rule.effect == DELAY and not rule.delay:
        raise BadRequest("A delay takes more than 0 seconds.")
    if rule.from_service and rule.effect not in (ERROR, DELAY):
        raise BadRequest(f"Calls between services fail or are late; they cannot be {rule.effect!r}.")
    if rule.from_service and (rule.methods or rule.path or rule.asks_who):
        raise BadRequest("Calls between services are known by their operation and service alone.")
    if rule.nth and rule.times:
        raise BadRequest("`nth` is one call: it does not go with `times`.")
    if rule.effect in ASYNC and not any(not one.reads for one in operations if rule.is_about_operation(one)):
        raise BadRequest(f"{rule.effect!r} is for operations that change something.")


def is_failure(status: int, rule: FaultRule, operations: list[Operation]) -> bool:
    """Whether a status is one that a service may fail with."""
    if status == RATE_LIMITED:
        about = [operation for operation in operations if rule.is_about_operation(operation)]
        return all(operation.api.type == "object-store" for operation in about)
    try:
        return HTTPStatus(status) >= HTTPStatus.BAD_REQUEST
    except ValueError:
        return False
