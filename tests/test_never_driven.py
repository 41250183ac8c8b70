"""The operations that no tool of the conformance suite has driven stand in a golden list (`make conformance`)."""

from __future__ import annotations

from pathlib import Path

from mopenstack.contract.contract import contract
from mopenstack.gateway.answers.checker import Checks
from mopenstack.gateway.answers.declared import Declared
from mopenstack.gateway.answers.published import publications

GOLDEN = Path(__file__).parent / "golden" / "never-driven.tsv"
SHARE_MAX = 0.25
"""Of all operations; what our own tests alone drive counts as never driven."""


def test_the_list_names_what_there_is() -> None:
    header, *rows = GOLDEN.read_text(encoding="utf-8").splitlines()
    declared = {
        f"{name.split('.')[1]}\t{request}"
        for name, request in Checks(publications(), Declared(contract()), contract().operations)
        .report()["declared"]
        .items()
    }
    assert header == "service\trequest"
    gone = set(rows) - declared
    assert not gone, "no such operation any more:\n" + "\n".join(sorted(gone))
    assert len(rows) <= SHARE_MAX * len(declared), "new operations that no client uses: drive them, or raise the share"
