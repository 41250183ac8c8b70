"""Calls of a cloud that has fault rules: which rules act on a call, and what becomes of it.

Nothing here runs in a cloud without rules. What a rule counts is changed before the call begins, so a call that the
database refuses and that runs again counts once.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import Message

from mopenstack.contract.calls import Reply, RequestContext
from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import ANONYMOUS, Caller
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.courses import Course, Fate
from mopenstack.core.engine.fault_rules import (
    ASYNC_ERROR,
    DELAY,
    DROP,
    ERROR,
    FALSE_NEGATIVE,
    STUCK,
    TRUNCATE,
    Facts,
    FaultRule,
    names_of_service,
)
from mopenstack.core.engine.plans import Plan
from mopenstack.core.engine.settings import Settings, unavailable
from mopenstack.core.store.base import StoreFull, Unreachable

Run = Callable[["Verdict"], Awaitable[Reply]]
NO_REASON = "This failure was asked for."
_VARIABLE = re.compile(r"\{(\w+)")


class Rules(Exception):
    """The cloud has fault rules, which a look into a shared store told."""


@dataclass(slots=True)
class Between(Exception):
    """A rule is about a call that one service makes of another one; the transaction ends before it is asked."""

    rule: FaultRule


@dataclass(slots=True)
class Forgotten(Exception):
    """The reply of a call of which nothing is to remain: what it wrote is rolled back."""

    reply: Reply


class Calls(Protocol):
    """What is needed of the engine."""

    settings: Settings

    async def cloud_now(self, name: str) -> Cloud: ...

    async def authenticated(self, call: Call) -> Caller: ...

    async def transact(
        self, cloud: Cloud, context: RequestContext, run: Callable[[Call], Awaitable[Any]], operation: Operation
    ) -> Any: ...


@dataclass(slots=True)
class Verdict:
    """What the rules say of a call: the one that decides, if any, and those that its calls of other services meet."""

    operation: Operation
    rule: FaultRule | None = None
    between: tuple[FaultRule, ...] = ()

    def effect(self, *names: str) -> bool:
        return self.rule is not None and self.rule.effect in names

    def bind(self, call: Call) -> None:
        """Let the call, once it has begun, meet its fate."""
        call.between = self.between
        if self.rule is not None and self.effect(ASYNC_ERROR):
            # What another service does for a creation is not what was to be created.
            own = self.operation.package if self.operation.kind_of_write == "create" else ""
            call.fate = Fate(Course(error=self.rule.message or NO_REASON, rule=self.rule.id), own)
        elif self.rule is not None and self.effect(STUCK):
            call.fate = Fate(Course(profile="manual", rule=self.rule.id))


class Injection:
    """Answers calls of clouds that have fault rules."""

    def __init__(self, engine: Calls) -> None:
        self._engine = engine

    async def call(
        self,
        cloud: Cloud,
        plan: Plan,
        request: Message,
        context: RequestContext,
        caller: Caller | None,
        run: Run,
    ) -> Reply:
        """The reply of a call; raises InjectedFault where a rule fails it."""
        try:
            await self._engine.cloud_now(cloud.name)
        except Unreachable as away:
            raise unavailable(away) from away
        verdict = await self._verdict(cloud, plan, request, context, caller)
        if verdict.rule is not None and verdict.effect(ERROR, DROP):
            raise verdict.rule.fault()
        while True:
            try:
                reply = await run(verdict)
            except Between as met:
                await self._between(cloud, met.rule, context)
                verdict.between = tuple(rule for rule in verdict.between if rule.id != met.rule.id)
                continue
            except Forgotten as forgotten:
                return forgotten.reply
            if verdict.rule is not None and verdict.effect(FALSE_NEGATIVE):
                raise verdict.rule.fault()
            context.truncates = verdict.effect(TRUNCATE)
            return reply

    async def _verdict(
        self, cloud: Cloud, plan: Plan, request: Message, context: RequestContext, caller: Caller | None
    ) -> Verdict:
        operation, region = plan.operation, cloud.region_name
        found = [rule for rule in cloud.faults.rules if rule.is_about(operation, context, region)]
        if any(rule.asks_who for rule in found):
            facts = await self._facts(cloud, plan, request, context, caller)
            found = [rule for rule in found if rule.fits(facts)]
        rule = await self._ask(cloud, found, context) if found else None
        own = names_of_service(operation)
        between = tuple(rule for rule in cloud.faults.rules if rule.from_service in own and rule.region in ("", region))
        return Verdict(operation, rule, between)

    async def _between(self, cloud: Cloud, rule: FaultRule, context: RequestContext) -> None:
        """Ask a rule of calls between services; raises its fault, in the name of the service that calls."""
        acting = await self._ask(cloud, [rule], context)
        if acting is not None:
            raise acting.fault()

    async def _ask(self, cloud: Cloud, found: list[FaultRule], context: RequestContext) -> FaultRule | None:
        """Count a call with the rules that it matches, wait as long as they say; the rule that decides, if any."""
        ids = [rule.id for rule in found]
        acting: list[FaultRule] = []
        late = 0.0

        def count(fresh: Cloud) -> None:
            nonlocal late
            acting.clear()  # a shared store may ask again
            late = 0.0
            now = fresh.clock.time()
            for rule in [one for one in fresh.faults.rules if one.id in ids]:
                seconds = rule.acts(now)
                if seconds is None:
                    continue
                acting.append(rule)
                late += seconds
                if rule.effect != DELAY:
                    break
            fresh.faults.sweep(now)

        try:
            await self._engine.settings.change(cloud, count)
        except (StoreFull, Unreachable) as error:
            raise unavailable(error) from error
        if acting:
            context.faults = ",".join(filter(None, (context.faults, *(rule.id for rule in acting))))
        if late:
            await asyncio.sleep(late)
        return next((rule for rule in acting if rule.effect != DELAY), None)

    async def _facts(
        self, cloud: Cloud, plan: Plan, request: Message, context: RequestContext, caller: Caller | None
    ) -> Facts:
        """Who calls, and what the call is about, as far as that can be known before the call."""

        async def look(call: Call) -> Facts:
            call.caller = caller or ANONYMOUS
            if caller is None and context.token:
                with suppress(Fault):
                    call.caller = await self._engine.authenticated(call)
            who = call.caller
            named = await _named(call, plan, request)
            return Facts((who.project_id, who.project_name), (who.user_id, who.user_name), tuple(named))

        facts: Facts = await self._engine.transact(cloud, context, look, plan.operation)
        return facts


def check_between(call: Call, called: Operation) -> None:
    """Raise Between where a rule is about what this call asks of another service."""
    assert call.operation is not None
    for rule in call.between:
        if rule.is_between(call.operation, called):
            raise Between(rule)


async def _named(call: Call, plan: Plan, request: Message) -> list[str]:
    """The ids and names of what a request is about: of its path, its target, and what it is to be called."""
    found = [
        str(getattr(request, name))
        for route in plan.operation.routes
        for name in _VARIABLE.findall(route.path)
        if name in request.DESCRIPTOR.fields_by_name
    ]
    body: Any = getattr(request, plan.body_field) if plan.body_field else request
    name = getattr(body, "name", "")
    found += [name] if isinstance(name, str) else []
    with suppress(Fault, AttributeError):  # a target that is not there, or that the request does not name
        owner = plan.target.owner(request)
        target = await owner.find(call, plan.target.id(request)) if owner is not None else None
        found += [str(getattr(target, key, "")) for key in ("id", "name")] if target is not None else []
    return found
