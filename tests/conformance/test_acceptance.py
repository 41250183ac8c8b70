"""The provider's own tests: what is known about them, and how their verdict is read."""

import pytest

from mopenstack.conformance.acceptance import AcceptanceTest, catalogue
from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.go_tests import read_verdict
from mopenstack.conformance.model import Outcome
from mopenstack.conformance.seed import GATES
from mopenstack.conformance.selection import select


def test_the_catalogue_holds_every_test_of_the_pinned_version_once() -> None:
    """524 tests, each with a user, and every gate and companion known."""
    tests = catalogue()
    names = {test.name for test in tests}
    assert len(tests) == len(names) == 524
    assert {test.user for test in tests} == {"admin", "demo", "any"}
    assert {gate for test in tests for gate in test.gates} <= GATES.keys()
    assert {test.companion for test in tests if test.companion} <= names


def test_needs_come_from_resources_gates_and_user() -> None:
    """They are features: a test whose needs a cloud lacks is not run."""
    test = AcceptanceTest(name="T", service="lb", user="admin", gates=["LB"], needs=["network"])
    assert test.all_needs() == ["network", "load-balancer", "admin"]


def test_selection_by_service_and_pattern() -> None:
    """A pattern or service that matches nothing is an error."""
    tests = catalogue()
    chosen = select("provider-acceptance", tests, service="images", patterns=["TestAccImages*"])
    assert chosen
    assert all(test.service == "images" for test in chosen)
    with pytest.raises(ConformanceError, match="TestAccNothing"):
        select("provider-acceptance", tests, service=None, patterns=["TestAccNothing*"])
    with pytest.raises(ConformanceError, match="nowhere"):
        select("provider-acceptance", tests, service="nowhere", patterns=[])


@pytest.mark.parametrize(
    ("said", "outcome", "reason"),
    [
        ("=== RUN   TestA\n--- PASS: TestA (1.20s)\nPASS\n", Outcome.PASSED, ""),
        (
            "    a_test.go:31: Skipping test because it requires the admin user\n--- SKIP: TestA (0.0s)\n",
            Outcome.SKIPPED,
            "Skipping test because it requires the admin user",
        ),
        (
            "--- PASS: TestCompanion (1s)\n--- FAIL: TestA (2s)\n    a_test.go:9: Step 1/1 error: no\n",
            Outcome.FAILED,
            "no",
        ),
        ("--- PASS: TestA_more (1s)\n", Outcome.FAILED, "no verdict"),
        ("=== RUN   TestA\npanic: Invalid address to set\n", Outcome.FAILED, "panic: Invalid address to set"),
        ("=== RUN   TestA\n\nno verdict within 3 s", Outcome.FAILED, "no verdict within 3 s"),
    ],
)
def test_the_verdict_is_the_test_runners_line_on_that_very_test(said: str, outcome: Outcome, reason: str) -> None:
    """A companion's or a namesake's pass is no pass, and silence is a failure."""
    verdict, why = read_verdict("TestA", said)
    assert verdict is outcome
    assert reason in why
