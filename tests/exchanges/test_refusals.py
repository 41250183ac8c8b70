"""How many of the recorded refusals of a service are the same: status, envelope and message of each.

They are the exchanges of 400 and more, which the replays look at with all others; what differs is in the lists of
`golden/exchanges`, where what cannot be compared counts as different, too.
"""

from __future__ import annotations

import csv
import re

import pytest

from tests.exchanges.export import GOLDEN
from tests.exchanges.recorded import lines

REFUSED = 400
SAME_AT_LEAST = 0.95
_STATUS = re.compile(r" \| (\d{3})(?= \||$)| (\d{3}) as ")
"""In the name of an exchange, as the lists have it."""


def _listed(section: str) -> list[int]:
    """The status of each exchange that is listed."""
    with (GOLDEN / f"{section}.tsv").open(encoding="utf-8") as file:
        names = [row["exchange"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    found = [_STATUS.search(name) for name in names]
    return [int(one[1] or one[2]) for one in found if one is not None]


@pytest.mark.parametrize(
    ("section", "count"), [("load-balancer", 501), ("dns", 482), ("key-manager", 393), ("object-store", 253)]
)
def test_refusals_are_as_recorded(section: str, count: int) -> None:
    recorded = [line for line in lines(section) if line["status"] >= REFUSED]
    assert len(recorded) == count
    different = [status for status in _listed(section) if status >= REFUSED]
    same = len(recorded) - len(different)
    assert same >= SAME_AT_LEAST * len(recorded), f"{same} of {len(recorded)}"
