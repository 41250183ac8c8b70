"""The contract is what its golden text says: a change of the API is a diff of tests/golden/contract to read."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

from mopenstack.contract.contract import contract
from mopenstack.contract.service import every
from tests.contract_text import texts

GOLDEN = Path(__file__).parents[1] / "golden" / "contract"
COMMAND = "UPDATE_GOLDEN=1 .venv/bin/python -m pytest tests/contract/test_golden.py"
LINES_MAX = 40
"""So many lines of a difference are shown."""
PLACES = sorted(texts(contract(every())))


@pytest.mark.parametrize("place", PLACES)
def test_the_contract_is_its_golden_text(place: str) -> None:
    path, text = GOLDEN / f"{place}.txt", texts(contract(every()))[place]
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before != text:
        difference = list(difflib.unified_diff(before.splitlines(), text.splitlines(), "golden", "contract", "", "", 0))
        shown = "\n".join(difference[:LINES_MAX])
        pytest.fail(f"the API changed; if it should, write the text anew with\n    {COMMAND}\n{shown}", pytrace=False)


def test_no_text_is_left_over() -> None:
    left = [path for path in GOLDEN.rglob("*.txt") if str(path.relative_to(GOLDEN).with_suffix("")) not in PLACES]
    if os.environ.get("UPDATE_GOLDEN"):
        for path in left:
            path.unlink()
        return
    assert left == [], f"files of nothing; remove them with\n    {COMMAND}"
