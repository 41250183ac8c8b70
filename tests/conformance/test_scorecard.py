"""Scorecards count what happened, service by service, and say how to see it again."""

import io
import xml.etree.ElementTree as ET

from rich.console import Console

from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.render import to_junit, to_markdown, to_terminal
from mopenstack.conformance.scorecard import Scorecard, ToolVersion, build


def result(case: str, outcome: Outcome, service: str = "compute", **more: object) -> Result:
    """A verdict."""
    reason = "" if outcome is Outcome.PASSED else "because"
    document = {"case": case, "tool": "tool", "service": service, "outcome": outcome, "reason": reason, **more}
    return Result.model_validate(document)


RESULTS = [
    result("good", Outcome.PASSED, drift_free=True),
    result("drifts", Outcome.FAILED, drift_free=False, reproduce="run drifts", output="it | said\x00 so"),
    result("excused", Outcome.FAILED, known=True),
    result("left out", Outcome.SKIPPED),
    result("cannot", Outcome.NOT_RUN),
    result("refused", Outcome.PASSED, service="network", negative=True),
    result("accepted", Outcome.FAILED, service="network", negative=True, known=True),
]


def card(results: list[Result] = RESULTS) -> Scorecard:
    """The scorecard of some results."""
    tools = [ToolVersion(name="tool", version="1.2", origin="PATH")]
    return build("tool", results, tools=tools, cloud="mopenstack", seconds=1.25)


def test_each_column_counts_its_own_thing() -> None:
    """Skipped and not run are never passed; drift and refusals are counted where they were looked at."""
    compute, network = card().entries
    assert compute.service == "compute"
    columns = (compute.served, compute.driven, compute.asserted, compute.negative, compute.drift_free)
    assert [str(column) for column in columns] == ["4/5", "3/4", "1/3", "-", "1/2"]
    assert str(network.negative) == "1/2"
    assert compute.known_failing == 1


def test_an_entry_says_how_to_make_it_anew() -> None:
    """One command a service."""
    assert card().entries[0].reproduce == "mopenstack conformance run --tool tool --service compute"


def test_known_failures_do_not_spoil_a_run_and_others_do() -> None:
    """`good` decides the exit status."""
    assert not card().good
    assert card([one for one in RESULTS if one.case != "drifts"]).good
    assert not card(RESULTS[:1]).model_copy(update={"ratchet_errors": ["fell back"]}).good


def test_json_comes_back_unchanged() -> None:
    """The JSON rendering is the model."""
    assert Scorecard.model_validate_json(card().model_dump_json()) == card()


def test_markdown_shows_entries_and_failures() -> None:
    """What failed is listed with its reason and its command."""
    text = to_markdown(card())
    assert "| compute | 1 | 2 (1 known) | 1 | 1 | 4/5 | 3/4 | 1/3 | - | 1/2 |" in text
    assert "| drifts | because | `run drifts` |" in text
    assert "## Known failures" in text
    assert "2 passed, 3 failed, 1 skipped, 1 not run" in text


def test_the_terminal_shows_failures_and_how_to_run_them() -> None:
    """Known failures are shown only when asked for."""
    out = io.StringIO()
    to_terminal(card(), Console(file=out, width=120))
    assert "FAILED drifts: because" in out.getvalue()
    assert "reproduce: run drifts" in out.getvalue()
    assert "excused" not in out.getvalue()
    assert "not run (1): because" in out.getvalue()


def test_junit_is_xml_that_a_ci_reads() -> None:
    """A failure is a failure, a known failure is skipped, control characters are gone."""
    document = ET.fromstring(to_junit(card(), RESULTS))
    suite = document.find("testsuite[@name='compute']")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "1", "3")
    failure = suite.find("testcase[@name='drifts']/failure")
    assert failure is not None
    assert "it | said so" in (failure.text or "")
