"""Every recorded exchange with the real services, asked again.

What differs is listed in `golden/exchanges/<section>.tsv`, each with its reason: `differs`, or `not comparable` where
the recordings do not show enough of what was there before. UPDATE_GOLDEN=1 adds what is new (without a reason, which
the test then asks for) and drops what is no longer so.
"""

from __future__ import annotations

import csv
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.exchanges.compute_rules import in_matrix
from tests.exchanges.export import GOLDEN, SECTIONS
from tests.exchanges.recorded import REFUSALS as STAGED
from tests.exchanges.recorded import Exchange, everything, golden
from tests.exchanges.replay import Replayer
from tests.exchanges.world import make_world
from tests.recordings import GOLDEN as REFUSALS

OPTIONS = {
    "compute.hosts": "2",
    "load_balancer.heartbeats": "false",  # its machines were no-op drivers'
    "network.filter_validation": "false",
}
SAME_AT_LEAST = 0.97
EACH_AT_LEAST = 0.95
NOT_COMPARABLE_AT_MOST = 0.05
DIFFERS, NOT_COMPARABLE = "differs", "not comparable"
COLUMNS = ("exchange", "verdict", "reason")


@pytest_asyncio.fixture(scope="session")
async def replayer(process: Any) -> AsyncIterator[Replayer]:
    """Replays in clouds that are set up as the recorded one was."""
    serving, session = process
    _, objects = everything()
    yield Replayer(await make_world(serving, objects, OPTIONS), session, objects)


def replayed(section: str) -> list[Exchange]:
    """Those that no other test replays: not the staged refusals, nor Nova's states and actions."""
    found = everything()[0][section]
    return [one for one in found if not golden(one) and not in_matrix(str(one.line.get("situation", "")))]


def listed(section: str) -> dict[str, dict[str, str]]:
    """Exchange -> verdict and reason."""
    with (GOLDEN / f"{section}.tsv").open(encoding="utf-8") as lines:
        return {row["exchange"]: row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}


@pytest.mark.parametrize("section", SECTIONS)
async def test_exchanges_are_as_recorded(section: str, replayer: Replayer) -> None:
    """Status, headers, keys, types, and each value that depends on no id, time or configuration of that cloud."""
    found = {one.key: await replayer.replay(one) for one in replayed(section)}
    different = {key: says for key, says in found.items() if says}
    if os.environ.get("UPDATE_GOLDEN"):
        _write(section, different)
    known = listed(section)
    news = [f"{key}\n    " + "\n    ".join(says[:4]) for key, says in different.items() if key not in known]
    assert not news, f"{len(news)} differ from the recording:\n" + "\n".join(news)
    # What cannot be compared may happen to be the same: it depends on ids that are drawn.
    gone = sorted(key for key, row in known.items() if row["verdict"] == DIFFERS and key not in different)
    assert not gone, "listed, but as recorded (or not in the recording):\n" + "\n".join(gone)
    assert all(row["reason"] for row in known.values()), "a listed exchange without a reason"
    assert all(row["verdict"] in (DIFFERS, NOT_COMPARABLE) for row in known.values())


def test_enough_is_the_same() -> None:
    """At least 97 of 100 exchanges that can be compared, the services' own tests of refusals counted in."""
    total = sum(len(everything()[0][section]) - _of_matrix(section) for section in SECTIONS)
    verdicts = [row["verdict"] for section in SECTIONS for row in listed(section).values()]
    differ = verdicts.count(DIFFERS) + sum(_lines(path) - 1 for path in REFUSALS.glob("*-differs.tsv"))
    left_out = verdicts.count(NOT_COMPARABLE)
    assert left_out <= NOT_COMPARABLE_AT_MOST * total, f"{left_out} of {total} cannot be compared"
    assert differ <= (1 - SAME_AT_LEAST) * (total - left_out), f"{differ} of {total - left_out} differ"


@pytest.mark.parametrize("section", ["shared-file-system"])
def test_enough_of_one_service_is_the_same(section: str) -> None:
    """At least 95 of 100 of its exchanges that can be compared, whatever the others do."""
    verdicts = [row["verdict"] for row in listed(section).values()]
    refused = sum(_lines(REFUSALS / f"{name}-differs.tsv") - 1 for name in STAGED[section])
    compared = len(everything()[0][section]) - verdicts.count(NOT_COMPARABLE)
    differ = verdicts.count(DIFFERS) + refused
    assert differ <= (1 - EACH_AT_LEAST) * compared, f"{differ} of {compared} differ"


def _of_matrix(section: str) -> int:
    exchanges = everything()[0][section]
    return sum(in_matrix(str(one.line.get("situation", ""))) and not golden(one) for one in exchanges)


def _lines(path: Any) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _write(section: str, different: dict[str, list[str]]) -> None:
    path = GOLDEN / f"{section}.tsv"
    known = listed(section) if path.exists() else {}
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for key in sorted(different):
            row = known.get(key, {"exchange": key, "verdict": DIFFERS, "reason": ""})
            file.write("\t".join(row[column] for column in COLUMNS) + "\n")
