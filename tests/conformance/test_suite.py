"""What is known about an upstream suite before it runs."""

import json
from pathlib import Path

import pytest

from mopenstack.conformance.tools import get_tool
from mopenstack.conformance.tools.python_tools import PythonTool
from mopenstack.conformance.upstream.suite import Suite

NAMES = [
    "test_one.A.test_fast",
    "test_one.A.test_looks_at_what_builds",
    "test_one.A.test_negative",
    "test_one.A.test_abroad",
    "other.B.test_x",
]


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suite:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    tool = get_tool("openstackclient")
    assert isinstance(tool, PythonTool)
    tool.environment.mkdir(parents=True)
    (tool.environment / "pins.sha256").touch()
    kept = [(name.rpartition(".")[0].rpartition(".")[0], name) for name in NAMES]
    suite = Suite(
        name="sample",
        tool="openstackclient",
        packages=[],
        service_of=lambda name: "compute" if name.startswith("test_one") else "",
        prepare=lambda cloud, folder: {},
        listing=lambda folder: {},
        not_run={"*test_negative": "not here"},
        realistic={"*builds": "what is not finished yet"},
        regions={"*abroad": ("One", "Two")},
    )
    suite.kept.write_text(json.dumps(kept))
    return suite


def test_tests_are_told_apart_by_what_they_need(suite: Suite) -> None:
    found = {test.name.rpartition(".")[2]: test for test in suite.tests}
    assert set(found) == {"test_fast", "test_looks_at_what_builds", "test_negative", "test_abroad"}
    assert found["test_negative"].not_run == "not here"
    assert [found[name].profile for name in ("test_fast", "test_looks_at_what_builds")] == ["instant", "realistic"]
    assert found["test_fast"].group == found["test_negative"].group != found["test_looks_at_what_builds"].group
    assert [found[name].regions for name in ("test_fast", "test_abroad")] == [(), ("One", "Two")]
    assert found["test_fast"].group != found["test_abroad"].group
