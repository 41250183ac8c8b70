"""Fault rules of a cloud: which calls they are about, on which of those they act, and what they do then.

They are a part of the cloud's settings, and so is how often each has acted: in a shared store all processes count as
one. Which of the matching calls a probability strikes follows from the rule's seed and the number of the call.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import InjectedFault
from mopenstack.contract.operations import Operation

ERROR, DELAY, DROP, TRUNCATE = "error", "delay", "drop", "truncate"
FALSE_NEGATIVE, ASYNC_ERROR, STUCK, LOST = "false_negative", "async_error", "stuck", "lost"
ASYNC = (ASYNC_ERROR, STUCK, LOST)
"""The effects on calls that are accepted."""
RULES_MAX = 200
"""Of a cloud, those of its scenarios included."""
ENDED_MAX = 50
"""So many that have ended are still shown."""
RATE_LIMITED = 498
"""Swift's own status."""


@dataclass(slots=True)
class FaultRule:
    """A rule; the fields are those of the message `mopenstack.admin.v1.Fault`, where they are explained.

    until, delay, jitter   seconds (of the cloud's clock since the epoch; of real time)
    load                   of the scenario that it is a part of
    """

    id: str = ""
    operation: str = ""
    service: str = ""
    methods: list[str] = field(default_factory=list)
    path: str = ""
    project: str = ""
    user: str = ""
    resource: str = ""
    from_service: str = ""
    region: str = ""
    nth: int = 0
    after: int = 0
    times: int = 0
    probability: float = 1.0
    seed: int = 0
    until: float = 0.0
    effect: str = ERROR
    status: int = 500
    reason: str = ""
    message: str = ""
    retry_after: int | None = None
    proxy: bool = False
    delay: float = 0.0
    jitter: float = 0.0
    scenario: str = ""
    load: int = 0
    matched: int = 0
    hits: int = 0

    # -- which calls

    def is_about(self, operation: Operation, context: RequestContext, region: str) -> bool:
        """Whether a call of a client in a region may match, as far as its operation and address say."""
        return (
            not self.from_service
            and self.region in ("", region)
            and bool(operation.routes)  # others are not for clients
            and self.is_about_operation(operation)
            and (not self.methods or context.verb in self.methods)
            and (not self.path or self._is_at(operation, context.path))
        )

    def is_about_operation(self, operation: Operation) -> bool:
        return (not self.service or self.service in names_of_service(operation)) and (
            not self.operation
            or fnmatchcase(operation.method, self.operation)
            or fnmatchcase(operation.name, self.operation)
        )

    def is_between(self, caller: Operation, called: Operation) -> bool:
        """Whether it is about calls that the service of one operation makes of another one."""
        return bool(self.from_service) and (
            self.from_service in names_of_service(caller)
            and caller.package != called.package
            and self.is_about_operation(called)
        )

    def _is_at(self, operation: Operation, path: str) -> bool:
        return bool(path) and (fnmatchcase(path, self.path) or fnmatchcase(operation.api.prefix + path, self.path))

    @property
    def asks_who(self) -> bool:
        """Whether it depends on the token or on the object that a call is about."""
        return bool(self.project or self.user or self.resource)

    def fits(self, facts: Facts) -> bool:
        """Whether the caller and the object are those that it is about."""
        return all(
            not pattern or any(name and fnmatchcase(name, pattern) for name in names)
            for pattern, names in (
                (self.project, facts.project),
                (self.user, facts.user),
                (self.resource, facts.resource),
            )
        )

    # -- on which of them, and what then

    def acts(self, now: float) -> float | None:
        """Count a matching call; the seconds by which it is late where the rule acts on it, None where it does not."""
        if self.has_ended(now):
            return None
        self.matched += 1
        chance = random.Random(f"{self.seed}:{self.matched}")  # noqa: S311  # the same again with the same seed
        if self.matched <= self.after or (self.nth and self.matched - self.after != self.nth):
            return None
        if chance.random() >= self.probability:
            return None
        self.hits += 1
        return max(self.delay + chance.uniform(-self.jitter, self.jitter), 0.0)

    def has_ended(self, now: float) -> bool:
        return bool(
            (self.times and self.hits >= self.times)
            or (self.nth and self.matched >= self.after + self.nth)
            or (self.until and now >= self.until)
        )

    def fault(self) -> InjectedFault:
        """What an answer says where the rule fails a call."""
        return InjectedFault(
            self.status,
            self.message,
            rule=self.id,
            reason=self.reason,
            retry_after=self.retry_after,
            proxy=self.proxy,
            drops=self.effect == DROP,
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """Of a call, each by id and name: the caller's project, the caller, and what the call is about."""

    project: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    resource: tuple[str, ...] = ()


@dataclass(slots=True)
class FaultRules:
    """The rules of a cloud; true while there are any that may act."""

    rules: list[FaultRule] = field(default_factory=list)
    ended: list[FaultRule] = field(default_factory=list)
    last: int = 0
    """The number of the rule that was added last."""

    def __len__(self) -> int:
        return len(self.rules)

    def add(self, rule: FaultRule) -> FaultRule:
        self.last += 1
        rule.id = f"fault-{self.last}"
        self.rules.append(rule)
        return rule

    def find(self, id: str) -> FaultRule | None:
        return next((rule for rule in (*self.rules, *self.ended) if rule.id == id), None)

    def remove(self, rules: Iterable[FaultRule]) -> None:
        gone = {rule.id for rule in rules}
        self.rules = [rule for rule in self.rules if rule.id not in gone]
        self.ended = [rule for rule in self.ended if rule.id not in gone]

    def sweep(self, now: float) -> None:
        """Put aside those that act no more."""
        done = [rule for rule in self.rules if rule.has_ended(now)]
        if done:
            self.rules = [rule for rule in self.rules if not rule.has_ended(now)]
            self.ended = [*self.ended, *done][-ENDED_MAX:]

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, data: dict[str, Any]) -> FaultRules:
        if "last" not in data:  # there were none, or those of a version that kept a list of others
            return cls()
        rules, ended = ([FaultRule(**one) for one in data[name]] for name in ("rules", "ended"))
        return cls(rules, ended, data["last"])


@lru_cache(maxsize=64)
def _words(package: str, type: str, name: str) -> frozenset[str]:
    return frozenset({package, type, name, package.split(".")[1] if "." in package else package})


def names_of_service(operation: Operation) -> frozenset[str]:
    """What a rule may call the service of an operation: "compute", "nova", its type in the catalog, its package."""
    return _words(operation.package, operation.api.type, operation.api.name) | {operation.service}
