"""The ratchet only tightens: listed cases go on passing, known failures go on failing, lists name real cases."""

from pathlib import Path

import pytest

from mopenstack.conformance import runners
from mopenstack.conformance.errors import RatchetError
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.ratchet import KnownFailure, Ratchet


def result(case: str, outcome: Outcome) -> Result:
    """A verdict."""
    return Result(case=case, tool="tool", service="compute", outcome=outcome, reason="because")


def ratchet(**lists: object) -> Ratchet:
    """A ratchet of a tool."""
    return Ratchet.model_validate({"tool": "tool", **lists})


@pytest.mark.parametrize("tool", list(runners.RUNNERS))
def test_the_shipped_lists_fit_the_cases(tool: str) -> None:
    """No list names a case that the tool does not have."""
    Ratchet.load(tool).check([case.name for case in runners.cases(tool)])


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED, Outcome.NOT_RUN])
def test_a_listed_case_that_does_not_pass_is_an_error(outcome: Outcome) -> None:
    """Skipping a listed case is a step back like failing it."""
    judgement = ratchet(passing=["a"]).judge([result("a", outcome)])
    assert judgement.errors == [f"a is listed as passing: {outcome.value}: because"]


def test_a_listed_case_outside_of_the_run_is_no_error() -> None:
    """A run of one service says nothing about the others."""
    assert ratchet(passing=["a", "b"]).judge([result("a", Outcome.PASSED)]).errors == []


def test_a_case_that_newly_passes_is_told_and_can_be_listed(tmp_path: Path) -> None:
    """The list grows by what passed and loses nothing."""
    (tmp_path / "passing.txt").write_text("# why\nz\n")
    loaded = Ratchet.load("tool", tmp_path)
    judgement = loaded.judge([result("b", Outcome.PASSED), result("a", Outcome.PASSED), result("c", Outcome.FAILED)])
    assert judgement.new == ["a", "b"]
    assert judgement.errors == []
    loaded.grow(judgement.new, tmp_path)
    assert (tmp_path / "passing.txt").read_text() == "# why\na\nb\nz\n"


def test_a_known_failure_is_excused_with_its_reason() -> None:
    """It stays a failure in the scorecard, marked as known."""
    judgement = ratchet(known_failing=[KnownFailure(pattern="a*", reason="upstream")]).judge(
        [result("ab", Outcome.FAILED)]
    )
    assert judgement.errors == []
    assert judgement.results[0].known
    assert judgement.results[0].reason == "upstream (because)"


def test_a_known_failure_that_passes_is_an_error() -> None:
    """Else the list would hide that it could go."""
    judgement = ratchet(known_failing=[KnownFailure(pattern="a", reason="upstream")]).judge(
        [result("a", Outcome.PASSED)]
    )
    assert judgement.errors == ["a is listed as failing (upstream) and passed: take it off the list"]


@pytest.mark.parametrize(
    ("lists", "complaint"),
    [
        ({"passing": ["gone"]}, "gone is listed as passing and is no case"),
        ({"passing": ["a", "a"]}, "a is listed twice"),
        ({"known_failing": [{"pattern": "b*", "reason": "x"}]}, r"the pattern b\* matches no case"),
        ({"passing": ["a"], "known_failing": [{"pattern": "a", "reason": "x"}]}, "matches the known failure"),
    ],
)
def test_lists_that_do_not_fit_are_refused(lists: dict[str, object], complaint: str) -> None:
    """A list that names nothing proves nothing."""
    with pytest.raises(RatchetError, match=complaint):
        ratchet(**lists).check(["a"])


def test_a_known_failure_needs_a_reason(tmp_path: Path) -> None:
    """A bare pattern is refused."""
    (tmp_path / "known_failing.txt").write_text("TestAccSomething\n")
    with pytest.raises(RatchetError, match="gives no reason"):
        Ratchet.load("tool", tmp_path)
