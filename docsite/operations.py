"""What is known of an operation besides its declaration: who may call it, and which suites drive it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from docsite.repository import ROOT
from mopenstack.contract.operations import Operation

RESULTS = ROOT / "conformance-results"
"""Where `make conformance` writes a scorecard for each tool; it need not be there."""
_POLICY = ROOT / "tests" / "golden" / "policy"
_NEVER_DRIVEN = ROOT / "tests" / "golden" / "never-driven.tsv"
_YES = "yes"


@dataclass(frozen=True, slots=True)
class WhoMay:
    """A row of the policy matrix."""

    allowed: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    """(who, status of the refusal)"""

    def __str__(self) -> str:
        told = [", ".join(self.allowed) or "none"]
        by_status: dict[str, list[str]] = {}
        for who, status in self.refused:
            by_status.setdefault(status, []).append(who)
        told += [f"{status} for {', '.join(who)}" for status, who in sorted(by_status.items())]
        return "; ".join(told)


def request_line(operation: Operation) -> str:
    """`POST /v2.1/servers/{server_id}/action os-stop`, as the lists of the suite name it."""
    first = operation.routes[0]
    return " ".join(filter(None, (first.verb, first.path, operation.action)))


def service_word(operation: Operation) -> str:
    """The word of an operation's package: `compute`."""
    return operation.package.split(".")[1]


def who_may(operation: Operation) -> WhoMay | None:
    """What the matrix of tests/golden/policy says of an operation; None where no policy is asked."""
    if not operation.routes:
        return None
    first = operation.routes[0]
    return _matrix(service_word(operation)).get((first.verb, operation.action, first.path))


@cache
def _matrix(service: str) -> dict[tuple[str, str, str], WhoMay]:
    """(verb, action, path) -> row."""
    file = _POLICY / f"{service}.md"
    return dict(_rows(file.read_text())) if file.exists() else {}


def _rows(text: str) -> Iterator[tuple[tuple[str, str, str], WhoMay]]:
    columns: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells[:1] == ["operation"]:
            columns = cells[2:]
        elif columns and cells and not cells[0].startswith("---"):
            request, path, _ = cells[0].split("`")
            verb, _, action = request.strip().partition(" ")
            verdicts = list(zip(columns, cells[2:], strict=True))
            yield (
                (verb, action, path),
                WhoMay(
                    tuple(who for who, verdict in verdicts if verdict == _YES),
                    tuple((who, verdict) for who, verdict in verdicts if verdict != _YES),
                ),
            )


@cache
def _never_driven() -> frozenset[tuple[str, str]]:
    with _NEVER_DRIVEN.open(encoding="utf-8", newline="") as file:
        return frozenset((row["service"], row["request"]) for row in csv.DictReader(file, delimiter="\t"))


@cache
def _driven(folder: Path = RESULTS) -> dict[str, tuple[str, ...]]:
    """Operation -> tools that drove it, by the scorecards of the last `make conformance` on this machine."""
    found: dict[str, list[str]] = {}
    for file in sorted(folder.glob("*.json")):
        card = json.loads(file.read_text())
        for name in (card.get("answers") or {}).get("driven", {}):
            found.setdefault(name, []).append(card["tool"])
    return {name: tuple(tools) for name, tools in found.items()}


@cache
def measured() -> frozenset[str]:
    """The services of which the list of what no suite drives has been counted: it has a line of each."""
    return frozenset(service for service, _ in _never_driven())


def is_driven(operation: Operation) -> bool | None:
    """Whether a suite of others gets an answer of success from an operation; None where that was not counted."""
    if service_word(operation) not in measured():
        return None
    return (service_word(operation), request_line(operation)) not in _never_driven()


def driven_by(operation: Operation) -> str:
    """Which suites drive an operation, as far as it is known."""
    if not operation.routes or not operation.api.type:
        return "tests of mopenstack's own"
    tools = _driven().get(operation.name, ())
    if tools:
        return ", ".join(tools)
    driven = is_driven(operation)
    if driven is None:
        return "not counted"
    return "at least one suite of others" if driven else "no suite of others; tests of mopenstack's own"
