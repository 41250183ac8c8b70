"""What runs the tests of the upstream suites in their tool's own Python."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mopenstack.conformance.upstream.suite import DRIVER

TESTS = """
import subprocess, sys, unittest

class Reads(unittest.TestCase):
    def test_started_command_reads(self):
        said = subprocess.run([sys.executable, "-c", "import sys; print(len(sys.stdin.read()))"], stdout=-1, timeout=5)
        self.assertEqual(b"0", said.stdout.strip())

class Other(unittest.TestCase):
    def test_fails(self):
        self.fail("as it must")

    def test_skips(self):
        self.skipTest("not today")
"""

CONFTEST = """
import pytest

@pytest.fixture(params=[1])
def count(request):
    return request.param

@pytest.fixture
def breaks():
    yield
    raise AssertionError("the tear-down breaks too")
"""
FUNCTIONS = """
import subprocess, sys
import pytest

def test_started_command_reads(count):
    said = subprocess.run([sys.executable, "-c", "import sys; print(len(sys.stdin.read()))"], stdout=-1, timeout=5)
    assert (said.stdout.strip(), count) == (b"0", 1)

def test_fails(breaks):
    raise AssertionError("as it must")

def test_only_the_end_fails(breaks):
    pass

@pytest.mark.skipif(True, reason="not today")
def test_skips():
    pass
"""
PYTEST_DRIVER = DRIVER.with_name("pytest_driver.py")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "test_sample.py").write_text(TESTS)
    return {"PYTHONPATH": str(tmp_path), "PATH": ""}


def drive(
    environment: dict[str, str], *arguments: str, orders: list[Any] | None = None, driver: Path = DRIVER
) -> list[Any]:
    """What the driver says; its standard input stays open until it has answered every order."""
    process = subprocess.Popen(
        [sys.executable, "-P", str(driver), *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    said: list[Any] = []
    with process:
        for order in orders or []:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
            while not said or "done" not in said[-1]:
                said.append(json.loads(process.stdout.readline()))
            said.append({})
        process.stdin.close()
        return said + [json.loads(line) for line in process.stdout]


def test_names_of_tests(environment: dict[str, str]) -> None:
    (names,) = drive(environment, "list", "test_sample")
    assert ["test_sample", "test_sample.Reads.test_started_command_reads"] in names
    assert len(names) == 3


def test_commands_of_tests_never_read_the_orders(environment: dict[str, str]) -> None:
    """`openstack image create` takes its data from standard input: it ate the next order, or waited for ever."""
    orders = [
        {"module": "test_sample", "tests": ["test_sample.Reads.test_started_command_reads"]},
        {"module": "test_sample", "tests": ["test_sample.Other.test_fails", "test_sample.Other.test_skips"]},
    ]
    said = drive(environment, "run", orders=orders)
    verdicts = {one["test"].rpartition(".")[2]: one["outcome"] for one in said if "test" in one}
    assert verdicts == {"test_started_command_reads": "passed", "test_fails": "failed", "test_skips": "skipped"}
    assert [one for one in said if "done" in one] == [{"done": True}] * 2


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    """A package whose tests take fixtures of the folder above theirs."""
    folder = tmp_path / "sample" / "inner"
    folder.mkdir(parents=True)
    (tmp_path / "sample" / "__init__.py").touch()
    (tmp_path / "sample" / "conftest.py").write_text(CONFTEST)
    (folder / "test_functions.py").write_text(FUNCTIONS)
    return folder / "test_functions.py"


def test_names_of_tests_of_pytest(environment: dict[str, str], functions: Path) -> None:
    """Without their parameters."""
    (names,) = drive(environment, "list", "sample.inner", driver=PYTEST_DRIVER)
    assert [str(functions), "sample.inner.test_functions.test_started_command_reads"] in names
    assert len(names) == 4


def test_verdicts_of_pytest(environment: dict[str, str], functions: Path) -> None:
    """The reason is what broke first; a test that is not there has failed."""
    names = [f"sample.inner.test_functions.test_{name}" for name in ("started_command_reads", "skips", "gone")]
    fails = [f"sample.inner.test_functions.test_{name}" for name in ("fails", "only_the_end_fails")]
    orders = [{"module": str(functions), "tests": tests} for tests in (names, fails)]
    said = drive(environment, "run", orders=orders, driver=PYTEST_DRIVER)
    told = {one["test"].rpartition(".")[2]: one for one in said if "test" in one}
    assert {name: one["outcome"] for name, one in told.items()} == {
        "test_started_command_reads": "passed",
        "test_skips": "skipped",
        "test_gone": "failed",
        "test_fails": "failed",
        "test_only_the_end_fails": "failed",
    }
    assert "not today" in told["test_skips"]["reason"]
    assert "it never ran" in told["test_gone"]["reason"]
    assert "AssertionError: as it must" in told["test_fails"]["reason"]
    assert "the tear-down breaks too" in told["test_only_the_end_fails"]["reason"]
    assert [one for one in said if "done" in one] == [{"done": True}] * 2
