"""Scorecards as a page, and which operations the tools have driven."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mopenstack.conformance.answers import AnswerLog, Answers
from mopenstack.conformance.commands import conformance_app
from mopenstack.conformance.coverage import coverage
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.page import to_html
from mopenstack.conformance.scorecard import Scorecard, build

DECLARED = {
    "mopenstack.network.v2.Networks.ListNetworks": "GET /v2.0/networks",
    "mopenstack.compute.v2.Servers.ListServers": "GET /v2.1/servers",
    "mopenstack.compute.v2.Servers.CreateServer": "POST /v2.1/servers",
}


def card(tool: str, **driven: int) -> Scorecard:
    """A tool's card: a pass, a failure of each kind, and the answers that it got."""
    results = [
        Result(case="works <b>", tool=tool, service="compute", outcome=Outcome.PASSED),
        Result(case="breaks", tool=tool, service="compute", outcome=Outcome.FAILED, reason="a & b"),
        Result(case="excused", tool=tool, service="compute", outcome=Outcome.FAILED, known=True),
        Result(case="cannot", tool=tool, service="network", outcome=Outcome.NOT_RUN, reason="no network"),
    ]
    answers = Answers(
        sources=["nova 32.0"],
        declared=DECLARED,
        checked=7,
        driven={name: count for name, count in zip(DECLARED, driven.values(), strict=False) if count},
        unread={"CreateServer": {"server.color": 1}},
        violations=["servers.0: 'x' is not of type 'integer'"],
    )
    made = build(tool, results, tools=[], cloud="mopenstack", seconds=1.5)
    return made.model_copy(update={"answers": answers, "ratchet_errors": ["fell back: gone"]})


def test_the_page_shows_every_card() -> None:
    """Text of others is escaped; what did not pass is there with its reason."""
    page = to_html([card("tempest", networks=2, servers=3), card("sdk", networks=1)])
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    for text in ("a &amp; b", "fell back: gone", "server.color", "is not of type", "Known failures (1)", "no network"):
        assert text in page
    assert '<section id="tempest">' in page
    assert '<li class="bad"><a href="#sdk">' in page


def test_operations_that_were_driven() -> None:
    """By tool, in the order of services and paths; what no tool drove is listed."""
    covered = coverage([card("tempest", networks=2, servers=3), card("sdk", networks=1)])
    assert [(one.service, one.request, one.tools) for one in covered] == [
        ("compute", "GET /v2.1/servers", {"tempest": 3}),
        ("compute", "POST /v2.1/servers", {}),
        ("network", "GET /v2.0/networks", {"tempest": 2, "sdk": 1}),
    ]
    page = to_html([card("tempest", networks=2, servers=3)])
    assert "Never driven (1)" in page
    assert coverage([build("x", [], tools=[], cloud="c")]) == []


def test_a_page_of_one_tool_without_answers() -> None:
    page = to_html([build("terraform", [], tools=[], cloud="mine")])
    assert '<li class="good">' in page
    assert 'id="coverage"' not in page


def test_the_command(tmp_path: Path) -> None:
    """Cards as `run --json` prints them become one page; the operations that no tool drove, one file."""
    cards = []
    for tool, count in (("tempest", 1), ("sdk", 0)):
        path = tmp_path / f"{tool}.json"
        path.write_text(card(tool, networks=count).model_dump_json())
        cards.append(str(path))
    html, idle = tmp_path / "page.html", tmp_path / "idle.tsv"
    done = CliRunner().invoke(conformance_app, ["page", *cards, "--html", str(html), "--never-driven", str(idle)])
    assert (done.exit_code, done.stdout) == (0, f"{html}: tempest, sdk\n")
    assert "<h1>Conformance</h1>" in html.read_text()
    assert idle.read_text() == "service\trequest\ncompute\tGET /v2.1/servers\ncompute\tPOST /v2.1/servers\n"


@pytest.mark.parametrize("text", ["{}", "nonsense"])
def test_a_card_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(text)
    assert CliRunner().invoke(conformance_app, ["page", str(path)]).exit_code != 0


def test_answers_of_several_clouds_add_up() -> None:
    log = AnswerLog()
    for checked in (2, 3):
        unread = {"Op": {"key": 1}, f"Op{checked}": {"other": 1}}
        log.add(Answers(checked=checked, driven={"Op": 1}, unread=unread, violations=["same", f"of {checked}"]))
    total = log.total
    assert total is not None
    assert (total.checked, total.driven, total.violations) == (5, {"Op": 2}, ["same", "of 2", "of 3"])
    assert total.unread == {"Op": {"key": 2}, "Op2": {"other": 1}, "Op3": {"other": 1}}
    assert total.line().startswith("5 answers checked")
