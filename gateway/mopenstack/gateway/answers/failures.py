"""Answers of 5xx: a failure, unless deliberate-5xx.tsv says that the real service answers so, or that we mean it."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mopenstack.contract.faults import Fault

DELIBERATE = Path(__file__).parent / "deliberate-5xx.tsv"
ANY = "*"
"""In the place of an operation: whichever it is."""


class Deliberate(NamedTuple):
    operation: str
    refusal: str
    """The value that declares it in its package's `enum Refusal`, else the name of its class."""
    status: int
    """0: whichever it is."""
    source: str


@cache
def deliberate() -> tuple[Deliberate, ...]:
    """The list of the answers of 5xx that are meant, each with its source."""
    with DELIBERATE.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple(Deliberate(row["operation"], row["refusal"], int(row["status"]), row["source"]) for row in rows)


def name_of(fault: Fault) -> str:
    """What the list calls a refusal."""
    return fault.name or fault.reason


def is_deliberate(operations: set[str], fault: Fault, status: int) -> bool:
    """Whether one of the operations of a place may answer so."""
    return any(
        one.refusal == name_of(fault) and one.status in (0, status) and one.operation in {ANY, *operations}
        for one in deliberate()
    )
