"""Every scenario does on the cloud what its tree demands."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.judge import judge
from mopenstack.conformance.model import Outcome
from mopenstack.conformance.scenario import Scenario
from mopenstack.conformance.suite.plugin import VERDICT


def test_scenario(
    scenario: Scenario,
    cloud: Cloud,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    pytestconfig: pytest.Config,
    doing: Callable[[str], None],
) -> None:
    """working: applies, plans empty, destroys; updates: each step does; misconfigured: refused as documented."""
    result = judge(scenario, cloud, tmp_path, pytestconfig.getoption("--mopenstack-tool"), doing)
    record_property(VERDICT, result.model_dump_json())
    if result.outcome is Outcome.FAILED:
        pytest.fail(f"{result.reason}\n{result.output}", pytrace=False)
    if result.outcome is not Outcome.PASSED:
        pytest.skip(result.reason)
