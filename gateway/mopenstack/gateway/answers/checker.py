"""Checks every answer of the gateway, counts what was checked, and keeps what is wrong."""

from __future__ import annotations

import csv
import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Core, Reply, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.answers.declared import SOURCE, Declared
from mopenstack.gateway.answers.failures import is_deliberate, name_of
from mopenstack.gateway.answers.published import Publications, publications
from mopenstack.gateway.answers.sent import unread
from mopenstack.gateway.dialects.base import Answer, Dialect
from mopenstack.gateway.render import Renderer
from mopenstack.gateway.schema_paths import blank
from mopenstack.gateway.surface import Endpoint, Surface

log = logging.getLogger(__name__)

EXCEPTIONS = Path(__file__).parent / "exceptions.tsv"
VIOLATIONS_MAX = 1000
SERVER_ERROR = 500
JSON = "application/json"
ERRORS_MAX = 5
"""So many are kept of one answer: the rest follows from them."""


@cache
def exceptions() -> tuple[tuple[str, str], ...]:
    """(operation, part of what was expected): where the service does not keep to its own schema, with a reason each."""
    with EXCEPTIONS.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple((row["operation"], row["expected"]) for row in rows)


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which an answer is not what its service publishes."""

    operation: str
    request: str
    microversion: int
    where: str
    """Path in the document, keys and positions joined by dots."""
    expected: str
    source: str

    def __str__(self) -> str:
        return (
            f"{self.operation} at .{self.microversion} ({self.request}): {self.where}: {self.expected} ({self.source})"
        )


@dataclass(slots=True)
class Checks:
    """What was seen since the gateway started."""

    publications: Publications
    declared: Declared
    operations: Sequence[Operation] = ()
    """What is served."""
    checked: Counter[str] = field(default_factory=Counter)
    """Operation -> answers held against a schema."""
    unpublished: Counter[str] = field(default_factory=Counter)
    """Operation -> answers for which nothing is published."""
    unread: dict[str, Counter[str]] = field(default_factory=dict)
    """Operation -> keys that clients sent and the contract does not declare, so that nothing reads them."""
    failures: dict[str, str] = field(default_factory=dict)
    """The first answer of 5xx of each kind that deliberate-5xx.tsv does not have."""
    kept: int = 0
    """Kept answers that were held against fresh ones."""
    excepted: int = 0
    """Deviations that the service itself has from what it publishes (exceptions.tsv)."""
    violations: dict[str, Violation] = field(default_factory=dict)
    """The first of each kind: the same deviation is not told twice."""

    def check(self, endpoint: Endpoint, context: RequestContext, answer: Answer) -> None:
        """Hold one answer against the schemas of its service, and against our own."""
        operation = endpoint.operation
        for path in unread(endpoint, context.document, context.microversion):
            self.unread.setdefault(operation.name, Counter())[path] += 1
        if context.verb == "HEAD":
            return
        document = json.loads(answer.body) if answer.body and "json" in answer.content_type else None
        if answer.body and answer.content_type == JSON:
            path = operation.api.prefix + endpoint.path
            errors = self.declared.errors(context.verb, path, answer.status, document)
            self._add_all(operation, context, errors, SOURCE)
        place = (operation.api.type, context.verb, blank(endpoint.path), operation.action)
        published = self.publications.find(*place, context.microversion)
        if published is None:
            self.unpublished[operation.name] += 1
            return
        self.checked[operation.name] += 1
        if published.empty or not answer.body:
            errors = [("(the document)", "no body was expected")] if answer.body else []
            if not published.empty:
                errors = [("(the document)", "a body was expected")]
        else:
            errors = published.errors(document)
        self._add_all(operation, context, errors, published.source)

    def refused(self, surface: Surface, context: RequestContext, fault: Fault, status: int) -> None:
        """Look at a refusal: one of 5xx is a failure, unless it is meant."""
        if status < SERVER_ERROR:
            return
        path = surface.dialect.route(context.path)
        found = surface.router.find(path) or surface.find_with_project(path)[0]
        leaves = found[0].leaves.get(context.verb, ()) if found is not None else ()
        operations = {endpoint.operation.name for _, endpoint in leaves}
        if not is_deliberate(operations, fault, status):
            where = ", ".join(sorted(operations)) or f"{context.verb} {context.path}"
            told = f"{status} of {name_of(fault)} at .{context.microversion}: {fault.text}"[:500]
            if len(self.failures) < VIOLATIONS_MAX:
                self.failures.setdefault(f"{where}: {told}", f"{where} ({context.verb} {context.path}): {told}")

    def _add_all(
        self, operation: Operation, context: RequestContext, errors: list[tuple[str, str]], source: str
    ) -> None:
        request = f"{context.verb} {context.path}"
        for where, expected in errors[:ERRORS_MAX]:
            self._add(Violation(operation.name, request, context.microversion, where, expected[:500], source))

    def _add(self, violation: Violation) -> None:
        if any(violation.operation == name and text in violation.expected for name, text in exceptions()):
            self.excepted += 1
            return
        kind = f"{violation.operation} {violation.microversion} {violation.expected}"
        if kind not in self.violations and len(self.violations) < VIOLATIONS_MAX:
            self.violations[kind] = violation
            log.warning("not as published: %s", violation)

    def report(self) -> dict[str, Any]:
        """Counts and violations as a JSON document."""
        return {
            "sources": self.publications.sources,
            "declared": {
                one.name: " ".join(filter(None, (one.routes[0].verb, one.routes[0].path, one.action)))
                for one in self.operations
                if one.routes and one.api.type
            },
            "checked": sum(self.checked.values()),
            "operations_checked": len(self.checked),
            "kept": self.kept,
            "excepted": self.excepted,
            "unread": {name: dict(sorted(paths.items())) for name, paths in sorted(self.unread.items())},
            "unpublished": dict(sorted(self.unpublished.items())),
            "driven": dict(sorted((self.checked + self.unpublished).items())),
            "violations": [*map(str, self.violations.values()), *self.failures.values()],
        }


class CheckedRenderer(Renderer):
    """A renderer whose answers are checked on their way out."""

    def __init__(self, core: Core, contract: Contract) -> None:
        super().__init__(core)
        self.checks = Checks(publications(), Declared(contract), contract.operations)

    def streamed(self, endpoint: Endpoint, context: RequestContext) -> None:
        if context.faults:
            return
        self.checks.unpublished[endpoint.operation.name] += 1

    def refusal(self, surface: Surface, context: RequestContext, fault: Fault) -> Answer:
        answer = super().refusal(surface, context, fault)
        if not context.faults:  # what a tester asked for says nothing of us
            self.checks.refused(surface, context, fault, answer.status)
        return answer

    def compared(self, difference: str) -> None:
        self.checks.kept += 1
        if difference:
            self.checks.failures[difference] = difference

    def report(self) -> dict[str, Any]:
        return self.checks.report()

    def answer(
        self,
        endpoint: Endpoint,
        request: Message,
        reply: Reply,
        dialect: Dialect,
        context: RequestContext,
        query: common.Query | None,
    ) -> Answer:
        answer = super().answer(endpoint, request, reply, dialect, context, query)
        if not context.faults:
            self.checks.check(endpoint, context, answer)
        return answer
